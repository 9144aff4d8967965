//! Where clients and market meet: what happens in one turn of the loop.

use super::clock::Clock;
use super::connection::{Connection, QUEUE_BYTES_MAX};
use super::fault::Faulty;
use super::link::Heard;
use super::notice::Notice;
use super::parcel::{Delivery, Handed, Parcel};
use super::stream::Stream;
use super::truth::Witness;
use tungstenite::protocol::frame::coding::CloseCode;

/// Most messages of one client that are dealt with in a turn.
const HEARD_MAX: usize = 64;
/// Most steps of the market in a turn.
const STEPS_MAX: usize = 256;
/// Bytes waiting for a client from which on a market without a pace waits too.
const WAIT_BYTES: usize = 256 * 1024;

/// What a server did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Clients that connected.
    pub connections: u64,
    /// Messages handed to clients.
    pub messages: u64,
}

/// Everything that a turn works on.
pub(super) struct Hall {
    clock: Clock,
    dialect: Faulty,
    /// In the order of their numbers.
    connections: Vec<Connection>,
    witness: Option<Witness>,
    notice: Box<dyn FnMut(Notice) + Send>,
    served: Served,
    /// Whether something was left for the next turn.
    is_pressed: bool,
}

impl Hall {
    /// An empty hall.
    pub fn new(clock: Clock, dialect: Faulty, witness: Option<Witness>, notice: Box<dyn FnMut(Notice) + Send>) -> Self {
        let (connections, served) = (Vec::new(), Served::default());
        Self { clock, dialect, connections, witness, notice, served, is_pressed: false }
    }

    /// The server's time.
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// The path of the WebSocket.
    pub fn path(&self) -> &'static str {
        self.dialect.dialect().path()
    }

    /// Whether plain HTTP requests are answered.
    pub fn has_rest(&self) -> bool {
        self.dialect.dialect().has_rest()
    }

    /// Clients that are connected.
    pub const fn clients(&self) -> usize {
        self.connections.len()
    }

    /// Tells people what happened.
    pub fn tell(&mut self, notice: Notice) {
        (self.notice)(notice);
    }

    /// Takes in a client.
    pub fn admit(&mut self, stream: Stream, now_ns: u64) {
        self.served.connections += 1;
        let mut connection = Connection::new(self.served.connections, stream, now_ns);
        if let Some(happens) = self.dialect.knocked(connection.number, now_ns) {
            connection.suffer(happens, now_ns);
        }
        self.connections.push(connection);
    }

    /// When there is something to do without a socket being ready.
    pub fn due_ns(&mut self) -> u64 {
        if self.is_pressed {
            return 0;
        }
        let market_ns = if self.must_wait() { None } else { self.dialect.due_ns() };
        let lines_ns = self.connections.iter_mut().filter_map(Connection::due_ns);
        self.dialect.timer_ns().into_iter().chain(market_ns).chain(lines_ns).min().unwrap_or(u64::MAX)
    }

    /// Whether a market without a pace waits for a client.
    fn must_wait(&self) -> bool {
        self.dialect.dialect().is_unpaced()
            && self.connections.iter().any(|connection| connection.queue_bytes() > WAIT_BYTES)
    }

    /// One turn: what clients sent, what the market has to say, what is due unasked; then as much is written as
    /// sockets take.
    pub fn turn(&mut self, now_ns: u64) {
        self.is_pressed = false;
        for place in 0..self.connections.len() {
            self.listen(place, now_ns);
        }
        self.go_on(now_ns);
        let mut out = Delivery::default();
        self.dialect.tick(now_ns, &mut out);
        self.deliver(out, now_ns);
        self.connections.iter_mut().for_each(|connection| connection.flush(now_ns));
        let dialect = &mut self.dialect;
        self.connections.retain(|connection| {
            if connection.has_ended() {
                dialect.left(connection.number);
            }
            !connection.is_gone()
        });
    }

    /// Sends everybody away.
    pub fn close(mut self, now_ns: u64) -> Served {
        self.connections.iter_mut().for_each(|connection| connection.close(CloseCode::Away, "", now_ns));
        self.served
    }

    /// Takes what a client sent.
    fn listen(&mut self, place: usize, now_ns: u64) {
        for _ in 0..HEARD_MAX {
            let Self { connections, dialect, clock, .. } = self;
            let connection = &mut connections[place];
            let (client, mut out) = (connection.number, Delivery::default());
            match connection.hear(now_ns, &mut |uri| dialect.door(client, uri, now_ns)) {
                Heard::Nothing => return,
                Heard::Opened(query) => dialect.opened(client, &query, clock.now_ns(), &mut out),
                Heard::Text(text) => dialect.take(client, &text, clock.now_ns(), &mut out),
                // Not understood, like any text that is no request.
                Heard::Bytes => dialect.take(client, "", clock.now_ns(), &mut out),
                Heard::Control(control) => dialect.control(client, control, clock.now_ns(), &mut out),
            }
            self.deliver(out, now_ns);
        }
        self.is_pressed = true;
    }

    /// Goes on with the market as far as it is due.
    fn go_on(&mut self, now_ns: u64) {
        for _ in 0..STEPS_MAX {
            if self.must_wait() || self.dialect.due_ns().is_none_or(|due_ns| due_ns > now_ns) {
                return;
            }
            let mut out = Delivery::default();
            self.dialect.step(now_ns, &mut out);
            self.deliver(out, now_ns);
        }
        self.is_pressed = true;
    }

    fn deliver(&mut self, out: Delivery, now_ns: u64) {
        out.handed.into_iter().for_each(|handed| self.hand(handed, now_ns));
        out.notices.into_iter().for_each(|notice| self.tell(Notice::Recording(notice)));
    }

    /// Hands something to a client, unless it is leaving.
    fn hand(&mut self, handed: Handed, now_ns: u64) {
        let Handed { client, parcel, truth, is_message } = handed;
        let Ok(place) = self.connections.binary_search_by_key(&client, |connection| connection.number) else { return };
        let connection = &mut self.connections[place];
        if !connection.is_open() {
            return;
        }
        if let (Some(witness), Some(truth)) = (&mut self.witness, truth) {
            witness(&truth);
        }
        if let Parcel::Away(why) = parcel {
            return connection.close(CloseCode::Policy, why, now_ns);
        }
        self.served.messages += u64::from(is_message);
        if !connection.push(parcel) {
            self.tell(Notice::TooSlow { connection: client, bytes: QUEUE_BYTES_MAX });
        }
    }
}
