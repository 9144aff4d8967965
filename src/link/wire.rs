//! An established connection as the hot thread has it: reads that never wait, bytes opened and framed in place.
//!
//! After it is made it allocates nothing but what the TLS library does: one vector for each record that is read and
//! one for each that is written. Its only calls are `recvmsg` and `sendto` of its socket, and `setsockopt` where
//! `link.quickack` asks for it.

use hotpath::record::{Host, link};
use hotpath::websocket::{Frames, INBOX_BYTES, READ_BYTES_MAX, encode};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use rustls::ClientConnection;
use std::io::{ErrorKind, IoSliceMut, Read as _, Write as _};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Sealed bytes of one read. What was opened of it, and of the record before it, fits in one read of the inbox.
const SEALED_BYTES: usize = 32 * 1024;
/// Most bytes that wait to be sent.
const OUT_BYTES_MAX: usize = 16 * 1024;
const NS_PER_S: u64 = 1_000_000_000;

/// The memory of received messages.
pub type Inbox = Frames<Box<[u8]>>;

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Nothing is there.
    Nothing,
    /// Bytes; the kernel had them at this time, UTC nanoseconds, or 0 when it did not say.
    Bytes {
        /// The kernel's receive stamp of the last of them.
        kernel_utc_ns: u64,
    },
    /// The connection is at its end; one of [`link`]. What came before it is in the inbox.
    Ended(u16),
}

/// A connection.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    tls: Option<Box<ClientConnection>>,
    /// What is read of TLS, before it is opened.
    sealed: Box<[u8]>,
    inbox: Inbox,
    /// The space of control messages: one stamp.
    ancillary: Box<[u8]>,
    /// Masked frames on their way out; of TLS, only until they are sealed.
    out: Box<[u8]>,
    out_sent: usize,
    out_end: usize,
    masks: Masks,
    granted: Vec<Host>,
    is_acked_at_once: bool,
    is_ended: Option<u16>,
}

impl Wire {
    /// A connection that was upgraded; `rest` is what came behind the answer, `seed` begins the masks, and `granted`
    /// is what the host gave of the options.
    #[must_use]
    pub fn new(
        (socket, tls): (TcpStream, Option<ClientConnection>),
        rest: &[u8],
        seed: u64,
        granted: Vec<Host>,
        is_acked_at_once: bool,
    ) -> Self {
        let mut inbox = Frames::new(vec![0; INBOX_BYTES].into_boxed_slice());
        let count = rest.len().min(READ_BYTES_MAX);
        inbox.vacant()[..count].copy_from_slice(&rest[..count]);
        inbox.filled(count);
        let tls = tls.map(|mut tls| {
            tls.set_buffer_limit(Some(OUT_BYTES_MAX));
            Box::new(tls)
        });
        Self {
            socket,
            tls,
            sealed: vec![0; SEALED_BYTES].into_boxed_slice(),
            inbox,
            ancillary: nix::cmsg_space!(nix::sys::time::TimeSpec).into_boxed_slice(),
            out: vec![0; OUT_BYTES_MAX].into_boxed_slice(),
            out_sent: 0,
            out_end: 0,
            masks: Masks { counter: seed },
            granted,
            is_acked_at_once,
            is_ended: None,
        }
    }

    /// What the host granted of the socket's options.
    #[must_use]
    pub fn granted(&self) -> &[Host] {
        &self.granted
    }

    /// Received messages.
    #[must_use]
    pub const fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Received messages, to look for the next.
    pub const fn inbox_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    /// Reads once, opens what came and puts it in the inbox.
    pub fn read(&mut self) -> Read {
        if let Some(cause) = self.is_ended {
            return Read::Ended(cause);
        }
        if self.out_sent < self.out_end || self.tls.as_ref().is_some_and(|tls| tls.wants_write()) {
            self.flush();
        }
        let found = match &mut self.tls {
            None => {
                let vacant = self.inbox.vacant();
                let most = vacant.len().min(READ_BYTES_MAX);
                receive(&self.socket, &mut vacant[..most], &mut self.ancillary)
            }
            Some(_) => receive(&self.socket, &mut self.sealed, &mut self.ancillary),
        };
        match found {
            Err(Errno::EAGAIN | Errno::EINTR) => Read::Nothing,
            Err(_) | Ok((0, _)) => self.end(link::BROKEN),
            Ok((count, kernel_utc_ns)) => {
                if self.is_acked_at_once {
                    // Refused once, it was journaled as refused when the connection was made.
                    let _ = socket2::SockRef::from(&self.socket).set_tcp_quickack(true);
                }
                match self.open(count) {
                    Ok(()) => Read::Bytes { kernel_utc_ns },
                    Err(cause) => self.end(cause),
                }
            }
        }
    }

