//! Requests and answers, word for word but for the times.

use super::{ALLOWANCE_NS, Outgoing, REQUEST_NS, Session};
use crate::exchange::clock::Clock;
use crate::exchange::kraken::floor::Floor;
use crate::exchange::kraken::listing::Pair;
use crate::exchange::kraken::source::Source;
use crate::exchange::kraken::topic::Topic;
use crate::market::{Change, Event, Side};
use proptest::prelude::*;
use serde_json::Value;

const TIMES: &str = r#""time_in":"IN","time_out":"OUT""#;

struct Desk {
    session: Session,
    clock: Clock,
    source: Floor,
}

impl Desk {
    fn new() -> Self {
        let clock = Clock::start();
        let levels = (1..=30).flat_map(|place| {
            let (bid, ask) = (540_000 - place, 540_000 + place);
            [(Side::Bid, bid), (Side::Ask, ask)].map(|(side, price_ticks)| Change {
                side,
                price_ticks,
                qty_lots: 5_000,
            })
        });
        let first = Event { changes: levels.collect(), ..Event::default() };
        let pair = Pair::listed("BTC/EUR").unwrap();
        Self {
            session: Session::new(),
            source: Floor::open(pair, Box::new([first].into_iter()), 1.0, clock.utc_us(0)),
            clock,
        }
    }

    fn say(&mut self, request: &str, read_ns: u64) -> Vec<Outgoing> {
        let mut out = Vec::new();
        self.session.take(request, read_ns, &self.clock, &mut self.source, &mut out);
        out
    }

    /// What is answered at once, times blanked.
    fn ask(&mut self, request: &str) -> Vec<String> {
        self.say(request, 0).iter().map(|outgoing| blanked(&outgoing.text)).collect()
    }
}

