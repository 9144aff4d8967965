//! Every request as the exchange documents it, read by a JSON parser that shares nothing with us.

use super::rig::active;
use hotpath::config::Symbol;
use hotpath::record::{NO_INSTRUMENT, Request, action, channel};
use hotpath::venue::Wanted;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{REQUEST_BYTES_MAX, Venue};
use proptest::prelude::*;
use serde_json::{Value, json};

fn wanted(action: u16, code: u8, instrument: u16) -> Wanted {
    let depth = if code == channel::BOOK { 10 } else { 0 };
    let request = Request { req_id: 7, depth, attempt: 1, action, channel: code.into(), spare: 0 };
    Wanted { connection: 0, instrument, request }
}

fn encode(config: &hotpath::config::Config, wanted: &Wanted, room: usize) -> Option<String> {
    let mut bytes = vec![0xff; room];
    let length = Kraken.encode(config, wanted, &mut bytes)?;
    Some(String::from_utf8(bytes[..length].to_vec()).expect("UTF-8"))
}

#[test]
fn every_request_has_its_documented_form() {
    let config = active(&[0, 0]);
    let table = [
        (
            wanted(action::SUBSCRIBE, channel::BOOK, 0),
            json!({"method": "subscribe", "req_id": 7,
                "params": {"channel": "book", "symbol": ["BTC/EUR"], "depth": 10, "snapshot": true}}),
        ),
        (
            wanted(action::UNSUBSCRIBE, channel::BOOK, 1),
            json!({"method": "unsubscribe", "req_id": 7,
                "params": {"channel": "book", "symbol": ["BTC/USD"], "depth": 10}}),
        ),
        (
            wanted(action::SUBSCRIBE, channel::TRADE, 1),
            json!({"method": "subscribe", "req_id": 7,
                "params": {"channel": "trade", "symbol": ["BTC/USD"], "snapshot": false}}),
        ),
        (
            wanted(action::SUBSCRIBE, channel::TICKER, 0),
            json!({"method": "subscribe", "req_id": 7,
                "params": {"channel": "ticker", "symbol": ["BTC/EUR"], "event_trigger": "bbo", "snapshot": true}}),
        ),
        (
            wanted(action::SUBSCRIBE, channel::INSTRUMENT, NO_INSTRUMENT),
            json!({"method": "subscribe", "req_id": 7, "params": {"channel": "instrument", "snapshot": false}}),
        ),
        (wanted(action::PING, channel::UNKNOWN, NO_INSTRUMENT), json!({"method": "ping", "req_id": 7})),
    ];
    for (wanted, expected) in table {
        let text = encode(&config, &wanted, REQUEST_BYTES_MAX).expect("a text");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), expected, "{text}");
    }
}

#[test]
fn what_the_shell_does_itself_has_no_text_and_neither_has_nonsense() {
    let config = active(&[0]);
    let none = [
        wanted(action::CONNECT, 0, NO_INSTRUMENT),
        wanted(action::DISCONNECT, 0, NO_INSTRUMENT),
        wanted(99, 0, NO_INSTRUMENT),
        wanted(action::SUBSCRIBE, 99, 0),
        wanted(action::SUBSCRIBE, channel::UNKNOWN, 0),
        wanted(action::SUBSCRIBE, channel::BOOK, 1),
        wanted(action::SUBSCRIBE, channel::BOOK, NO_INSTRUMENT),
    ];
    for wanted in none {
        assert_eq!(encode(&config, &wanted, REQUEST_BYTES_MAX), None, "{wanted:?}");
    }
}

proptest! {
    /// Any symbol that a configuration may hold, any number, any depth: legal JSON with just these values,
    /// and in too little room no text at all.
    #[test]
    fn any_request_is_legal_json_that_fits(
        symbol in "[ !#-\\[\\]-~]{1,24}",
        req_id: u64,
        depth: u32,
        room in 0_usize..200,
    ) {
        let mut config = active(&[0]);
        let Some(known) = Symbol::new(&symbol) else { return Ok(()) };
        config.markets[0].symbol = known;
        for (action, code) in [
            (action::SUBSCRIBE, channel::BOOK),
            (action::UNSUBSCRIBE, channel::BOOK),
            (action::SUBSCRIBE, channel::TRADE),
            (action::SUBSCRIBE, channel::TICKER),
            (action::SUBSCRIBE, channel::INSTRUMENT),
            (action::PING, 0),
        ] {
            let mut wanted = wanted(action, code, 0);
            (wanted.request.req_id, wanted.request.depth) = (req_id, depth);
            let text = encode(&config, &wanted, REQUEST_BYTES_MAX).expect("it fits");
            let read: Value = serde_json::from_str(&text).expect("JSON");
            prop_assert_eq!(&read["req_id"], req_id);
            if code == channel::BOOK {
                prop_assert_eq!(&read["params"]["depth"], depth);
                prop_assert_eq!(&read["params"]["symbol"], &json!([symbol]));
            }
            prop_assert_eq!(encode(&config, &wanted, room).is_some(), room >= text.len());
        }
    }
}
