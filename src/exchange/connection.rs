//! One client: its link, and what waits for it.

use super::dialect::Door;
use super::link::{Heard, Link};
use super::stream::Stream;
use std::collections::VecDeque;
use tungstenite::http::Uri;
use tungstenite::protocol::Message;
use tungstenite::protocol::frame::coding::CloseCode;

/// Most bytes that wait for a client: one that reads slower than the market talks gets everything late, and
/// beyond this nothing more.
pub(super) const QUEUE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// One client.
pub(super) struct Connection {
    pub number: u64,
    link: Link,
    queue: VecDeque<Message>,
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
    pub fn push(&mut self, message: Message) -> bool {
        self.queue_bytes += message.len();
        self.queue.push_back(message);
        let fits = self.queue_bytes <= QUEUE_BYTES_MAX;
        if !fits {
            self.link.drop_it();
        }
        fits
    }

    /// Writes as much of what waits as the socket takes.
    pub fn flush(&mut self) {
        self.link.flush();
        while let Some(message) = self.queue.pop_front() {
            let bytes = message.len();
            if let Some(back) = self.link.send(message) {
                self.queue.push_front(back);
                return;
            }
            self.queue_bytes -= bytes;
        }
        self.link.flush();
    }

    /// Ends it with a code and a reason; what waits is not sent.
    pub fn close(&mut self, code: CloseCode, reason: &'static str, now_ns: u64) {
        self.link.close(code, reason, now_ns);
    }
}
