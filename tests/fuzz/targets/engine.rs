//! The whole engine: a run that the bytes describe, then the same run from its own diary.

use super::chained::Chained;
use super::exchange::{Change, Exchange};
use super::markets::{SYMBOLS, with_a_chain};
use super::tape::Tape;
use bytemuck::Zeroable;
use fathom::memory::Memory;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{
    Clock, Close, Command, Found, Health, Host, Link, STAMPED, Sent, Stamps, Timer, action, channel, check, close,
    flag, sent,
};
use hotpath::turn::Core;
use hotpath::venue::Wanted;
use hotpath::venue::every::Every;
use hotpath::venue::{Frame, REQUEST_BYTES_MAX, Venue};

const START_NS: u64 = 1_000_000_000;
const UTC_NS: u64 = 1_785_542_400_000_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;
const TEXT: u16 = 1;
/// Inputs of a run: what a mutation may make longer ends somewhere.
const INPUTS_MAX: usize = 400;

/// Messages that Kraken sends beside its book.
const KRAKENS: [&str; 10] = [
    r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"cancel_only","api_version":"v2","connection_id":1}]}"#,
    r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":2}]}"#,
    r#"{"method":"subscribe","result":{"channel":"book","depth":10,"symbol":"BTC/EUR"},"success":true}"#,
    r#"{"method":"subscribe","result":{"channel":"book","depth":5000,"symbol":"BTC/EUR"},"success":true}"#,
    r#"{"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/USD"},"success":true}"#,
    r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/EUR","side":"sell","price":54000.1,"qty":0.5,"ord_type":"limit","trade_id":9,"timestamp":"2026-08-01T00:00:01Z"}]}"#,
    r#"{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1.0,"bid_qty":1,"ask":2.0,"ask_qty":1,"last":0}]}"#,
    r#"{"method":"pong","req_id":1,"time_in":"2026-08-01T00:00:01Z","time_out":"2026-08-01T00:00:01Z"}"#,
    r#"{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"BTC/EUR","status":"online","price_precision":2,"qty_precision":8,"cost_precision":5,"price_increment":0.01,"qty_increment":0.00000001,"qty_min":0.00005,"cost_min":0.5}]}}"#,
    r#"{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"BTC/EUR","status":"limit_only","price_precision":1,"qty_precision":8,"cost_precision":5,"price_increment":0.1,"qty_increment":0.00000001,"qty_min":0.00005,"cost_min":0.5}]}}"#,
];
/// Messages that Binance sends beside its updates, and one that is more precise than configured.
const BINANCES: [&str; 9] = [
    r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":9,"p":"54000.10000000","q":"0.50000000","T":1,"m":true,"M":true}}"#,
    r#"{"stream":"btcusdt@bookTicker","data":{"u":1,"s":"BTCUSDT","b":"1.00000000","B":"1.00000000","a":"2.00000000","A":"1.00000000"}}"#,
    r#"{"stream":"btcusdt@depth20@100ms","data":{"lastUpdateId":160,"bids":[["1.0","10"]],"asks":[["2.0","100"]]}}"#,
    r#"{"stream":"ethusdt@trade","data":{"s":"ETHUSDT"}}"#,
    r#"{"e":"serverShutdown","E":1770123456789}"#,
    r#"{"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.0","q":"1","T":1,"m":true}"#,
    r#"{"code":4,"msg":"Too many requests"}"#,
    r#"{"result":null,"id":18446744073709551615}"#,
    r#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":1,"b":[["1.01","1"]],"a":[]}}"#,
];

