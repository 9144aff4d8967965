//! The protocol of one connection, without its socket.

use super::answer::{self, About, Refusal, Times};
use super::request::{self, Order, Refused, Request};
use super::source::{BookMark, Source};
use super::topic::{Subscriptions, Topic};
use crate::exchange::clock::Clock;
use serde_json::Number;
use tungstenite::Utf8Bytes;

/// Time between heartbeats, nanoseconds.
const HEARTBEAT_NS: u64 = 1_000_000_000;
/// What a request costs of a client's allowance, nanoseconds: so many may come in the long run.
const REQUEST_NS: u64 = 20_000_000;
/// The allowance, nanoseconds: 200 requests at once.
const ALLOWANCE_NS: u64 = 200 * REQUEST_NS;

/// One message for the client.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub text: Utf8Bytes,
    /// Depth and content when it is a message of a book.
    pub book: Option<(u32, BookMark)>,
}

impl From<Utf8Bytes> for Outgoing {
    fn from(text: Utf8Bytes) -> Self {
        Self { text, book: None }
    }
}

/// What the exchange remembers of a connection.
#[derive(Debug)]
pub(super) struct Session {
    subscriptions: Subscriptions,
    /// When the next heartbeat is due; none before the first request to subscribe.
    heartbeat_ns: Option<u64>,
    /// Until when the client's requests have used its allowance up.
    spent_ns: u64,
}

impl Session {
    /// A connection that was just made.
    pub fn new() -> Self {
        Self { subscriptions: Subscriptions::default(), heartbeat_ns: None, spent_ns: 0 }
    }

    /// Whether messages of a topic go to this connection.
    pub fn holds(&self, topic: Topic) -> bool {
        self.subscriptions.holds(topic)
    }

    /// When a heartbeat is due.
    pub const fn heartbeat_ns(&self) -> Option<u64> {
        self.heartbeat_ns
    }

    /// The heartbeat that is due, if one is.
    pub fn heartbeat(&mut self, now_ns: u64) -> Option<Outgoing> {
        let due_ns = self.heartbeat_ns.filter(|due_ns| *due_ns <= now_ns)?;
        // After a stall there is one, not as many as were missed.
        self.heartbeat_ns = Some((due_ns + HEARTBEAT_NS).max(now_ns));
        Some(answer::heartbeat().into())
    }

    /// Takes a message of the client that was read at `read_ns`; answers and snapshots go to `out`.
    pub fn take(&mut self, text: &str, read_ns: u64, clock: &Clock, source: &mut dyn Source, out: &mut Vec<Outgoing>) {
        if !self.may_ask(read_ns) {
            return out.push(answer::too_many().into());
        }
        let mut desk = Desk { session: self, read_ns, clock, source, out };
        match request::read(text) {
            Ok(Request { req_id, order }) => desk.carry_out(req_id.as_ref(), order),
            Err(refused) => desk.refuse(&refused),
        }
    }

    fn may_ask(&mut self, now_ns: u64) -> bool {
        let spent_ns = self.spent_ns.max(now_ns);
        let may = spent_ns - now_ns < ALLOWANCE_NS;
        if may {
            self.spent_ns = spent_ns + REQUEST_NS;
        }
        may
    }
}

/// One request being dealt with.
struct Desk<'a> {
    session: &'a mut Session,
    read_ns: u64,
    clock: &'a Clock,
    source: &'a mut dyn Source,
    out: &'a mut Vec<Outgoing>,
}

impl Desk<'_> {
    fn times(&self) -> Times {
        Times { time_in: self.clock.utc(self.read_ns), time_out: self.clock.utc(self.clock.now_ns()) }
    }

    fn refuse(&mut self, refused: &Refused) {
        let Refused { method, req_id, why, is_bare } = refused;
        let about = About { method, req_id: req_id.as_ref(), symbol: None };
        let text = if *is_bare { answer::refused_bare(why) } else { answer::refused(about, why, self.times()) };
        if *method == "subscribe" {
            self.start_heartbeat();
        }
        self.out.push(text.into());
    }

    fn carry_out(&mut self, req_id: Option<&Number>, order: Order) {
        match order {
            Order::Ping => self.out.push(answer::pong(req_id, self.times()).into()),
            Order::Subscribe { topic, snapshot, symbols } => {
                self.start_heartbeat();
                for symbol in named(topic, &symbols) {
                    self.subscribe(About { method: "subscribe", req_id, symbol }, topic, snapshot);
                }
            }
            Order::Unsubscribe { topic, symbols } => {
                for symbol in named(topic, &symbols) {
                    self.unsubscribe(About { method: "unsubscribe", req_id, symbol }, topic);
                }
            }
        }
    }

    fn subscribe(&mut self, about: About<'_>, topic: Topic, snapshot: bool) {
        let offered = self.known(about.symbol).and_then(|()| self.source.offers(topic));
        let added = offered.and_then(|()| self.session.subscriptions.add(topic).then_some(()).ok_or(Refusal::Already));
        if let Err(why) = added {
            return self.out.push(self.refusal(about, &why).into());
        }
        self.out.push(answer::confirmed(about, topic, Some(snapshot), self.times()).into());
        if let Some(published) = self.source.snapshot(topic).filter(|_| snapshot) {
            let book = match topic {
                Topic::Book(depth) => published.book.map(|mark| (depth, mark)),
                _ => None,
            };
            self.out.push(Outgoing { text: published.text, book });
        }
        self.source.subscribed(topic, self.clock.now_ns());
    }

    fn unsubscribe(&mut self, about: About<'_>, topic: Topic) {
        let removed = self
            .known(about.symbol)
            .and_then(|()| self.session.subscriptions.remove(topic).then_some(()).ok_or(Refusal::NotSubscribed));
        let text = match removed {
            Ok(()) => answer::confirmed(about, topic, None, self.times()),
            Err(why) => self.refusal(about, &why),
        };
        self.out.push(text.into());
    }

    /// A refusal of one symbol; those that concern the request as a whole do not name it.
    fn refusal(&self, about: About<'_>, why: &Refusal) -> Utf8Bytes {
        let symbol = about.symbol.filter(|_| !matches!(why, Refusal::Depth | Refusal::Trigger));
        answer::refused(About { symbol, ..about }, why, self.times())
    }

    fn known(&self, symbol: Option<&str>) -> Result<(), Refusal> {
        let is_known = symbol.is_none_or(|symbol| symbol == self.source.symbol());
        if is_known { Ok(()) } else { Err(Refusal::Symbol) }
    }

    /// Heartbeats run from the first request to subscribe on, also when it was refused: they say that the
    /// connection lives, not that a subscription does.
    fn start_heartbeat(&mut self) {
        self.session.heartbeat_ns.get_or_insert(self.read_ns + HEARTBEAT_NS);
    }
}

/// The symbols of a request; a channel that has none is dealt with once.
fn named(topic: Topic, symbols: &[String]) -> Vec<Option<&str>> {
    match topic {
        Topic::Instrument => vec![None],
        _ => symbols.iter().map(|symbol| Some(symbol.as_str())).collect(),
    }
}

#[cfg(test)]
mod tests;
