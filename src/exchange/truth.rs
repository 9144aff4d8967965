//! The exchange's own book beside every message of one, for tests to hold others against.

use serde::Serialize;

/// Whether a message gives all or what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// All.
    Snapshot,
    /// What is new.
    Update,
}

/// The whole book, after a message of it was handed to a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The connection's number, from 1.
    pub connection: u64,
    /// The message's number on it, from 1.
    pub message: u64,
    /// The market.
    pub symbol: String,
    /// Levels a side, at most; none: as many as there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// What the message was.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The message's time as text; old recordings have none on snapshots, and Binance numbers its updates instead.
    pub timestamp: Option<String>,
    /// The message's checksum, where the exchange has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<u32>,
    /// The last update in the book, where the exchange numbers them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_id: Option<u64>,
    /// Price and size as text, best first.
    pub bids: Vec<[String; 2]>,
    /// The same of the other side.
    pub asks: Vec<[String; 2]>,
}

/// Who is told.
pub type Witness = Box<dyn FnMut(&Truth) + Send>;
