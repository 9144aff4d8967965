//! Answers to requests, errors, and numbers that no request of ours has.

use crate::support::{BTC_PERP, BTC_SPOT, Decoder, ETH_SPOT, PERP, Record, SPOT, one};
use hotpath::record::{Ack, Ignored, Kind, NO_INSTRUMENT, Pong, ack_error, action, channel, method};
use hotpath::venue::{Cause, Reason, Refused};
use proptest::prelude::*;

/// The number of a request, put together by hand.
pub fn number(req_id: u64, market: u64, channel: u8, action: u16) -> u64 {
    req_id * 65_536 + market * 256 + u64::from(channel) * 16 + u64::from(action)
}

fn assert_ack(record: &Record, expected: Ack, instrument: u16) {
    assert_eq!(record.body::<Ack>(), expected);
    assert_eq!((record.head().instrument, record.head().exch_ns), (instrument, 0));
}

fn assert_ignored(connection: u16, text: &str) {
    let record = one(connection, text);
    let expected =
        Ignored { reason: Reason::Method as u16, spare: 0, frame_bytes: text.len() as u32, spare_tail: [0; 2] };
    assert_eq!(record.body::<Ignored>(), expected, "{text}");
}

const GRANTED: Ack = Ack {
    req_id: 77,
    depth: 0,
    method: method::SUBSCRIBE,
    channel: channel::BOOK,
    success: 1,
    error: ack_error::NONE,
    time_in_ns: 0,
};

