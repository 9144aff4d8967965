//! One client: its link, and what waits for it.

use super::dialect::Door;
use super::link::{Heard, Link};
use super::parcel::{Break, Parcel};
use super::stream::Stream;
use std::collections::VecDeque;
use tungstenite::http::Uri;
use tungstenite::protocol::frame::coding::CloseCode;

/// Most bytes that wait for a client: one that reads slower than the market talks gets everything late, and
/// beyond this nothing more.
pub(super) const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One client.
pub(super) struct Connection {
    pub number: u64,
    link: Link,
    queue: VecDeque<Parcel>,
    queue_bytes: usize,
}

impl Connection {
    /// A client that has just connected.
    pub fn new(number: u64, stream: Stream, now_ns: u64) -> Self {
        let link = Link::new(stream, now_ns);
        Self { number, link, queue: VecDeque::new(), queue_bytes: 0 }
    }

    /// Whether it is over.
    pub const fn is_gone(&self) -> bool {
        self.link.is_gone()
    }

    /// Whether it was open and is no more.
    pub const fn has_ended(&self) -> bool {
        self.link.has_ended()
    }

    /// When it goes on by itself.
    pub fn due_ns(&mut self) -> Option<u64> {
        self.link.due_ns()
    }

    /// Something happens to it at once.
    pub fn suffer(&mut self, happens: Break, now_ns: u64) {
        self.link.suffer(happens, now_ns);
    }

    /// Whether messages can be sent.
    pub const fn is_open(&self) -> bool {
        self.link.is_open()
    }

    /// Goes on with what the client sent, up to the next thing that matters; `door` says what is behind a path.
    pub fn hear(&mut self, now_ns: u64, door: &mut dyn FnMut(&Uri) -> Door) -> Heard {
        self.link.hear(now_ns, door)
    }

    /// Bytes that wait.
    pub const fn queue_bytes(&self) -> usize {
        self.queue_bytes
    }

    /// Has a message wait for its turn; false when too much waits already and the client is let go.
    pub fn push(&mut self, parcel: Parcel) -> bool {
        self.queue_bytes += bytes(&parcel);
        self.queue.push_back(parcel);
        let fits = self.queue_bytes <= QUEUE_BYTES_MAX;
        if !fits {
            self.link.drop_it();
        }
        fits
    }

    /// Writes as much of what waits as the socket takes.
    pub fn flush(&mut self, now_ns: u64) {
        self.link.flush();
        while let Some(parcel) = self.queue.pop_front() {
            let bytes = bytes(&parcel);
            if let Some(back) = self.send(parcel, now_ns) {
                self.queue.push_front(back);
                return;
            }
            self.queue_bytes -= bytes;
        }
        self.link.flush();
    }

    /// Gives back what cannot go out yet.
    fn send(&mut self, parcel: Parcel, now_ns: u64) -> Option<Parcel> {
        match parcel {
            Parcel::Message(message) => self.link.send(message).map(Parcel::Message),
            Parcel::Break(happens) => {
                self.link.flush();
                (!self.link.suffer(happens, now_ns)).then_some(parcel)
            }
            Parcel::Away(why) => {
                self.link.close(CloseCode::Policy, why, now_ns);
                None
            }
        }
    }

    /// Ends it with a code and a reason; what waits is not sent.
    pub fn close(&mut self, code: CloseCode, reason: &'static str, now_ns: u64) {
        self.link.close(code, reason, now_ns);
    }
}

/// Bytes of a message.
fn bytes(parcel: &Parcel) -> usize {
    match parcel {
        Parcel::Message(message) => message.len(),
        Parcel::Away(_) | Parcel::Break(_) => 0,
    }
}
