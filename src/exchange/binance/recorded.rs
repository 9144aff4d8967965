//! Recorded messages, read as far as a replay needs to know them.

use super::section::Section;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a recorded frame is.
#[derive(Debug)]
pub(super) enum Recorded<'a> {
    /// A message of a stream.
    Stream(Message<'a>),
    /// An answer to a request for the book.
    Answer(DepthAnswer<'a>),
    /// A message of Kraken's.
    Kraken,
    /// Anything else.
    Other,
}

/// A message of a combined stream.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub stream: Cow<'a, str>,
    #[serde(borrow)]
    pub data: &'a RawValue,
}

/// Price and size as text.
pub(super) type LevelText<'a> = [&'a str; 2];

/// What changed in a book.
#[derive(Debug, Deserialize)]
pub(super) struct Diff<'a> {
    /// The symbol.
    pub s: String,
    /// When it was sent, UNIX milliseconds.
    #[serde(rename = "E")]
    pub event_ms: u64,
    /// When it happened, UNIX milliseconds; spot does not say.
    #[serde(rename = "T")]
    pub transaction_ms: Option<u64>,
    /// The first update in it.
    #[serde(rename = "U")]
    first_id: u64,
    /// The last update in it.
    #[serde(rename = "u")]
    pub update_id: u64,
    /// The last update of the message before; spot does not say.
    pu: Option<u64>,
    #[serde(rename = "b", borrow)]
    pub bids: Vec<LevelText<'a>>,
    #[serde(rename = "a", borrow)]
    pub asks: Vec<LevelText<'a>>,
}

impl Diff<'_> {
    /// The update that it follows.
    pub fn follows_id(&self) -> u64 {
        self.pu.unwrap_or(self.first_id.saturating_sub(1))
    }

    /// Whose it is.
    pub const fn section(&self) -> Section {
        if self.pu.is_some() { Section::Perpetual } else { Section::Spot }
    }
}

/// The best levels of a book, or all.
#[derive(Debug, Deserialize)]
pub(super) struct DepthAnswer<'a> {
    #[serde(rename = "lastUpdateId")]
    pub update_id: u64,
    #[serde(rename = "E")]
    pub event_ms: Option<u64>,
    #[serde(rename = "T")]
    pub transaction_ms: Option<u64>,
    #[serde(borrow)]
    pub bids: Vec<LevelText<'a>>,
    #[serde(borrow)]
    pub asks: Vec<LevelText<'a>>,
}

/// Reads a frame.
pub(super) fn read(text: &str) -> Recorded<'_> {
    #[derive(Deserialize)]
    struct Foreign {
        channel: Option<String>,
        method: Option<String>,
    }
    if let Ok(message) = serde_json::from_str(text) {
        return Recorded::Stream(message);
    }
    if let Ok(answer) = serde_json::from_str(text) {
        return Recorded::Answer(answer);
    }
    match serde_json::from_str::<Foreign>(text) {
        Ok(foreign) if foreign.channel.is_some() || foreign.method.is_some() => Recorded::Kraken,
        _ => Recorded::Other,
    }
}

impl<'a> Message<'a> {
    /// What follows the symbol in the stream's name; `None` when it is of another symbol.
    pub fn topic(&self, symbol: &str) -> Option<&str> {
        topic(&self.stream, symbol)
    }

    /// The changes that it tells; `None` when it is no such message, or not as one must be.
    pub fn diff(&self) -> Option<Diff<'a>> {
        serde_json::from_str(self.data.get()).ok()
    }

    /// Whether it is of a stream that tells all changes of a book, of any symbol.
    pub fn is_depth(&self) -> bool {
        self.stream.split_once('@').is_some_and(|(_, topic)| is_depth(topic))
    }
}

/// What follows a symbol, in capitals, in the name of a stream, where it is in small letters.
pub(super) fn topic<'a>(stream: &'a str, symbol: &str) -> Option<&'a str> {
    let (whose, topic) = stream.split_once('@')?;
    (whose == symbol.to_ascii_lowercase()).then_some(topic)
}

/// Whether a topic is that of all changes of a book, however often it is sent.
pub(super) fn is_depth(topic: &str) -> bool {
    topic == "depth" || topic.strip_prefix("depth@").is_some_and(|speed| speed.ends_with("ms"))
}
