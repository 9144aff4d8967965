//! A shell and an exchange that do anything that dice tell them, in virtual time.

use super::rig::{MS_NS, ack_text};
use crate::feed::{Bench, Exchange, SECOND_NS, bodies};
use hotpath::config::Config;
use hotpath::input::Input;
use hotpath::record::{Feed, Head, Link, Regime, Sent, Timer, action, body_of, channel, head_of, link, sent};
use hotpath::venue::Frame;
use hotpath::venue::Wanted;
use std::collections::BTreeMap;

const SYMBOLS: [&str; 2] = ["BTC/EUR", "BTC/USD"];
const BOOK: u16 = channel::BOOK as u16;
/// Ends after which a connection is made again.
const ENDS: [(u16, u16); 10] = [
    (link::CLOSED, 1001),
    (link::CLOSED, 1008),
    (link::BROKEN, 1006),
    (link::SILENT, 0),
    (link::NOT_RESOLVED, 0),
    (link::NOT_REACHED, 0),
    (link::NO_ANSWER, 0),
    (link::TLS, 0),
    (link::NOT_UPGRADED, 429),
    (link::NOT_UPGRADED, 503),
];
const ERRORS: [&str; 5] = [
    r#"{"error":"Service is busy","method":"METHOD","req_id":REQ,"success":false}"#,
    r#"{"error":"Exceeded msg rate","method":"METHOD","req_id":REQ,"success":false}"#,
    r#"{"Error":"Exceeded msg rate"}"#,
    r#"{"error":"Malformed request","method":"error","success":false}"#,
    r#"{"error":"Symbol(s) not found","success":false}"#,
];

/// Numbers from a seed (SplitMix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % sides
    }
}

enum Event {
    Rise,
    Fall(u16, u16),
    /// It stays up, and nothing comes any more.
    Die,
    Beat,
    Sent(Sent),
    Text(String),
    Agree(Wanted),
    Snapshot(usize),
    Change(usize),
}

/// One connection, seen from the other side.
#[derive(Default)]
struct Peer {
    /// Counts connections: what was under way on another one is lost.
    epoch: u64,
    is_being_made: bool,
    is_up: bool,
    is_dead: bool,
    beats: bool,
    served: [bool; SYMBOLS.len()],
}

pub struct Sim {
    bench: Bench,
    dice: Dice,
    books: Vec<Exchange>,
    peers: Vec<Peer>,
    /// By time, then in the order in which it came about.
    events: BTreeMap<(u64, u64), (usize, u64, Event)>,
    order: u64,
    /// Whether things go wrong.
    pub is_bad: bool,
    /// Whether the engine is woken every millisecond, not only when it wants to be.
    pub is_restless: bool,
    pub asked: Vec<(u64, Wanted)>,
    pub told: Vec<(u64, u16, Feed)>,
    /// With their time and their market.
    pub regimes: Vec<(u64, u16, Regime)>,
    pub wakings: u64,
}

impl Sim {
    pub fn new(config: &Config, seed: u64) -> Self {
        let books = SYMBOLS.iter().take(config.market_count.into());
        let mut sim = Self {
            bench: Bench::new(config),
            dice: Dice(seed),
            books: books.map(|symbol| Exchange::new(symbol, 10, 1, 8)).collect(),
            peers: (0..2).map(|_| Peer::default()).collect(),
            events: BTreeMap::new(),
            order: 0,
            is_bad: true,
            is_restless: false,
            asked: Vec::new(),
            told: Vec::new(),
            regimes: Vec::new(),
            wakings: 0,
        };
        sim.take(Input::Timer(Timer { due_ns: 0, spare: [0; 2] }));
        sim
    }

    pub fn now_ns(&self) -> u64 {
        self.bench.now_ns
    }

    pub fn is_trusted(&self) -> bool {
        self.bench.core.engine().markets().iter().all(|market| market.state.trust.is_trusted())
    }

    /// Runs for so long. What happens at a time comes before the waking at that time.
    pub fn go(&mut self, ms: u64) {
        let end_ns = self.bench.now_ns + ms * MS_NS;
        loop {
            let due_ns = self.bench.core.engine().deadline_ns().div_ceil(MS_NS).saturating_mul(MS_NS);
            let wake_ns = if self.is_restless { self.bench.now_ns + MS_NS } else { due_ns };
            let event_ns = self.events.first_key_value().map_or(u64::MAX, |((at_ns, _), _)| *at_ns);
            if wake_ns.min(event_ns) > end_ns {
                break;
            }
            if event_ns <= wake_ns {
                let ((at_ns, _), (connection, epoch, event)) = self.events.pop_first().expect("an event");
                self.bench.now_ns = at_ns;
                if self.peers[connection].epoch == epoch {
                    self.happen(connection, event);
                }
            } else {
                self.bench.now_ns = wake_ns;
                self.wakings += 1;
                self.take(Input::Timer(Timer { due_ns, spare: [0; 2] }));
            }
        }
        self.bench.now_ns = end_ns;
    }

