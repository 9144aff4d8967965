//! What is on its way to a client: messages, and what happens to its connection.

use super::truth::Truth;
use tungstenite::Utf8Bytes;
use tungstenite::protocol::Message;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// One thing that goes out in its turn.
#[derive(Debug)]
pub(super) enum Parcel {
    /// A message, or a frame of one.
    Message(Message),
    /// The client is sent away for breaking the rules, and why.
    Away(&'static str),
    /// Something happens to the connection, once all before it is written.
    Break(Break),
}

/// What happens to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// It is closed with a code; with 1006 without a word.
    Close { code: u16 },
    /// It is reset.
    Reset,
    /// It is neither read nor written any more; its socket goes at an instant.
    HalfOpen { until_ns: u64 },
    /// It is neither read nor written up to an instant.
    Silence { until_ns: u64 },
    /// So many bytes go out one at a time, with a time between two.
    Drip { bytes: usize, each_ns: u64 },
    /// The next bytes that go out are broken.
    Spoil,
}

impl Parcel {
    /// A text.
    pub const fn text(text: Utf8Bytes) -> Self {
        Self::Message(Message::Text(text))
    }

    /// A ping.
    pub fn ping(content: String) -> Self {
        Self::Message(Message::Ping(content.into_bytes().into()))
    }

    /// Bytes; said to be a text, they may be none.
    pub fn bytes(bytes: Vec<u8>, is_text: bool) -> Self {
        let data = if is_text { Data::Text } else { Data::Binary };
        Self::Message(Message::Frame(Frame::message(bytes, OpCode::Data(data), true)))
    }

    /// A part of a text.
    pub fn fragment(bytes: &[u8], is_first: bool, is_last: bool) -> Self {
        let data = if is_first { Data::Text } else { Data::Continue };
        Self::Message(Message::Frame(Frame::message(bytes.to_vec(), OpCode::Data(data), is_last)))
    }
}

/// Something for one client.
#[derive(Debug)]
pub(super) struct Handed {
    /// The client's number.
    pub client: u64,
    pub parcel: Parcel,
    /// The whole book, when it is a message of one and somebody wants the truth.
    pub truth: Option<Box<Truth>>,
    /// Whether a message begins with it.
    pub is_message: bool,
}

impl Handed {
    /// Something happens to a client's connection.
    pub const fn line(client: u64, happens: Break) -> Self {
        Self { client, parcel: Parcel::Break(happens), truth: None, is_message: false }
    }
}

/// What came of something, in order.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    pub handed: Vec<Handed>,
    /// For people: sentences.
    pub notices: Vec<String>,
}
