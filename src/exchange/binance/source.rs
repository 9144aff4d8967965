//! What the exchange publishes, wherever it comes from.

use super::book::Book;
use super::info::Steps;
use crate::exchange::reel::Start;
use tungstenite::Utf8Bytes;

/// A message of a stream.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// The stream's name as it was recorded, or as a made-up market has it.
    pub stream: String,
    /// The whole message.
    pub text: Utf8Bytes,
    /// What it says, without the stream's name.
    pub data: Utf8Bytes,
    /// Whether it tells of all changes of the book.
    pub is_depth: bool,
    /// Whether the book is now as it was after this message.
    pub is_told: bool,
}

/// What a step brought.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub played: Vec<Played>,
    /// For people: sentences.
    pub notices: Vec<String>,
}

/// A market that is served: one that is made up, or one that was recorded.
pub(super) trait Source: Send {
    /// The market's symbol, in capitals.
    fn symbol(&self) -> &str;

    /// What the market's numbers are multiples of.
    fn steps(&self) -> Steps;

    /// The book as a request for it is answered now; `None` while it is not known.
    fn book(&self) -> Option<&Book>;

    /// When time begins to run.
    fn start(&mut self) -> &mut Start;

    /// When the next step is due on the server's clock; `None`: never, or not before somebody subscribes.
    fn due_ns(&mut self) -> Option<u64>;

    /// Whether it goes as fast as it is read instead of by the clock.
    fn is_unpaced(&self) -> bool;

    /// Goes on by one step of the market.
    fn step(&mut self) -> Step;
}
