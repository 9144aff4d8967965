//! A venue is a codec: frames to canonical events. What two venues share lies below this trait.

pub mod binance;
pub mod every;
pub mod kraken;
pub mod kraken_v1;

mod reading;

use crate::config::Config;
use crate::lines::Lines;
use crate::record::{NO_CONNECTION, NO_INSTRUMENT, Request};
use crate::simd::Simd;
use crate::websocket::CLOSE;

/// Most bytes of a request.
pub const REQUEST_BYTES_MAX: usize = 512;

/// Why a frame was refused. Nothing of a refused frame reaches the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Cause {
    /// Not JSON (or not what the venue's framing allows).
    Json = 1,
    /// Bytes that are not UTF-8.
    Utf8 = 2,
    /// The frame ends inside a value.
    Truncated = 3,
    /// JSON nested deeper than the walker's bound.
    Depth = 4,
    /// A field that the message needs is missing.
    Missing = 5,
    /// A field has the wrong type.
    Type = 6,
    /// A field that matters stands twice.
    Duplicate = 7,
    /// A number has more digits after the point than the precision.
    Precision = 8,
    /// A number is out of range (zero or negative price, negative or enormous size, a checksum above 32 bits).
    Range = 9,
    /// A time is not as the exchange writes it.
    Time = 10,
    /// More levels than the event buffer holds.
    TooMany = 11,
    /// A binary frame where the venue sends text.
    Binary = 12,
}

/// Why a legal frame was not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Reason {
    /// A channel that this engine does not use.
    Channel = 1,
    /// A symbol that is not in the market table.
    Symbol = 2,
    /// A method or an object that this engine does not use.
    Method = 3,
    /// A frame of the connection's own, close, ping or pong: no message of the exchange.
    Opcode = 4,
}

/// Text of a cause number, for people.
#[must_use]
pub const fn cause_name(cause: u16) -> &'static str {
    match cause {
        1 => "json",
        2 => "utf8",
        3 => "truncated",
        4 => "depth",
        5 => "missing",
        6 => "type",
        7 => "duplicate",
        8 => "precision",
        9 => "range",
        10 => "time",
        11 => "too-many",
        12 => "binary",
        _ => "unknown",
    }
}

/// Text of a reason number, for people.
#[must_use]
pub const fn reason_name(reason: u16) -> &'static str {
    match reason {
        1 => "channel",
        2 => "symbol",
        3 => "method",
        4 => "opcode",
        _ => "unknown",
    }
}

/// A refusal: the cause and the byte offset in the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub cause: Cause,
    /// Where, in bytes from the start of the frame.
    pub offset: usize,
}

/// One whole message: of a connection, or the body of an answer that was fetched for a market.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The connection it came on; [`NO_CONNECTION`] when it was fetched.
    pub connection: u16,
    /// The market it was fetched for; [`NO_INSTRUMENT`] when it came on a connection.
    pub instrument: u16,
    /// WebSocket opcode: 1 text, 2 binary; 8 to 15 (close, ping, pong) are the connection's own and are recorded,
    /// not decoded, and so are 16 (no frame) and what is unknown; [`FETCHED`].
    pub opcode: u16,
    /// The message.
    pub bytes: &'a [u8],
}

/// In the place of an opcode: the body of an HTTP answer, fetched because the engine asked for it.
pub const FETCHED: u16 = 17;

impl<'a> Frame<'a> {
    /// A message of a connection.
    #[must_use]
    pub const fn received(connection: u16, opcode: u16, bytes: &'a [u8]) -> Self {
        Self { connection, instrument: NO_INSTRUMENT, opcode, bytes }
    }

    /// A body that was fetched for a market.
    #[must_use]
    pub const fn fetched(instrument: u16, bytes: &'a [u8]) -> Self {
        Self { connection: NO_CONNECTION, instrument, opcode: FETCHED, bytes }
    }

    /// Whether it was fetched.
    #[must_use]
    pub const fn is_fetched(&self) -> bool {
        self.opcode == FETCHED
    }

    /// Whether a codec is to read it: not what is the connection's own.
    #[must_use]
    pub const fn is_message(&self) -> bool {
        self.opcode < CLOSE || self.is_fetched()
    }
}

/// A request, and the connection and market that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The connection.
    pub connection: u16,
    /// The market, or [`crate::record::NO_INSTRUMENT`].
    pub instrument: u16,
    /// What is wanted of it.
    pub request: Request,
}

/// A venue's codec. Pure: the same frame and configuration give the same events.
pub trait Venue {
    /// Decodes one frame into event records.
    ///
    /// The caller discards what was pushed when the frame is refused, so a decoder may push while it
    /// reads. A frame that is accepted pushes at least one event. What comes of it does not depend on `simd`.
    ///
    /// # Errors
    /// Cause and byte offset of the first thing in the frame that may not be believed.
    fn decode(&self, config: &Config, frame: Frame<'_>, simd: Simd, events: &mut Lines<'_>) -> Result<(), Refused>;

    /// Writes the text of a request and returns its length; none for a request that has no text, or
    /// when it does not fit. [`REQUEST_BYTES_MAX`] suffice.
    fn encode(&self, config: &Config, wanted: &Wanted, out: &mut [u8]) -> Option<usize>;
}