#[test]
fn the_number_says_what_was_granted() {
    let rows = [
        (SPOT, BTC_SPOT, channel::BOOK, action::SUBSCRIBE, method::SUBSCRIBE),
        (SPOT, ETH_SPOT, channel::TRADE, action::SUBSCRIBE, method::SUBSCRIBE),
        (SPOT, BTC_SPOT, channel::TICKER, action::UNSUBSCRIBE, method::UNSUBSCRIBE),
        (PERP, BTC_PERP, channel::BOOK, action::UNSUBSCRIBE, method::UNSUBSCRIBE),
    ];
    for (connection, instrument, channel, action, method) in rows {
        let id = number(77, instrument.into(), channel, action);
        let expected = Ack { method, channel, ..GRANTED };
        for text in [
            format!(r#"{{"result":null,"id":{id}}}"#),
            format!(r#" {{ "id" : {id} , "result" : [] }} "#),
            format!(r#"{{"result":null,"id":{id},"new":{{}}}}"#),
        ] {
            assert_ack(&one(connection, &text), expected, instrument);
        }
    }
}

#[test]
fn a_list_of_subscriptions_is_the_answer_to_a_ping() {
    let id = number(1, 255, 0, action::PING);
    for result in ["[]", r#"["btcusdt@depth@100ms","btcusdt@trade"]"#, "null"] {
        for connection in [SPOT, PERP] {
            let record = one(connection, &format!(r#"{{"result":{result},"id":{id}}}"#));
            assert_eq!(record.body::<Pong>(), Pong { req_id: 1, time_in_ns: 0, time_out_ns: 0 });
            assert_eq!(record.head().instrument, NO_INSTRUMENT);
        }
    }
}

#[test]
fn errors_say_what_was_refused_when_they_have_a_number() {
    let id = number(77, BTC_SPOT.into(), channel::BOOK, action::SUBSCRIBE);
    let codes = [
        ("0", ack_error::MALFORMED),
        ("1", ack_error::MALFORMED),
        ("2", ack_error::MALFORMED),
        ("3", ack_error::MALFORMED),
        ("4", ack_error::RATE),
        ("-1003", ack_error::RATE),
        ("-1015", ack_error::RATE),
        ("5", ack_error::OTHER),
        ("-1121", ack_error::OTHER),
        ("\"2\"", ack_error::OTHER),
    ];
    for (code, error) in codes {
        let refused = Ack { success: 0, error, ..GRANTED };
        for text in [
            format!(r#"{{"error":{{"code":{code},"msg":"Invalid request"}},"id":{id}}}"#),
            format!(r#"{{"code":{code},"msg":"Invalid request","id":{id}}}"#),
        ] {
            assert_ack(&one(SPOT, &text), refused, BTC_SPOT);
        }
        let nobodys = Ack { req_id: 0, method: method::UNKNOWN, channel: channel::UNKNOWN, ..refused };
        for text in [
            format!(r#"{{"code":{code},"msg":"Unknown property"}}"#),
            format!(r#"{{"error":{{"code":{code},"msg":"Invalid JSON"}},"id":null}}"#),
        ] {
            assert_ack(&one(SPOT, &text), nobodys, NO_INSTRUMENT);
        }
    }
    let ping = number(5, 255, 0, action::PING);
    let text = format!(r#"{{"error":{{"code":4,"msg":"Too many requests"}},"id":{ping}}}"#);
    let error = ack_error::RATE;
    let expected = Ack { req_id: 5, method: method::PING, channel: 0, success: 0, error, ..GRANTED };
    assert_ack(&one(PERP, &text), expected, NO_INSTRUMENT);
}

#[test]
fn an_error_without_its_code_is_refused() {
    let table = [
        (r#"{"error":{"msg":"x"},"id":1}"#, Cause::Missing, 9),
        (r#"{"error":"x","id":1}"#, Cause::Type, 9),
        (r#"{"error":{"code":2},"error":{"code":2}}"#, Cause::Duplicate, 20),
        (r#"{"result":null,"id":1,"id":2}"#, Cause::Duplicate, 22),
        (r#"{"result":null,"id":-1}"#, Cause::Range, 20),
        (r#"{"result":null,"id":1.5}"#, Cause::Precision, 20),
        (r#"{"result":null,"id":true}"#, Cause::Type, 20),
        (r#"{"result":null,"id":[1]}"#, Cause::Type, 20),
        (r#"{"result":null,"id":18446744073709551616}"#, Cause::Range, 20),
    ];
    for (text, cause, offset) in table {
        assert_eq!(Decoder::new().text(SPOT, text), Err(Refused { cause, offset }), "{text}");
    }
}

#[test]
fn an_answer_to_nobody_is_not_used() {
    let book = |market| number(77, market, channel::BOOK, action::SUBSCRIBE);
    let rows = [
        // A market beyond the table, and none for a channel that needs one is told apart below.
        (SPOT, book(3)),
        (SPOT, book(4)),
        (SPOT, book(254)),
        // Another connection's.
        (SPOT, book(BTC_PERP.into())),
        (PERP, book(BTC_SPOT.into())),
        // What is not asked over a socket.
        (SPOT, number(77, 0, channel::BOOK, action::CONNECT)),
        (SPOT, number(77, 0, channel::BOOK, action::FETCH)),
        (SPOT, number(77, 0, channel::BOOK, 0)),
        (SPOT, number(77, 0, channel::BOOK, 15)),
        (SPOT, number(77, 0, 15, action::SUBSCRIBE)),
        // No request has the number 0.
        (SPOT, number(0, 0, channel::BOOK, action::SUBSCRIBE)),
        (SPOT, 0),
        (SPOT, 1 << 63),
        (SPOT, u64::MAX),
    ];
    for (connection, id) in rows {
        assert_ignored(connection, &format!(r#"{{"result":null,"id":{id}}}"#));
        assert_ignored(connection, &format!(r#"{{"error":{{"code":2,"msg":""}},"id":{id}}}"#));
    }
    for id in [r#""""#, r#""922""#, r#""\u0031""#, r#""0123456789abcdef0123456789abcdef0123""#] {
        assert_ignored(SPOT, &format!(r#"{{"result":null,"id":{id}}}"#));
        assert_ignored(SPOT, &format!(r#"{{"error":{{"code":2,"msg":""}},"id":{id}}}"#));
    }
    for text in ["{}", r#"{"result":null}"#, r#"{"result":[],"id":null}"#, r#"{"id":5177345}"#, r#"{"stream":null}"#] {
        assert_ignored(SPOT, text);
    }
}

proptest! {
    /// Any number at all is a request's or nobody's; what it says is what stands in it.
    #[test]
    fn any_number_is_somebodys_or_nobodys(
        id in prop_oneof![any::<u64>(), (1_u64..1 << 20, 0_u64..6, 0_u8..16, 0_u16..16).prop_map(|(req_id, market, channel, action)| number(req_id, market, channel, action))],
        is_error in any::<bool>(),
        is_perp in any::<bool>(),
    ) {
        let connection = if is_perp { PERP } else { SPOT };
        let text = if is_error {
            format!(r#"{{"error":{{"code":4,"msg":""}},"id":{id}}}"#)
        } else {
            format!(r#"{{"result":null,"id":{id}}}"#)
        };
        let record = one(connection, &text);
        let market = id >> 8 & 0xff;
        let (channel, action) = ((id >> 4 & 0xf) as u8, (id & 0xf) as u16);
        let is_carried = market == 255 || (if is_perp { market == 2 } else { market < 2 });
        let is_spoken = [action::SUBSCRIBE, action::UNSUBSCRIBE, action::PING].contains(&action);
        let is_ours = id >> 63 == 0 && id >> 16 != 0 && is_carried && is_spoken && channel::name(channel).is_some();
        if !is_ours {
            prop_assert_eq!(record.head().kind, Kind::IGNORED);
        } else if action == action::PING && !is_error {
            prop_assert_eq!(record.body::<Pong>().req_id, id >> 16);
        } else {
            let found = record.body::<Ack>();
            prop_assert_eq!((found.req_id, found.channel, found.success), (id >> 16, channel, u8::from(!is_error)));
            let instrument = if market == 255 { NO_INSTRUMENT } else { market as u16 };
            prop_assert_eq!(record.head().instrument, instrument);
        }
    }
}
