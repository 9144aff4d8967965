//! Answers to plain HTTP requests.

use super::book::Book;
use super::info;
use super::section::Section;
use crate::exchange::dialect::Door;
use crate::market::Side;
use serde::Serialize;
use tungstenite::http::{StatusCode, Uri};

/// Most levels a side of a depth answer on spot; who asks for more gets so many.
const SPOT_LEVELS_MAX: u64 = 5_000;
/// What may be asked for of a perpetual.
const PERPETUAL_LIMITS: [u64; 7] = [5, 10, 20, 50, 100, 500, 1_000];

/// What is known when a request comes.
pub(super) struct Known<'a> {
    pub section: Section,
    pub symbol: &'a str,
    pub book: Option<&'a Book>,
    /// What numbers look like, also when there is no book.
    pub steps: info::Steps,
    /// UNIX milliseconds.
    pub now_ms: u64,
}

/// Answers a request.
pub(super) fn answer(uri: &Uri, known: &Known<'_>) -> Door {
    let query = Query(uri.query().unwrap_or_default());
    match uri.path().strip_prefix(known.section.root()) {
        Some("depth") => depth(&query, known),
        Some("exchangeInfo") => exchange_info(&query, known),
        _ => Door::missing(),
    }
}

/// The query of a request.
struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn get(&self, key: &str) -> Option<&'a str> {
        self.0.split('&').filter_map(|pair| pair.split_once('=')).find(|(name, _)| *name == key).map(|(_, value)| value)
    }
}

fn refused(code: i32, msg: &str) -> Door {
    let json = serde_json::json!({ "code": code, "msg": msg }).to_string();
    Door::Answer { status: StatusCode::BAD_REQUEST, json }
}

fn invalid_symbol() -> Door {
    refused(-1121, "Invalid symbol.")
}

fn found(json: String) -> Door {
    Door::Answer { status: StatusCode::OK, json }
}

fn depth(query: &Query<'_>, known: &Known<'_>) -> Door {
    match query.get("symbol") {
        None | Some("") => {
            return refused(-1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.");
        }
        Some(symbol) if symbol != known.symbol => return invalid_symbol(),
        Some(_) => {}
    }
    let levels = match query.get("limit").map(|limit| levels(known.section, limit)) {
        None => known.section.limit_default(),
        Some(Ok(levels)) => levels,
        Some(Err(refusal)) => return refusal,
    };
    let Some(book) = known.book else {
        let json = r#"{"code":-1001,"msg":"Internal error; unable to process your request. Please try again."}"#;
        return Door::Answer { status: StatusCode::SERVICE_UNAVAILABLE, json: json.to_owned() };
    };
    let (bids, asks, last_update_id) = (book.texts(Side::Bid, levels), book.texts(Side::Ask, levels), book.update_id);
    let times = (known.section == Section::Perpetual).then_some((book.event_ms, book.transaction_ms));
    let (event_ms, transaction_ms) = times.unzip();
    found(text(&Depth { last_update_id, event_ms, transaction_ms, bids, asks }))
}

#[derive(Serialize)]
struct Depth {
    #[serde(rename = "lastUpdateId")]
    last_update_id: u64,
    #[serde(rename = "E", skip_serializing_if = "Option::is_none")]
    event_ms: Option<u64>,
    #[serde(rename = "T", skip_serializing_if = "Option::is_none")]
    transaction_ms: Option<u64>,
    bids: Vec<[String; 2]>,
    asks: Vec<[String; 2]>,
}

/// The levels that are asked for.
fn levels(section: Section, limit: &str) -> Result<usize, Door> {
    let is_number = (1..=20).contains(&limit.len()) && limit.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        let why = "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.";
        return Err(refused(-1100, why));
    }
    let number = limit.parse::<u64>().unwrap_or(u64::MAX);
    match section {
        Section::Spot if number == 0 => Err(refused(-1130, "Data sent for parameter 'limit' is not valid.")),
        Section::Spot => Ok(number.min(SPOT_LEVELS_MAX) as usize),
        Section::Perpetual if PERPETUAL_LIMITS.contains(&number) => Ok(number as usize),
        Section::Perpetual => Err(refused(-4021, &format!("{limit} is not valid depth limit"))),
    }
}

/// Spot tells of the symbol that is asked for, or of all; a perpetual's answer is of all, whatever is asked.
fn exchange_info(query: &Query<'_>, known: &Known<'_>) -> Door {
    let is_other = query.get("symbol").is_some_and(|symbol| symbol != known.symbol);
    if known.section == Section::Spot && is_other {
        return invalid_symbol();
    }
    found(info::exchange_info(known.section, known.symbol, known.steps, known.now_ms))
}

/// Numbers, names and strings, which JSON can always say.
fn text(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("numbers, names and strings")
}

#[cfg(test)]
mod tests {
    use super::{Known, answer};
    use crate::exchange::binance::book::Book;
    use crate::exchange::binance::info::Steps;
    use crate::exchange::binance::section::Section;
    use crate::exchange::dialect::Door;
    use proptest::prelude::*;
    use serde_json::Value;

    proptest! {
        /// Whatever is asked for, there is an answer in JSON, of no more levels than there are, or nothing at the path.
        #[test]
        fn any_request_is_answered(
            is_spot in any::<bool>(),
            path in "(/api/v3/|/fapi/v1/|/)(depth|exchangeInfo|[a-z]{0,5})",
            query in "((symbol|limit|x)?=?(BTCUSDT|btcusdt|5|1000|[0-9]{0,25}|[!-~&&[^#]]{0,9})&?){0,4}",
            has_book in any::<bool>(),
        ) {
            let text = r#"{"lastUpdateId":3,"bids":[["9.90","1.000"]],"asks":[["10.10","2.000"],["10.20","3.000"]]}"#;
            let book = Book::new(&serde_json::from_str(text).unwrap()).unwrap();
            let section = if is_spot { Section::Spot } else { Section::Perpetual };
            let known = Known {
                section,
                symbol: "BTCUSDT",
                book: Some(&book).filter(|_| has_book),
                steps: Steps::of(&book),
                now_ms: 7,
            };
            let Ok(uri) = format!("{path}?{query}").parse() else { return Ok(()) };
            let Door::Answer { status, json } = answer(&uri, &known) else { panic!("no answer") };
            if status == 404 {
                let depth = format!("{}depth", section.root());
                prop_assert!(json.is_empty() && path != depth);
                return Ok(());
            }
            let json: Value = serde_json::from_str(&json).unwrap();
            match status.as_u16() {
                200 if path.ends_with("depth") => {
                    prop_assert!(has_book && json["asks"].as_array().unwrap().len() <= 2);
                },
                200 => prop_assert!(path.ends_with("exchangeInfo") && json["symbols"][0]["symbol"] == "BTCUSDT"),
                400 => prop_assert!(json["code"].as_i64().unwrap() < 0 && json["msg"].is_string()),
                other => prop_assert!(other == 503 && !has_book),
            }
        }
    }
}
