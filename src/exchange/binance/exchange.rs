//! The exchange: a market, and the sessions of those who listen.

use super::floor::Floor;
use super::recorded::{is_depth, topic};
use super::rest::{self, Known};
use super::section::Section;
use super::session::{Session, Taken};
use super::source::{Played, Source, Step};
use super::tape::Tape;
use crate::exchange::clock::Clock;
use crate::exchange::dialect::{Control, Dialect, Door, Outbox, Outgoing, Said, Sort};
use crate::exchange::reel::Events;
use crate::exchange::truth::{Kind, Truth};
use crate::market::Side;
use crate::playback::Playback;
use anyhow::Result;
use std::collections::BTreeMap;
use tungstenite::http::Uri;

/// The path of combined streams.
const PATH: &str = "/stream";

/// The exchange.
pub(in crate::exchange) struct Binance {
    clock: Clock,
    section: Section,
    source: Box<dyn Source>,
    sessions: BTreeMap<u64, Session>,
    /// Whether somebody wants the truth.
    is_witnessed: bool,
}

impl Binance {
    /// With a made-up market.
    pub fn made_up(clock: Clock, section: Section, events: Events, speed: f64, is_witnessed: bool) -> Self {
        let source = Box::new(Floor::open(section, events, speed, clock.utc_us(0)));
        Self { clock, section, source, sessions: BTreeMap::new(), is_witnessed }
    }

    /// With a recorded one of `section`; of `symbol`, if that is given.
    ///
    /// # Errors
    /// When it is not one, or holds no book.
    pub fn recorded(
        clock: Clock,
        section: Section,
        playback: Playback,
        symbol: Option<String>,
        speed: Option<f64>,
        is_witnessed: bool,
    ) -> Result<Self> {
        let source = Box::new(Tape::open(section, playback, symbol, speed)?);
        Ok(Self { clock, section, source, sessions: BTreeMap::new(), is_witnessed })
    }

    fn utc_ms(&self, at_ns: u64) -> u64 {
        self.clock.utc_us(at_ns) / 1_000
    }

    /// Streams were subscribed to: time may begin to run.
    fn note(&mut self, client: u64, streams: &[String], now_ns: u64, out: &mut Outbox) {
        for stream in streams {
            match topic(stream, self.source.symbol()) {
                Some(topic) if is_depth(topic) => self.source.start().at_once(now_ns),
                Some(_) => self.source.start().in_a_moment(now_ns),
                None => {
                    let symbol = self.source.symbol();
                    out.notices.push(format!("client {client} subscribed to {stream}: the market is {symbol}"));
                }
            }
        }
    }

    /// The truth behind a depth message, if somebody wants it.
    fn truth(&self, client: u64, played: &Played) -> Option<Box<Truth>> {
        let book = self.source.book().filter(|_| self.is_witnessed && played.is_told)?;
        Some(Box::new(Truth {
            connection: client,
            message: 0,
            symbol: self.source.symbol().to_owned(),
            depth: None,
            kind: Kind::Update,
            timestamp: None,
            checksum: None,
            update_id: Some(book.update_id),
            bids: book.texts(Side::Bid, usize::MAX),
            asks: book.texts(Side::Ask, usize::MAX),
        }))
    }
}

impl Dialect for Binance {
    fn path(&self) -> &'static str {
        PATH
    }

    fn has_rest(&self) -> bool {
        true
    }

    fn door(&mut self, uri: &Uri) -> Door {
        if uri.path() == PATH {
            return Door::WebSocket;
        }
        let now_ms = self.clock.utc_us(self.clock.now_ns()) / 1_000;
        let source = self.source.as_ref();
        let (symbol, book, steps) = (source.symbol(), source.book(), source.steps());
        let known = Known { section: self.section, symbol, book, steps, now_ms };
        rest::answer(uri, &known)
    }

    fn opened(&mut self, client: u64, query: &str, now_ns: u64, out: &mut Outbox) {
        let mut session = Session::new(now_ns);
        let streams = query.split('&').find_map(|pair| pair.strip_prefix("streams="));
        let streams = streams.map(|streams| streams.replace("%40", "@").replace("%2F", "/"));
        let streams: Vec<String> = streams.iter().flat_map(|streams| streams.split('/')).map(str::to_owned).collect();
        let subscribed = session.subscribe(streams).unwrap_or_default();
        self.sessions.insert(client, session);
        self.note(client, &subscribed, now_ns, out);
    }

    fn take(&mut self, client: u64, text: &str, read_ns: u64, out: &mut Outbox) {
        let taken = self.sessions.get_mut(&client).and_then(|session| session.take(text, read_ns));
        let Some(Taken { said, subscribed }) = taken else { return };
        out.say(client, said, Sort::Answer);
        self.note(client, &subscribed, read_ns, out);
    }

    fn control(&mut self, client: u64, control: Control, read_ns: u64, out: &mut Outbox) {
        let said = self.sessions.get_mut(&client).and_then(|session| session.control(control, read_ns));
        if let Some(said) = said {
            out.say(client, said, Sort::Control);
        }
    }

    fn left(&mut self, client: u64) {
        self.sessions.remove(&client);
    }

    fn timer_ns(&self) -> Option<u64> {
        self.sessions.values().filter_map(Session::timer_ns).min()
    }

    fn tick(&mut self, now_ns: u64, out: &mut Outbox) {
        let utc_ms = self.utc_ms(now_ns);
        for (client, session) in &mut self.sessions {
            if let Some(said) = session.tick(now_ns, utc_ms) {
                out.say(*client, said, Sort::Control);
            }
        }
    }

    fn due_ns(&mut self) -> Option<u64> {
        self.source.due_ns()
    }

    fn is_unpaced(&self) -> bool {
        self.source.is_unpaced()
    }

    fn step(&mut self, out: &mut Outbox) {
        let Step { played, notices } = self.source.step();
        for played in &played {
            for (client, session) in &self.sessions {
                for text in session.messages(self.source.symbol(), played) {
                    let truth = self.truth(*client, played);
                    let sort = if played.is_depth { Sort::Update } else { Sort::Market };
                    out.outgoing.push(Outgoing { client: *client, said: Said::Text(text), sort, truth });
                }
            }
        }
        out.notices.extend(notices);
    }

    fn symbol(&self) -> &str {
        self.source.symbol()
    }

    fn started_ns(&mut self) -> Option<u64> {
        self.source.start().at_ns()
    }

    fn babble(&mut self, client: u64, out: &mut Outbox) {
        let text = r#"{"stream":"btcusdt@novelty","data":{"e":"novelty","E":1,"s":"BTCUSDT","v":"1.5"}}"#;
        out.text(client, text.into());
    }
}
