//! A naive exchange for tests: a map of levels that prints Kraken's frames with right checksums.

use hotpath::checkpoint::STATE_LINES;
use hotpath::config::{
    Config, HealthConfig, JournalConfig, MarketConfig, Model, QualityConfig, QuoteConfig, RegimeConfig, SessionConfig,
    Symbol,
};
use hotpath::config::{book_rule, checksum_rule, venue_id};
use hotpath::diary::Diary;
use hotpath::engine::Engine;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::lines::{EVENT_LINES, Lines, OUTPUT_LINES};
use hotpath::record::{Body, Kind, Line, body_of, channel, head_of};
use hotpath::turn::{Buffers, Core, records};
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use std::collections::BTreeMap;

pub const SECOND_NS: u64 = 1_000_000_000;

pub fn market(symbol: &str, price_precision: u8, qty_precision: u8, depth: u32) -> MarketConfig {
    MarketConfig {
        symbol: Symbol::new(symbol).expect("a symbol"),
        venue: venue_id::KRAKEN,
        connection: 0,
        price_precision,
        qty_precision,
        book_rule: book_rule::CUT,
        checksum_rule: checksum_rule::CRC32_TOP10,
        depth,
        imbalance_levels: 5,
        price_increment_ticks: 1,
        stale_ns_max: 5 * SECOND_NS,
        vol_half_life_ns: 10 * SECOND_NS,
        channels: 1 << channel::BOOK | 1 << channel::TRADE | 1 << channel::INSTRUMENT,
        sequence_rule: 0,
        snapshot_rule: 0,
        heartbeats: 1,
        spare: [0; 3],
    }
}

pub fn config(markets: &[MarketConfig]) -> Config {
    let unused = bytemuck::Zeroable::zeroed();
    Config {
        journal: JournalConfig { segment_bytes: 1 << 28, checkpoint_ns: 3_600 * SECOND_NS },
        health: HealthConfig { ring_lines_min: 64, disk_mib_min: 100, journal_lag_ns_max: SECOND_NS },
        quality: QualityConfig {
            spread_ticks_max: 1_000,
            vol_ticks_max: 1_000_000,
            jump_ticks_max: 500,
            burst: 3,
            spare: 0,
        },
        quote: QuoteConfig { half_spread_ticks: 2, qty_lots: 1_000 },
        model: Model { micro_q16: 65_536, imbalance_q16: 0, clamp_ticks: 50, file_hash: 0 },
        session: session(),
        regime: regime(),
        market_count: markets.len() as u16,
        spare: [0; 3],
        markets: std::array::from_fn(|index| markets.get(index).copied().unwrap_or(unused)),
    }
}

/// Regimes that nothing in these tests comes near, but where a test says so.
pub fn regime() -> RegimeConfig {
    RegimeConfig {
        active_per_s: 10_000,
        active_exit_per_s: 5_000,
        burst_per_s: 20_000,
        burst_exit_per_s: 10_000,
        volatile_ticks: 1 << 30,
        volatile_exit_ticks: 1 << 29,
        degraded_ns: 3_600 * SECOND_NS,
        degraded_exit_ns: 1_800 * SECOND_NS,
        dwell_ns: SECOND_NS,
    }
}

/// The session of the shipped configurations, of an engine whose frames come from a recording.
pub fn session() -> SessionConfig {
    SessionConfig {
        active: 0,
        spare: 0,
        tries_at_once: 3,
        ack_ns_max: 5 * SECOND_NS,
        snapshot_ns_max: 5 * SECOND_NS,
        ping_ns: 20 * SECOND_NS,
        pace_ns: SECOND_NS / 20,
        connect_ns_max: 15 * SECOND_NS,
        heartbeat_ns_max: 3 * SECOND_NS,
        retry_ns_min: SECOND_NS,
        retry_ns_max: 60 * SECOND_NS,
        stable_ns: 60 * SECOND_NS,
        clock_step_ns_max: SECOND_NS / 10,
    }
}

/// Keeps every record, in order.
#[derive(Default)]
pub struct Kept(pub Vec<Vec<u8>>);

impl Diary for Kept {
    type Error = Halt;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), Halt> {
        let mut record = first.0.to_vec();
        record.extend_from_slice(payload);
        record.resize(head_of(&record).expect("a head").len as usize, 0);
        self.0.push(record);
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        self.0.extend(records(lines).map(<[u8]>::to_vec));
        Ok(())
    }
}

/// A core with its memory, its diary and a clock that the test sets.
pub struct Bench {
    pub core: Core<'static, Every>,
    pub diary: Kept,
    pub now_ns: u64,
}

impl Bench {
    pub fn new(config: &Config) -> Self {
        let engine: &'static mut Engine = Box::leak(zeroed_box());
        let lines = |count: usize| Box::leak(vec![Line::ZERO; count].into_boxed_slice());
        let buffers = Buffers {
            events: Lines::new(lines(EVENT_LINES)),
            outputs: Lines::new(lines(OUTPUT_LINES)),
            state: lines(STATE_LINES),
        };
        let core = Core::start(Every, config, engine, buffers).expect("a valid configuration");
        let mut bench = Self { core, diary: Kept::default(), now_ns: SECOND_NS };
        bench.core.open(bench.now_ns, &mut bench.diary).expect("a start");
        bench
    }

