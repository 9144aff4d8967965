//! What the exchange publishes, wherever it comes from.

use super::answer::Refusal;
use super::topic::Topic;
use super::wire::Scale;
use crate::exchange::ladder::Row;
use crate::exchange::reel::Start;
use crate::exchange::truth::Kind;
use tungstenite::Utf8Bytes;

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

    /// When the market's time began to run.
    fn started_ns(&self) -> Option<u64>;

    /// When the next step is due on the server's clock; `None`: never, or not before somebody subscribes.
    fn due_ns(&mut self) -> Option<u64>;

    /// Whether it goes as fast as it is read instead of by the clock.
    fn is_unpaced(&self) -> bool;

    /// Goes on by one message of the market; `wanted` says which topics somebody subscribed to.
    fn step(&mut self, wanted: &dyn Fn(Topic) -> bool) -> Step;

    /// The book as subscribers of a depth hold it after all that was published.
    fn seen(&self, depth: u32) -> Seen;
}

/// Takes note of a subscription: with the book's time begins at once, with another one in a moment.
pub(super) fn note(start: &mut Start, topic: Topic, now_ns: u64) {
    match topic {
        Topic::Book(_) => start.at_once(now_ns),
        Topic::Trade | Topic::Ticker(_) => start.in_a_moment(now_ns),
        Topic::Instrument => {}
    }
}
