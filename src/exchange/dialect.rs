//! What tells one exchange from another: its HTTP, its requests and answers, and the market behind them. The loop, sockets,
//! TLS and WebSocket are the same for all.

use super::truth::Truth;
use tungstenite::Utf8Bytes;
use tungstenite::http::{StatusCode, Uri};

/// What to do with an HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// It is to become a WebSocket.
    WebSocket,
    /// It is answered, with a body of JSON or none, and the connection ends.
    Answer {
        /// The answer's status.
        status: StatusCode,
        /// Its body.
        json: String,
    },
}

impl Door {
    /// There is nothing at this path.
    pub const fn missing() -> Self {
        Self::Answer { status: StatusCode::NOT_FOUND, json: String::new() }
    }
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A message.
    Text(Utf8Bytes),
    /// A WebSocket ping with this content.
    Ping(String),
    /// That it is sent away for breaking the rules, and why.
    Away(&'static str),
}

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// What is new in a book.
    Update,
    /// Anything else that the market has to say.
    Market,
    /// A whole book, an answer, a description.
    Answer,
    /// A sign of life.
    Control,
}

/// Something for one client.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The client's number.
    pub client: u64,
    pub said: Said,
    pub sort: Sort,
    /// The whole book, when it is a message of one and somebody wants the truth.
    pub truth: Option<Box<Truth>>,
}

/// What came of something, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub outgoing: Vec<Outgoing>,
    /// For people: sentences.
    pub notices: Vec<String>,
}

impl Outbox {
    /// Something for a client that says nothing of a book.
    pub fn say(&mut self, client: u64, said: Said, sort: Sort) {
        self.outgoing.push(Outgoing { client, said, sort, truth: None });
    }

    /// An answer for a client.
    pub fn text(&mut self, client: u64, text: Utf8Bytes) {
        self.say(client, Said::Text(text), Sort::Answer);
    }
}

/// A control frame that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    /// A ping, which the WebSocket answers by itself.
    Ping,
    /// A pong, asked for or not.
    Pong,
}

/// An exchange without its sockets. Clients are known by their numbers; instants are those of the server's clock.
pub(super) trait Dialect: Send {
    /// The path of its WebSocket.
    fn path(&self) -> &'static str;

    /// Whether it answers plain HTTP requests.
    fn has_rest(&self) -> bool;

    /// What to do with an HTTP request.
    fn door(&mut self, uri: &Uri) -> Door;

    /// A client's WebSocket is open; `query` is that of its request.
    fn opened(&mut self, client: u64, query: &str, now_ns: u64, out: &mut Outbox);

    /// A client sent a text, which was read at `read_ns`; of a message in bytes the text is empty.
    fn take(&mut self, client: u64, text: &str, read_ns: u64, out: &mut Outbox);

    /// A client sent a control frame.
    fn control(&mut self, client: u64, control: Control, read_ns: u64, out: &mut Outbox);

    /// A client has gone.
    fn left(&mut self, client: u64);

    /// When it has something to say to a client without being asked.
    fn timer_ns(&self) -> Option<u64>;

    /// Says what it has to say unasked.
    fn tick(&mut self, now_ns: u64, out: &mut Outbox);

    /// When the market's next step is due; `None`: never, or not before somebody subscribes.
    fn due_ns(&mut self) -> Option<u64>;

    /// Whether the market goes as fast as it is read instead of by the clock.
    fn is_unpaced(&self) -> bool;

    /// Goes on by one message of the market.
    fn step(&mut self, out: &mut Outbox);

    /// The market's symbol.
    fn symbol(&self) -> &str;

    /// When the market's time began to run.
    fn started_ns(&mut self) -> Option<u64>;

    /// Says something in a channel that nobody knows.
    fn babble(&mut self, client: u64, out: &mut Outbox);

    /// Tells a client its whole books once more, where the exchange pushes them.
    fn resnapshot(&mut self, _client: u64, _out: &mut Outbox) {}

    /// Tells a client whether the exchange trades, where it says so.
    fn announce(&mut self, _client: u64, _is_online: bool, _out: &mut Outbox) {}
}
