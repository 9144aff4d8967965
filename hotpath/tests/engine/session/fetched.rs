//! Books whose snapshot is fetched: what is asked and when, and an exchange and a network that do anything.

use crate::feed::{Bench, SECOND_NS, bodies, config, market};
use hotpath::book::Level;
use hotpath::config::{Config, MarketConfig, book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id};
use hotpath::input::Input;
use hotpath::record::{
    Feed, GapClose, GapOpen, Link, Sent, Timer, action, channel, feed as feed_code, link as cause, sent,
};
use hotpath::trust::Cause;
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue, Wanted};
use std::collections::BTreeMap;

const MS_NS: u64 = 1_000_000;
const START_ID: u64 = 1_000;

type Sides = [BTreeMap<i64, i64>; 2];

/// One book, active, its snapshot fetched.
fn active() -> Config {
    let row = MarketConfig {
        venue: venue_id::BINANCE_SPOT,
        book_rule: book_rule::WINDOW,
        checksum_rule: checksum_rule::NONE,
        channels: 1 << channel::BOOK,
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
struct Market {
    sides: Sides,
    id: u64,
    /// Books as they were, by the id behind each update.
    past: Vec<(u64, Sides)>,
    chance: u64,
}

impl Market {
    fn new(seed: u64) -> Self {
        let side = |first: i64, step: i64| (0..40).map(|place| (first + step * place, 10 + place)).collect();
        let sides: Sides = [side(10_000, -3), side(10_003, 3)];
        Self { past: vec![(START_ID, sides.clone())], sides, id: START_ID, chance: seed }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % bound
    }

    /// A few changes, never such that the book crosses, as an update says them.
    fn update(&mut self) -> String {
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
    fn snapshot(&self, ago: usize, levels: usize) -> String {
        let (id, [bids, asks]) = &self.past[self.past.len() - 1 - ago.min(self.past.len() - 1)];
        let bids = text_of(bids.iter().rev().take(levels).map(|(price, qty)| (*price, *qty)));
        let asks = text_of(asks.iter().take(levels).map(|(price, qty)| (*price, *qty)));
        format!(r#"{{"lastUpdateId":{id},"bids":[{bids}],"asks":[{asks}]}}"#)
    }
}

fn text_of(rows: impl Iterator<Item = (i64, i64)>) -> String {
    let row = |(price, qty): (i64, i64)| {
        format!(r#"["{}.{:02}000000","{}.{:03}00000"]"#, price / 100, price % 100, qty / 1_000, qty % 1_000)
    };
    rows.map(row).collect::<Vec<_>>().join(",")
}

/// Engine, exchange, and a test that plays the shell between them.
struct Rig {
    bench: Bench,
    market: Market,
    records: Vec<Vec<u8>>,
    asked: Vec<(u64, Wanted)>,
}

impl Rig {
    fn new(seed: u64) -> Self {
        let mut rig =
            Self { bench: Bench::new(&active()), market: Market::new(seed), records: Vec::new(), asked: Vec::new() };
        rig.wake();
        rig
    }

    /// Up, subscribed, and nothing held yet.
    fn confirmed() -> Self {
        let mut rig = Self::new(1);
        rig.link(1, cause::CONNECTED);
        let asked = rig.last();
        rig.ack(&asked);
        rig
    }

    fn trusted() -> Self {
        let mut rig = Self::confirmed();
        rig.update();
        rig.go(300);
        rig.answer(0, 1_000);
        assert!(rig.is_trusted());
        rig.asked.clear();
        rig.records.clear();
        rig
    }

    fn ms(&self) -> u64 {
        (self.bench.now_ns - SECOND_NS) / MS_NS
    }

    fn take(&mut self, input: Input<'_>) {
        let records = self.bench.take_now(input);
        self.records.extend(records);
        let ms = self.ms();
        self.asked.extend(self.bench.core.requests().iter().map(|wanted| (ms, *wanted)));
    }

    fn wake(&mut self) {
        self.take(Input::Timer(Timer { due_ns: self.bench.now_ns, spare: [0; 2] }));
    }

    fn text(&mut self, text: &str) {
        let recv_ns = self.bench.now_ns;
        let frame = Frame::received(0, 1, text.as_bytes());
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }

    fn update(&mut self) {
        let text = self.market.update();
        self.text(&text);
    }

    /// The fetch's answer.
    fn answer(&mut self, ago: usize, levels: usize) {
        let body = self.market.snapshot(ago, levels);
        self.body(&body);
    }

    fn body(&mut self, body: &str) {
        let recv_ns = self.bench.now_ns;
        let frame = Frame::fetched(0, body.as_bytes());
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }

    fn link(&mut self, up: u16, cause: u16) {
        let recv_ns = self.bench.now_ns;
        self.take(Input::Link(0, Link { up, cause, close_code: 0, spare: 0, recv_ns, spare_tail: 0 }));
    }

    fn last(&self) -> Wanted {
        self.asked.last().expect("a request").1
    }

    fn ack(&mut self, wanted: &Wanted) {
        let text = self.encoded(wanted);
        let request: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        self.text(&format!(r#"{{"result":null,"id":{}}}"#, request["id"]));
    }

    fn encoded(&self, wanted: &Wanted) -> String {
        let mut bytes = [0; REQUEST_BYTES_MAX];
        let core = &self.bench.core;
        let length = core.venue().encode(core.engine().config(), wanted, &mut bytes).expect("a text");
        String::from_utf8(bytes[..length].to_vec()).expect("text")
    }

    fn failed(&mut self, outcome: u16, status: u16) {
        let req_id = self.last().request.req_id;
        let sent_ns = self.bench.now_ns;
        self.take(Input::Sent(0, Sent { req_id, sent_ns, crc: 0, bytes: status, outcome }));
    }

    /// Time goes by; deadlines are kept to the millisecond.
    fn go(&mut self, ms: u64) {
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
    fn until_fetch(&mut self, ms_max: u64) -> u64 {
        let start = self.ms();
        let is_fetch = |(_, wanted): &(u64, Wanted)| wanted.request.action == action::FETCH;
        let before = self.asked.iter().filter(|asked| is_fetch(asked)).count();
        while self.asked.iter().filter(|asked| is_fetch(asked)).count() == before {
            assert!(self.ms() - start <= ms_max, "nothing was fetched in {ms_max} ms");
            self.go(1);
        }
        self.ms() - start
    }

    fn is_trusted(&self) -> bool {
        self.bench.trusted()
    }

    fn told(&self) -> Vec<&'static str> {
        bodies::<Feed>(&self.records).iter().map(|feed| feed_code::name(feed.code).expect("a code")).collect()
    }

    fn gaps(&self) -> Vec<u16> {
        bodies::<GapOpen>(&self.records).iter().map(|gap| gap.cause).collect()
    }

    fn book(&self) -> Sides {
        let book = &self.bench.core.engine().markets()[0].book;
        let side = |levels: Vec<Level>| levels.iter().map(|level| (level.price_ticks, level.qty_lots)).collect();
        [side(book.bids.best_first().copied().collect()), side(book.asks.best_first().copied().collect())]
    }
}

#[test]
fn a_snapshot_is_fetched_behind_the_first_update() {
    let mut rig = Rig::confirmed();
    rig.go(1_000);
    assert_eq!(rig.asked.len(), 2, "a connect and a subscribe: {:?}", rig.asked);
    rig.update();
    assert_eq!(rig.until_fetch(300), 250);
    let wanted = rig.last();
    assert_eq!((wanted.request.action, wanted.request.channel), (action::FETCH, u16::from(channel::BOOK)));
    assert_eq!(rig.encoded(&wanted), "/api/v3/depth?symbol=BTCUSDT&limit=100");
    rig.update();
    rig.answer(1, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);
}

/// Where nothing is pushed a snapshot is fetched all the same, and believed once an update reaches back to it.
#[test]
fn a_still_market_waits_for_its_first_update() {
    let mut rig = Rig::confirmed();
    assert!((4_900..5_100).contains(&rig.until_fetch(6_000)));
    rig.answer(0, 1_000);
    assert!(!rig.is_trusted());
    rig.go(120_000);
    assert!(!rig.asked.iter().any(|(_, wanted)| wanted.request.action == action::DISCONNECT), "{:?}", rig.asked);
    rig.update();
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);
}

#[test]
fn a_fetch_that_fails_is_tried_again_after_growing_waits() {
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    let mut waits = Vec::new();
    for _ in 0..6 {
        rig.failed(sent::NOT_SENT, 0);
        waits.push(rig.until_fetch(61_000));
    }
    // Waits double, less up to half by chance; fetches are spaced by three seconds besides.
    assert!(waits.windows(2).skip(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
    assert!(waits.iter().all(|wait| (500..=60_000).contains(wait)), "{waits:?}");
    rig.answer(0, 1_000);
    assert!(rig.is_trusted() && rig.told().is_empty());
}

#[test]
fn who_fetched_too_often_is_silent_for_a_minute() {
    for status in [429, 418] {
        let mut rig = Rig::confirmed();
        rig.update();
        rig.until_fetch(300);
        rig.failed(sent::REFUSED, status);
        let refused = bodies::<Feed>(&rig.records).pop().expect("it is told");
        assert_eq!((refused.code, refused.expected), (feed_code::REQUEST_REFUSED, i64::from(status)));
        assert!((60_000..61_000).contains(&rig.until_fetch(62_000)));
    }
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    rig.failed(sent::REFUSED, 503);
    assert!((5_000..6_000).contains(&rig.until_fetch(7_000)));
}

#[test]
fn a_snapshot_that_does_not_come_is_told_of_and_fetched_again() {
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    assert!((5_000..6_500).contains(&rig.until_fetch(7_000)));
    assert_eq!(rig.told(), ["snapshot-missing"]);
    rig.answer(0, 1_000);
    assert!(rig.is_trusted());
}

/// A missing update costs trust at the next one; a snapshot heals it without a new connection. The fourth time in a row
/// the connection is given up.
#[test]
fn a_broken_chain_is_mended_on_the_same_connection() {
    let mut rig = Rig::trusted();
    for round in 1..4 {
        rig.market.update();
        rig.update();
        assert!(!rig.is_trusted());
        assert_eq!(rig.gaps().len(), round);
        rig.until_fetch(61_000);
        rig.update();
        rig.answer(1, 1_000);
        assert!(rig.is_trusted());
        assert_eq!(rig.book(), rig.market.sides);
    }
    assert!(rig.gaps().iter().all(|gap| *gap == Cause::Sequence as u16));
    assert_eq!(bodies::<GapClose>(&rig.records).len(), 3);
    rig.market.update();
    rig.update();
    rig.go(10);
    assert_eq!((rig.last().request.action, rig.told().pop()), (action::DISCONNECT, Some("resubscribed-in-vain")));
}

/// What was fetched may lie behind what is pushed: then it is fetched again, and nothing is believed in between.
#[test]
fn a_snapshot_from_before_the_chain_is_fetched_again() {
    let mut rig = Rig::trusted();
    rig.market.update();
    rig.update();
    rig.until_fetch(300);
    rig.answer(3, 1_000);
    assert!(!rig.is_trusted());
    rig.update();
    assert!(rig.until_fetch(5_000) >= 500);
    rig.update();
    rig.answer(0, 1_000);
    assert!(rig.is_trusted());
    assert_eq!(rig.book(), rig.market.sides);
    assert_eq!(rig.gaps(), [Cause::Sequence as u16], "one gap in all");
}

/// The best levels come close to what the snapshot did not show: a new one is fetched, and the book goes on.
#[test]
fn a_short_book_is_fetched_anew_while_it_is_trusted() {
    let mut rig = Rig::confirmed();
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
    assert_eq!(rig.last().request.action, action::FETCH);
    rig.update();
    assert!(rig.is_trusted(), "it goes on meanwhile");
    rig.answer(1, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides, "what was not shown is there now");
}

/// An answer that comes for a book that is trusted and asked for nothing changes nothing, whatever it says.
#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut rig = Rig::trusted();
    let before = rig.book();
    rig.answer(0, 3);
    rig.body(r#"{"lastUpdateId":99999999,"bids":[["1.00","1.000"]],"asks":[["2.00","1.000"]]}"#);
    rig.body("<html>");
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), before);
    rig.update();
    assert_eq!(rig.book(), rig.market.sides);
}

/// What a network and an exchange may do to a fetched book, at random. Wherever the book is trusted it is the
/// exchange's as of the last update that arrived, and once all behave again it is trusted soon.
#[test]
fn a_trusted_book_is_the_exchanges_whatever_happens() {
    let mut trusted = 0;
    for seed in 0..150 {
        let mut rig = Rig::new(seed);
        let mut late: Vec<(u64, String)> = Vec::new();
        let mut is_up = false;
        for step in 0..2_000 {
            let calm = step >= 450;
            if step > 600 && rig.is_trusted() {
                break;
            }
            let roll = if calm { 20 + rig.market.below(80) } else { rig.market.below(100) };
            match roll {
                // The connection breaks, an update is lost or comes twice.
                0..=2 if is_up => {
                    rig.link(0, cause::BROKEN);
                    is_up = false;
                }
                3..=5 => drop(rig.market.update()),
                6..=8 if is_up => {
                    let text = rig.market.update();
                    rig.text(&text);
                    rig.text(&text);
                }
                9 if is_up => rig.text(r#"{"stream":"btcusdt@depth@100ms","data":{}}"#),
                _ if is_up => rig.update(),
                _ => {}
            }
            let wait = 1 + rig.market.below(400);
            rig.go(wait);
            serve(&mut rig, &mut is_up, &mut late, calm);
            let now = rig.ms();
            let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut late).into_iter().partition(|(at, _)| *at <= now);
            late = later;
            due.iter().for_each(|(_, body)| rig.body(body));
            if rig.is_trusted() {
                trusted += 1;
                let id = rig.bench.core.engine().markets()[0].state.last_id();
                let (_, sides) = rig.market.past.iter().rfind(|(past, _)| *past <= id).expect("a state");
                assert_eq!(&rig.book(), sides, "seed {seed}, step {step}");
            }
        }
        assert!(rig.is_trusted(), "seed {seed}: not trusted at the end, {:?}", rig.gaps());
    }
    assert!(trusted > 15_000, "{trusted} trusted steps");
}

/// Shell and exchange answer what was asked; while it is not calm, late, in part, or not at all.
fn serve(rig: &mut Rig, is_up: &mut bool, late: &mut Vec<(u64, String)>, calm: bool) {
    for (_, wanted) in std::mem::take(&mut rig.asked) {
        let roll = if calm { 99 } else { rig.market.below(100) };
        match wanted.request.action {
            action::CONNECT => {
                rig.asked.clear();
                rig.link(1, cause::CONNECTED);
                *is_up = true;
            }
            action::DISCONNECT => {
                rig.link(0, cause::ASKED);
                *is_up = false;
            }
            action::FETCH if roll < 15 => {
                let (outcome, status) = if roll < 8 { (sent::NOT_SENT, 0) } else { (sent::REFUSED, 503) };
                let sent_ns = rig.bench.now_ns;
                let body = Sent { req_id: wanted.request.req_id, sent_ns, crc: 0, bytes: status, outcome };
                rig.take(Input::Sent(0, body));
            }
            action::FETCH => {
                let ago = if calm { 0 } else { rig.market.below(6) as usize };
                let delay = if calm { 0 } else { rig.market.below(9_000) };
                late.push((rig.ms() + delay, rig.market.snapshot(ago, 1_000)));
            }
            action::SUBSCRIBE | action::UNSUBSCRIBE if *is_up && roll >= 10 => rig.ack(&wanted),
            _ => {}
        }
    }
}
