//! TLS between a socket that is never waited for and the inbox.
//!
//! The library is handed whole records, one at a time: its own buffer then never holds more than one, so it need not
//! grow for records of up to 4 KiB, and what it opened is passed on before the next record can spoil it.

use hotpath::record::link;
use hotpath::websocket::Frames;
use rustls::ClientConnection;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;

/// Sealed bytes that are held, at most: what one read brings behind the beginning of a record. What is opened of it
/// fits in one read of the inbox.
const SEALED_BYTES: usize = 48 * 1024;
/// Bytes before a record that tell its length: type, version, length.
const HEADER_BYTES: usize = 5;
/// Longest body of a record (RFC 8446 and, a little longer, RFC 5246).
const BODY_BYTES_MAX: usize = (1 << 14) + 2048;

/// A TLS connection after its handshake.
#[derive(Debug)]
pub(crate) struct Sealed {
    tls: Box<ClientConnection>,
    /// What was read and not opened yet lies in `at..end`.
    bytes: Box<[u8]>,
    at: usize,
    end: usize,
}

impl Sealed {
    pub fn new(tls: ClientConnection) -> Self {
        Self { tls: Box::new(tls), bytes: vec![0; SEALED_BYTES].into_boxed_slice(), at: 0, end: 0 }
    }

    /// Where sealed bytes are to be read to: never none, since a record that is not whole is shorter than the buffer.
    pub fn vacant(&mut self) -> &mut [u8] {
        self.bytes.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        &mut self.bytes[self.end..]
    }

    /// Whether it has something to send of its own.
    pub fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// Takes in the first `count` of the bytes that were vacant, and opens all whole records into the inbox.
    ///
    /// # Errors
    /// One of [`link`]; what could be opened is in the inbox.
    pub fn open(&mut self, count: usize, inbox: &mut Frames<Box<[u8]>>) -> Result<(), u16> {
        self.end += count;
        while let Some(length) = record_bytes(&self.bytes[self.at..self.end])? {
            let mut record = &self.bytes[self.at..self.at + length];
            self.at += length;
            while !record.is_empty() {
                if self.tls.read_tls(&mut record).map_err(|_| link::TLS)? == 0 {
                    return Err(link::TLS);
                }
                let processed = self.tls.process_new_packets().map(|state| state.peer_has_closed());
                // A record that is bad does not take back those before it.
                drain(&mut self.tls, inbox)?;
                if processed.map_err(|_| link::TLS)? {
                    // The end of the stream without a goodbye of WebSocket.
                    return Err(link::BROKEN);
                }
            }
        }
        Ok(())
    }

    /// Passes on what was opened before.
    ///
    /// # Errors
    /// As [`Sealed::open`].
    pub fn drain(&mut self, inbox: &mut Frames<Box<[u8]>>) -> Result<(), u16> {
        drain(&mut self.tls, inbox)
    }

    /// Seals a frame and gives it to the socket; whether that took all of it.
    pub fn send(&mut self, frame: &[u8], socket: &mut TcpStream) -> bool {
        self.tls.writer().write(frame).is_ok_and(|taken| taken == frame.len()) && self.flush(socket)
    }

    /// Gives the socket what waits; whether it took all of it.
    pub fn flush(&mut self, socket: &mut TcpStream) -> bool {
        while self.tls.wants_write() {
            if self.tls.write_tls(socket).is_err() {
                return false;
            }
        }
        true
    }
}

fn drain(tls: &mut ClientConnection, inbox: &mut Frames<Box<[u8]>>) -> Result<(), u16> {
    loop {
        match tls.reader().read(inbox.vacant()) {
            Ok(0) => return Ok(()),
            Ok(count) => inbox.filled(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(_) => return Err(link::BROKEN),
        }
    }
}

/// Length of the record that the bytes begin with, its header included; none while it is not whole.
fn record_bytes(bytes: &[u8]) -> Result<Option<usize>, u16> {
    let Some([.., high, low]) = bytes.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
    let body = usize::from(u16::from_be_bytes([*high, *low]));
    if body > BODY_BYTES_MAX {
        return Err(link::TLS);
    }
    Ok(Some(HEADER_BYTES + body).filter(|length| *length <= bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::{BODY_BYTES_MAX, HEADER_BYTES, SEALED_BYTES, record_bytes};

    #[test]
    fn records_are_taken_when_they_are_whole() {
        let record = [23, 3, 3, 0, 3, 1, 2, 3, 23];
        for cut in 0..8 {
            assert_eq!(record_bytes(&record[..cut]), Ok(None), "{cut}");
        }
        assert_eq!(record_bytes(&record), Ok(Some(8)));
        assert!(record_bytes(&[23, 3, 3, 0x48, 1]).is_err(), "no record is so long");
        assert_eq!(record_bytes(&[23, 3, 3, 0x48, 0]), Ok(None));
        const { assert!(BODY_BYTES_MAX + HEADER_BYTES < SEALED_BYTES / 2, "there is always room to read") };
    }
}