    /// Takes one input a millisecond later and returns the records that it caused.
    pub fn take(&mut self, input: Input<'_>) -> Vec<Vec<u8>> {
        self.now_ns += 1_000_000;
        self.take_now(input)
    }

    /// Takes one input and returns the records that it caused.
    pub fn take_now(&mut self, input: Input<'_>) -> Vec<Vec<u8>> {
        let before = self.diary.0.len();
        self.core.turn(self.now_ns, &input, &mut self.diary).expect("no halt");
        self.diary.0[before..].to_vec()
    }

    pub fn frame(&mut self, text: &str) -> Vec<Vec<u8>> {
        self.frame_of_read(text, true)
    }

    pub fn frame_of_read(&mut self, text: &str, end_of_read: bool) -> Vec<Vec<u8>> {
        let frame = Frame::received(0, 1, text.as_bytes());
        let recv_ns = self.now_ns;
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read })
    }

    pub fn trusted(&self) -> bool {
        self.core.engine().markets()[0].state.trust.is_trusted()
    }

    pub fn reason(&self) -> u16 {
        self.core.engine().state().desired.reason
    }
}

fn zeroed_box() -> Box<Engine> {
    // The engine is too large for a test thread's stack in an unoptimised build.
    std::thread::Builder::new()
        .stack_size(64 << 20)
        .spawn(|| Box::new(<Engine as bytemuck::Zeroable>::zeroed()))
        .expect("a thread")
        .join()
        .expect("an engine")
}

/// The bodies of one kind among records.
pub fn bodies<B: Body>(records: &[Vec<u8>]) -> Vec<B> {
    records.iter().filter_map(|record| body_of(record)).collect()
}

pub fn kinds(records: &[Vec<u8>]) -> Vec<Kind> {
    records.iter().filter_map(|record| head_of(record)).map(|head| head.kind).collect()
}

/// The exchange's side of one book.
pub struct Exchange {
    pub symbol: &'static str,
    pub depth: usize,
    pub price_precision: usize,
    pub qty_precision: usize,
    pub bids: BTreeMap<i64, i64>,
    pub asks: BTreeMap<i64, i64>,
    pub micros: u32,
}

impl Exchange {
    /// Bids from 1,000 ticks down, asks from 1,001 ticks up.
    pub fn new(symbol: &'static str, depth: usize, price_precision: usize, qty_precision: usize) -> Self {
        let side = |best: i64, step: i64| (0..depth as i64).map(|place| (best + step * place, 100 + place)).collect();
        let (bids, asks) = (side(1_000, -1), side(1_001, 1));
        Self { symbol, depth, price_precision, qty_precision, bids, asks, micros: 0 }
    }

    pub fn snapshot(&mut self) -> String {
        let bids: Vec<_> = self.bids.iter().rev().map(|(price, qty)| (*price, *qty)).collect();
        let asks: Vec<_> = self.asks.iter().map(|(price, qty)| (*price, *qty)).collect();
        self.message("snapshot", &bids, &asks)
    }

    /// Applies changes (ask?, price, size) and prints the message.
    pub fn update(&mut self, changes: &[(bool, i64, i64)]) -> String {
        for (ask, price, qty) in changes {
            let side = if *ask { &mut self.asks } else { &mut self.bids };
            if *qty == 0 {
                side.remove(price);
            } else {
                side.insert(*price, *qty);
            }
        }
        while self.bids.len() > self.depth {
            self.bids.pop_first();
        }
        while self.asks.len() > self.depth {
            self.asks.pop_last();
        }
        let of =
            |ask: bool| changes.iter().filter(|change| change.0 == ask).map(|change| (change.1, change.2)).collect();
        let (bids, asks): (Vec<_>, Vec<_>) = (of(false), of(true));
        self.message("update", &bids, &asks)
    }

    pub fn checksum(&self) -> u32 {
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let text: String = best.map(|(price, qty)| format!("{price}{qty}")).collect();
        crc32fast::hash(text.as_bytes())
    }

    fn message(&mut self, kind: &str, bids: &[(i64, i64)], asks: &[(i64, i64)]) -> String {
        self.micros += 1;
        let rows = |rows: &[(i64, i64)]| {
            let row = |(price, qty): &(i64, i64)| {
                format!(
                    "{{\"price\":{},\"qty\":{}}}",
                    decimal(*price, self.price_precision),
                    decimal(*qty, self.qty_precision)
                )
            };
            rows.iter().map(row).collect::<Vec<_>>().join(",")
        };
        format!(
            "{{\"channel\":\"book\",\"type\":\"{kind}\",\"data\":[{{\"symbol\":\"{}\",\"bids\":[{}],\"asks\":[{}],\
             \"checksum\":{},\"timestamp\":\"2026-08-01T02:53:53.{:06}Z\"}}]}}",
            self.symbol,
            rows(bids),
            rows(asks),
            self.checksum(),
            self.micros
        )
    }
}

fn decimal(value: i64, precision: usize) -> String {
    if precision == 0 {
        return value.to_string();
    }
    let digits = format!("{value:0width$}", width = precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    format!("{whole}.{fraction}")
}
