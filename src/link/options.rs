//! Options of a socket, and what became of them.

use crate::host::row;
use hotpath::record::{Host, host};
use nix::sys::socket::{getsockopt, setsockopt, sockopt};
use socket2::Socket;
use std::io;
use std::path::PathBuf;

/// How sockets are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// A PEM file of certificates that are believed beside the bundled roots.
    pub extra_ca: Option<PathBuf>,
    /// Small writes leave at once (TCP_NODELAY).
    pub nodelay: bool,
    /// What comes is acknowledged at once (TCP_QUICKACK).
    pub quickack: bool,
    /// The receive buffer, bytes (SO_RCVBUF); none: the system chooses.
    pub receive_buffer_bytes: Option<u32>,
    /// How long a read polls the device, microseconds (SO_BUSY_POLL); none: not.
    pub busy_poll_us: Option<u32>,
    /// The kernel stamps what it receives (SO_TIMESTAMPNS).
    pub kernel_stamps: bool,
}

/// Sets what the configuration asks for; one row for each option that it asks for.
#[must_use]
pub(super) fn apply(socket: &Socket, asked: &LinkConfig) -> Vec<Host> {
    let mut rows = Vec::new();
    if asked.nodelay {
        rows.push(flag(host::NODELAY, socket.set_tcp_nodelay(true)));
    }
    if asked.quickack {
        rows.push(flag(host::QUICKACK, socket.set_tcp_quickack(true)));
    }
    if let Some(bytes) = asked.receive_buffer_bytes {
        let set = socket.set_recv_buffer_size(bytes as usize);
        // The kernel doubles what it is asked for and caps it: what it grants is what it tells.
        let found = getsockopt(socket, sockopt::RcvBuf).unwrap_or(0) as u64;
        rows.push(row(host::RECEIVE_BUFFER, set, bytes.into(), found, found >= u64::from(bytes)));
    }
    if let Some(time_us) = asked.busy_poll_us {
        let set = socket.set_busy_poll(time_us);
        let found = socket.busy_poll().unwrap_or(0).into();
        rows.push(row(host::BUSY_POLL, set, time_us.into(), found, found == u64::from(time_us)));
    }
    if asked.kernel_stamps {
        let set = setsockopt(socket, sockopt::ReceiveTimestampns, &true).map_err(io::Error::from);
        rows.push(flag(host::KERNEL_STAMPS, set));
    }
    rows
}

fn flag(option: u16, set: io::Result<()>) -> Host {
    let is_set = set.is_ok();
    row(option, set, 1, is_set.into(), is_set)
}
