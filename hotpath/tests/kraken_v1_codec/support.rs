//! A market table, and decoding into records that can be compared.

use bytemuck::Zeroable;
use hotpath::config::{Config, MarketConfig, Symbol, venue_id};
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::{Body, Head, Line, body_of, check, head_of};
use hotpath::simd::Simd;
use hotpath::venue::every::Every;
use hotpath::venue::kraken_v1::KrakenV1;
use hotpath::venue::{Frame, Refused, Venue};

/// The connection that carries every market of a table here.
pub const CONNECTION: u16 = 1;

const FIRST_SEQ: u64 = 1_000;
const TAKEN_NS: u64 = 77;

/// Pairs, and the decimals of their prices in this protocol, as recorded.
pub const PAIRS: [(&str, u8); 10] = [
    ("XBT/USD", 5),
    ("DASH/EUR", 6),
    ("KAVA/USD", 5),
    ("AUD/USD", 5),
    ("ICX/USD", 6),
    ("WAVES/ETH", 8),
    ("FIL/XBT", 9),
    ("USDC/GBP", 8),
    ("LSK/USD", 6),
    ("ALGO/XBT", 9),
];

/// A table of these pairs, four at most.
pub fn config(pairs: &[(&str, u8)]) -> Config {
    let mut config = Config::zeroed();
    for ((symbol, price_precision), row) in pairs.iter().zip(&mut config.markets) {
        *row = MarketConfig {
            symbol: Symbol::new(symbol).unwrap(),
            venue: venue_id::KRAKEN_V1,
            connection: CONNECTION,
            price_precision: *price_precision,
            qty_precision: 8,
            ..Zeroable::zeroed()
        };
        config.market_count += 1;
    }
    config
}

/// XBT/USD is market 0, DASH/EUR market 1.
pub fn usual() -> Config {
    config(&PAIRS[..2])
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
    pub fn new(config: Config) -> Self {
        Self { config, lines: vec![Line::ZERO; EVENT_LINES] }
    }

    pub fn frame(&mut self, frame: Frame<'_>) -> Verdict {
        let mut events = Lines::new(&mut self.lines);
        events.begin(FIRST_SEQ, TAKEN_NS, CONNECTION);
        KrakenV1.decode(&self.config, frame, Simd::detect(), &mut events)?;
        Ok(records(&events))
    }

    /// The verdict on a text of the connection. The match of venues finds this codec too.
    pub fn text(&mut self, bytes: &[u8]) -> Verdict {
        let frame = Frame::received(CONNECTION, 1, bytes);
        let verdict = self.frame(frame);
        let mut events = Lines::new(&mut self.lines);
        events.begin(FIRST_SEQ, TAKEN_NS, CONNECTION);
        let every = Every.decode(&self.config, frame, Simd::detect(), &mut events).map(|()| records(&events));
        assert_eq!(every, verdict, "{}", String::from_utf8_lossy(bytes));
        match &verdict {
            Ok(records) => assert!(!records.is_empty(), "an accepted frame gave no record"),
            Err(refused) => assert!(refused.offset <= bytes.len(), "{refused:?} lies outside the frame"),
        }
        verdict
    }
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