/// Times become the words of [`TIMES`]; they must be times, the second not before the first.
fn blanked(text: &str) -> String {
    let Some(at) = text.find(r#""time_in":""#) else { return text.to_owned() };
    let times = &text[at..text.len() - 1];
    let words: Vec<&str> = times.split('"').collect();
    assert_eq!((words[1], words[5], times.len()), ("time_in", "time_out", 80), "{text}");
    assert!(words[3] <= words[7] && words[3].ends_with('Z'), "{text}");
    format!("{}{TIMES}}}", &text[..at])
}

/// What an answer says before its times.
fn timed(start: &str) -> String {
    format!("{start},{TIMES}}}")
}

#[test]
fn requests_are_confirmed_as_the_exchange_does() {
    let cases = [
        (r#"{"method":"ping"}"#, r#"{"method":"pong""#),
        (r#"{"method":"ping","req_id":101}"#, r#"{"method":"pong","req_id":101"#),
        (
            r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/EUR"],"depth":25,"snapshot":true}}"#,
            r#"{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/EUR"},"success":true"#,
        ),
        (
            r#"{"req_id":18446744073709551615,"params":{"symbol":["BTC/EUR"],"channel":"book","snapshot":false},"method":"subscribe"}"#,
            r#"{"method":"subscribe","req_id":18446744073709551615,"result":{"channel":"book","depth":10,"snapshot":false,"symbol":"BTC/EUR"},"success":true"#,
        ),
        (
            r#"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/EUR"]},"req_id":-3}"#,
            r#"{"method":"subscribe","req_id":-3,"result":{"channel":"trade","snapshot":false,"symbol":"BTC/EUR"},"success":true"#,
        ),
        (
            r#"{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/EUR"],"event_trigger":"bbo"}}"#,
            r#"{"method":"subscribe","result":{"channel":"ticker","event_trigger":"bbo","snapshot":true,"symbol":"BTC/EUR"},"success":true"#,
        ),
        (
            r#"{"method":"subscribe","params":{"channel":"instrument","whatever":[{}]}}"#,
            r#"{"method":"subscribe","result":{"channel":"instrument","snapshot":true,"warnings":["tick_size is deprecated, use price_increment"]},"success":true"#,
        ),
    ];
    for (request, start) in cases {
        assert_eq!(Desk::new().ask(request)[0], timed(start), "{request}");
    }
}

#[test]
fn requests_are_refused_as_the_exchange_does() {
    let refused = |what: &str, why: &str| {
        let request = format!(r#"{{"method":"subscribe","params":{what},"req_id":4}}"#);
        (request, timed(&format!(r#"{{"error":"{why}","method":"subscribe","req_id":4,"success":false"#)))
    };
    let malformed =
        |request: &str| (request.to_owned(), timed(r#"{"error":"Malformed request","method":"error","success":false"#));
    let malformed_4 = |request: &str| {
        (request.to_owned(), timed(r#"{"error":"Malformed request","method":"error","req_id":4,"success":false"#))
    };
    let cases = [
        refused(r#"{"channel":"book","symbol":["BTC/EUR"],"depth":27}"#, "Subscription depth not supported"),
        refused(r#"{"channel":"book","symbol":["BTC/EUR"],"depth":"10"}"#, "Subscription depth not supported"),
        refused(r#"{"channel":"ohlc","symbol":["BTC/EUR"]}"#, "Subscription name invalid"),
        refused(r#"{"channel":"","symbol":["BTC/EUR"]}"#, "Subscription name invalid"),
        refused(
            r#"{"channel":"ticker","symbol":["BTC/EUR"],"event_trigger":"x"}"#,
            "Subscription event_trigger not supported",
        ),
        refused(r#"{"channel":"book"}"#, "Symbol(s) not found"),
        refused(r#"{"channel":"trade","symbol":[]}"#, "Symbol(s) not found"),
        refused(r#"{"channel":"executions","token":"x"}"#, "EAPI:Invalid token"),
        refused(r#"{"channel":"level3","symbol":["BTC/EUR"]}"#, "EAPI:Invalid token"),
        (
            r#"{"method":"add_order","params":{"symbol":"BTC/EUR"},"req_id":4}"#.into(),
            timed(r#"{"error":"EAPI:Invalid token","method":"add_order","req_id":4,"success":false"#),
        ),
        (
            r#"{"method":"subscribe","params":{"channel":"status"},"req_id":4}"#.into(),
            r#"{"error":"Symbol(s) not found","success":false}"#.into(),
        ),
        malformed(""),
        malformed("nonsense"),
        malformed("[1,2]"),
        malformed("null"),
        malformed("{}"),
        malformed(r#"{"method":7}"#),
        malformed(r#"{"method":"ping","req_id":"a"}"#),
        malformed(r#"{"method":"ping","req_id":1.5}"#),
        malformed(r#"{"method":"ping"} "#.repeat(2).as_str()),
        malformed(&"[".repeat(60_000)),
        malformed_4(r#"{"method":"dance","req_id":4}"#),
        malformed_4(r#"{"method":"subscribe","req_id":4}"#),
        malformed_4(r#"{"method":"subscribe","params":[],"req_id":4}"#),
        malformed_4(r#"{"method":"subscribe","params":{"symbol":["BTC/EUR"]},"req_id":4}"#),
        malformed_4(r#"{"method":"subscribe","params":{"channel":"book","symbol":"BTC/EUR"},"req_id":4}"#),
        malformed_4(r#"{"method":"subscribe","params":{"channel":"book","symbol":[1]},"req_id":4}"#),
        malformed_4(
            r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/EUR"],"snapshot":1},"req_id":4}"#,
        ),
    ];
    for (request, answer) in cases {
        assert_eq!(Desk::new().ask(&request), [answer], "{request}");
    }
}

#[test]
fn every_symbol_gets_its_own_answer() {
    let request =
        r#"{"method":"subscribe","params":{"channel":"trade","symbol":["XBT/EUR","BTC/EUR","\"}"]},"req_id":2}"#;
    let wanted = [
        r#"{"error":"Currency pair not supported XBT/EUR","method":"subscribe","req_id":2,"success":false,"symbol":"XBT/EUR""#,
        r#"{"method":"subscribe","req_id":2,"result":{"channel":"trade","snapshot":false,"symbol":"BTC/EUR"},"success":true"#,
        r#"{"error":"Currency pair not supported \"}","method":"subscribe","req_id":2,"success":false,"symbol":"\"}""#,
    ];
    assert_eq!(Desk::new().ask(request), wanted.map(timed));
}

#[test]
fn a_channel_is_subscribed_to_once_and_unsubscribed_from_as_it_was() {
    let mut desk = Desk::new();
    let subscribe = |depth: u32| {
        format!(r#"{{"method":"subscribe","params":{{"channel":"book","symbol":["BTC/EUR"],"depth":{depth}}}}}"#)
    };
    let unsubscribe = |depth: u32| subscribe(depth).replace("subscribe", "unsubscribe");
    let refused = |method: &str, why: &str| {
        [timed(&format!(r#"{{"error":"{why}","method":"{method}","success":false,"symbol":"BTC/EUR""#))]
    };
    assert_eq!(desk.ask(&subscribe(100)).len(), 2, "an answer and a snapshot");
    assert!(desk.session.holds(Topic::Book(100)) && !desk.session.holds(Topic::Book(10)));
    assert_eq!(desk.ask(&subscribe(100)), refused("subscribe", "Already subscribed"));
    assert_eq!(desk.ask(&subscribe(10)), refused("subscribe", "Already subscribed"), "there is one depth a connection");
    assert_eq!(desk.ask(&unsubscribe(10)), refused("unsubscribe", "Subscription Not Found"));
    let ended = r#"{"method":"unsubscribe","result":{"channel":"book","depth":100,"symbol":"BTC/EUR"},"success":true"#;
    assert_eq!(desk.ask(&unsubscribe(100)), [timed(ended)]);
    assert_eq!(desk.ask(&unsubscribe(100)), refused("unsubscribe", "Subscription Not Found"));
    assert_eq!(desk.ask(&subscribe(10)).len(), 2, "a new snapshot");
}

#[test]
fn snapshots_follow_for_those_who_want_them() {
    let ask = |what: &str| Desk::new().ask(&format!(r#"{{"method":"subscribe","params":{what}}}"#));
    let book = &ask(r#"{"channel":"book","symbol":["BTC/EUR"]}"#)[1];
    let opening = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/EUR","bids":[{"price":53999.9,"qty":0.00005000},{"price":53999.8,"#;
    assert!(book.starts_with(opening) && book.matches("price").count() == 20, "{book}");
    assert_eq!(ask(r#"{"channel":"book","symbol":["BTC/EUR"],"depth":1000}"#)[1].matches("price").count(), 60);
    let ticker = &ask(r#"{"channel":"ticker","symbol":["BTC/EUR"]}"#)[1];
    let opening = r#"{"channel":"ticker","type":"snapshot","data":[{"symbol":"BTC/EUR","bid":53999.9,"bid_qty":0.00005000,"ask":54000.1,"ask_qty":0.00005000,"last":0.0,"volume":0.00000000,"vwap":0.0,"low":0.0,"high":0.0,"change":0.0,"change_pct":0.00,"timestamp":""#;
    assert!(ticker.starts_with(opening), "{ticker}");
    let trades = ask(r#"{"channel":"trade","symbol":["BTC/EUR"],"snapshot":true}"#);
    assert_eq!(trades[1], r#"{"channel":"trade","type":"snapshot","data":[]}"#);
    for silent in [
        r#"{"channel":"trade","symbol":["BTC/EUR"]}"#,
        r#"{"channel":"book","symbol":["BTC/EUR"],"snapshot":false}"#,
        r#"{"channel":"ticker","symbol":["BTC/EUR"],"snapshot":false}"#,
        r#"{"channel":"instrument","snapshot":false}"#,
    ] {
        assert_eq!(ask(silent).len(), 1, "{silent}");
    }
}

/// Plain decimals in the exchange's order; the pair that is traded is not the first.
#[test]
fn the_instruments_are_the_exchanges_rows() {
    let text = &Desk::new().ask(r#"{"method":"subscribe","params":{"channel":"instrument"}}"#)[1];
    let row = r#"{"symbol":"BTC/EUR","base":"BTC","quote":"EUR","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":1,"cost_precision":5,"marginable":false,"has_index":false,"ws_display_price_precision":1,"cost_min":0.45,"tick_size":0.1,"price_increment":0.1,"qty_min":0.00005000}"#;
    let asset = r#"{"id":"EUR","status":"enabled","precision":4,"precision_display":2,"borrowable":false,"collateral_value":0.000,"class":"currency"}"#;
    assert!(text.starts_with(r#"{"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"BTC","#), "{text}");
    assert!(text.contains(row) && text.contains(asset), "{text}");
    assert!(
        text.contains(r#""pairs":[{"symbol":"EUR/USD""#) && text.matches("work_in_progress").count() == 2,
        "{text}"
    );
}

#[test]
fn heartbeats_run_from_the_first_request_to_subscribe_on() {
    let mut desk = Desk::new();
    desk.say(r#"{"method":"ping"}"#, 5);
    assert_eq!(desk.session.heartbeat_ns(), None);
    desk.say(r#"{"method":"subscribe","params":{"channel":"book","symbol":["XBT/EUR"]}}"#, 7);
    assert_eq!(desk.session.heartbeat_ns(), Some(1_000_000_007), "also when it was refused");
    assert!(desk.session.heartbeat(1_000_000_006).is_none());
    let heartbeat = desk.session.heartbeat(1_000_000_009).unwrap();
    assert_eq!(heartbeat.text.as_str(), r#"{"channel":"heartbeat"}"#);
    assert_eq!(desk.session.heartbeat_ns(), Some(2_000_000_007), "no drift");
    assert!(desk.session.heartbeat(9_500_000_000).is_some() && desk.session.heartbeat(9_500_000_000).is_some());
    assert!(desk.session.heartbeat(9_500_000_000).is_none(), "what a stall missed is not made up for");
}

#[test]
fn too_many_requests_are_refused_until_time_has_passed() {
    let mut desk = Desk::new();
    let ping = r#"{"method":"ping"}"#;
    let too_many = r#"{"Error":"Exceeded msg rate"}"#;
    let mut answers = |read_ns: u64| desk.say(ping, read_ns)[0].text.to_string();
    for _ in 0..ALLOWANCE_NS / REQUEST_NS {
        assert_ne!(answers(0), too_many);
    }
    assert_eq!(answers(0), too_many);
    assert_ne!(answers(REQUEST_NS), too_many);
    assert_eq!(answers(REQUEST_NS), too_many);
}

/// The market stands still until somebody subscribes, and a moment longer when it is not to the book.
#[test]
fn time_begins_with_a_subscription() {
    let mut desk = Desk::new();
    let late = Event { at_ns: 1, ..Event::default() };
    desk.source = Floor::open(
        Pair::listed("BTC/EUR").unwrap(),
        Box::new([Event::default(), late].into_iter()),
        1.0,
        desk.clock.utc_us(0),
    );
    desk.ask(r#"{"method":"subscribe","params":{"channel":"instrument"}}"#);
    assert_eq!(desk.source.due_ns(), None);
    desk.ask(r#"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/EUR"]}}"#);
    let trade_ns = desk.source.due_ns().unwrap();
    assert!(trade_ns > 1_000_000_000);
    desk.ask(r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/EUR"]}}"#);
    let book_ns = desk.source.due_ns().unwrap();
    assert!(book_ns < trade_ns && book_ns <= desk.clock.now_ns() + 1);
}

/// Requests, whole and broken in one place.
fn requests() -> impl Strategy<Value = String> {
    let whole = prop::sample::select(vec![
        r#"{"method":"ping","req_id":101}"#,
        r#"{"method":"subscribe","params":{"channel":"book","symbol":["BTC/EUR"],"depth":25,"snapshot":true},"req_id":1}"#,
        r#"{"method":"unsubscribe","params":{"channel":"ticker","symbol":["BTC/EUR"],"event_trigger":"bbo"}}"#,
        r#"{"method":"subscribe","params":{"channel":"instrument","snapshot":false}}"#,
        r#"{"method":"add_order","params":{},"req_id":18446744073709551616}"#,
    ]);
    let broken = (whole, any::<prop::sample::Index>(), any::<char>()).prop_map(|(text, place, with)| {
        let mut characters: Vec<char> = text.chars().collect();
        let place = place.index(characters.len());
        characters[place] = with;
        characters.into_iter().collect()
    });
    prop_oneof![3 => broken, 1 => any::<String>()]
}

proptest! {
    /// Whatever is asked, the exchange answers, in JSON, and goes on.
    #[test]
    fn everything_is_answered(requests in prop::collection::vec(requests(), 1..20)) {
        let mut desk = Desk::new();
        for request in requests {
            let answers = desk.say(&request, 0);
            prop_assert!(!answers.is_empty(), "{}", request);
            for answer in answers {
                let value: Value = serde_json::from_str(&answer.text).expect("JSON");
                prop_assert!(value.is_object());
            }
        }
        let pong = &desk.ask(r#"{"method":"ping"}"#)[0];
        prop_assert_eq!(pong, &timed(r#"{"method":"pong""#));
    }
}
