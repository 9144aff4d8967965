//! Requests of clients: what they ask for, or how they are refused.

use super::answer::Refusal;
use super::book::DEPTHS;
use super::topic::{Topic, Trigger};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// Methods that need an account.
const PRIVATE_METHODS: [&str; 8] = [
    "add_order",
    "amend_order",
    "batch_add",
    "batch_cancel",
    "cancel_all",
    "cancel_all_orders_after",
    "cancel_order",
    "edit_order",
];
/// Channels that need an account.
const PRIVATE_CHANNELS: [&str; 3] = ["balances", "executions", "level3"];
/// Channels that everybody gets and nobody subscribes to.
const UNASKED_CHANNELS: [&str; 2] = ["heartbeat", "status"];

/// What a client wants.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Order {
    /// An answer.
    Ping,
    /// Messages.
    Subscribe { topic: Topic, snapshot: bool, symbols: Vec<String> },
    /// No more messages.
    Unsubscribe { topic: Topic, symbols: Vec<String> },
}

/// A request that was understood.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub req_id: Option<Number>,
    pub order: Order,
}

/// A request that is refused as a whole.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refused {
    /// What it is answered as; `error` when not even that was understood.
    pub method: &'static str,
    pub req_id: Option<Number>,
    pub why: Refusal,
    /// Whether the exchange names neither method nor times.
    pub is_bare: bool,
}

impl Refused {
    /// For what was not understood.
    pub const fn malformed(req_id: Option<Number>) -> Self {
        Self { method: "error", req_id, why: Refusal::Malformed, is_bare: false }
    }
}

#[derive(Deserialize)]
struct Outer<'a> {
    method: String,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    req_id: Option<Number>,
}

#[derive(Deserialize)]
struct Params {
    channel: String,
    symbol: Option<Vec<String>>,
    depth: Option<Value>,
    event_trigger: Option<String>,
    snapshot: Option<bool>,
}

/// Reads one message of a client.
pub(super) fn read(text: &str) -> Result<Request, Refused> {
    let outer: Outer<'_> = serde_json::from_str(text).map_err(|_| Refused::malformed(None))?;
    let req_id = outer.req_id;
    if req_id.as_ref().is_some_and(Number::is_f64) {
        return Err(Refused::malformed(None));
    }
    if outer.method == "ping" {
        return Ok(Request { req_id, order: Order::Ping });
    }
    if let Some(method) = PRIVATE_METHODS.into_iter().find(|method| *method == outer.method) {
        return Err(Refused { method, req_id, why: Refusal::Token, is_bare: false });
    }
    let Some(method) = ["subscribe", "unsubscribe"].into_iter().find(|method| *method == outer.method) else {
        return Err(Refused::malformed(req_id));
    };
    let params = outer.params.and_then(|params| serde_json::from_str::<Params>(params.get()).ok());
    let Some(params) = params else { return Err(Refused::malformed(req_id)) };
    match topic(&params) {
        Ok(topic) => Ok(Request { req_id, order: order(method, topic, params) }),
        Err(why) => {
            let is_bare = UNASKED_CHANNELS.contains(&params.channel.as_str());
            Err(Refused { method, req_id, why, is_bare })
        }
    }
}

fn order(method: &str, topic: Topic, params: Params) -> Order {
    let symbols = params.symbol.unwrap_or_default();
    if method == "unsubscribe" {
        return Order::Unsubscribe { topic, symbols };
    }
    // Past trades are sent to those who ask for them.
    let snapshot = params.snapshot.unwrap_or(topic != Topic::Trade);
    Order::Subscribe { topic, snapshot, symbols }
}

fn topic(params: &Params) -> Result<Topic, Refusal> {
    let topic = match params.channel.as_str() {
        "instrument" => return Ok(Topic::Instrument),
        "book" => Topic::Book(depth(params.depth.as_ref())?),
        "trade" => Topic::Trade,
        "ticker" => Topic::Ticker(trigger(params.event_trigger.as_deref())?),
        channel if UNASKED_CHANNELS.contains(&channel) => return Err(Refusal::NoSymbol),
        channel if PRIVATE_CHANNELS.contains(&channel) => return Err(Refusal::Token),
        _ => return Err(Refusal::Channel),
    };
    if params.symbol.as_ref().is_none_or(Vec::is_empty) { Err(Refusal::NoSymbol) } else { Ok(topic) }
}

fn depth(asked: Option<&Value>) -> Result<u32, Refusal> {
    let Some(asked) = asked else { return Ok(DEPTHS[0]) };
    DEPTHS.into_iter().find(|depth| asked.as_u64() == Some(u64::from(*depth))).ok_or(Refusal::Depth)
}

fn trigger(asked: Option<&str>) -> Result<Trigger, Refusal> {
    match asked {
        None | Some("trades") => Ok(Trigger::Trades),
        Some("bbo") => Ok(Trigger::Bbo),
        Some(_) => Err(Refusal::Trigger),
    }
}
