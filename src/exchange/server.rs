//! The event loop: one thread, many clients, nothing blocks.
//!
//! Readiness only wakes it; in each turn every client is looked at, so no edge can be missed.

use super::answer;
use super::clock::Clock;
use super::connection::{Connection, QUEUE_BYTES_MAX};
use super::floor::Floor;
use super::link::Heard;
use super::notice::Notice;
use super::options::{Options, Serves};
use super::session::Outgoing;
use super::source::{Published, Source};
use super::stream::Stream;
use super::tape::Tape;
use super::tls::{self, Identity};
use super::topic::Topic;
use super::truth::{Witness, truth};
use anyhow::{Context, Result};
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Most clients at a time.
pub(super) const CONNECTIONS_MAX: usize = 64;
/// Most messages of one client that are dealt with in a turn.
const HEARD_MAX: usize = 64;
/// Most steps of the market in a turn.
const STEPS_MAX: usize = 256;
/// Bytes waiting for a client from which on a market without a pace waits too.
const WAIT_BYTES: usize = 256 * 1024;
/// Longest sleep, nanoseconds: so soon a wish to stop is noticed.
const SLEEP_NS_MAX: u64 = 50_000_000;
const LISTENER: Token = Token(0);
const CLIENT: Token = Token(1);

/// What a server did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Clients that connected.
    pub connections: u64,
    /// Messages handed to clients.
    pub messages: u64,
}

/// An exchange that listens.
pub struct Server {
    address: SocketAddr,
    identity: Option<Identity>,
    listener: TcpListener,
    poll: Poll,
    run_ns_max: Option<u64>,
    hall: Hall,
}

/// Everything that a turn works on.
struct Hall {
    clock: Clock,
    source: Box<dyn Source>,
    connections: Vec<Connection>,
    witness: Option<Witness>,
    notice: Box<dyn FnMut(Notice) + Send>,
    served: Served,
    /// Whether something was left for the next turn.
    is_pressed: bool,
}

impl Server {
    /// Binds the socket, makes the certificate, opens what is served.
    ///
    /// # Errors
    /// When the address is taken, or the recording holds nothing that can be played.
    pub fn bind(options: Options) -> Result<Self> {
        let Options { listen, tls, serves, witness, notice, run_for } = options;
        let clock = Clock::start();
        let source: Box<dyn Source> = match serves {
            Serves::Market { pair, events, speed } => Box::new(Floor::open(pair, events, speed, clock)),
            Serves::Recording { playback, symbol, speed } => Box::new(Tape::open(playback, symbol, speed)?),
        };
        let mut listener = TcpListener::bind(listen).with_context(|| format!("cannot listen on {listen}"))?;
        let address = listener.local_addr()?;
        let identity = tls.then(|| tls::identity(address.ip())).transpose()?;
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let run_ns_max = run_for.map(|time| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
        let (connections, served) = (Vec::new(), Served::default());
        let hall = Hall { clock, source, connections, witness, notice, served, is_pressed: false };
        Ok(Self { address, identity, listener, poll, run_ns_max, hall })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients connect to.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.identity.is_some() { "wss" } else { "ws" };
        format!("{scheme}://{}/v2", self.address)
    }

    /// The authority that a client must trust, under TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.identity.as_ref().map(|identity| identity.ca_pem.as_str())
    }

    /// Serves until `stop` is set or the time is over.
    ///
    /// # Errors
    /// When the system refuses to wait for sockets.
    pub fn run(mut self, stop: &AtomicBool) -> Result<Served> {
        let mut events = Events::with_capacity(CONNECTIONS_MAX);
        loop {
            let now_ns = self.hall.clock.now_ns();
            let is_over = self.run_ns_max.is_some_and(|end_ns| now_ns >= end_ns);
            if is_over || stop.load(Ordering::Relaxed) {
                self.hall.connections.iter_mut().for_each(|connection| connection.go_away(now_ns));
                return Ok(self.hall.served);
            }
            self.accept(now_ns);
            self.hall.turn(now_ns);
            self.sleep(&mut events)?;
        }
    }

    fn accept(&mut self, now_ns: u64) {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) => return (self.hall.notice)(Notice::Socket(error)),
            };
            if self.hall.connections.len() >= CONNECTIONS_MAX {
                (self.hall.notice)(Notice::Full);
                continue;
            }
            let ready = Interest::READABLE | Interest::WRITABLE;
            let registered = self.poll.registry().register(&mut socket, CLIENT, ready);
            // Small messages leave at once.
            let tls = self.identity.as_ref().map(|identity| &identity.config);
            let stream = registered.and_then(|()| socket.set_nodelay(true)).and_then(|()| Stream::new(socket, tls));
            match stream {
                Ok(stream) => self.hall.admit(stream, now_ns),
                Err(error) => (self.hall.notice)(Notice::Socket(error)),
            }
        }
    }

    /// Waits until a socket is ready or something is due.
    fn sleep(&mut self, events: &mut Events) -> Result<()> {
        let now_ns = self.hall.clock.now_ns();
        let end_ns = self.run_ns_max.unwrap_or(u64::MAX);
        let wake_ns = self.hall.due_ns().min(end_ns).min(now_ns + SLEEP_NS_MAX);
        match self.poll.poll(events, Some(Duration::from_nanos(wake_ns.saturating_sub(now_ns)))) {
            Err(error) if error.kind() != ErrorKind::Interrupted => Err(error).context("cannot wait for sockets"),
            _ => Ok(()),
        }
    }
}

impl Hall {
    fn admit(&mut self, stream: Stream, now_ns: u64) {
        self.served.connections += 1;
        self.connections.push(Connection::new(self.served.connections, stream, now_ns));
    }

    /// When there is something to do without a socket being ready.
    fn due_ns(&mut self) -> u64 {
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

    fn turn(&mut self, now_ns: u64) {
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
                (self.notice)(Notice::Recording(notice));
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

    /// Hands a message to a client.
    fn hand(&mut self, place: usize, outgoing: Outgoing) {
        let Outgoing { text, book } = outgoing;
        let connection = &mut self.connections[place];
        if let (Some(witness), Some((depth, mark))) = (&mut self.witness, book) {
            witness(&truth(connection.number, depth, &mark, self.source.as_ref()));
        }
        self.served.messages += 1;
        if !connection.push(text) {
            (self.notice)(Notice::TooSlow { connection: connection.number, bytes: QUEUE_BYTES_MAX });
        }
    }
}

/// A number above 2^63, as those of the exchange are, and another one for every connection.
const fn connection_id(clock: &Clock, number: u64) -> u64 {
    let mixed = (clock.utc_us(0) ^ number.rotate_left(48)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed | 1 << 63
}
