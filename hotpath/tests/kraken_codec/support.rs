//! A market table, and decoding into records that can be compared.

use bytemuck::Zeroable;
use hotpath::config::{Config, MarketConfig, Symbol, venue_id};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::{Body, Head, Line, body_of, check, head_of};
use hotpath::simd::Simd;
use hotpath::venue::kraken::{Kraken, fast, general};
use hotpath::venue::{Frame, Refused, Venue};

/// The connection that carries every market of [`config`].
pub const CONNECTION: u16 = 3;
/// Rows of the market table.
pub const BTC_EUR: u16 = 0;
pub const BTC_USD: u16 = 1;
pub const ETH_USD: u16 = 2;
pub const XRP_USD: u16 = 3;

const FIRST_SEQ: u64 = 1_000;
const TAKEN_NS: u64 = 77;

/// One decimal (BTC/EUR, BTC/USD), two (ETH/USD) and five (XRP/USD).
pub fn config() -> Config {
    let mut config = Config::zeroed();
    for (symbol, price_precision) in [("BTC/EUR", 1), ("BTC/USD", 1), ("ETH/USD", 2), ("XRP/USD", 5)] {
        let row = &mut config.markets[usize::from(config.market_count)];
        *row = MarketConfig {
            symbol: Symbol::new(symbol).unwrap(),
            venue: venue_id::KRAKEN,
            connection: CONNECTION,
            price_precision,
            qty_precision: 8,
            ..Zeroable::zeroed()
        };
        config.market_count += 1;
    }
    config
}

pub const fn text_frame(bytes: &[u8]) -> Frame<'_> {
    Frame::received(CONNECTION, 1, bytes)
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

/// The codec with its memory.
pub struct Decoder {
    pub config: Config,
    pub lines: Vec<Line>,
    pub simd: Simd,
}

#[cfg(target_arch = "x86_64")]
use hotpath::venue::kraken::wide::decode_wide;

/// There is no wide path.
#[cfg(not(target_arch = "x86_64"))]
fn decode_wide(_: &Config, _: Frame<'_>, _: Simd, _: &mut Lines<'_>) -> bool {
    false
}

pub type Verdict = Result<Vec<Record>, Refused>;

impl Decoder {
    pub fn new() -> Self {
        Self { config: config(), lines: vec![Line::ZERO; EVENT_LINES], simd: Simd::detect() }
    }

    /// As [`Decoder::new`], with room for the largest frame of `wire`.
    pub fn new_small() -> Self {
        Self { config: config(), lines: vec![Line::ZERO; 64], ..Self::new() }
    }

    /// The records that the fast path gave, when it took the frame.
    pub fn fast(&mut self, frame: Frame<'_>) -> Option<Vec<Record>> {
        let mut events = begin(&mut self.lines);
        if fast::decode_fast(&self.config, frame, &mut events) {
            return Some(records(&events));
        }
        assert_eq!((events.len(), events.next_seq()), (0, FIRST_SEQ), "the fast path left something behind");
        None
    }

    /// The records that the wide path gave, when it took the frame; never where the processor cannot.
    pub fn wide(&mut self, frame: Frame<'_>) -> Option<Vec<Record>> {
        let mut events = begin(&mut self.lines);
        if decode_wide(&self.config, frame, self.simd, &mut events) {
            return Some(records(&events));
        }
        assert_eq!((events.len(), events.next_seq()), (0, FIRST_SEQ), "the wide path left something behind");
        None
    }

    /// The verdict of the general path.
    pub fn general(&mut self, frame: Frame<'_>) -> Verdict {
        let mut events = begin(&mut self.lines);
        general::decode_general(&self.config, frame, &mut events)?;
        Ok(records(&events))
    }

    /// The verdict of the codec.
    pub fn decode(&mut self, frame: Frame<'_>) -> Verdict {
        let mut events = begin(&mut self.lines);
        Kraken.decode(&self.config, frame, self.simd, &mut events)?;
        Ok(records(&events))
    }

    /// The verdict of all paths, which must be one.
    pub fn agreed(&mut self, bytes: &[u8]) -> Verdict {
        let frame = text_frame(bytes);
        let general = self.general(frame);
        assert_eq!(self.decode(frame), general, "{}", String::from_utf8_lossy(bytes));
        for taken in [self.fast(frame), self.wide(frame)].into_iter().flatten() {
            assert_eq!(Ok(taken), general, "{}", String::from_utf8_lossy(bytes));
        }
        match &general {
            Ok(records) => assert!(!records.is_empty(), "an accepted frame gave no record"),
            Err(refused) => assert!(refused.offset <= bytes.len(), "{refused:?} lies outside the frame"),
        }
        general
    }
}

fn begin(lines: &mut [Line]) -> Lines<'_> {
    let mut events = Lines::new(lines);
    events.begin(FIRST_SEQ, TAKEN_NS, CONNECTION);
    events
}

/// Splits what was pushed into records, each of which must fit the schema.
fn records(events: &Lines<'_>) -> Vec<Record> {
    let mut rest: &[u8] = bytemuck::cast_slice(events.as_lines());
    let mut records = Vec::new();
    while let Some(head) = head_of(rest) {
        let (record, after) = rest.split_at(head.len as usize);
        assert_eq!(check(record, 4), Ok(()), "{head:?}");
        assert_eq!(head.seq, FIRST_SEQ + records.len() as u64);
        assert_eq!((head.taken_ns, head.connection), (TAKEN_NS, CONNECTION));
        records.push(Record(record.to_vec()));
        rest = after;
    }
    records
}
