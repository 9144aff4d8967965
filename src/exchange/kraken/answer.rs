//! What the exchange says to a client's requests, and unasked: keys in alphabetical order, as it writes them.

use super::topic::{Topic, Trigger};
use super::wire::{Data, Kind, text};
use serde::Serialize;
use serde_json::Number;
use tungstenite::Utf8Bytes;

/// The version that the first frame names.
const VERSION: &str = "2.0.10";

/// Why a request is refused, in the exchange's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request was not understood.
    Malformed,
    /// A channel that does not exist here.
    Channel,
    /// A channel that takes no subscriptions, or a request without symbols.
    NoSymbol,
    /// A depth that is not offered.
    Depth,
    /// A ticker's trigger that is not offered.
    Trigger,
    /// A symbol that is not traded.
    Symbol,
    /// The channel and symbol are subscribed to already, be it with other parameters.
    Already,
    /// There is no such subscription.
    NotSubscribed,
    /// Whatever needs an account.
    Token,
}

impl Refusal {
    fn text(&self, symbol: Option<&str>) -> String {
        match (self, symbol) {
            (Self::Malformed, _) => "Malformed request".into(),
            (Self::Channel, _) => "Subscription name invalid".into(),
            (Self::NoSymbol, _) => "Symbol(s) not found".into(),
            (Self::Depth, _) => "Subscription depth not supported".into(),
            (Self::Trigger, _) => "Subscription event_trigger not supported".into(),
            (Self::Symbol, symbol) => format!("Currency pair not supported {}", symbol.unwrap_or_default()),
            (Self::Already, _) => "Already subscribed".into(),
            (Self::NotSubscribed, _) => "Subscription Not Found".into(),
            (Self::Token, _) => "EAPI:Invalid token".into(),
        }
    }
}

/// When a request was read and when it is answered, as the exchange writes times.
#[derive(Clone, Debug)]
pub(super) struct Times {
    pub time_in: String,
    pub time_out: String,
}

/// What a request was about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub method: &'static str,
    pub req_id: Option<&'a Number>,
    pub symbol: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    method: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    req_id: Option<&'a Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Subject<'a>>,
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    time_in: String,
    time_out: String,
}

/// The subscription that an answer confirms.
#[derive(Serialize)]
struct Subject<'a> {
    channel: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_trigger: Option<Trigger>,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    symbol: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<[&'static str; 1]>,
}

/// Confirms a subscription, or with no `snapshot` that it has ended.
pub(super) fn confirmed(about: About<'_>, topic: Topic, snapshot: Option<bool>, times: Times) -> Utf8Bytes {
    let (depth, event_trigger) = match topic {
        Topic::Book(depth) => (Some(depth), None),
        Topic::Ticker(trigger) => (None, Some(trigger)),
        Topic::Trade | Topic::Instrument => (None, None),
    };
    let deprecated = topic == Topic::Instrument && snapshot.is_some();
    let warnings = deprecated.then_some(["tick_size is deprecated, use price_increment"]);
    let result = Subject { channel: topic.channel(), depth, event_trigger, snapshot, symbol: about.symbol, warnings };
    let About { method, req_id, .. } = about;
    let Times { time_in, time_out } = times;
    text(&Answer { error: None, method, req_id, result: Some(result), success: true, symbol: None, time_in, time_out })
}

/// Refuses a request.
pub(super) fn refused(about: About<'_>, why: &Refusal, times: Times) -> Utf8Bytes {
    let About { method, req_id, symbol } = about;
    let Times { time_in, time_out } = times;
    let error = Some(why.text(symbol));
    text(&Answer { error, method, req_id, result: None, success: false, symbol, time_in, time_out })
}

/// Refuses a subscription to a channel that takes none: without a method and times, as the exchange does.
pub(super) fn refused_bare(why: &Refusal) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Bare {
        error: String,
        success: bool,
    }
    text(&Bare { error: why.text(None), success: false })
}

/// Refuses a message of a client that sends too many: with a capital letter, as the exchange does.
pub(super) fn too_many() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"Error":"Exceeded msg rate"}"#)
}

/// Answers a ping.
pub(super) fn pong(req_id: Option<&Number>, times: Times) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Pong<'a> {
        method: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        req_id: Option<&'a Number>,
        time_in: String,
        time_out: String,
    }
    let Times { time_in, time_out } = times;
    text(&Pong { method: "pong", req_id, time_in, time_out })
}

/// The first frame of a connection, and what it says when the exchange ceases to trade or trades again.
pub(super) fn status(connection_id: u64, is_online: bool) -> Utf8Bytes {
    #[derive(Serialize)]
    struct Row {
        version: &'static str,
        system: &'static str,
        api_version: &'static str,
        connection_id: u64,
    }
    let system = if is_online { "online" } else { "maintenance" };
    let row = Row { version: VERSION, system, api_version: "v2", connection_id };
    Data { channel: "status", kind: Kind::Update, data: [row] }.text()
}

/// A message of a channel that nobody knows.
pub(super) fn babble() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"channel":"novelty","type":"update","data":[{"symbol":"BTC/EUR","value":1.5}]}"#)
}

/// The frame of each second.
pub(super) fn heartbeat() -> Utf8Bytes {
    Utf8Bytes::from_static(r#"{"channel":"heartbeat"}"#)
}