    /// Puts what was read where messages are looked for; opens it first when it is sealed.
    fn open(&mut self, count: usize) -> Result<(), u16> {
        let Some(tls) = &mut self.tls else {
            self.inbox.filled(count);
            return Ok(());
        };
        let mut sealed = &self.sealed[..count];
        loop {
            let taken = tls.read_tls(&mut sealed).map_err(|_| link::TLS)?;
            let state = tls.process_new_packets().map_err(|_| link::TLS)?;
            let mut waiting = state.plaintext_bytes_to_read();
            while waiting > 0 {
                let read = tls.reader().read(self.inbox.vacant()).map_err(|_| link::TLS)?;
                self.inbox.filled(read);
                waiting -= read.min(waiting);
                if read == 0 {
                    return Err(link::OVERSIZED);
                }
            }
            if state.peer_has_closed() {
                return Err(link::BROKEN);
            }
            if sealed.is_empty() || taken == 0 {
                return if sealed.is_empty() { Ok(()) } else { Err(link::TLS) };
            }
        }
    }

    /// Sends one frame; false when there is no room for it, or no connection.
    #[must_use]
    pub fn send(&mut self, opcode: u16, payload: &[u8]) -> bool {
        if self.is_ended.is_some() {
            return false;
        }
        let mask = self.masks.next();
        let Some(count) = encode(opcode, payload, mask, &mut self.out[self.out_end..]) else { return false };
        match &mut self.tls {
            None => self.out_end += count,
            Some(tls) => {
                let sealed = tls.writer().write(&self.out[..count]).unwrap_or(0);
                if sealed != count {
                    self.is_ended = Some(link::TLS);
                    return false;
                }
            }
        }
        self.flush();
        self.is_ended.is_none()
    }

    /// Gives the socket what waits.
    fn flush(&mut self) {
        let outcome = match &mut self.tls {
            Some(tls) => {
                let mut outcome = Ok(0);
                while outcome.is_ok() && tls.wants_write() {
                    outcome = tls.write_tls(&mut self.socket);
                }
                outcome
            }
            None => self.socket.write(&self.out[self.out_sent..self.out_end]).inspect(|sent| self.out_sent += sent),
        };
        if self.out_sent == self.out_end {
            (self.out_sent, self.out_end) = (0, 0);
        }
        match outcome {
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                self.is_ended = Some(link::BROKEN);
            }
            _ => {}
        }
    }

    fn end(&mut self, cause: u16) -> Read {
        self.is_ended = Some(cause);
        Read::Ended(cause)
    }
}

/// Reads from a socket, with the kernel's stamp if it gives one.
fn receive(socket: &TcpStream, bytes: &mut [u8], ancillary: &mut [u8]) -> Result<(usize, u64), Errno> {
    let mut parts = [IoSliceMut::new(bytes)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(ancillary), MsgFlags::MSG_DONTWAIT)?;
    let stamps = message.cmsgs().ok().into_iter().flatten();
    let stamp = stamps.filter_map(|part| match part {
        ControlMessageOwned::ScmTimestampns(time) => Some(time),
        _ => None,
    });
    let utc_ns = stamp.last().map_or(0, |time| time.tv_sec().unsigned_abs() * NS_PER_S + time.tv_nsec().unsigned_abs());
    Ok((message.bytes, utc_ns))
}

/// Masks of frames: no two in a row are alike, and none can be told from the payload. Nothing more is asked of them
/// within TLS.
#[derive(Debug)]
struct Masks {
    counter: u64,
}

impl Masks {
    const fn next(&mut self) -> [u8; 4] {
        // SplitMix64.
        self.counter = self.counter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.counter;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [a, b, c, d, ..] = (bits ^ (bits >> 31)).to_le_bytes();
        [a, b, c, d]
    }
}
