//! The thread that makes one connection again and again, so that the hot thread never waits for one.

use super::failure::Failure;
use super::port::Dock;
use super::wire::Wire;
use super::{Access, ColdStart, Dialled, http};
use crate::host::refusal;
use hotpath::config::{Config, MARKETS_MAX};
use hotpath::record::link;
use hotpath::venue::REQUEST_BYTES_MAX;
use rtrb::{Consumer, Producer, RingBuffer};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// How long the thread rests when nothing is asked of it. It may not be woken: that would be a call to the system.
const REST: Duration = Duration::from_millis(1);
/// Orders and answers on their way: a connection is made or taken back, one at a time, and a snapshot of each of its
/// markets is fetched; bodies go back.
const RING: usize = 2 + 4 * MARKETS_MAX;

/// What is asked of the link thread.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the hot thread gives orders, and a box would be allocated there")]
enum Order {
    /// Make the connection.
    Connect,
    /// Close it: freeing is no work for the hot thread.
    Bury(Box<Wire>),
    /// Fetch a snapshot.
    Fetch(Fetch),
    /// Free what was fetched.
    Spent(Vec<u8>),
}

/// A snapshot that is to be fetched.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    /// Number of the request.
    pub req_id: u64,
    /// The market.
    pub instrument: u16,
    /// Path and query, and how long they are.
    pub target: [u8; REQUEST_BYTES_MAX],
    /// Bytes of `target`.
    pub length: usize,
}

/// What came of a connect or a fetch.
#[derive(Debug)]
pub enum Answer<P = Wire> {
    /// The connection is there.
    Made(Box<P>),
    /// It is not; cause and code of the input that says so.
    Failed {
        /// One of [`link`].
        cause: u16,
        /// HTTP status, or 0.
        code: u16,
    },
    /// A snapshot was fetched.
    Fetched {
        /// The market.
        instrument: u16,
        /// The body of the answer.
        body: Vec<u8>,
    },
    /// It was not.
    NotFetched {
        /// Number of the request.
        req_id: u64,
        /// HTTP status of an answer that is an error; 0 when there was no answer.
        status: u16,
    },
}

/// The hot thread's end.
#[derive(Debug)]
pub struct Desk {
    orders: Producer<Order>,
    answers: Consumer<Answer>,
}

impl Dock for Desk {
    type Port = Wire;

    fn connect(&mut self) -> bool {
        !self.orders.is_abandoned() && self.orders.push(Order::Connect).is_ok()
    }

    fn fetch(&mut self, fetch: Fetch) -> bool {
        !self.orders.is_abandoned() && self.orders.push(Order::Fetch(fetch)).is_ok()
    }

    fn spend(&mut self, body: Vec<u8>) {
        let _ = self.orders.push(Order::Spent(body));
    }

    // It is closed here when the thread is gone: the run is ending then.
    fn bury(&mut self, wire: Box<Wire>) {
        let _ = self.orders.push(Order::Bury(wire));
    }

    fn answer(&mut self) -> Option<Answer> {
        self.answers.pop().ok()
    }
}

/// The thread; it ends when its desk is gone.
pub type LinkThread = JoinHandle<()>;

/// Starts the thread of one connection. `tell` gets a sentence about each failure; `seed` begins the masks.
///
/// # Errors
/// When the system refuses a thread.
pub fn start(
    cold_start: &'static (dyn ColdStart + Send + Sync),
    access: Access,
    config: Config,
    connection: u16,
    seed: u64,
    tell: impl Fn(String) + Send + 'static,
) -> std::io::Result<(Desk, LinkThread)> {
    let (orders, taken) = RingBuffer::new(RING);
    let (given, answers) = RingBuffer::new(RING);
    let maker = Maker { cold_start, access, config, connection, seed, tell };
    let thread = Builder::new().name(format!("link-{connection}")).spawn(move || maker.run(taken, given))?;
    Ok((Desk { orders, answers }, thread))
}

struct Maker<T> {
    cold_start: &'static (dyn ColdStart + Send + Sync),
    access: Access,
    config: Config,
    connection: u16,
    seed: u64,
    tell: T,
}

impl<T: Fn(String)> Maker<T> {
    fn run(mut self, mut orders: Consumer<Order>, mut answers: Producer<Answer>) {
        loop {
            match orders.pop() {
                Ok(Order::Connect) => {
                    let answer = self.answer();
                    if answers.push(answer).is_err() {
                        return;
                    }
                }
                Ok(Order::Fetch(fetch)) => {
                    let answer = self.fetch(&fetch);
                    if answers.push(answer).is_err() {
                        return;
                    }
                }
                Ok(Order::Bury(wire)) => drop(wire),
                Ok(Order::Spent(body)) => drop(body),
                Err(_) if orders.is_abandoned() => return,
                Err(_) => sleep(REST),
            }
        }
    }

    fn answer(&mut self) -> Answer {
        match self.make() {
            Ok(wire) => Answer::Made(Box::new(wire)),
            Err(Failure { cause, code, what }) => {
                (self.tell)(format!("connection {}: {what}", self.connection));
                Answer::Failed { cause, code }
            }
        }
    }

    fn fetch(&self, fetch: &Fetch) -> Answer {
        let Fetch { req_id, instrument, .. } = *fetch;
        let target = fetch.target.get(..fetch.length).and_then(|target| std::str::from_utf8(target).ok());
        let (Some(rest), Some(target)) = (&self.access.rest, target) else {
            (self.tell)(format!("connection {}: there is nowhere to fetch a snapshot from", self.connection));
            return Answer::NotFetched { req_id, status: 0 };
        };
        match http::get(rest, target) {
            Ok(http::Answer { status: 200, body }) => Answer::Fetched { instrument, body },
            Ok(http::Answer { status, .. }) => {
                let advice = match status {
                    418 | 429 => "it was asked too often: nothing is fetched for a minute",
                    _ => "it is tried again later",
                };
                (self.tell)(format!(
                    "connection {}: a snapshot was refused with HTTP {status}: {advice}",
                    self.connection
                ));
                Answer::NotFetched { req_id, status }
            }
            Err(Failure { what, .. }) => {
                (self.tell)(format!("connection {}: no snapshot: {what}", self.connection));
                Answer::NotFetched { req_id, status: 0 }
            }
        }
    }

    fn make(&mut self) -> Result<Wire, Failure> {
        self.cold_start.check(&self.access, &self.config, self.connection)?;
        let Dialled { stream, rest, granted } = self.access.socket.dial()?;
        let parts = stream
            .into_parts()
            .map_err(|error| Failure::new(link::BROKEN, format!("the socket cannot be made non-blocking: {error}")))?;
        self.seed = self.seed.wrapping_add(1 << 32);
        granted.iter().filter_map(refusal).for_each(&self.tell);
        Ok(Wire::new(parts, &rest, self.seed, granted, self.access.socket.options.quickack))
    }
}
