//! An exchange whose snapshots are fetched, an engine, and the shell between them.

use crate::feed::{Bench, SECOND_NS, bodies, config, market};
use hotpath::book::Level;
use hotpath::config::{Config, MarketConfig, book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id};
use hotpath::input::Input;
use hotpath::record::{Feed, GapOpen, Link, Sent, Timer, action, channel, feed as feed_code, link as cause};
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue, Wanted};
use std::collections::BTreeMap;

pub const MS_NS: u64 = 1_000_000;
const START_ID: u64 = 1_000;

pub type Sides = [BTreeMap<i64, i64>; 2];

/// One book, active, its snapshot fetched; `channels` beside it.
fn active(channels: u16) -> Config {
    let row = MarketConfig {
        venue: venue_id::BINANCE_SPOT,
        book_rule: book_rule::WINDOW,
        checksum_rule: checksum_rule::NONE,
        channels: 1 << channel::BOOK | channels,
        sequence_rule: sequence_rule::CHAIN,
        snapshot_rule: snapshot_rule::FETCHED,
        heartbeats: 0,
        stale_ns_max: 600 * SECOND_NS,
        ..market("BTCUSDT", 2, 3, 100)
    };
    let config = config(&[row]);
    Config { session: config.session.activated(), ..config }
}

/// The exchange: its book by id, what it has said of it, and chance.
pub struct Market {
    pub sides: Sides,
    pub id: u64,
    /// Books as they were, by the id behind each update.
    pub past: Vec<(u64, Sides)>,
    chance: u64,
}

impl Market {
    pub fn new(seed: u64) -> Self {
        let side = |first: i64, step: i64| (0..40).map(|place| (first + step * place, 10 + place)).collect();
        let sides: Sides = [side(10_000, -3), side(10_003, 3)];
        Self { past: vec![(START_ID, sides.clone())], sides, id: START_ID, chance: seed }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % bound
    }