/// A run. It never halts (time does not run backwards here and no frame is oversized); its records
/// fit the schema, are numbered without holes and end with a step; the engine makes the same bytes
/// again from the opening checkpoint and from the last one. After a step its deadline lies ahead, or the loop would
/// spin, and everything it asks the exchange for has a text: JSON, or the path of what it fetches.
pub fn engine(bytes: &[u8]) {
    let tape = played(bytes);
    let mut last = 0;
    for (seq, (_, head, record)) in tape.records().enumerate() {
        assert_eq!(check(record, 2), Ok(()), "{head:?}");
        assert_eq!(head.seq, seq as u64);
        last = head.flags;
    }
    assert!(last & flag::END_OF_STEP != 0, "the run ends inside a step");
    let states: Vec<usize> = tape.states().collect();
    for place in [states.first(), states.last()].into_iter().flatten() {
        let again = tape.again(*place).expect("the run did not halt before");
        let differs = tape.lines[*place..].iter().zip(&again.lines).position(|(was, is)| was != is);
        assert_eq!(differs, None, "replay from line {place} differs so many lines on");
        assert_eq!(again.lines.len(), tape.lines.len() - place, "replay from line {place} is shorter or longer");
    }
}

/// The diary of the run that the bytes describe.
pub fn played(bytes: &[u8]) -> Tape {
    let mut memory = Memory::new();
    let core = memory.start(Every, &with_a_chain()).expect("a legal configuration");
    let (book, chain) = (Exchange::default(), Chained::default());
    let mut run = Run { core, tape: Tape::default(), dice: bytes, now_ns: START_NS, book, chain, asked: None };
    run.core.open(START_NS, &mut run.tape).expect("an opening");
    for _ in 0..INPUTS_MAX {
        if run.dice.is_empty() {
            break;
        }
        run.input().expect("no halt");
    }
    run.take(&Input::Close(Close { cause: close::STOPPED, spare: [0; 11] })).expect("no halt");
    run.tape
}

struct Run<'a> {
    core: Core<'a, Every>,
    tape: Tape,
    /// What is left of the bytes.
    dice: &'a [u8],
    now_ns: u64,
    /// The exchange's side of the first market, and of the second.
    book: Exchange,
    chain: Chained,
    /// What was asked for last.
    asked: Option<Wanted>,
}

