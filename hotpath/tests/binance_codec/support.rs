//! A market table of both sides of the exchange, and decoding into records that can be compared.

use bytemuck::Zeroable;
use hotpath::config::{Config, MarketConfig, Symbol, venue_id};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::{Body, Head, Line, body_of, check, head_of};
use hotpath::simd::Simd;
use hotpath::venue::binance::Binance;
use hotpath::venue::every::Every;
use hotpath::venue::{Frame, Refused, Venue};

/// The connections.
pub const SPOT: u16 = 1;
pub const PERP: u16 = 3;
/// Rows of the market table.
pub const BTC_SPOT: u16 = 0;
pub const ETH_SPOT: u16 = 1;
pub const BTC_PERP: u16 = 2;

pub const FIRST_SEQ: u64 = 1_000;
const TAKEN_NS: u64 = 77;

/// Two pairs of spot on one connection, and a perpetual of the same name as the first on another.
pub fn config() -> Config {
    let mut config = Config::zeroed();
    let rows = [
        ("BTCUSDT", venue_id::BINANCE_SPOT, SPOT, 2, 8, 1_000),
        ("ETHUSDT", venue_id::BINANCE_SPOT, SPOT, 2, 4, 4_096),
        ("BTCUSDT", venue_id::BINANCE_PERP, PERP, 1, 3, 500),
    ];
    for ((symbol, venue, connection, price_precision, qty_precision, depth), row) in
        rows.into_iter().zip(&mut config.markets)
    {
        *row = MarketConfig {
            symbol: Symbol::new(symbol).unwrap(),
            venue,
            connection,
            price_precision,
            qty_precision,
            depth,
            ..Zeroable::zeroed()
        };
        config.market_count += 1;
    }
    config
}

/// The codec of a connection.
pub fn codec(connection: u16) -> Binance {
    if connection == PERP { Binance::PERP } else { Binance::SPOT }
}

/// A message of a connection.
pub const fn text_frame(connection: u16, bytes: &[u8]) -> Frame<'_> {
    Frame::received(connection, 1, bytes)
}

/// A record as it was pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record(Vec<u8>);

impl Record {
    pub fn head(&self) -> Head {
        head_of(&self.0).unwrap()
    }

    /// The body, which must be of this kind.
    pub fn body<B: Body>(&self) -> B {
        body_of(&self.0).unwrap_or_else(|| panic!("{:?} is not {:?}", self.head().kind, B::KIND))
    }
}

pub type Verdict = Result<Vec<Record>, Refused>;

/// The codec with its memory.
pub struct Decoder {
    pub config: Config,
    lines: Vec<Line>,
}

impl Decoder {
    pub fn new() -> Self {
        Self::with_lines(EVENT_LINES)
    }

    /// As [`Decoder::new`], with room for so few lines.
    pub fn with_lines(lines: usize) -> Self {
        Self { config: config(), lines: vec![Line::ZERO; lines] }
    }

    /// The verdict on a frame. The match of venues gives the same as the codec that it finds.
    pub fn frame(&mut self, frame: Frame<'_>) -> Verdict {
        let is_perp = if frame.is_fetched() { frame.instrument == BTC_PERP } else { frame.connection == PERP };
        let codec = if is_perp { Binance::PERP } else { Binance::SPOT };
        let verdict = self.with(&codec, frame);
        assert_eq!(self.with(&Every, frame), verdict, "{}", String::from_utf8_lossy(frame.bytes));
        match &verdict {
            Ok(records) => assert!(!records.is_empty(), "an accepted frame gave no record"),
            Err(refused) => assert!(refused.offset <= frame.bytes.len(), "{refused:?} lies outside the frame"),
        }
        verdict
    }

    pub fn with(&mut self, codec: &dyn Venue, frame: Frame<'_>) -> Verdict {
        let mut events = Lines::new(&mut self.lines);
        events.begin(FIRST_SEQ, TAKEN_NS, frame.connection);
        codec.decode(&self.config, frame, Simd::detect(), &mut events)?;
        Ok(records(&events, frame.connection))
    }

    /// The verdict on a message.
    pub fn text(&mut self, connection: u16, text: &str) -> Verdict {
        self.frame(text_frame(connection, text.as_bytes()))
    }

    /// The verdict on a body that was fetched for a market.
    pub fn fetched(&mut self, instrument: u16, text: &str) -> Verdict {
        self.frame(Frame::fetched(instrument, text.as_bytes()))
    }
}

/// The records of a message that is accepted.
pub fn decode(connection: u16, text: &str) -> Vec<Record> {
    Decoder::new().text(connection, text).unwrap_or_else(|refused| panic!("{refused:?}: {text}"))
}

/// The only record of a message.
pub fn one(connection: u16, text: &str) -> Record {
    let mut records = decode(connection, text);
    assert_eq!(records.len(), 1, "{text}");
    records.remove(0)
}

/// Splits what was pushed into records, each of which must fit the schema.
fn records(events: &Lines<'_>, connection: u16) -> Vec<Record> {
    let mut rest: &[u8] = bytemuck::cast_slice(events.as_lines());
    let mut records = Vec::new();
    while let Some(head) = head_of(rest) {
        let (record, after) = rest.split_at(head.len as usize);
        assert_eq!(check(record, 4), Ok(()), "{head:?}");
        assert_eq!(head.seq, FIRST_SEQ + records.len() as u64);
        assert_eq!((head.taken_ns, head.connection), (TAKEN_NS, connection));
        records.push(Record(record.to_vec()));
        rest = after;
    }
    records
}
