//! What goes wrong with messages: between an exchange and those who listen.

mod befall;
mod hand;

use super::client::{Item, Listener};
use super::form::Form;
use super::log::{FaultLog, Faults};
use super::plan::{Dice, Fault, FaultPlan};
use super::stamps;
use crate::exchange::clock::Clock;
use crate::exchange::dialect::{Control, Dialect, Door, Outbox, Outgoing, Said, Sort};
use crate::exchange::parcel::{Break, Delivery};
use std::collections::BTreeMap;
use tungstenite::http::{StatusCode, Uri};

/// An exchange, and what goes wrong between it and its clients.
pub(in crate::exchange) struct Faulty {
    inner: Box<dyn Dialect>,
    clock: Clock,
    /// How many times as fast as the server's clock the market's time runs.
    speed: f64,
    dice: Dice,
    log: FaultLog,
    is_logged: bool,
    listeners: BTreeMap<u64, Listener>,
    /// Books that were told.
    truths: u64,
}

impl Faulty {
    /// An exchange with faults, or without.
    pub fn new(inner: Box<dyn Dialect>, clock: Clock, speed: f64, faults: Option<Faults>) -> Self {
        let is_logged = faults.is_some();
        let Faults { plan, log } = faults.unwrap_or_else(|| Faults { plan: FaultPlan::new(0), log: Box::new(|_| {}) });
        let (dice, listeners) = (Dice::new(&plan), BTreeMap::new());
        Self { inner, clock, speed, dice, log, is_logged, listeners, truths: 0 }
    }

    /// The exchange.
    pub fn dialect(&self) -> &dyn Dialect {
        self.inner.as_ref()
    }

    /// A socket was accepted: what happens to it at once.
    pub fn knocked(&mut self, client: u64, now_ns: u64) -> Option<Break> {
        let market_ns = self.market_ns(now_ns);
        self.dice.throw(market_ns, |fault| fault == Fault::Tls)?;
        self.note(client, now_ns, (Fault::Tls, "the handshake is broken".into()), 0);
        Some(Break::Spoil)
    }

