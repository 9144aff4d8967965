//! The thread that makes one connection again and again, so that the hot thread never waits for one.

use super::dial::Dialler;
use super::failure::Failure;
use super::wire::Wire;
use super::{ColdStart, Dialled};
use crate::host::refusal;
use hotpath::config::Config;
use hotpath::record::link;
use rtrb::{Consumer, Producer, RingBuffer};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::Duration;

/// How long the thread rests when nothing is asked of it. It may not be woken: that would be a call to the system.
const REST: Duration = Duration::from_millis(1);
/// Orders and answers on their way: a connection is made or taken back, one at a time.
const RING: usize = 4;

/// What is asked of the link thread.
#[derive(Debug)]
enum Order {
    /// Make the connection.
    Connect,
    /// Close it: freeing is no work for the hot thread.
    Bury(Box<Wire>),
}

/// What came of a connect.
#[derive(Debug)]
pub enum Answer {
    /// It is there.
    Made(Box<Wire>),
    /// It is not; cause and code of the input that says so.
    Failed {
        /// One of [`link`].
        cause: u16,
        /// HTTP status, or 0.
        code: u16,
    },
}

/// The hot thread's end.
#[derive(Debug)]
pub struct Desk {
    orders: Producer<Order>,
    answers: Consumer<Answer>,
}

impl Desk {
    /// Asks for a connection; false when the thread is gone or has more to do than it may.
    #[must_use]
    pub fn connect(&mut self) -> bool {
        !self.orders.is_abandoned() && self.orders.push(Order::Connect).is_ok()
    }

    /// Gives a connection back to be closed. It is closed here when the thread is gone: the run is ending then.
    pub fn bury(&mut self, wire: Box<Wire>) {
        let _ = self.orders.push(Order::Bury(wire));
    }

    /// What came of a connect.
    #[must_use]
    pub fn answer(&mut self) -> Option<Answer> {
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
    dialler: Dialler,
    config: Config,
    connection: u16,
    seed: u64,
    tell: impl Fn(String) + Send + 'static,
) -> std::io::Result<(Desk, LinkThread)> {
    let (orders, taken) = RingBuffer::new(RING);
    let (given, answers) = RingBuffer::new(RING);
    let maker = Maker { cold_start, dialler, config, connection, seed, tell };
    let thread = Builder::new().name(format!("link-{connection}")).spawn(move || maker.run(taken, given))?;
    Ok((Desk { orders, answers }, thread))
}

struct Maker<T> {
    cold_start: &'static (dyn ColdStart + Send + Sync),
    dialler: Dialler,
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
                Ok(Order::Bury(wire)) => drop(wire),
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

    fn make(&mut self) -> Result<Wire, Failure> {
        self.cold_start.check(&self.dialler, &self.config, self.connection)?;
        let Dialled { stream, rest, granted } = self.dialler.dial()?;
        let parts = stream
            .into_parts()
            .map_err(|error| Failure::new(link::BROKEN, format!("the socket cannot be made non-blocking: {error}")))?;
        self.seed = self.seed.wrapping_add(1 << 32);
        granted.iter().filter_map(refusal).for_each(&self.tell);
        Ok(Wire::new(parts, &rest, self.seed, granted, self.dialler.options.quickack))
    }
}
