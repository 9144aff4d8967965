//! Where clients and market meet: what happens in one turn of the loop.

use super::answer;
use super::clock::Clock;
use super::connection::{Connection, QUEUE_BYTES_MAX};
use super::link::Heard;
use super::notice::Notice;
use super::session::Outgoing;
use super::source::{Published, Source};
use super::stream::Stream;
use super::topic::Topic;
use super::truth::{Witness, truth};

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
    source: Box<dyn Source>,
    connections: Vec<Connection>,
    witness: Option<Witness>,
    notice: Box<dyn FnMut(Notice) + Send>,
    served: Served,
    /// Whether something was left for the next turn.
    is_pressed: bool,
}

impl Hall {
    /// An empty hall.
    pub fn new(
        clock: Clock,
        source: Box<dyn Source>,
        witness: Option<Witness>,
        notice: Box<dyn FnMut(Notice) + Send>,
    ) -> Self {
        let (connections, served) = (Vec::new(), Served::default());
        Self { clock, source, connections, witness, notice, served, is_pressed: false }
    }

    /// The server's time.
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
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
        self.connections.push(Connection::new(self.served.connections, stream, now_ns));
    }

    /// When there is something to do without a socket being ready.
    pub fn due_ns(&mut self) -> u64 {
        if self.is_pressed {
            return 0;
        }
        let heartbeats = self.connections.iter().filter_map(|connection| connection.session.heartbeat_ns());
        let source_ns = if self.must_wait() { None } else { self.source.due_ns() };
        heartbeats.chain(source_ns).min().unwrap_or(u64::MAX)
    }

    /// Whether a market without a pace waits for a client.
    fn must_wait(&self) -> bool {
        self.source.is_unpaced() && self.connections.iter().any(|connection| connection.queue_bytes() > WAIT_BYTES)
    }

    /// One turn: what clients sent, what the market has to say, heartbeats; then as much is written as
    /// sockets take.
    pub fn turn(&mut self, now_ns: u64) {
        self.is_pressed = false;
        for place in 0..self.connections.len() {
            self.listen(place, now_ns);
        }
        self.go_on(now_ns);
        for place in 0..self.connections.len() {
            if let Some(heartbeat) = self.connections[place].session.heartbeat(now_ns) {
                self.hand(place, heartbeat);
            }
            self.connections[place].flush();
        }
        self.connections.retain(|connection| !connection.is_gone());
    }

    /// Sends everybody away.
    pub fn close(mut self, now_ns: u64) -> Served {
        self.connections.iter_mut().for_each(|connection| connection.go_away(now_ns));
        self.served
    }

    /// Takes what a client sent.
    fn listen(&mut self, place: usize, now_ns: u64) {
        let mut out = Vec::new();
        for _ in 0..HEARD_MAX {
            let connection = &mut self.connections[place];
            let text = match connection.hear(now_ns) {
                Heard::Nothing => return,
                Heard::Opened => {
                    out.push(answer::status(connection_id(&self.clock, connection.number)).into());
                    None
                }
                Heard::Text(text) => Some(text),
                // Not understood, like any text that is no request.
                Heard::Bytes => Some("".into()),
            };
            if let Some(text) = text {
                let read_ns = self.clock.now_ns();
                connection.session.take(&text, read_ns, &self.clock, self.source.as_mut(), &mut out);
            }
            out.drain(..).for_each(|outgoing| self.hand(place, outgoing));
        }
        self.is_pressed = true;
    }

    /// Goes on with the market as far as it is due.
    fn go_on(&mut self, now_ns: u64) {
        for _ in 0..STEPS_MAX {
            if self.must_wait() || self.source.due_ns().is_none_or(|due_ns| due_ns > now_ns) {
                return;
            }
            let connections = &self.connections;
            let wanted = |topic: Topic| connections.iter().any(|connection| connection.session.holds(topic));
            let step = self.source.step(&wanted);
            step.published.into_iter().for_each(|published| self.publish(&published));
            if let Some(notice) = step.notice {
                self.tell(Notice::Recording(notice));
            }
        }
        self.is_pressed = true;
    }

    fn publish(&mut self, published: &Published) {
        let Published { topic, text, book } = published;
        for place in 0..self.connections.len() {
            if self.connections[place].session.holds(*topic) {
                let book = match topic {
                    Topic::Book(depth) => book.clone().map(|mark| (*depth, mark)),
                    _ => None,
                };
                self.hand(place, Outgoing { text: text.clone(), book });
            }
        }
    }

    /// Hands a message to a client, unless it is leaving.
    fn hand(&mut self, place: usize, outgoing: Outgoing) {
        let Outgoing { text, book } = outgoing;
        let connection = &mut self.connections[place];
        if !connection.is_open() {
            return;
        }
        if let (Some(witness), Some((depth, mark))) = (&mut self.witness, book) {
            witness(&truth(connection.number, depth, &mark, self.source.as_ref()));
        }
        self.served.messages += 1;
        if !connection.push(text) {
            let connection = connection.number;
            self.tell(Notice::TooSlow { connection, bytes: QUEUE_BYTES_MAX });
        }
    }
}

/// A number above 2^63, as those of the exchange are, and another one for every connection.
const fn connection_id(clock: &Clock, number: u64) -> u64 {
    let mixed = (clock.utc_us(0) ^ number.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed | 1 << 63
}
