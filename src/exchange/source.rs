//! What the exchange publishes, wherever it comes from.

use super::answer::Refusal;
use super::ladder::Row;
use super::topic::Topic;
use super::wire::{Kind, Scale};
use tungstenite::Utf8Bytes;

/// How long the market waits for a subscription to the book when only others were asked for, nanoseconds.
const WAIT_NS: u64 = 1_000_000_000;

/// A message for all who subscribed to its topic.
#[derive(Clone, Debug)]
pub(super) struct Published {
    pub topic: Topic,
    pub text: Utf8Bytes,
    /// Set when it is a message of a book.
    pub book: Option<BookMark>,
}

/// What a message of a book says of the whole of it.
#[derive(Clone, Debug)]
pub(super) struct BookMark {
    pub kind: Kind,
    pub checksum: u32,
    pub timestamp: Option<String>,
}

/// The best levels of both sides.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub bids: Vec<Row>,
    pub asks: Vec<Row>,
}

/// What a step brought.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub published: Vec<Published>,
    /// For people: one sentence.
    pub notice: Option<String>,
}

/// A market that is served: one that is made up, or one that was recorded.
pub(super) trait Source: Send {
    /// The market's symbol.
    fn symbol(&self) -> &str;

    /// How it writes numbers.
    fn scale(&self) -> Scale;

    /// Whether a topic can be subscribed to.
    fn offers(&self, topic: Topic) -> Result<(), Refusal>;

    /// What a new subscriber is told first.
    fn snapshot(&self, topic: Topic) -> Option<Published>;

    /// A topic has been subscribed to. Time begins to run with the first subscription to the book.
    fn subscribed(&mut self, topic: Topic, now_ns: u64);

    /// When the next step is due on the server's clock; `None`: never, or not before somebody subscribes.
    fn due_ns(&mut self) -> Option<u64>;

    /// Whether it goes as fast as it is read instead of by the clock.
    fn is_unpaced(&self) -> bool;

    /// Goes on by one message of the market; `wanted` says which topics somebody subscribed to.
    fn step(&mut self, wanted: &dyn Fn(Topic) -> bool) -> Step;

    /// The book as subscribers of a depth hold it after all that was published.
    fn seen(&self, depth: u32) -> Seen;
}

/// When a market's time begins to run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    at_ns: Option<u64>,
}

impl Start {
    /// Takes note of a subscription: the book's starts the clock at once, another one in a moment, so that a
    /// client that asks for both in turn gets both from the beginning.
    pub fn subscribed(&mut self, topic: Topic, now_ns: u64) {
        let wait_ns = match topic {
            Topic::Book(_) => 0,
            Topic::Trade | Topic::Ticker(_) => WAIT_NS,
            Topic::Instrument => return,
        };
        let at_ns = now_ns.saturating_add(wait_ns);
        self.at_ns = Some(self.at_ns.map_or(at_ns, |known_ns| known_ns.min(at_ns)));
    }

    /// The instant; `None` before anybody subscribed.
    pub const fn at_ns(self) -> Option<u64> {
        self.at_ns
    }
}