    /// A few changes, never such that the book crosses, as an update says them.
    pub fn update(&mut self) -> String {
        let first = self.id + 1;
        self.id += 1 + self.below(5);
        let mut told = [Vec::new(), Vec::new()];
        for _ in 0..=self.below(4) {
            let is_ask = self.below(2) as usize;
            let away = 1 + self.below(120) as i64;
            let price = if is_ask == 1 { 10_001 + away } else { 10_001 - away };
            let qty = self.below(4) as i64;
            let is_best = self.sides[is_ask].len() < 10;
            let qty = if is_best { qty + 1 } else { qty };
            if qty == 0 {
                self.sides[is_ask].remove(&price)
            } else {
                self.sides[is_ask].insert(price, qty)
            };
            told[is_ask].push((price, qty));
        }
        self.past.push((self.id, self.sides.clone()));
        let [bids, asks] = told.map(|rows| text_of(rows.into_iter()));
        let data = format!(
            r#"{{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":{first},"u":{},"b":[{bids}],"a":[{asks}]}}"#,
            self.id
        );
        format!(r#"{{"stream":"btcusdt@depth@100ms","data":{data}}}"#)
    }

    /// The answer to a fetch, so many updates ago, cut to the best levels.
    pub fn snapshot(&self, ago: usize, levels: usize) -> String {
        let (id, [bids, asks]) = &self.past[self.past.len() - 1 - ago.min(self.past.len() - 1)];
        let bids = text_of(bids.iter().rev().take(levels).map(|(price, qty)| (*price, *qty)));
        let asks = text_of(asks.iter().take(levels).map(|(price, qty)| (*price, *qty)));
        format!(r#"{{"lastUpdateId":{id},"bids":[{bids}],"asks":[{asks}]}}"#)
    }
}

pub fn text_of(rows: impl Iterator<Item = (i64, i64)>) -> String {
    let row = |(price, qty): (i64, i64)| {
        let [price, qty] = row_of(price, qty);
        format!(r#"["{price}","{qty}"]"#)
    };
    rows.map(row).collect::<Vec<_>>().join(",")
}

/// A level as it is written.
fn row_of(price: i64, qty: i64) -> [String; 2] {
    [format!("{}.{:02}000000", price / 100, price % 100), format!("{}.{:03}00000", qty / 1_000, qty % 1_000)]
}

/// Engine, exchange, and a test that plays the shell between them.
pub struct Rig {
    pub bench: Bench,
    pub market: Market,
    pub records: Vec<Vec<u8>>,
    pub asked: Vec<(u64, Wanted)>,
}

impl Rig {
    pub fn new(seed: u64) -> Self {
        Self::of(&active(0), seed)
    }

    pub fn of(config: &Config, seed: u64) -> Self {
        let bench = Bench::new(config);
        let mut rig = Self { bench, market: Market::new(seed), records: Vec::new(), asked: Vec::new() };
        rig.wake();
        rig
    }

    /// Up, subscribed, and nothing held yet.
    pub fn confirmed() -> Self {
        Self::new(1).subscribed()
    }

    /// The same, where the exchange states best levels.
    pub fn stated() -> Self {
        Self::of(&active(1 << channel::TICKER), 1).subscribed()
    }

    fn subscribed(mut self) -> Self {
        self.link(1, cause::CONNECTED);
        let is_subscribe = |(_, wanted): &&(u64, Wanted)| wanted.request.action == action::SUBSCRIBE;
        for acked in 0.. {
            let Some((_, wanted)) = self.asked.iter().filter(is_subscribe).nth(acked).copied() else { break };
            self.ack(&wanted);
            self.go(50);
        }
        self
    }

    /// The exchange states its best levels, of a state beyond its last update.
    pub fn state_ahead(&mut self) {
        self.state_of(self.market.id + 1);
    }

    /// The exchange states its best levels.
    pub fn state(&mut self) {
        self.state_of(self.market.id);
    }

    fn state_of(&mut self, id: u64) {
        let [bids, asks] = &self.market.sides;
        let row = |best: Option<(&i64, &i64)>| best.map(|(price, qty)| row_of(*price, *qty)).expect("a level");
        let ([bid, bid_qty], [ask, ask_qty]) = (row(bids.last_key_value()), row(asks.first_key_value()));
        let data = format!(r#"{{"u":{id},"s":"BTCUSDT","b":"{bid}","B":"{bid_qty}","a":"{ask}","A":"{ask_qty}"}}"#);
        self.text(&format!(r#"{{"stream":"btcusdt@bookTicker","data":{data}}}"#));
    }

    pub fn trusted() -> Self {
        let mut rig = Self::confirmed();
        rig.update();
        rig.go(300);
        rig.answer(0, 1_000);
        assert!(rig.is_trusted());
        rig.asked.clear();
        rig.records.clear();
        rig
    }

    /// Trusted, and its best levels come close to what its snapshot did not show: a new one is being fetched.
    pub fn short() -> Self {
        let mut rig = Self::confirmed();
        rig.update();
        rig.go(300);
        // Exactly as many levels as were asked for: beyond the last there may be more.
        rig.market.sides[0].extend((100..200).map(|place| (9_000 - place, 7)));
        rig.market.sides[1].extend((100..200).map(|place| (11_000 + place, 7)));
        let id = rig.market.id;
        rig.market.past.push((id, rig.market.sides.clone()));
        rig.answer(0, 100);
        assert!(rig.is_trusted());
        rig.go(1_000);
        rig.asked.clear();
        // All of the upper bids go.
        let shown: Vec<i64> = rig.market.sides[0].keys().rev().take(97).copied().collect();
        let rows = text_of(shown.iter().map(|price| (*price, 0)));
        let (first, last) = (rig.market.id + 1, rig.market.id + 9);
        rig.market.id = last;
        rig.market.sides[0].retain(|price, _| !shown.contains(price));
        rig.market.past.push((last, rig.market.sides.clone()));
        rig.text(&format!(
            r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1723161255208,"s":"BTCUSDT","U":{first},"u":{last},"b":[{rows}],"a":[]}}}}"#
        ));
        rig.go(3_100);
        rig
    }

    pub fn ms(&self) -> u64 {
        (self.bench.now_ns - SECOND_NS) / MS_NS
    }

    pub fn take(&mut self, input: Input<'_>) {
        let records = self.bench.take_now(input);
        self.records.extend(records);
        let ms = self.ms();
        self.asked.extend(self.bench.core.requests().iter().map(|wanted| (ms, *wanted)));
    }

    pub fn wake(&mut self) {
        self.take(Input::Timer(Timer { due_ns: self.bench.now_ns, spare: [0; 2] }));
    }

    pub fn text(&mut self, text: &str) {
        let recv_ns = self.bench.now_ns;
        let frame = Frame::received(0, 1, text.as_bytes());
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }

    pub fn update(&mut self) {
        let text = self.market.update();
        self.text(&text);
    }

    /// The fetch's answer.
    pub fn answer(&mut self, ago: usize, levels: usize) {
        let body = self.market.snapshot(ago, levels);
        self.body(&body);
    }

    pub fn body(&mut self, body: &str) {
        let recv_ns = self.bench.now_ns;
        let frame = Frame::fetched(0, body.as_bytes());
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }

    pub fn link(&mut self, up: u16, cause: u16) {
        let recv_ns = self.bench.now_ns;
        self.take(Input::Link(0, Link { up, cause, close_code: 0, spare: 0, recv_ns, spare_tail: 0 }));
    }

    pub fn last(&self) -> Wanted {
        self.asked.last().expect("a request").1
    }

    pub fn ack(&mut self, wanted: &Wanted) {
        let text = self.encoded(wanted);
        let request: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        self.text(&format!(r#"{{"result":null,"id":{}}}"#, request["id"]));
    }

    pub fn encoded(&self, wanted: &Wanted) -> String {
        let mut bytes = [0; REQUEST_BYTES_MAX];
        let core = &self.bench.core;
        let length = core.venue().encode(core.engine().config(), wanted, &mut bytes).expect("a text");
        String::from_utf8(bytes[..length].to_vec()).expect("text")
    }

    pub fn failed(&mut self, outcome: u16, status: u16) {
        let req_id = self.last().request.req_id;
        let sent_ns = self.bench.now_ns;
        self.take(Input::Sent(0, Sent { req_id, sent_ns, crc: 0, bytes: status, outcome }));
    }

    /// Time goes by; deadlines are kept to the millisecond.
    pub fn go(&mut self, ms: u64) {
        let end_ns = self.bench.now_ns + ms * MS_NS;
        loop {
            let due_ns = self.bench.core.engine().deadline_ns().div_ceil(MS_NS).saturating_mul(MS_NS);
            if due_ns > end_ns {
                break;
            }
            self.bench.now_ns = due_ns.max(self.bench.now_ns);
            self.wake();
        }
        self.bench.now_ns = end_ns;
    }

    /// Milliseconds until a snapshot is fetched.
    pub fn until_fetch(&mut self, ms_max: u64) -> u64 {
        let start = self.ms();
        let is_fetch = |(_, wanted): &(u64, Wanted)| wanted.request.action == action::FETCH;
        let before = self.asked.iter().filter(|asked| is_fetch(asked)).count();
        while self.asked.iter().filter(|asked| is_fetch(asked)).count() == before {
            assert!(self.ms() - start <= ms_max, "nothing was fetched in {ms_max} ms");
            self.go(1);
        }
        self.ms() - start
    }

    pub fn is_trusted(&self) -> bool {
        self.bench.trusted()
    }

    pub fn told(&self) -> Vec<&'static str> {
        bodies::<Feed>(&self.records).iter().map(|feed| feed_code::name(feed.code).expect("a code")).collect()
    }

    pub fn gaps(&self) -> Vec<u16> {
        bodies::<GapOpen>(&self.records).iter().map(|gap| gap.cause).collect()
    }

    pub fn book(&self) -> Sides {
        let book = &self.bench.core.engine().markets()[0].book;
        let side = |levels: Vec<Level>| levels.iter().map(|level| (level.price_ticks, level.qty_lots)).collect();
        [side(book.bids.best_first().copied().collect()), side(book.asks.best_first().copied().collect())]
    }
}
