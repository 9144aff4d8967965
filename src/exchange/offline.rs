//! The exchange without sockets: whoever drives it brings the streams and the time.

use super::clock::Clock;
use super::hall::{Hall, Served};
use super::options::Options;
use super::server::hall;
use super::stream::{Duplex, Stream};
use anyhow::Result;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// An exchange that is driven.
pub struct Offline {
    hall: Hall,
}

impl Offline {
    /// Opens what is served. `now_ns` is its clock, which only the driver moves; it stands for `start_us`, UNIX
    /// microseconds, at 0. Where the options say to listen, and whether under TLS, is no matter.
    ///
    /// # Errors
    /// When a recording holds nothing that can be played, or a fault cannot happen to what is served.
    pub fn open(options: Options, now_ns: Arc<AtomicU64>, start_us: u64) -> Result<Self> {
        Ok(Self { hall: hall(Options { tls: false, ..options }, Clock::driven(now_ns, start_us))? })
    }

    /// Takes in a client.
    pub fn admit(&mut self, stream: Box<dyn Duplex>, now_ns: u64) {
        self.hall.admit(Stream::driven(stream), now_ns);
    }

    /// When it has something to do without being spoken to.
    pub fn due_ns(&mut self) -> u64 {
        self.hall.due_ns()
    }

    /// Does what there is to do.
    pub fn turn(&mut self, now_ns: u64) {
        self.hall.turn(now_ns);
    }

    /// Sends everybody away.
    pub fn close(self, now_ns: u64) -> Served {
        self.hall.close(now_ns)
    }
}