impl Run<'_> {
    /// The next byte; zeros behind the last.
    fn roll(&mut self) -> u8 {
        let (first, rest) = self.dice.split_first().unwrap_or((&0, &[]));
        self.dice = rest;
        *first
    }

    fn word(&mut self) -> u64 {
        u64::from_le_bytes(std::array::from_fn(|_| self.roll()))
    }

    fn input(&mut self) -> Result<(), Halt> {
        let choice = self.roll();
        let market = usize::from(choice >> 7);
        match choice & 0x1f {
            0..=11 if market == 0 => self.update(),
            0..=11 => self.chained_update(),
            12..=14 if market == 0 => self.snapshot(),
            12..=14 => self.fetched(),
            15 if market == 0 => self.known_frame(&KRAKENS, 0),
            15 => self.known_frame(&BINANCES, 1),
            16 => self.raw_frame(market as u16),
            17 => self.long_frame(market as u16),
            18..=20 => self.wait(),
            21 => self.timer(),
            22 => self.command(),
            23 => self.health(),
            24 => self.link(market as u16),
            25 => self.clock(),
            26 => self.day(),
            28 => self.found(),
            29 => self.sent(),
            30 => self.host(market as u16),
            31 => self.stamps(),
            _ => self.frame(market as u16, TEXT, br#"{"channel":"heartbeat"}"#, true),
        }
    }

    fn take(&mut self, input: &Input<'_>) -> Result<(), Halt> {
        self.core.turn(self.now_ns, input, &mut self.tape)?;
        let due_ns = self.core.engine().deadline_ns();
        assert!(due_ns > self.now_ns, "due at {due_ns}, which is over");
        for wanted in self.core.requests() {
            let text = self.text_of(wanted);
            match wanted.request.action {
                action::CONNECT | action::DISCONNECT => assert_eq!(text, None, "{wanted:?}"),
                action::FETCH => {
                    assert_eq!(wanted.instrument, 1, "only the chained book is fetched");
                    assert_eq!(text.as_deref(), Some("/api/v3/depth?symbol=BTCUSDT&limit=10"));
                }
                _ => {
                    let text = text.unwrap_or_else(|| panic!("{wanted:?} has no text"));
                    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{wanted:?}");
                }
            }
        }
        self.asked = self.core.requests().last().copied().or(self.asked);
        Ok(())
    }

    fn text_of(&self, wanted: &Wanted) -> Option<String> {
        let mut text = [0; REQUEST_BYTES_MAX];
        let length = self.core.venue().encode(self.core.engine().config(), wanted, &mut text)?;
        Some(String::from_utf8(text[..length].to_vec()).expect("text"))
    }

    fn frame(&mut self, connection: u16, opcode: u16, bytes: &[u8], end_of_read: bool) -> Result<(), Halt> {
        let frame = Frame::received(connection, opcode, bytes);
        self.take(&Input::Frame { frame, recv_ns: self.now_ns, kernel_utc_ns: 0, end_of_read })
    }

    /// One to four changes near the touch; one message in sixteen has a wrong checksum.
    fn update(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let changes = self.changes(form);
        let time = self.time(form);
        let text = self.book.update(&changes, &time, u32::from(form >> 4 == 15));
        self.book(0, form, text)
    }

    fn changes(&mut self, form: u8) -> Vec<Change> {
        let mut changes = Vec::new();
        for _ in 0..=form & 3 {
            let (place, size) = (self.roll(), self.roll());
            let ask = place & 0x80 != 0;
            // Sides overlap by a tick in 128: crossed books are rare, not impossible.
            let distance = i64::from(place & 0x7f);
            let price_ticks = if ask { 540_000 + distance } else { 540_000 - distance };
            changes.push(Change { ask, price_ticks, qty_lots: i64::from(size >> 2) * 1_000_003 });
        }
        changes
    }

    /// An update of the chained book. Of sixteen, three have the touch told ahead of them, rightly, one wrongly; before one
    /// something was not told, and one comes twice.
    fn chained_update(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let changes = self.changes(form);
        let ahead = match form >> 4 {
            9..=11 => Some(0),
            12 => Some(1),
            _ => None,
        };
        if let Some(error) = ahead {
            let text = self.chain.touch_ahead(&changes, error);
            self.book(1, form, text)?;
        }
        if form >> 4 == 15 {
            self.chain.happen(&changes);
        }
        let time_ms = if form >> 4 == 14 { 0 } else { self.now_ns / 1_000_000 };
        let text = self.chain.update(&changes, time_ms);
        self.book(1, form, text)?;
        if form >> 4 == 13 { self.book(1, form, self.chain.again()) } else { Ok(()) }
    }

    fn snapshot(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let time = self.time(form);
        let text = self.book.snapshot(&time, u32::from(form >> 4 == 15));
        self.book(0, form, text)
    }

    /// A body that was fetched, whether or not it was asked for: the book, with its id or one from before or after it, or
    /// words that are no book.
    fn fetched(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let text = match form >> 4 {
            12 => r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned(),
            13 => self.chain.snapshot(5),
            14 => self.chain.snapshot(-100),
            15 => self.chain.snapshot(-1),
            _ => self.chain.snapshot(0),
        };
        // Mostly for the market whose book is fetched.
        self.body(u16::from(form & 3 != 3), &text, form & 4 == 0)
    }

    fn body(&mut self, instrument: u16, text: &str, end_of_read: bool) -> Result<(), Halt> {
        let frame = Frame::fetched(instrument, text.as_bytes());
        self.take(&Input::Frame { frame, recv_ns: self.now_ns, kernel_utc_ns: 0, end_of_read })
    }

    /// Bit 2: the read goes on. Bit 3: spelled so that only the general path takes it.
    fn book(&mut self, connection: u16, form: u8, text: String) -> Result<(), Halt> {
        let text = if form & 8 == 0 { text } else { text.replace(",\"", " , \"") };
        self.frame(connection, TEXT, text.as_bytes(), form & 4 == 0)
    }

    /// The exchange's time; one message in sixteen is dated back.
    fn time(&self, form: u8) -> String {
        let second = if form >> 4 == 14 { 0 } else { self.now_ns / 1_000_000_000 % 60 };
        format!("2026-08-01T00:00:{second:02}.{:06}Z", self.now_ns / 1_000 % 1_000_000)
    }

    fn known_frame(&mut self, frames: &[&str], connection: u16) -> Result<(), Halt> {
        let choice = self.roll();
        let frame = frames[usize::from(choice & 15) % frames.len()];
        self.frame(connection, TEXT, frame.as_bytes(), choice & 16 == 0)
    }

    /// Bytes as they stand, with any opcode and connection.
    fn raw_frame(&mut self, connection: u16) -> Result<(), Halt> {
        let (length, form) = (usize::from(self.roll()), self.roll());
        let (frame, rest) = self.dice.split_at(length.min(self.dice.len()));
        self.dice = rest;
        let connection = if form & 1 == 0 { connection } else { u16::from(form) };
        // Continued, text, binary, close, ping, pong, and no opcode at all.
        let opcode = [0, 1, 2, 8, 9, 10, 16, 1][usize::from(form >> 5)];
        self.frame(connection, opcode, frame, form & 2 == 0)
    }

    /// A legal frame of up to 255 KiB, so that records continue and segments fill.
    fn long_frame(&mut self, connection: u16) -> Result<(), Halt> {
        let kib = usize::from(self.roll());
        let text = format!(r#"{{"channel":"ohlc","data":"{}"}}"#, "x".repeat(kib * 1024));
        self.frame(connection, TEXT, text.as_bytes(), true)
    }

    /// Time goes by: nanoseconds to minutes.
    fn wait(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        self.now_ns += u64::from(form >> 3) << (5 * (form & 7));
        Ok(())
    }

    fn timer(&mut self) -> Result<(), Halt> {
        let due_ns = self.core.engine().deadline_ns();
        // What the loop does when it is late, or waits until the timer is due.
        if due_ns != u64::MAX && self.roll() & 1 == 0 {
            self.now_ns = self.now_ns.max(due_ns);
        }
        self.take(&Input::Timer(Timer { due_ns, spare: [0; 2] }))
    }

    fn command(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let (code, source) = (u16::from(form & 7), u16::from(form >> 6));
        self.take(&Input::Command(Command { code, source, spare: [0; 2], argument: -1, serial: 1 }))
    }

    /// What became of the last request, or of one that was never asked for; half of the time the exchange answers it.
    fn sent(&mut self) -> Result<(), Halt> {
        let form = self.roll();
        let Some(wanted) = self.asked else { return Ok(()) };
        let req_id = if form & 2 == 0 { wanted.request.req_id } else { u64::from(form) };
        let outcome = if form & 1 == 0 { sent::SENT } else { u16::from(form >> 5) };
        // Of a fetch that is refused: the HTTP status.
        let bytes = if form & 16 == 0 { 70 } else { 429 };
        let body = Sent { req_id, sent_ns: self.now_ns, crc: 7, bytes, outcome };
        self.take(&Input::Sent(wanted.connection, body))?;
        match (form & 12, wanted.connection) {
            (0, _) => Ok(()),
            (_, 0) => self.answer(&wanted, form),
            _ => self.chained_answer(&wanted, form),
        }
    }

    /// The exchange's answer to a request: it agrees, or refuses in one of the ways it knows.
    fn answer(&mut self, wanted: &Wanted, form: u8) -> Result<(), Halt> {
        const ERRORS: [&str; 4] =
            ["Exceeded msg rate", "Currency pair not supported", "Malformed request", "Service is busy"];
        let (req_id, depth) = (wanted.request.req_id, wanted.request.depth);
        let method = if wanted.request.action == action::UNSUBSCRIBE { "unsubscribe" } else { "subscribe" };
        let channel = u8::try_from(wanted.request.channel).ok().and_then(channel::name).unwrap_or("none");
        let symbol = SYMBOLS[usize::from(wanted.instrument) % SYMBOLS.len()];
        let text = match (wanted.request.action, form & 12) {
            (action::PING, _) => format!(
                r#"{{"method":"pong","req_id":{req_id},"time_in":"2026-08-01T00:00:01Z","time_out":"2026-08-01T00:00:01Z"}}"#
            ),
            (_, 4) => {
                let error = ERRORS[usize::from(form >> 6)];
                format!(r#"{{"error":"{error}","method":"{method}","req_id":{req_id},"success":false}}"#)
            }
            _ => format!(
                r#"{{"method":"{method}","req_id":{req_id},"result":{{"channel":"{channel}","depth":{depth},"symbol":"{symbol}"}},"success":true}}"#
            ),
        };
        self.frame(wanted.connection, TEXT, text.as_bytes(), true)
    }

    /// As [`Self::answer`]: Binance repeats the request's number, or gives what was fetched.
    fn chained_answer(&mut self, wanted: &Wanted, form: u8) -> Result<(), Halt> {
        const CODES: [i32; 4] = [4, 2, -1121, -1003];
        if wanted.request.action == action::FETCH {
            return self.body(wanted.instrument, &self.chain.snapshot(0), true);
        }
        let asked = self.text_of(wanted).and_then(|text| serde_json::from_str::<serde_json::Value>(&text).ok());
        let id = asked.map_or(serde_json::Value::Null, |asked| asked["id"].clone());
        let text = if form & 12 == 4 {
            format!(r#"{{"error":{{"code":{},"msg":""}},"id":{id}}}"#, CODES[usize::from(form >> 6)])
        } else {
            format!(r#"{{"result":null,"id":{id}}}"#)
        };
        self.frame(wanted.connection, TEXT, text.as_bytes(), true)
    }

    fn host(&mut self, connection: u16) -> Result<(), Halt> {
        let (form, asked) = (self.roll(), self.word().cast_signed());
        let (option, granted) = (u16::from(form >> 4), u16::from(form & 1));
        self.take(&Input::Host(connection, Host { option, granted, errno: u32::from(form), asked, found: 0 }))
    }

    fn health(&mut self) -> Result<(), Halt> {
        let word = self.word();
        let [ring, disk, lag, ..] = word.to_le_bytes();
        let body = Health {
            ring_lines_free: u32::from(ring) * 100,
            disk_mib_free: u32::from(disk) * 100,
            journal_lag_ns: u64::from(lag) * 1_000_000,
            round_trip_ns: word,
            spare: [0; 8],
        };
        self.take(&Input::Health(body))
    }

    fn found(&mut self) -> Result<(), Halt> {
        let (run_id, valid_bytes, end) = (self.word(), self.word(), u16::from(self.roll()));
        self.take(&Input::Found(Found { run_id, valid_bytes, end, ..Found::zeroed() }))
    }

    fn link(&mut self, connection: u16) -> Result<(), Halt> {
        // Half of them come up, so that runs get somewhere; any cause, known or not, with any code.
        const CODES: [u16; 8] = [0, 1001, 1006, 1008, 403, 404, 429, 503];
        let form = self.roll();
        let (up, cause) = (u16::from(form & 1), u16::from(form >> 1 & 15));
        let close_code = CODES[usize::from(form >> 5)];
        let body = Link { up, cause, close_code, spare: 0, recv_ns: self.now_ns, spare_tail: 0 };
        self.take(&Input::Link(connection, body))
    }

    fn clock(&mut self) -> Result<(), Halt> {
        let word = self.word();
        // Mostly a sound reading; now and then any at all.
        let utc_ns = if word & 3 == 0 { word } else { UTC_NS + self.now_ns + (word >> 40) };
        self.take(&Input::Clock(Clock { mono_ns: self.now_ns, utc_ns, ..Clock::zeroed() }))
    }

    /// How long frames took, whether or not there were any.
    fn stamps(&mut self) -> Result<(), Halt> {
        let (count, behind) = (u32::from(self.roll()), u32::from(self.roll()));
        self.take(&Input::Stamps(Stamps { count, lost: 0, behind: [behind; STAMPED], ..Stamps::zeroed() }))
    }

    /// Hours go by, so that a day ends.
    fn day(&mut self) -> Result<(), Halt> {
        self.now_ns += u64::from(self.roll() & 31) * HOUR_NS;
        Ok(())
    }
}
