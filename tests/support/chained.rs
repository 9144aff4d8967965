//! A market whose updates chain, as Binance writes it, with faults on request: what a recorder, or a client, hears.

use std::collections::BTreeMap;

/// Which of the two dialects.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Spot,
    Perp,
}

/// How often, of a thousand updates, something goes wrong.
#[derive(Clone, Copy, Default)]
pub struct Faults {
    /// An update is lost.
    pub lost: u64,
    /// Best levels are stated that are not those of the book.
    pub misstated: u64,
    /// Updates to a snapshot; 0 for one at the start alone.
    pub snapshot_each: u64,
}

/// The market.
pub struct Market {
    section: Section,
    state: u64,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    update_id: u64,
}

/// How far the recorder's clock is behind the exchange's, nanoseconds.
pub const BEHIND_NS: u64 = 1_270_000_000;
/// When the recording begins, by the recorder's clock.
const START_NS: u64 = 1_723_161_253_937_085_768;
/// From one update to the next.
const PAUSE_NS: u64 = 20_000_000;

impl Market {
    pub fn new(section: Section, seed: u64) -> Self {
        let side = |sign: i64| (1..=40).map(|place| (6_180_000 + sign * 10 * place, 1_000 + place)).collect();
        let (bids, asks) = (side(-1), side(1));
        Self { section, state: seed.wrapping_add(0x9e37_79b9), bids, asks, update_id: 50_093_239_000 }
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    fn level(&self, ticks: i64, lots: i64) -> String {
        let (price, qty) = match self.section {
            Section::Spot => (
                format!("{}.{:02}000000", ticks / 100, ticks % 100),
                format!("{}.{:03}00000", lots / 1_000, lots % 1_000),
            ),
            Section::Perp => {
                (format!("{}.{}", ticks / 100, ticks % 100 / 10), format!("{}.{:03}", lots / 1_000, lots % 1_000))
            }
        };
        format!("[\"{price}\",\"{qty}\"]")
    }

    fn side(&self, levels: impl Iterator<Item = (i64, i64)>) -> String {
        levels.map(|(ticks, lots)| self.level(ticks, lots)).collect::<Vec<_>>().join(",")
    }

    /// The market goes on; returns the update at an exchange time, milliseconds.
    pub fn update(&mut self, exch_ms: u64) -> String {
        let before = self.update_id;
        let mut changed = [Vec::new(), Vec::new()];
        for _ in 0..=self.below(4) {
            self.update_id += 1 + self.below(3);
            let is_ask = self.below(2) == 1;
            let away = 10 * (1 + self.below(45) as i64);
            let ticks = if is_ask { 6_180_000 + away } else { 6_180_000 - away };
            let lots = if self.below(3) == 0 { 0 } else { 1 + self.below(9_000_000) as i64 };
            let side = if is_ask { &mut self.asks } else { &mut self.bids };
            match lots {
                0 => side.remove(&ticks),
                _ => side.insert(ticks, lots),
            };
            changed[usize::from(is_ask)].push((ticks, lots));
        }
        let [bids, asks] = changed.map(|side| self.side(side.into_iter()));
        let (first, last) = (before + 1, self.update_id);
        let previous = match self.section {
            Section::Spot => String::new(),
            Section::Perp => format!("\"T\":{exch_ms},\"pu\":{before},"),
        };
        format!(
            "{{\"stream\":\"btcusdt@depth@100ms\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{exch_ms},\"s\":\"BTCUSDT\",\
             \"U\":{first},\"u\":{last},{previous}\"b\":[{bids}],\"a\":[{asks}]}}}}"
        )
    }

    /// The best levels with the id of the last update; wrong ones when `is_wrong`.
    pub fn ticker(&self, is_wrong: bool) -> String {
        let best = [self.bids.last_key_value(), self.asks.first_key_value()].map(|level| level.expect("a level"));
        let [bid, ask] = best.map(|(ticks, lots)| self.level(*ticks, lots + i64::from(is_wrong)));
        let names = |level: &str, price: &str, qty: &str| {
            let (ticks, lots) = level.trim_matches(['[', ']']).split_once(',').expect("two numbers");
            format!("\"{price}\":{ticks},\"{qty}\":{lots}")
        };
        let (id, bid, ask) = (self.update_id, names(&bid, "b", "B"), names(&ask, "a", "A"));
        format!("{{\"stream\":\"btcusdt@bookTicker\",\"data\":{{\"u\":{id},\"s\":\"BTCUSDT\",{bid},{ask}}}}}")
    }

    /// The answer to a fetch: the best `depth` levels a side, without the best bid when it `is_wrong`.
    pub fn snapshot(&self, depth: usize, is_wrong: bool) -> String {
        let bids =
            self.side(self.bids.iter().rev().skip(is_wrong.into()).take(depth).map(|(ticks, lots)| (*ticks, *lots)));
        let asks = self.side(self.asks.iter().take(depth).map(|(ticks, lots)| (*ticks, *lots)));
        format!("{{\"lastUpdateId\":{},\"bids\":[{bids}],\"asks\":[{asks}]}}", self.update_id)
    }

    /// A trade at an exchange time, milliseconds.
    pub fn trade(&mut self, exch_ms: u64) -> String {
        let price = self.asks.first_key_value().map_or(6_180_000, |(ticks, _)| *ticks);
        let level = self.level(price, 20);
        let (price, qty) = level.trim_matches(['[', ']']).split_once(',').expect("two numbers");
        let number = self.below(1 << 30);
        format!(
            "{{\"stream\":\"btcusdt@trade\",\"data\":{{\"e\":\"trade\",\"E\":{exch_ms},\"s\":\"BTCUSDT\",\"t\":{number},\
             \"p\":{price},\"q\":{qty},\"T\":{exch_ms},\"m\":true}}}}"
        )
    }
}

/// A collector's recording of so many updates. Delays are a millisecond to nine.
pub fn recorded(section: Section, seed: u64, updates: u64, faults: Faults) -> Vec<u8> {
    let mut market = Market::new(section, seed);
    let mut text = String::new();
    for number in 0..updates {
        let sent_ns = START_NS + BEHIND_NS + number * PAUSE_NS;
        let exch_ms = sent_ns / 1_000_000;
        let mut recv_ns = exch_ms * 1_000_000 - BEHIND_NS + 1_000_000 + market.below(8_000_000);
        let mut line = |message: &str| {
            text.push_str(&format!("{recv_ns} {message}\n"));
            recv_ns += 1_000;
        };
        let update = market.update(exch_ms);
        let is_misstated = market.below(1_000) < faults.misstated;
        if market.below(2) == 0 {
            line(&market.ticker(is_misstated));
        }
        if market.below(1_000) >= faults.lost || number == 0 {
            line(&update);
        }
        if market.below(5) == 0 {
            line(&market.trade(exch_ms));
        }
        let is_due = if faults.snapshot_each == 0 { number == 3 } else { number % faults.snapshot_each == 3 };
        if is_due {
            line(&market.snapshot(1_000, false));
        }
    }
    text.into_bytes()
}
