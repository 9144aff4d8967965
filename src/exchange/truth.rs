//! The exchange's own book beside every message of one, for tests to hold others against.

use super::ladder::Row;
use super::source::{BookMark, Seen, Source};
use super::wire::{Kind, Scale};
use serde::Serialize;

/// The whole book at a depth, after a message of it was handed to a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The connection's number, from 1.
    pub connection: u64,
    /// The market.
    pub symbol: String,
    /// Levels a side, at most.
    pub depth: u32,
    /// What the message was.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The message's time as text; old recordings have none on snapshots.
    pub timestamp: Option<String>,
    /// The message's checksum.
    pub checksum: u32,
    /// Price and size as text, best first.
    pub bids: Vec<[String; 2]>,
    /// The same of the other side.
    pub asks: Vec<[String; 2]>,
}

/// Who is told.
pub type Witness = Box<dyn FnMut(&Truth) + Send>;

/// The truth behind a message of a book.
pub(super) fn truth(connection: u64, depth: u32, mark: &BookMark, source: &dyn Source) -> Truth {
    let (scale, Seen { bids, asks }) = (source.scale(), source.seen(depth));
    Truth {
        connection,
        symbol: source.symbol().to_owned(),
        depth,
        kind: mark.kind,
        timestamp: mark.timestamp.clone(),
        checksum: mark.checksum,
        bids: texts(&bids, scale),
        asks: texts(&asks, scale),
    }
}

fn texts(rows: &[Row], scale: Scale) -> Vec<[String; 2]> {
    let text = |row: &Row| [scale.price(row.price_ticks).to_string(), scale.qty(row.qty_lots).to_string()];
    rows.iter().map(text).collect()
}