    /// Something that goes wrong so many times in a hundred, while things go wrong.
    fn fails(&mut self, percent: u64) -> bool {
        let roll = self.dice.below(100);
        self.is_bad && roll < percent
    }

    fn after(&mut self, ms: u64, connection: usize, event: Event) {
        self.order += 1;
        let epoch = self.peers[connection].epoch;
        self.events.insert((self.bench.now_ns + ms * MS_NS, self.order), (connection, epoch, event));
    }

    fn take(&mut self, input: Input<'_>) {
        let records = self.bench.take_now(input);
        self.bench.diary.0.clear();
        let now_ns = self.bench.now_ns;
        for record in &records {
            let Head { connection, instrument, .. } = head_of(record).expect("a head");
            self.regimes.extend(body_of::<Regime>(record).map(|body| (now_ns, instrument, body)));
            let bodies = bodies::<Feed>(std::slice::from_ref(record));
            self.told.extend(bodies.into_iter().map(|body| (now_ns, connection, body)));
        }
        for wanted in self.bench.core.requests().to_vec() {
            self.asked.push((now_ns, wanted));
            self.carry_out(wanted);
        }
        assert!(self.bench.core.engine().deadline_ns() > now_ns, "a deadline that is over makes the loop spin");
    }

    fn link(&mut self, connection: usize, up: u16, cause: u16, close_code: u16) {
        let peer = &mut self.peers[connection];
        *peer = Peer { epoch: peer.epoch + 1, is_up: up == 1, ..Peer::default() };
        let body = Link { up, cause, close_code, spare: 0, recv_ns: self.bench.now_ns, spare_tail: 0 };
        self.take(Input::Link(connection as u16, body));
    }

    fn text(&mut self, connection: usize, text: &str) {
        let frame = Frame::received(connection as u16, 1, text.as_bytes());
        self.take(Input::Frame { frame, recv_ns: self.bench.now_ns, kernel_utc_ns: 0, end_of_read: true });
    }

    /// What the shell does with a request, and the exchange with what reaches it.
    fn carry_out(&mut self, wanted: Wanted) {
        let connection = usize::from(wanted.connection);
        let Peer { is_up, is_being_made, .. } = self.peers[connection];
        match wanted.request.action {
            action::CONNECT => {
                assert!(!is_up && !is_being_made, "a connection that is there is asked for");
                self.peers[connection].is_being_made = true;
                let ms = self.dice.below(2_000);
                let (cause, code) = ENDS[self.dice.below(ENDS.len() as u64) as usize];
                let event = if self.fails(50) { Event::Fall(cause, code) } else { Event::Rise };
                self.after(ms, connection, event);
            }
            action::DISCONNECT => {
                assert!(is_up, "what is not there is parted from");
                self.after(0, connection, Event::Fall(link::ASKED, 0));
            }
            _ => {
                assert!(is_up, "{wanted:?} without a connection");
                let is_lost = self.fails(6);
                let outcome = if is_lost { sent::NOT_SENT } else { sent::SENT };
                let req_id = wanted.request.req_id;
                let body = Sent { req_id, sent_ns: self.bench.now_ns, crc: 1, bytes: 1, outcome };
                self.after(0, connection, Event::Sent(body));
                if !is_lost && !self.fails(6) {
                    self.answer(connection, wanted);
                }
            }
        }
    }

    fn answer(&mut self, connection: usize, wanted: Wanted) {
        let ms = self.dice.below(800);
        let req_id = wanted.request.req_id.to_string();
        if wanted.request.action == action::PING {
            let pong =
                r#"{"method":"pong","req_id":REQ,"time_in":"2026-08-01T00:00:01Z","time_out":"2026-08-01T00:00:01Z"}"#;
            return self.after(ms, connection, Event::Text(pong.replace("REQ", &req_id)));
        }
        let method = action::name(wanted.request.action).expect("a method");
        let error = ERRORS[self.dice.below(ERRORS.len() as u64) as usize].replace("METHOD", method);
        if self.fails(15) {
            return self.after(ms, connection, Event::Text(error.replace("REQ", &req_id)));
        }
        if wanted.request.channel == BOOK && wanted.request.action == action::SUBSCRIBE && self.fails(5) {
            self.after(ms / 2, connection, Event::Snapshot(wanted.instrument.into()));
        }
        self.after(ms, connection, Event::Agree(wanted));
    }

