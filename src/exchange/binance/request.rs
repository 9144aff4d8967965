//! Requests of clients over the WebSocket: what they ask for, or how they are refused.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tungstenite::Utf8Bytes;

/// Longest text that a request may be known by.
const ID_CHARS_MAX: usize = 36;

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Messages of these streams.
    Subscribe(Vec<String>),
    /// No more messages of these.
    Unsubscribe(Vec<String>),
    /// The names of all streams that it is subscribed to.
    List,
    /// Whether messages name their stream.
    SetCombined(bool),
    /// The same, asked.
    GetCombined,
}

/// A request that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub id: Value,
    pub order: Order,
}

/// A request that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    /// The request's, when it was understood so far.
    pub id: Option<Value>,
    pub code: u8,
    pub why: String,
}

impl Refused {
    /// A request that is JSON and no request.
    fn invalid(id: Option<&Value>, why: impl std::fmt::Display) -> Self {
        Self { id: id.cloned(), code: 2, why: format!("Invalid request: {why}") }
    }

    /// The answer.
    pub fn text(&self) -> Utf8Bytes {
        let error = json!({ "code": self.code, "msg": self.why });
        let id = self.id.as_ref().map(|id| format!(",\"id\":{id}")).unwrap_or_default();
        format!("{{\"error\":{error}{id}}}").into()
    }
}

/// An answer with a result.
pub(super) fn answer(id: &Value, result: &Value) -> Utf8Bytes {
    format!("{{\"result\":{result},\"id\":{id}}}").into()
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Method {
    Subscribe,
    Unsubscribe,
    ListSubscriptions,
    SetProperty,
    GetProperty,
}

#[derive(Deserialize)]
struct Outer<'a> {
    method: Method,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
}

/// Reads one message of a client. The exchange reads JSON as this program does: its words are the parser's.
pub(super) fn read(text: &str) -> Result<Request, Refused> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let why = format!("Invalid JSON: {error}");
        Refused { id: None, code: 3, why }
    })?;
    let id = value.get("id").filter(|id| is_id(id));
    let outer: Outer<'_> = serde_json::from_str(text).map_err(|error| Refused::invalid(id, error))?;
    let Some(id) = id else { return Err(Refused::invalid(None, "request ID must be an unsigned integer")) };
    let order = order(&outer).map_err(|why| Refused::invalid(Some(id), why))?;
    Ok(Request { id: id.clone(), order })
}

fn is_id(id: &Value) -> bool {
    match id {
        Value::Null => true,
        Value::Number(number) => number.is_i64(),
        Value::String(text) => text.len() <= ID_CHARS_MAX && text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        _ => false,
    }
}

fn order(outer: &Outer<'_>) -> Result<Order, String> {
    let streams = || {
        let params = outer.params.ok_or("missing field `params`")?;
        serde_json::from_str::<Vec<String>>(params.get()).map_err(|error| error.to_string())
    };
    let property = || {
        let params = outer.params.map(|params| serde_json::from_str::<Vec<Value>>(params.get()));
        let params = params.and_then(Result::ok).unwrap_or_default();
        match params.first() {
            Some(Value::String(name)) if name == "combined" => Ok(params),
            Some(Value::String(_)) => Err("Unknown property".to_owned()),
            _ => Err("property name must be a string".to_owned()),
        }
    };
    match outer.method {
        Method::Subscribe => streams().map(Order::Subscribe),
        Method::Unsubscribe => streams().map(Order::Unsubscribe),
        Method::ListSubscriptions if outer.params.is_none() => Ok(Order::List),
        Method::ListSubscriptions => Err("too many parameters".into()),
        Method::GetProperty => property().map(|_| Order::GetCombined),
        Method::SetProperty => match property()?.get(1) {
            Some(Value::Bool(on)) => Ok(Order::SetCombined(*on)),
            _ => Err("Invalid value type: expected Boolean".into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, read};
    use proptest::prelude::*;
    use serde_json::json;

    fn refusal(text: &str) -> String {
        read(text).unwrap_err().text().to_string()
    }

    #[test]
    fn requests_are_understood() {
        let streams = vec!["btcusdt@depth@100ms".to_owned(), "btcusdt@trade".to_owned()];
        let cases = [
            (
                r#"{"method":"SUBSCRIBE","params":["btcusdt@depth@100ms","btcusdt@trade"],"id":1}"#,
                json!(1),
                Order::Subscribe(streams),
            ),
            (r#"{"id":-9,"params":[],"method":"UNSUBSCRIBE"}"#, json!(-9), Order::Unsubscribe(Vec::new())),
            (r#"{"method":"LIST_SUBSCRIPTIONS","id":"a3"}"#, json!("a3"), Order::List),
            (r#"{"method":"GET_PROPERTY","params":["combined"],"id":null}"#, json!(null), Order::GetCombined),
            (
                r#"{"method":"SET_PROPERTY","params":["combined",false],"id":4294967297}"#,
                json!(4_294_967_297_u64),
                Order::SetCombined(false),
            ),
        ];
        for (text, id, order) in cases {
            let request = read(text).unwrap();
            assert_eq!((request.id, request.order), (id, order), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_as_the_exchange_says_it() {
        let cases = [
            ("", r#"{"error":{"code":3,"msg":"Invalid JSON: EOF while parsing a value at line 1 column 0"}}"#),
            ("hello", r#"{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}"#),
            (
                r#"{"method":"SUBSCRIBES","params":[],"id":1}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: unknown variant `SUBSCRIBES`, expected one of `SUBSCRIBE`, `UNSUBSCRIBE`, `LIST_SUBSCRIPTIONS`, `SET_PROPERTY`, `GET_PROPERTY` at line 1 column 22"},"id":1}"#,
            ),
            (
                r#"{"params":[],"id":7}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: missing field `method` at line 1 column 20"},"id":7}"#,
            ),
            (
                r#"{"method":"LIST_SUBSCRIPTIONS"}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}}"#,
            ),
            (
                r#"{"method":"LIST_SUBSCRIPTIONS","id":1.5}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}}"#,
            ),
            (
                r#"{"method":"LIST_SUBSCRIPTIONS","id":"a-b"}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: request ID must be an unsigned integer"}}"#,
            ),
            (
                r#"{"method":"LIST_SUBSCRIPTIONS","params":[],"id":2}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: too many parameters"},"id":2}"#,
            ),
            (
                r#"{"method":"SET_PROPERTY","params":[3],"id":2}"#,
                r#"{"error":{"code":2,"msg":"Invalid request: property name must be a string"},"id":2}"#,
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(refusal(text), wanted, "{text}");
        }
        assert!(
            refusal(r#"{"method":"SUBSCRIBE","params":[3],"id":2}"#)
                .starts_with(r#"{"error":{"code":2,"msg":"Invalid request: invalid type: integer `3`"#)
        );
    }

    proptest! {
        /// Whatever is said, a refusal is JSON with a code, and what is understood has an id.
        #[test]
        fn anything_is_answered(text in "\\PC*") {
            if let Err(refused) = read(&text) {
                let answer: serde_json::Value = serde_json::from_str(&refused.text()).unwrap();
                prop_assert!(answer["error"]["code"] == 2 || answer["error"]["code"] == 3);
            }
        }
    }
}