    /// What to do with a client's HTTP request.
    pub fn door(&mut self, client: u64, uri: &Uri, now_ns: u64) -> Door {
        let door = self.inner.door(uri);
        if door != Door::WebSocket {
            return door;
        }
        let market_ns = self.market_ns(now_ns);
        let refuses = |fault| matches!(fault, Fault::Refuse429 | Fault::Refuse503);
        let Some(fault) = self.dice.throw(market_ns, refuses) else { return door };
        let status = match fault {
            Fault::Refuse429 => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        self.note(client, now_ns, (fault, "the upgrade is refused".into()), 0);
        Door::Answer { status, json: String::new() }
    }

    /// A client's WebSocket is open.
    pub fn opened(&mut self, client: u64, query: &str, now_ns: u64, to: &mut Delivery) {
        self.listeners.insert(client, Listener::default());
        self.pass_on(now_ns, to, |inner, out| inner.opened(client, query, now_ns, out));
    }

    /// A client sent a text.
    pub fn take(&mut self, client: u64, text: &str, read_ns: u64, to: &mut Delivery) {
        self.pass_on(read_ns, to, |inner, out| inner.take(client, text, read_ns, out));
    }

    /// A client sent a control frame.
    pub fn control(&mut self, client: u64, control: Control, read_ns: u64, to: &mut Delivery) {
        self.pass_on(read_ns, to, |inner, out| inner.control(client, control, read_ns, out));
    }

    /// A client has gone.
    pub fn left(&mut self, client: u64) {
        self.inner.left(client);
        self.listeners.remove(&client);
    }

    /// When something is due unasked.
    pub fn timer_ns(&self) -> Option<u64> {
        self.listeners.values().filter_map(Listener::due_ns).chain(self.inner.timer_ns()).min()
    }

    /// Says what is due unasked, and what was held back long enough.
    pub fn tick(&mut self, now_ns: u64, to: &mut Delivery) {
        self.pass_on(now_ns, to, |inner, out| inner.tick(now_ns, out));
        let clients: Vec<_> = self.listeners.keys().copied().collect();
        for client in clients {
            self.release(client, now_ns, to);
        }
    }

    /// When the market's next step is due.
    pub fn due_ns(&mut self) -> Option<u64> {
        self.inner.due_ns()
    }

    /// Goes on by one message of the market.
    pub fn step(&mut self, now_ns: u64, to: &mut Delivery) {
        self.pass_on(now_ns, to, |inner, out| inner.step(out));
    }

    /// Sends on its way what the exchange says.
    fn pass_on(&mut self, now_ns: u64, to: &mut Delivery, say: impl FnOnce(&mut dyn Dialect, &mut Outbox)) {
        let mut out = Outbox::default();
        say(self.inner.as_mut(), &mut out);
        to.notices.append(&mut out.notices);
        for outgoing in out.outgoing {
            let client = outgoing.client;
            let item = self.item(outgoing);
            self.send(client, item, now_ns, to);
        }
    }

    /// What the exchange says, before anything befalls it.
    fn item(&mut self, outgoing: Outgoing) -> Item {
        let Outgoing { said, sort, truth, .. } = outgoing;
        let (form, sort) = match said {
            Said::Text(text) => (Form::Text(text, 1), sort),
            Said::Ping(content) => (Form::Ping(content), Sort::Control),
            Said::Away(why) => (Form::Away(why), Sort::Control),
        };
        self.truths += 1;
        Item { form, sort, truth: truth.map(|truth| (self.truths, truth)), notes: Vec::new() }
    }

    /// The market's time at an instant, nanoseconds; 0 before it runs.
    fn market_ns(&mut self, now_ns: u64) -> u64 {
        let since_ns = self.inner.started_ns().map_or(0, |start_ns| now_ns.saturating_sub(start_ns));
        (since_ns as f64 * self.speed) as u64
    }

    /// An instant so much of the market's time later, on the server's clock.
    fn after(&self, now_ns: u64, market_ns: u64) -> u64 {
        now_ns.saturating_add((market_ns as f64 / self.speed) as u64)
    }

    /// Sends a message on its way, if nothing befalls it.
    fn send(&mut self, client: u64, mut item: Item, now_ns: u64, to: &mut Delivery) {
        let market_ns = self.market_ns(now_ns);
        self.restamp(client, &mut item, now_ns);
        let Some(listener) = self.listeners.get(&client).filter(|listener| !listener.is_over) else { return };
        let is_free = !listener.is_holding() && listener.quiet_ns <= now_ns;
        let (sort, is_calm) = (item.sort, listener.clock.is_none() && listener.maintenance.is_none());
        let may = |fault: Fault| {
            let is_long = matches!(fault, Fault::Clock | Fault::Maintenance);
            is_free && fault.befalls(sort) && (is_calm || !is_long)
        };
        match self.dice.throw(market_ns, may) {
            Some(fault) => self.befall(client, fault, item, now_ns, to),
            None => self.queue(client, item, now_ns, to),
        }
    }

    /// Moves the stamps of a message while the exchange's clock is wrong.
    fn restamp(&mut self, client: u64, item: &mut Item, now_ns: u64) {
        let Some(listener) = self.listeners.get_mut(&client) else { return };
        let (Some((until_ns, by_ms)), Form::Text(text, _)) = (listener.clock, &mut item.form) else { return };
        if until_ns <= now_ns {
            if matches!(item.sort, Sort::Update | Sort::Market) {
                listener.clock = None;
                item.notes.push((Fault::Clock, "stamps are right again".into()));
            }
            return;
        }
        if let Some(moved) = stamps::moved(text, by_ms) {
            *text = moved.into();
        }
        if let Some((_, truth)) = &mut item.truth {
            truth.timestamp = truth.timestamp.take().and_then(|stamp| stamps::later(&stamp, by_ms));
        }
    }
}
