//! Where the simulation makes connections.

use super::cable::{Cable, FarEnd, NearEnd, SimPort};
use super::hands::Hands;
use super::weather::Weather;
use crate::exchange::Offline;
use crate::link::{Answer, Dock, Fetch};
use hotpath::record::link;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;
use tungstenite::client::client;
use tungstenite::handshake::MidHandshake;
use tungstenite::{ClientHandshake, Error, HandshakeError};

/// Name, TCP and TLS take at least so long, nanoseconds.
const REACH_NS: u64 = 20_000_000;
/// What chance adds to it, on average.
const REACH_JITTER_NS: u64 = 15_000_000;
/// Longest time in which a connection is made.
const CONNECT_NS_MAX: u64 = 10_000_000_000;
const URL: &str = "ws://exchange/v2";

/// A stream that remembers all that was read: what comes behind the answer is the connection's first message.
#[derive(Debug)]
struct Remembering {
    near: NearEnd,
    seen: Vec<u8>,
}

impl Read for Remembering {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.near.read(into)?;
        self.seen.extend_from_slice(&into[..count]);
        Ok(count)
    }
}

impl Write for Remembering {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.near.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.near.flush()
    }
}

/// A connection in the making.
enum Making {
    /// The host is being reached; what will come of it.
    Reaching { due_ns: u64, failure: Option<(u16, u16)> },
    /// The upgrade is under way.
    Upgrading { until_ns: u64, cable: Cable, handshake: Box<MidHandshake<ClientHandshake<Remembering>>> },
}

/// What is under way, shared by the loop's end and the world's.
#[derive(Default)]
pub struct Quay {
    making: Option<Making>,
    answers: VecDeque<Answer<SimPort>>,
    /// The connection that was made last.
    pub cable: Option<Cable>,
    is_asked: bool,
    made: u64,
}

impl Quay {
    /// When something is due of it.
    pub fn due_ns(&self) -> u64 {
        match &self.making {
            _ if self.is_asked => 0,
            Some(Making::Reaching { due_ns, .. }) => *due_ns,
            Some(Making::Upgrading { until_ns, cable, .. }) => cable.due_ns().unwrap_or(u64::MAX).min(*until_ns),
            None => self.cable.as_ref().and_then(Cable::due_ns).unwrap_or(u64::MAX),
        }
    }

    /// Goes on with what is under way.
    pub fn go_on(&mut self, hands: &Hands, exchange: &mut Offline, weather: &mut Weather) {
        let now_ns = hands.now_ns();
        if std::mem::take(&mut self.is_asked) {
            let due_ns = now_ns + REACH_NS + weather.random.exponential(REACH_JITTER_NS);
            self.making = Some(Making::Reaching { due_ns, failure: weather.connect_failure(now_ns) });
        }
        match self.making.take() {
            Some(Making::Reaching { due_ns, failure }) if due_ns <= now_ns => match failure {
                Some((cause, code)) => self.answers.push_back(Answer::Failed { cause, code }),
                None => self.upgrade(hands, exchange, weather),
            },
            Some(Making::Upgrading { until_ns, .. }) if until_ns <= now_ns => {
                self.answers.push_back(Answer::Failed { cause: link::NO_ANSWER, code: 0 });
            }
            Some(Making::Upgrading { until_ns, cable, handshake }) => {
                self.settle(handshake.handshake(), cable, until_ns)
            }
            other => self.making = other,
        }
    }

    fn upgrade(&mut self, hands: &Hands, exchange: &mut Offline, weather: &mut Weather) {
        self.made += 1;
        let cable = Cable::new(hands.clone(), weather.random.next());
        exchange.admit(Box::new(FarEnd(cable.clone())), hands.now_ns());
        let near = Remembering { near: NearEnd(cable.clone()), seen: Vec::new() };
        let handshake = client(URL, near);
        self.settle(handshake, cable, hands.now_ns() + CONNECT_NS_MAX);
    }

    fn settle<S>(
        &mut self,
        outcome: Result<(tungstenite::WebSocket<Remembering>, S), HandshakeError<ClientHandshake<Remembering>>>,
        cable: Cable,
        until_ns: u64,
    ) {
        let failed = |cause, code| Answer::Failed { cause, code };
        match outcome {
            Ok((socket, _)) => {
                let Remembering { seen, .. } = socket.into_inner();
                let end = seen.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(seen.len(), |at| at + 4);
                let port = SimPort::new(cable.clone(), &seen[end..], self.made);
                self.answers.push_back(Answer::Made(Box::new(port)));
                self.cable = Some(cable);
            }
            Err(HandshakeError::Interrupted(handshake)) => {
                self.making = Some(Making::Upgrading { until_ns, cable, handshake: Box::new(handshake) });
            }
            Err(HandshakeError::Failure(Error::Http(answer))) => {
                self.answers.push_back(failed(link::NOT_UPGRADED, answer.status().as_u16()));
            }
            Err(HandshakeError::Failure(Error::Io(_))) => self.answers.push_back(failed(link::BROKEN, 0)),
            Err(HandshakeError::Failure(_)) => self.answers.push_back(failed(link::PROTOCOL, 0)),
        }
    }
}

/// The loop's end.
pub struct SimDock(pub Rc<RefCell<Quay>>);

impl Dock for SimDock {
    type Port = SimPort;

    fn connect(&mut self) -> bool {
        self.0.borrow_mut().is_asked = true;
        true
    }

    // Only venues that push their snapshots are simulated.
    fn fetch(&mut self, _: Fetch) -> bool {
        false
    }

    fn spend(&mut self, _: Vec<u8>) {}

    fn bury(&mut self, port: Box<SimPort>) {
        drop(port);
    }

    fn answer(&mut self) -> Option<Answer<SimPort>> {
        self.0.borrow_mut().answers.pop_front()
    }
}