    fn happen(&mut self, connection: usize, event: Event) {
        let Peer { is_dead, is_up, .. } = self.peers[connection];
        match event {
            Event::Rise => self.rise(connection),
            // An exchange that behaves does not close what it serves.
            Event::Fall(cause, code) if !is_up || self.is_bad || cause == link::ASKED => {
                self.link(connection, 0, cause, code);
            }
            Event::Die if self.is_bad => self.peers[connection].is_dead = true,
            Event::Sent(body) => self.take(Input::Sent(connection as u16, body)),
            Event::Text(text) if !is_dead => self.text(connection, &text),
            Event::Beat if !is_dead => self.beat(connection),
            Event::Agree(wanted) if !is_dead => self.agree(connection, &wanted),
            Event::Snapshot(market) if !is_dead => self.snapshot(connection, market),
            Event::Change(market) if !is_dead && self.peers[connection].served[market] => {
                self.change(connection, market)
            }
            _ => {}
        }
    }

    fn rise(&mut self, connection: usize) {
        self.link(connection, 1, link::CONNECTED, 0);
        let system = if self.fails(10) { "maintenance" } else { "online" };
        let status = format!(
            r#"{{"channel":"status","type":"update","data":[{{"version":"2.0.10","system":"{system}","api_version":"v2","connection_id":1}}]}}"#
        );
        self.after(20, connection, Event::Text(status));
        let (ms, die_ms) = (self.dice.below(120_000), self.dice.below(60_000));
        let (cause, code) = ENDS[self.dice.below(4) as usize];
        if self.fails(30) {
            self.after(ms, connection, Event::Fall(cause, code));
        }
        if self.fails(15) {
            self.after(die_ms, connection, Event::Die);
        }
    }

    fn beat(&mut self, connection: usize) {
        self.text(connection, r#"{"channel":"heartbeat"}"#);
        let ms = if self.fails(3) { 9_000 } else { 1_000 };
        self.after(ms, connection, Event::Beat);
    }

    fn agree(&mut self, connection: usize, wanted: &Wanted) {
        let market = usize::from(wanted.instrument);
        let is_book = wanted.request.channel == BOOK;
        if wanted.request.action == action::UNSUBSCRIBE {
            self.peers[connection].served[market] = false;
        }
        if !std::mem::replace(&mut self.peers[connection].beats, true) {
            self.after(500, connection, Event::Beat);
        }
        let ms = self.dice.below(500);
        if is_book && wanted.request.action == action::SUBSCRIBE && !self.fails(20) {
            self.after(ms, connection, Event::Snapshot(market));
        }
        self.text(connection, &ack_text(wanted));
    }

    fn snapshot(&mut self, connection: usize, market: usize) {
        if !std::mem::replace(&mut self.peers[connection].served[market], true) {
            self.after(300, connection, Event::Change(market));
        }
        let text = self.books[market].snapshot();
        let text = self.perhaps_wrong(text, 15);
        self.text(connection, &text);
    }

    fn change(&mut self, connection: usize, market: usize) {
        self.after(700, connection, Event::Change(market));
        let size = 1 + self.dice.below(900) as i64;
        let price = *self.books[market].asks.keys().next().expect("an ask");
        let update = self.books[market].update(&[(true, price, size)]);
        let symbol = SYMBOLS[market];
        let other = self.dice.below(3);
        let text = match other {
            0 => self.books[market].snapshot(),
            1 => "{\"channel\":\"book\",".to_owned(),
            _ => format!(
                r#"{{"method":"unsubscribe","result":{{"channel":"book","depth":10,"symbol":"{symbol}"}},"success":true}}"#
            ),
        };
        if self.fails(3) {
            self.peers[connection].served[market] = other != 2;
            return self.text(connection, &text);
        }
        let text = self.perhaps_wrong(update, 2);
        self.text(connection, &text);
    }

    /// The message, or with a checksum that is not the book's.
    fn perhaps_wrong(&mut self, text: String, percent: u64) -> String {
        if self.fails(percent) { text.replace("\"checksum\":", "\"checksum\":1") } else { text }
    }
}

/// One second in nanoseconds times so many.
pub const fn seconds(count: u64) -> u64 {
    count * SECOND_NS
}
