//! An established connection as the hot thread has it: reads that never wait, bytes opened and framed in place.
//!
//! After it is made it allocates nothing but what the TLS library does: one vector for each record of up to 4 KiB that
//! is read, and one for each that is written. Its only calls are `recvmsg` and `sendto` (`writev` under TLS) of its
//! socket, and `setsockopt` where `link.quickack` asks for it.

use super::port::Port;
use super::sealed::Sealed;
use crate::clock::Time;
use hotpath::record::{Host, link};
use hotpath::websocket::{Frames, INBOX_BYTES, OUT_HEADER_BYTES_MAX, READ_BYTES_MAX, encode};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use rustls::ClientConnection;
use std::io::{IoSliceMut, Write as _};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Longest payload that can be sent.
pub const PAYLOAD_BYTES_MAX: usize = 4096;
const NS_PER_S: u64 = 1_000_000_000;

/// The memory of received messages.
pub type Inbox = Frames<Box<[u8]>>;

/// When bytes were received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// Monotonic nanoseconds when our read returned.
    pub recv_ns: u64,
    /// The kernel's stamp of the last of them, UTC nanoseconds; 0 when it gave none.
    pub kernel_utc_ns: u64,
}

/// What a read brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Nothing is there.
    Nothing,
    /// Bytes.
    Bytes(Stamps),
    /// The connection is at its end; one of [`link`]. What came with it, or before, is in the inbox.
    Ended(u16, Stamps),
}

/// A connection.
#[derive(Debug)]
pub struct Wire {
    socket: TcpStream,
    tls: Option<Sealed>,
    inbox: Inbox,
    /// The space of control messages: one stamp.
    ancillary: Box<[u8]>,
    /// A masked frame on its way out.
    out: Box<[u8]>,
    masks: Masks,
    granted: Vec<Host>,
    is_acked_at_once: bool,
    /// Why nothing more can be sent.
    is_mute: Option<u16>,
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
        let mut is_mute = None;
        let tls = tls.map(|tls| {
            let mut sealed = Sealed::new(tls);
            // The handshake may have opened more than it passed on.
            is_mute = sealed.drain(&mut inbox).err();
            sealed
        });
        Self {
            socket,
            tls,
            inbox,
            ancillary: nix::cmsg_space!(nix::sys::time::TimeSpec).into_boxed_slice(),
            out: vec![0; PAYLOAD_BYTES_MAX + OUT_HEADER_BYTES_MAX].into_boxed_slice(),
            masks: Masks { counter: seed },
            granted,
            is_acked_at_once,
            is_mute,
        }
    }

    fn take_in(&mut self, count: usize, stamps: Stamps) -> Read {
        if self.is_acked_at_once {
            // Refused once, it was journaled as refused when the connection was made.
            let _ = socket2::SockRef::from(&self.socket).set_tcp_quickack(true);
        }
        match &mut self.tls {
            None => {
                self.inbox.filled(count);
                Read::Bytes(stamps)
            }
            Some(tls) => match tls.open(count, &mut self.inbox) {
                Ok(()) => Read::Bytes(stamps),
                Err(cause) => Read::Ended(cause, stamps),
            },
        }
    }
}

impl Port for Wire {
    fn granted(&self) -> &[Host] {
        &self.granted
    }

    fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    fn inbox_mut(&mut self) -> &mut Inbox {
        &mut self.inbox
    }

    fn read(&mut self, clock: &impl Time) -> Read {
        if let Some(tls) = &mut self.tls
            && tls.wants_write()
            && self.is_mute.is_none()
        {
            // What TLS has to say of itself can wait until the socket takes it.
            let _ = tls.flush(&mut self.socket);
        }
        let bytes = match &mut self.tls {
            Some(tls) => tls.vacant(),
            None => self.inbox.vacant(),
        };
        let most = bytes.len().min(READ_BYTES_MAX);
        let received = receive(&self.socket, &mut bytes[..most], &mut self.ancillary);
        let recv_ns = clock.now_ns();
        let stamps = Stamps { recv_ns, kernel_utc_ns: received.as_ref().map_or(0, |(_, utc_ns)| *utc_ns) };
        match (received, self.is_mute) {
            (Err(Errno::EAGAIN | Errno::EINTR), None) => Read::Nothing,
            (Err(Errno::EAGAIN), Some(cause)) => Read::Ended(cause, stamps),
            (Err(Errno::EINTR), Some(_)) => Read::Nothing,
            (Err(_) | Ok((0, _)), cause) => Read::Ended(cause.unwrap_or(link::BROKEN), stamps),
            (Ok((count, _)), _) => self.take_in(count, stamps),
        }
    }

    fn send(&mut self, opcode: u16, payload: &[u8]) -> bool {
        if self.is_mute.is_some() {
            return false;
        }
        let mask = self.masks.next();
        let Some(count) = encode(opcode, payload, mask, &mut self.out) else { return false };
        let frame = &self.out[..count];
        let sent = match &mut self.tls {
            None => self.socket.write(frame).is_ok_and(|taken| taken == count),
            Some(tls) => tls.send(frame, &mut self.socket),
        };
        if !sent {
            self.is_mute = Some(link::BROKEN);
        }
        sent
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
