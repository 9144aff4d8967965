//! The exchange: a market, and the sessions of those who listen.

use super::answer;
use super::book::DEPTHS;
use super::floor::Floor;
use super::listing::Pair;
use super::session::{self, Session};
use super::source::{BookMark, Published, Seen, Source};
use super::tape::Tape;
use super::topic::Topic;
use crate::exchange::clock::Clock;
use crate::exchange::dialect::{Control, Dialect, Door, Outbox, Outgoing, Said, Sort};
use crate::exchange::ladder::Row;
use crate::exchange::reel::Events;
use crate::exchange::truth::{Kind, Truth};
use crate::playback::Playback;
use anyhow::Result;
use std::collections::BTreeMap;
use tungstenite::http::Uri;

/// The one path that is served.
const PATH: &str = "/v2";

/// The exchange.
pub(in crate::exchange) struct Kraken {
    clock: Clock,
    source: Box<dyn Source>,
    sessions: BTreeMap<u64, Session>,
    /// Whether somebody wants the truth.
    is_witnessed: bool,
}

impl Kraken {
    /// With a made-up market.
    pub fn made_up(clock: Clock, pair: Pair, events: Events, speed: f64, is_witnessed: bool) -> Self {
        let source = Box::new(Floor::open(pair, events, speed, clock.utc_us(0)));
        Self { clock, source, sessions: BTreeMap::new(), is_witnessed }
    }

    /// With a recorded one: `symbol`, if there is a choice.
    ///
    /// # Errors
    /// When the recording holds no book that can be played.
    pub fn recorded(
        clock: Clock,
        playback: Playback,
        symbol: Option<String>,
        speed: Option<f64>,
        is_witnessed: bool,
    ) -> Result<Self> {
        let source = Box::new(Tape::open(playback, symbol, speed)?);
        Ok(Self { clock, source, sessions: BTreeMap::new(), is_witnessed })
    }

    /// A message of a session with the truth behind it.
    fn outgoing(&self, client: u64, outgoing: session::Outgoing, sort: Sort) -> Outgoing {
        let session::Outgoing { text, book } = outgoing;
        let book = book.filter(|_| self.is_witnessed);
        let truth = book.map(|(depth, mark)| Box::new(truth(client, depth, mark, self.source.as_ref())));
        Outgoing { client, said: Said::Text(text), sort, truth }
    }

    fn publish(&self, published: &Published, out: &mut Outbox) {
        let Published { topic, text, book } = published;
        for (client, _) in self.sessions.iter().filter(|(_, session)| session.holds(*topic)) {
            let book = match topic {
                Topic::Book(depth) => book.clone().map(|mark| (*depth, mark)),
                _ => None,
            };
            let sort = match book {
                Some((_, BookMark { kind: Kind::Update, .. })) => Sort::Update,
                Some(_) => Sort::Answer,
                None => Sort::Market,
            };
            out.outgoing.push(self.outgoing(*client, session::Outgoing { text: text.clone(), book }, sort));
        }
    }
}

impl Dialect for Kraken {
    fn path(&self) -> &'static str {
        PATH
    }

    fn has_rest(&self) -> bool {
        false
    }

    fn door(&mut self, uri: &Uri) -> Door {
        if uri.path() == PATH { Door::WebSocket } else { Door::missing() }
    }

    fn opened(&mut self, client: u64, _: &str, _: u64, out: &mut Outbox) {
        self.sessions.insert(client, Session::new());
        out.text(client, answer::status(connection_id(&self.clock, client), true));
    }

    fn take(&mut self, client: u64, text: &str, read_ns: u64, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(&client) else { return };
        let mut said = Vec::new();
        session.take(text, read_ns, &self.clock, self.source.as_mut(), &mut said);
        out.outgoing.extend(said.into_iter().map(|outgoing| self.outgoing(client, outgoing, Sort::Answer)));
    }

    fn control(&mut self, _: u64, _: Control, _: u64, _: &mut Outbox) {}

    fn left(&mut self, client: u64) {
        self.sessions.remove(&client);
    }

    fn timer_ns(&self) -> Option<u64> {
        self.sessions.values().filter_map(Session::heartbeat_ns).min()
    }

    fn tick(&mut self, now_ns: u64, out: &mut Outbox) {
        for (client, session) in &mut self.sessions {
            if let Some(heartbeat) = session.heartbeat(now_ns) {
                out.say(*client, Said::Text(heartbeat.text), Sort::Control);
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
        let sessions = &self.sessions;
        let wanted = |topic: Topic| sessions.values().any(|session| session.holds(topic));
        let step = self.source.step(&wanted);
        step.published.iter().for_each(|published| self.publish(published, out));
        out.notices.extend(step.notice);
    }

    fn symbol(&self) -> &str {
        self.source.symbol()
    }

    fn started_ns(&mut self) -> Option<u64> {
        self.source.started_ns()
    }

    fn babble(&mut self, client: u64, out: &mut Outbox) {
        out.text(client, answer::babble());
    }

    fn resnapshot(&mut self, client: u64, out: &mut Outbox) {
        let Some(session) = self.sessions.get(&client) else { return };
        for depth in DEPTHS.into_iter().filter(|depth| session.holds(Topic::Book(*depth))) {
            if let Some(Published { text, book, .. }) = self.source.snapshot(Topic::Book(depth)) {
                let said = session::Outgoing { text, book: book.map(|mark| (depth, mark)) };
                out.outgoing.push(self.outgoing(client, said, Sort::Answer));
            }
        }
    }

    fn announce(&mut self, client: u64, is_online: bool, out: &mut Outbox) {
        out.text(client, answer::status(connection_id(&self.clock, client), is_online));
    }
}

/// A number above 2^63, as those of the exchange are, and another one for every connection.
const fn connection_id(clock: &Clock, number: u64) -> u64 {
    let mixed = (clock.utc_us(0) ^ number.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed | 1 << 63
}

/// The truth behind a message of a book.
fn truth(connection: u64, depth: u32, mark: BookMark, source: &dyn Source) -> Truth {
    let (scale, Seen { bids, asks }) = (source.scale(), source.seen(depth));
    let text = |row: &Row| [scale.price(row.price_ticks).to_string(), scale.qty(row.qty_lots).to_string()];
    Truth {
        connection,
        message: 0,
        symbol: source.symbol().to_owned(),
        depth: Some(depth),
        kind: mark.kind,
        timestamp: mark.timestamp,
        checksum: Some(mark.checksum),
        update_id: None,
        bids: bids.iter().map(text).collect(),
        asks: asks.iter().map(text).collect(),
    }
}
