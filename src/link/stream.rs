//! The blocking side of a connection: while it is made, every read and write ends at one deadline.

use super::by_record::ByRecord;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A socket whose calls all end at `until`.
#[derive(Debug)]
pub struct Timed {
    socket: TcpStream,
    until: Instant,
}

impl Timed {
    /// A socket until a time.
    #[must_use]
    pub const fn new(socket: TcpStream, until: Instant) -> Self {
        Self { socket, until }
    }

    fn left(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.set_read_timeout(Some(self.left()?))?;
        self.socket.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.socket.set_write_timeout(Some(self.left()?))?;
        self.socket.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A connection with or without TLS.
#[derive(Debug)]
pub enum Stream {
    /// As it is.
    Plain(Timed),
    /// Within TLS; its handshake is done.
    Tls(Box<StreamOwned<ClientConnection, ByRecord<Timed>>>),
}

impl Stream {
    /// Socket and TLS, for a thread that does not block.
    ///
    /// # Errors
    /// When the socket cannot be made non-blocking.
    pub fn into_parts(self) -> io::Result<(TcpStream, Option<ClientConnection>)> {
        let (timed, tls) = match self {
            Self::Plain(timed) => (timed, None),
            Self::Tls(stream) => {
                let (tls, records) = stream.into_parts();
                (records.stream, Some(tls))
            }
        };
        timed.socket.set_nonblocking(true)?;
        Ok((timed.socket, tls))
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(buffer),
            Self::Tls(stream) => stream.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// A stream that remembers all that was read: what comes behind the answer to the upgrade is the connection's
/// first message, and a handshake keeps it to itself.
#[derive(Debug)]
pub(super) struct Remembering<S> {
    pub stream: S,
    pub seen: Vec<u8>,
}

impl<S: Read> Read for Remembering<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.seen.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

impl<S: Write> Write for Remembering<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
