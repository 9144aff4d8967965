//! What is asked, byte by byte; the answer to it is understood.

use crate::support::{BTC_PERP, BTC_SPOT, ETH_SPOT, PERP, SPOT, codec, config, one};
use hotpath::record::{Ack, NO_INSTRUMENT, Pong, Request, action, channel};
use hotpath::venue::every::Every;
use hotpath::venue::{REQUEST_BYTES_MAX, Venue, Wanted};

fn wanted(connection: u16, instrument: u16, action: u16, channel: u8, req_id: u64) -> Wanted {
    let request = Request { req_id, depth: 1_000, attempt: 0, action, channel: channel.into(), spare: 0 };
    Wanted { connection, instrument, request }
}

/// The text of a request; the match of venues writes the same.
fn text(wanted: &Wanted) -> Option<String> {
    let config = config();
    let mut bytes = [0; REQUEST_BYTES_MAX];
    let length = codec(wanted.connection).encode(&config, wanted, &mut bytes);
    let text = length.map(|length| String::from_utf8(bytes[..length].to_vec()).unwrap());
    let mut again = [0; REQUEST_BYTES_MAX];
    assert_eq!(Every.encode(&config, wanted, &mut again), length);
    assert_eq!(again[..length.unwrap_or(0)], bytes[..length.unwrap_or(0)]);
    // In less room than it needs nothing is written.
    if let Some(length) = length {
        assert_eq!(codec(wanted.connection).encode(&config, wanted, &mut vec![0; length]), Some(length));
        assert_eq!(codec(wanted.connection).encode(&config, wanted, &mut vec![0; length - 1]), None);
    }
    text
}

#[test]
fn channels_are_asked_for_as_streams() {
    let table = [
        (SPOT, BTC_SPOT, action::SUBSCRIBE, channel::BOOK, 1, "SUBSCRIBE", "btcusdt@depth@100ms"),
        (SPOT, ETH_SPOT, action::SUBSCRIBE, channel::TRADE, 2, "SUBSCRIBE", "ethusdt@trade"),
        (SPOT, BTC_SPOT, action::UNSUBSCRIBE, channel::TICKER, 3, "UNSUBSCRIBE", "btcusdt@bookTicker"),
        (PERP, BTC_PERP, action::SUBSCRIBE, channel::BOOK, 1 << 40, "SUBSCRIBE", "btcusdt@depth@100ms"),
        (PERP, BTC_PERP, action::UNSUBSCRIBE, channel::BOOK, (1 << 47) - 1, "UNSUBSCRIBE", "btcusdt@depth@100ms"),
    ];
    for (connection, instrument, action, channel, req_id, method, stream) in table {
        let id = crate::answers::number(req_id, instrument.into(), channel, action);
        let expected = format!(r#"{{"method":"{method}","params":["{stream}"],"id":{id}}}"#);
        assert_eq!(text(&wanted(connection, instrument, action, channel, req_id)), Some(expected));
    }
}

#[test]
fn a_ping_asks_for_the_list_of_subscriptions() {
    let id = crate::answers::number(9, 255, 0, action::PING);
    let expected = format!(r#"{{"method":"LIST_SUBSCRIPTIONS","id":{id}}}"#);
    for connection in [SPOT, PERP] {
        assert_eq!(text(&wanted(connection, NO_INSTRUMENT, action::PING, 0, 9)), Some(expected.clone()));
    }
}

/// Path and query, with the depth of the market: that of the request is what is subscribed.
#[test]
fn snapshots_are_fetched_where_each_side_has_them() {
    let table = [
        (SPOT, BTC_SPOT, "/api/v3/depth?symbol=BTCUSDT&limit=1000"),
        (SPOT, ETH_SPOT, "/api/v3/depth?symbol=ETHUSDT&limit=4096"),
        (PERP, BTC_PERP, "/fapi/v1/depth?symbol=BTCUSDT&limit=500"),
    ];
    for (connection, instrument, target) in table {
        let found = text(&wanted(connection, instrument, action::FETCH, channel::BOOK, 4));
        assert_eq!(found.as_deref(), Some(target));
    }
}

#[test]
fn what_has_no_text_is_not_written() {
    let rows = [
        wanted(SPOT, NO_INSTRUMENT, action::CONNECT, 0, 1),
        wanted(SPOT, NO_INSTRUMENT, action::DISCONNECT, 0, 1),
        wanted(SPOT, BTC_SPOT, action::SUBSCRIBE, channel::INSTRUMENT, 1),
        wanted(SPOT, BTC_SPOT, action::SUBSCRIBE, channel::UNKNOWN, 1),
        wanted(SPOT, NO_INSTRUMENT, action::SUBSCRIBE, channel::BOOK, 1),
        wanted(SPOT, 3, action::SUBSCRIBE, channel::BOOK, 1),
        wanted(SPOT, 3, action::FETCH, channel::BOOK, 1),
        wanted(SPOT, BTC_SPOT, 0, channel::BOOK, 1),
        wanted(SPOT, BTC_SPOT, 7, channel::BOOK, 1),
    ];
    for row in rows {
        assert_eq!(text(&row), None, "{row:?}");
    }
}

/// The exchange repeats the number and nothing else.
#[test]
fn the_answer_to_each_request_is_understood() {
    for (connection, instrument) in [(SPOT, BTC_SPOT), (SPOT, ETH_SPOT), (PERP, BTC_PERP)] {
        for channel in [channel::BOOK, channel::TRADE, channel::TICKER] {
            for (action, req_id) in
                [(action::SUBSCRIBE, 1), (action::UNSUBSCRIBE, 65_537), (action::SUBSCRIBE, 1 << 46)]
            {
                let text = text(&wanted(connection, instrument, action, channel, req_id)).expect("a text");
                let asked: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                let answer = serde_json::json!({ "result": null, "id": asked["id"] }).to_string();
                let record = one(connection, &answer);
                let found = record.body::<Ack>();
                assert_eq!(record.head().instrument, instrument);
                assert_eq!((found.req_id, found.channel, found.success), (req_id, channel, 1));
            }
        }
        let text = text(&wanted(connection, NO_INSTRUMENT, action::PING, 0, 12)).expect("a text");
        let asked: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let answer = serde_json::json!({ "result": ["btcusdt@trade"], "id": asked["id"] }).to_string();
        assert_eq!(one(connection, &answer).body::<Pong>().req_id, 12);
    }
}
