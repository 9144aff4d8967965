//! What frames mean: one by one, and what is legal but not used.

use crate::oracle::{found, wanted};
use crate::support::{CONNECTION, Decoder, Record, usual};
use crate::wire;
use hotpath::record::{
    Ack, Heartbeat, Ignored, Kind, NO_INSTRUMENT, Pong, Request, Status, ack_error, action, channel, method, status,
};
use hotpath::simd::Simd;
use hotpath::venue::kraken_v1::KrakenV1;
use hotpath::venue::{Frame, Reason, Venue, Wanted};

fn one(text: &str) -> Record {
    let records = Decoder::new(usual()).text(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused:?}: {text}"));
    assert_eq!(records.len(), 1, "{text}");
    records[0].clone()
}

#[test]
fn documented_data_mean_what_a_naive_reader_finds() {
    let mut decoder = Decoder::new(usual());
    for text in wire::BOOK.into_iter().chain([wire::TRADES, wire::SPREAD, wire::TICKER]) {
        let wanted = wanted(&decoder.config, text).expect("data");
        assert_eq!(found(&decoder.text(text.as_bytes())), Some(wanted), "{text}");
    }
}

/// A republished row is older than the message that it stands in.
#[test]
fn the_latest_row_gives_the_time() {
    let records = Decoder::new(usual()).text(wire::BOOK[5].as_bytes()).expect("a book");
    assert!(records.iter().all(|record| record.head().exch_ns == 1_617_666_423_693_648_000));
    let records = Decoder::new(usual()).text(wire::BOOK[7].as_bytes()).expect("a book");
    assert!(records.iter().all(|record| record.head().exch_ns == 1_617_666_539_870_272_000));
}

#[test]
fn the_exchange_on_itself() {
    let found: Status = one(wire::STATUS).body();
    assert_eq!((found.status, found.connection_id), (u16::from(status::ONLINE), 17_843_232_920_108_168_701));
    assert_eq!(one(wire::HEARTBEAT).body::<Heartbeat>(), Heartbeat { spare: [0; 3] });
    assert_eq!(one(wire::PONG).body::<Pong>(), Pong { req_id: 42, time_in_ns: 0, time_out_ns: 0 });
    let silent = one(r#"{"event":"pong"}"#);
    assert_eq!(silent.body::<Pong>().req_id, 0);
}

#[test]
fn answers_to_subscriptions() {
    let none = Ack {
        req_id: 0,
        depth: 0,
        method: method::UNKNOWN,
        channel: channel::UNKNOWN,
        success: 0,
        error: ack_error::NONE,
        time_in_ns: 0,
    };
    let book = Ack { channel: channel::BOOK, ..none };
    let granted = Ack { method: method::SUBSCRIBE, success: 1, ..none };
    let table = [
        (wire::SUBSCRIBED, 0, Ack { depth: 10, channel: channel::BOOK, ..granted }),
        (wire::SUBSCRIBED_TRADES, NO_INSTRUMENT, Ack { channel: channel::TRADE, ..granted }),
        (wire::UNSUBSCRIBED, 0, Ack { req_id: 42, method: method::UNSUBSCRIBE, ..granted }),
        (wire::UNKNOWN_DEPTH, 0, Ack { depth: 42, error: ack_error::DEPTH, ..book }),
        (wire::MALFORMED, NO_INSTRUMENT, Ack { error: ack_error::MALFORMED, ..none }),
        (
            r#"{"errorMessage":"Currency pair not in ISO 4217-A3 format XBTUSD","event":"subscriptionStatus","pair":"XBTUSD","status":"error","subscription":{"name":"spread"}}"#,
            NO_INSTRUMENT,
            Ack { error: ack_error::SYMBOL, channel: channel::TICKER, ..none },
        ),
        (
            r#"{"errorMessage":"So be it","event":"error","reqid":3}"#,
            NO_INSTRUMENT,
            Ack { req_id: 3, error: ack_error::OTHER, ..none },
        ),
    ];
    for (text, instrument, wanted) in table {
        let record = one(text);
        assert_eq!((record.head().instrument, record.body::<Ack>()), (instrument, wanted), "{text}");
    }
}

#[test]
fn what_is_legal_and_not_used() {
    let table = [
        (wire::OHLC, Reason::Channel),
        (wire::PING, Reason::Method),
        ("{}", Reason::Method),
        ("[]", Reason::Method),
        (r#"{"event":"addOrderStatus","status":"ok"}"#, Reason::Method),
        (r#"[[{"a":1}],"ownTrades",{"sequence":2}]"#, Reason::Method),
        (r#"[1,[],"trade","XBT/USD"]"#, Reason::Method),
        (r#"[1,{"a":[],"c":"1"},"book-10","XBT/EUR"]"#, Reason::Symbol),
        (r#"[1,{"a":[],"c":"1"},"books-10","XBT/USD"]"#, Reason::Channel),
    ];
    for (text, reason) in table {
        let record = one(text);
        let wanted = Ignored { reason: reason as u16, spare: 0, frame_bytes: text.len() as u32, spare_tail: [0; 2] };
        assert_eq!((record.head().instrument, record.body::<Ignored>()), (NO_INSTRUMENT, wanted), "{text}");
    }
}

/// Spelling is JSON's: spaces, escapes, and fields in any order.
#[test]
fn another_spelling_means_the_same() {
    let plain = Decoder::new(usual()).text(wire::BOOK[3].as_bytes()).expect("a book");
    let spelled = r#" [ 1234 , {"x":null,"\u0061":[["5541.30000","2.50700000","1534614248.456738"]],"b":null} ,
        {"c":"974942666","b":[["5541.30000","0.00000000","1534614335.345903"]]},"\u0062ook-10","XBT\/USD"] "#;
    assert_eq!(Decoder::new(usual()).text(spelled.as_bytes()), Ok(plain));
}

#[test]
fn a_market_of_another_connection_is_not_meant() {
    let frame = Frame::received(CONNECTION + 1, 1, wire::TRADES.as_bytes());
    let mut lines = vec![hotpath::record::Line::ZERO; 64];
    let mut events = hotpath::lines::Lines::new(&mut lines);
    events.begin(0, 0, CONNECTION + 1);
    KrakenV1.decode(&usual(), frame, Simd::detect(), &mut events).expect("a legal frame");
    let kinds: Vec<_> = hotpath::turn::records(events.as_lines())
        .map(|record| hotpath::record::head_of(record).expect("a head").kind)
        .collect();
    assert_eq!(kinds, [Kind::IGNORED]);
}

/// It is read from recordings: nothing is ever asked.
#[test]
fn nothing_is_asked() {
    for action in [action::SUBSCRIBE, action::UNSUBSCRIBE, action::PING, action::FETCH] {
        let request =
            Request { req_id: 1, depth: 1000, attempt: 1, action, channel: u16::from(channel::BOOK), spare: 0 };
        let wanted = Wanted { connection: CONNECTION, instrument: 0, request };
        assert_eq!(KrakenV1.encode(&usual(), &wanted, &mut [0; 512]), None);
    }
}
