//! A synthetic recording of Kraken's public market data, in CBCAP form: what one client of the embedded
//! exchange hears of the synthetic market.
//!
//! It is made to be read by a decoder that shares nothing with it: no function of `hotpath` is called, neither
//! here nor in the market or the exchange. An error on one side therefore shows as a checksum that fails.

use crate::config::Loaded;
use crate::exchange::{Pair, Said, Sort, Transcript};
use crate::market::{Market, Random, Terms};
use anyhow::{Context, Result};
use std::io::Write;

/// When the exchange accepts the connection, UNIX microseconds: 2026-08-01T00:00:00Z.
const START_US: u64 = 1_785_542_400_000_000;
/// Shortest way from the exchange to the recorder.
const DELAY_NS_MIN: u64 = 12_000_000;
/// What chance adds to it.
const JITTER_NS: u64 = 400_000;
/// The price at the start: 54,000.0 with one decimal.
const MID_TICKS: i64 = 540_000;
/// Makes the recorder's random numbers differ from the market's.
const RECORDER_SEED: u64 = 0x7469_6d65;

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
/// When there is no such market, and those of `out`.
pub fn cbcap(seed: u64, frames: usize, loaded: &Loaded, out: &mut impl Write) -> Result<Summary> {
    let mut random = Random::new(seed ^ RECORDER_SEED);
    // The connection's number is above 2^63, as those seen.
    let transcript = transcript(seed, loaded, random.next() | 1 << 63)?;
    let mut summary = Summary::default();
    let header = format!("CBCAP1 {} {} {}\n", loaded.feed().venue.name, loaded.symbol, START_US * 1_000);
    out.write_all(header.as_bytes())?;
    summary.bytes += header.len() as u64;
    let mut recv_ns = 0;
    for said in transcript.take(frames) {
        let due_ns = said.at_us * 1_000 + DELAY_NS_MIN + random.below(JITTER_NS);
        recv_ns = due_ns.max(recv_ns + 1);
        let head = format!("{recv_ns} {}\n", said.text.len());
        out.write_all(head.as_bytes())?;
        out.write_all(said.text.as_bytes())?;
        out.write_all(b"\n")?;
        summary.bytes += (head.len() + said.text.len() + 1) as u64;
        summary.count(&said);
    }
    Ok(summary)
}

/// What a client hears of the market that trades.
fn transcript(seed: u64, loaded: &Loaded, connection_id: u64) -> Result<Transcript> {
    let row = &loaded.config.markets[0];
    let terms = Terms::near(row.price_increment_ticks, row.qty_precision, MID_TICKS)
        .with_context(|| format!("no synthetic market has the terms of {}", loaded.symbol))?;
    let pair = Pair::unlisted(&loaded.symbol, row.price_precision, row.qty_precision);
    Ok(Transcript::new(pair, Box::new(Market::new(seed, &terms)), row.depth, START_US, connection_id))
}

impl Summary {
    const fn count(&mut self, said: &Said) {
        self.frames += 1;
        match said.sort {
            Sort::Session => {}
            Sort::Snapshot => self.snapshots += 1,
            Sort::Update => self.updates += 1,
            Sort::Trades => self.trades += 1,
            Sort::Heartbeat => self.heartbeats += 1,
        }
    }
}
