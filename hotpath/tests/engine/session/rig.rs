//! An engine that asks for its connections, and a test that plays shell and exchange by hand.

use crate::feed::{Bench, Exchange, SECOND_NS, bodies, config, market};
use hotpath::config::{Config, MarketConfig};
use hotpath::input::Input;
use hotpath::record::{
    Feed, Link, Sent, Timer, action, channel, command, feed as feed_code, head_of, link as cause, sent,
};
use hotpath::session::LinkState;
use hotpath::venue::Frame;
use hotpath::venue::Wanted;

pub const MS_NS: u64 = 1_000_000;
const SYMBOLS: [&str; 2] = ["BTC/EUR", "BTC/USD"];
const TIMES: &str = r#""time_in":"2026-08-02T03:35:50.983359Z","time_out":"2026-08-02T03:35:50.983398Z""#;

/// A request, as tests write it down: what, of which market, after how many milliseconds.
pub type Asked = (u64, &'static str, u16);

pub struct Rig {
    pub bench: Bench,
    pub books: Vec<Exchange>,
    /// Everything that was asked for.
    pub asked: Vec<(u64, Wanted)>,
    /// Everything that was told, by name, with its connection.
    pub told: Vec<(u64, &'static str, u16)>,
    /// Connections on which heartbeats come.
    alive: Vec<u16>,
    /// The last request that is no ping.
    latest: Option<Wanted>,
    /// What the exchange has not answered.
    open: Vec<Wanted>,
}

/// The shipped configuration with so many markets, each on the connection that is named for it.
pub fn active(connections: &[u16]) -> Config {
    let row =
        |(symbol, connection): (&&str, &u16)| MarketConfig { connection: *connection, ..market(symbol, 1, 8, 10) };
    let rows: Vec<_> = SYMBOLS.iter().zip(connections).map(row).collect();
    let config = config(&rows);
    Config { session: config.session.activated(), ..config }
}

impl Rig {
    pub fn new(config: &Config) -> Self {
        let books = SYMBOLS.iter().take(config.market_count.into());
        let books = books.map(|symbol| Exchange::new(symbol, 10, 1, 8)).collect();
        Self {
            bench: Bench::new(config),
            books,
            asked: Vec::new(),
            told: Vec::new(),
            alive: Vec::new(),
            latest: None,
            open: Vec::new(),
        }
    }

    /// One market whose connection is up, and nothing asked for yet.
    pub fn connected() -> Self {
        let mut rig = Self::new(&active(&[0]));
        rig.wake();
        rig.up(0);
        rig
    }

    /// One market, subscribed and trusted; what was asked for on the way is forgotten.
    pub fn trusted() -> Self {
        let mut rig = Self::connected();
        rig.serve();
        assert!(rig.bench.trusted());
        rig.forget();
        rig
    }

    /// Milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        (self.bench.now_ns - SECOND_NS) / MS_NS
    }

    pub fn take(&mut self, input: Input<'_>) -> Vec<Vec<u8>> {
        let records = self.bench.take_now(input);
        let now_ms = self.now_ms();
        self.asked.extend(self.bench.core.requests().iter().map(|wanted| (now_ms, *wanted)));
        self.open.extend(self.bench.core.requests());
        let is_ping = |wanted: &&Wanted| wanted.request.action == action::PING;
        self.latest = self.bench.core.requests().iter().rfind(|wanted| !is_ping(wanted)).copied().or(self.latest);
        for record in &records {
            for body in bodies::<Feed>(std::slice::from_ref(record)) {
                let connection = head_of(record).expect("a head").connection;
                self.told.push((now_ms, feed_code::name(body.code).expect("a known code"), connection));
            }
        }
        let due_ns = self.bench.core.engine().deadline_ns();
        assert!(due_ns > self.bench.now_ns, "a deadline that is over makes the loop spin");
        records
    }

    /// The timer, at once.
    pub fn wake(&mut self) {
        self.take(Input::Timer(Timer { due_ns: self.bench.now_ns, spare: [0; 2] }));
    }

    pub fn text(&mut self, connection: u16, text: &str) -> Vec<Vec<u8>> {
        let frame = Frame::received(connection, 1, text.as_bytes());
        let recv_ns = self.bench.now_ns;
        self.take(Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })
    }

    pub fn up(&mut self, connection: u16) {
        self.alive.push(connection);
        self.link(connection, 1, cause::CONNECTED, 0);
    }

    pub fn down(&mut self, connection: u16, cause: u16, close_code: u16) {
        self.alive.retain(|alive| *alive != connection);
        self.open.retain(|wanted| wanted.connection != connection);
        self.link(connection, 0, cause, close_code);
    }

    fn link(&mut self, connection: u16, up: u16, cause: u16, close_code: u16) {
        let body = Link { up, cause, close_code, spare: 0, recv_ns: self.bench.now_ns, spare_tail: 0 };
        self.take(Input::Link(connection, body));
    }

    /// No more heartbeats come, and nothing else.
    pub fn hush(&mut self, connection: u16) {
        self.alive.retain(|alive| *alive != connection);
    }

    /// Time goes by: deadlines are kept to the millisecond, and heartbeats come each second.
    pub fn go(&mut self, ms: u64) {
        let end_ns = self.bench.now_ns + ms * MS_NS;
        loop {
            let due_ns = self.bench.core.engine().deadline_ns().div_ceil(MS_NS).saturating_mul(MS_NS);
            let beat_ns = (self.bench.now_ns / SECOND_NS + 1) * SECOND_NS;
            let beat_ns = if self.alive.is_empty() { u64::MAX } else { beat_ns };
            let next_ns = due_ns.min(beat_ns);
            if next_ns > end_ns {
                break;
            }
            self.bench.now_ns = next_ns;
            if next_ns == beat_ns {
                for connection in self.alive.clone() {
                    self.text(connection, r#"{"channel":"heartbeat"}"#);
                }
            } else {
                self.wake();
            }
        }
        self.bench.now_ns = end_ns;
    }

    /// Sends what was asked for last and answers it.
    pub fn agree(&mut self) {
        let wanted = self.last();
        self.sent(&wanted, sent::SENT);
        self.ack(&wanted);
    }

    /// Answers everything that is asked for within a second, books with a snapshot.
    pub fn serve(&mut self) {
        for _ in 0..20 {
            for wanted in std::mem::take(&mut self.open) {
                self.answer(&wanted);
            }
            self.go(50);
        }
    }

    /// Shell and exchange do all that they should until the first book is trusted, at most so long.
    pub fn recover(&mut self, ms_max: u64) {
        let end_ms = self.now_ms() + ms_max;
        while !self.bench.trusted() && self.now_ms() < end_ms {
            for wanted in std::mem::take(&mut self.open) {
                match wanted.request.action {
                    action::CONNECT => self.up(wanted.connection),
                    action::DISCONNECT => self.down(wanted.connection, cause::ASKED, 0),
                    _ => self.answer(&wanted),
                }
            }
            self.go(10);
        }
    }

    /// Time goes by until something is asked for that is no ping. Returns the milliseconds.
    pub fn await_request(&mut self, ms_max: u64) -> u64 {
        let (start_ms, before) = (self.now_ms(), self.latest.map(|wanted| wanted.request.req_id));
        while self.latest.map(|wanted| wanted.request.req_id) == before {
            assert!(self.now_ms() - start_ms <= ms_max, "nothing was asked for in {ms_max} ms");
            self.go(1);
        }
        self.now_ms() - start_ms
    }

    fn answer(&mut self, wanted: &Wanted) {
        if !matches!(wanted.request.action, action::SUBSCRIBE | action::UNSUBSCRIBE) {
            return;
        }
        self.sent(wanted, sent::SENT);
        self.ack(wanted);
        if (wanted.request.action, wanted.request.channel) == (action::SUBSCRIBE, u16::from(channel::BOOK)) {
            self.snapshot(wanted.instrument.into());
        }
    }

    pub fn sent(&mut self, wanted: &Wanted, outcome: u16) {
        if outcome == sent::NOT_SENT {
            self.close(wanted);
        }
        let body = Sent { req_id: wanted.request.req_id, sent_ns: self.bench.now_ns, crc: 1, bytes: 1, outcome };
        self.take(Input::Sent(wanted.connection, body));
    }

    fn close(&mut self, wanted: &Wanted) {
        self.open.retain(|open| open.request.req_id != wanted.request.req_id);
    }

    pub fn ack(&mut self, wanted: &Wanted) {
        self.close(wanted);
        let text = ack_text(wanted);
        self.text(wanted.connection, &text);
    }

    /// Refuses what was asked for last.
    pub fn refuse(&mut self, error: &str) {
        let wanted = self.last();
        self.close(&wanted);
        let method = action::name(wanted.request.action).expect("an action");
        let req_id = wanted.request.req_id;
        let text = format!(r#"{{"error":"{error}","method":"{method}","req_id":{req_id},"success":false,{TIMES}}}"#);
        self.text(wanted.connection, &text);
    }

    pub fn snapshot(&mut self, market: usize) {
        let text = self.books[market].snapshot();
        let connection = self.bench.core.engine().config().markets()[market].connection;
        self.text(connection, &text);
    }

    /// An update whose checksum is wrong.
    pub fn spoil(&mut self, market: usize) {
        let price = *self.books[market].asks.keys().next().expect("an ask");
        let right = self.books[market].update(&[(true, price, 5)]);
        let checksum = self.books[market].checksum();
        let wrong = right.replace(&format!("\"checksum\":{checksum}"), &format!("\"checksum\":{}", checksum ^ 1));
        let connection = self.bench.core.engine().config().markets()[market].connection;
        self.text(connection, &wrong);
    }

    /// What was asked for last, pings aside.
    pub fn last(&self) -> Wanted {
        self.latest.expect("something was asked for")
    }

    pub fn forget(&mut self) {
        self.asked.clear();
        self.told.clear();
    }

    /// What was asked for since the last call, pings aside.
    pub fn drain(&mut self) -> Vec<Asked> {
        let name = |wanted: &Wanted| match (wanted.request.action, u8::try_from(wanted.request.channel)) {
            (action::SUBSCRIBE, Ok(channel::BOOK)) => "book",
            (action::SUBSCRIBE, Ok(channel::TRADE)) => "trade",
            (action::SUBSCRIBE, Ok(channel::INSTRUMENT)) => "instrument",
            (action::UNSUBSCRIBE, Ok(channel::BOOK)) => "leave",
            (code, _) => action::name(code).expect("a known action"),
        };
        let asked = self.asked.drain(..).map(|(at_ms, wanted)| (at_ms, name(&wanted), wanted.connection));
        asked.filter(|(_, name, _)| *name != "ping").collect()
    }

    /// The same without times.
    pub fn names(&mut self) -> Vec<&'static str> {
        self.drain().into_iter().map(|(_, name, _)| name).collect()
    }

    pub fn told(&mut self) -> Vec<&'static str> {
        self.told.drain(..).map(|(_, name, _)| name).collect()
    }

    pub fn state(&self, connection: u16) -> LinkState {
        *self.bench.core.engine().session().link(connection).expect("a connection")
    }

    pub fn is_trusted(&self, market: usize) -> bool {
        self.bench.core.engine().markets()[market].state.trust.is_trusted()
    }

    pub fn command(&mut self) {
        let body = hotpath::record::Command { code: command::STATUS, source: 1, spare: [0; 2], argument: 0, serial: 1 };
        self.take(Input::Command(body));
    }
}

/// The exchange's agreement.
pub fn ack_text(wanted: &Wanted) -> String {
    let request = &wanted.request;
    let method = action::name(request.action).expect("an action");
    let channel = u8::try_from(request.channel).ok().and_then(channel::name).expect("a channel");
    let symbol = SYMBOLS.get(usize::from(wanted.instrument)).map(|name| format!(r#","symbol":"{name}""#));
    let depth = if request.depth > 0 { format!(r#","depth":{}"#, request.depth) } else { String::new() };
    let result = format!(r#"{{"channel":"{channel}"{depth}{}}}"#, symbol.unwrap_or_default());
    format!(r#"{{"method":"{method}","req_id":{},"result":{result},"success":true,{TIMES}}}"#, request.req_id)
}
