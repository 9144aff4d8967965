//! A synthetic recording of Kraken's public market data, in CBCAP form.
//!
//! It is made to be read by a decoder that shares nothing with it: the book is a `BTreeMap`, the
//! checksum is taken over text as the exchange describes it, and no function of `hotpath` is called. An
//! error on one side therefore shows as a checksum that fails. What the recording is not: a model of
//! the market. Its shares of changes, rates and jumps resemble a quiet hour and prove nothing more.

mod exchange;
mod random;
mod recording;
mod side;
mod wire;

use crate::config::Loaded;
use recording::{Frame, Kind, Recording};
use std::io::{self, Write};

/// What a recording holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// All frames, those counted below and the status and acks before them.
    pub frames: u64,
    /// Book snapshots.
    pub snapshots: u64,
    /// Book updates.
    pub updates: u64,
    /// Trade messages.
    pub trades: u64,
    /// Heartbeats.
    pub heartbeats: u64,
    /// Bytes written, the header line included.
    pub bytes: u64,
}

/// Writes a recording of `frames` frames of the market that `loaded` describes.
///
/// The bytes depend on `seed`, `frames` and the market only; a longer recording begins with the shorter
/// one. Frames in order: status, ack of `book` with the depth, ack of `trade`, snapshot, then updates,
/// trades and a heartbeat each second. Receive times are UNIX nanoseconds and strictly increase.
///
/// # Errors
/// Those of `out`.
pub fn cbcap(seed: u64, frames: usize, loaded: &Loaded, out: &mut impl Write) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let header = format!("CBCAP1 {} {} {}\n", loaded.venue_name, loaded.symbol, recording::START_NS);
    out.write_all(header.as_bytes())?;
    summary.bytes += header.len() as u64;
    for frame in Recording::new(seed, wire::Market::of(loaded)).take(frames) {
        let head = format!("{} {}\n", frame.recv_ns, frame.payload.len());
        out.write_all(head.as_bytes())?;
        out.write_all(frame.payload.as_bytes())?;
        out.write_all(b"\n")?;
        summary.bytes += (head.len() + frame.payload.len() + 1) as u64;
        summary.count(&frame);
    }
    Ok(summary)
}

impl Summary {
    fn count(&mut self, frame: &Frame) {
        self.frames += 1;
        match frame.kind {
            Kind::Session => {}
            Kind::Snapshot => self.snapshots += 1,
            Kind::Update => self.updates += 1,
            Kind::Trades => self.trades += 1,
            Kind::Heartbeat => self.heartbeats += 1,
        }
    }
}
