//! The last trades, for those who come late.

use super::wire::{Data, Kind};
use serde_json::value::RawValue;
use std::collections::VecDeque;
use tungstenite::Utf8Bytes;

/// As many trades as a snapshot has.
const TRADES: usize = 50;

/// Rows of the channel `trade` as they were written, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct LastTrades {
    rows: VecDeque<Box<RawValue>>,
}

impl LastTrades {
    /// Takes the rows of a message.
    pub fn extend(&mut self, rows: &[Box<RawValue>]) {
        self.rows.extend(rows.iter().cloned());
        self.rows.drain(..self.rows.len().saturating_sub(TRADES));
    }

    /// The message of a snapshot.
    pub fn snapshot(&self) -> Utf8Bytes {
        Data { channel: "trade", kind: Kind::Snapshot, data: &self.rows }.text()
    }
}
