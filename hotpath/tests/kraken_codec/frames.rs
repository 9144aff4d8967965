//! Each kind of frame, and what it means.

use crate::oracle::assert_book;
use crate::support::{BTC_EUR, BTC_USD, Decoder, ETH_USD, Record, XRP_USD, text_frame};
use crate::wire;
use hotpath::record::{
    Ack, BookEnd, Heartbeat, Ignored, Instrument, Kind, Level, NO_INSTRUMENT, Pong, Snapshot, Status, Ticker, Trade,
    ack_error, channel, flag, method, status,
};
use hotpath::venue::{Cause, Frame, Reason, Refused};

fn decode(text: &str) -> Vec<Record> {
    Decoder::new().agreed(text.as_bytes()).unwrap_or_else(|refused| panic!("{refused:?}: {text}"))
}

/// The only record of a frame.
fn one(text: &str) -> Record {
    let mut records = decode(text);
    assert_eq!(records.len(), 1, "{text}");
    records.remove(0)
}

fn assert_ignored(text: &str, reason: Reason) {
    let record = one(text);
    let expected = Ignored { reason: reason as u16, spare: 0, frame_bytes: text.len() as u32, spare_tail: [0; 2] };
    assert_eq!(record.body::<Ignored>(), expected, "{text}");
    assert_eq!(record.head().instrument, NO_INSTRUMENT);
}

#[test]
fn book_messages_mean_what_a_json_parser_reads() {
    let mut decoder = Decoder::new();
    for text in wire::BOOK {
        assert!(decoder.fast(text_frame(text.as_bytes())).is_some(), "not taken: {text}");
        assert_book(text, &decode(text));
    }
}

#[test]
fn a_two_sided_update_keeps_the_order_of_the_wire() {
    let records = decode(wire::BOOK[6]);
    let levels: Vec<_> = records[..6].iter().map(Record::body::<Level>).collect();
    let found: Vec<_> = levels.iter().map(|level| (level.price_ticks, level.qty_lots)).collect();
    let expected = [
        (633_889, 24_178_972),
        (633_888, 2_760_887),
        (633_888, 2_721_447),
        (633_888, 100_000),
        (633_888, 0),
        (634_289, 10_202_812),
    ];
    assert_eq!(found, expected);
    let sides: Vec<_> = records[..6].iter().map(|record| record.head().flags).collect();
    assert_eq!(sides, [0, flag::ASK, flag::ASK, flag::ASK, flag::ASK, flag::ASK]);
    let end = records[6].head();
    assert_eq!((end.kind, end.flags, end.exch_ns), (Kind::BOOK_END, flag::CHECKSUM, 1_785_641_771_993_912_000));
    let expected = BookEnd { checksum: 591_913_347, levels: 6, update_id: 0, spare: 0 };
    assert_eq!(records[6].body::<BookEnd>(), expected);
}

#[test]
fn each_market_has_its_own_precision() {
    let table = [
        ("BTC/EUR", BTC_EUR, "54321.9", 543_219),
        ("BTC/USD", BTC_USD, "63004.0", 630_040),
        ("ETH/USD", ETH_USD, "3215.88", 321_588),
        ("XRP/USD", XRP_USD, "0.52341", 52_341),
    ];
    let mut decoder = Decoder::new();
    for (symbol, instrument, price, price_ticks) in table {
        let text = wire::BOOK[1].replace("BTC/USD", symbol).replace("63005.0", price);
        assert!(decoder.fast(text_frame(text.as_bytes())).is_some(), "not taken: {text}");
        let records = decode(&text);
        assert_eq!(records[0].head().instrument, instrument);
        assert_eq!(records[0].body::<Level>(), Level { price_ticks, qty_lots: 208_665_551, spare: 0 });
    }
}

#[test]
fn any_spelling_of_a_book_message_means_the_same() {
    let expected = decode(wire::BOOK[7]);
    let spelled = r#" { "data" : [ { "timestamp" : "2026-08-02T05:36:12.4224690+02:00", "new" : [ { } ],
        "checksum" : 4287261323, "asks" : [
            { "qty" : 1.97145e-3, "orders" : 3, "price" : 634051E-1 }, { "price" : 6.34051e4, "qty" : 0.00157716 },
            { "price" : 63405.1, "qty" : 0.00118287 }, { "price" : 63405.1, "qty" : 0.00078858 },
            { "price" : 63405.1, "qty" : 0.00039429 }, { "price" : 63405.1, "qty" : 74e-8 } ],
        "\u0062ids" : [ ], "symbol" : "BTC\/USD" } ], "t\u0079pe" : "upd\u0061te", "channel" : "\u0062ook" } "#;
    assert_eq!(decode(spelled), expected);
}

#[test]
fn an_old_snapshot_has_no_time() {
    let (text, _) = wire::BOOK[0].split_once(",\"timestamp\"").unwrap();
    let text = format!("{text}}}]}}");
    assert_book(&text, &decode(&text));
    assert_eq!(decode(&text)[0].body::<Snapshot>(), Snapshot { bids: 10, asks: 10, update_id: 0, spare: 0 });
    assert_eq!(decode(&text)[0].head().exch_ns, 0);
}

#[test]
fn elements_of_one_message_are_runs_of_their_own() {
    let row = |text: &str| text[text.find("[{\"symbol").unwrap() + 1..text.len() - 2].to_owned();
    let (btc, eth) = (row(wire::BOOK[2]), row(wire::BOOK[1]).replace("BTC/USD", "ETH/USD"));
    let text = format!(r#"{{"channel":"book","type":"update","data":[{btc},{eth}]}}"#);
    assert_book(&text, &decode(&text));
    let foreign = eth.replace("ETH/USD", "DOGE/USD");
    let text = format!(r#"{{"channel":"book","type":"update","data":[{foreign},{btc}]}}"#);
    let kinds: Vec<_> = decode(&text).iter().map(|record| record.head().kind).collect();
    assert_eq!(kinds, [Kind::IGNORED, Kind::LEVEL, Kind::LEVEL, Kind::BOOK_END]);
}

#[test]
fn a_market_belongs_to_its_connection() {
    let mut decoder = Decoder::new();
    let elsewhere = Frame { connection: 4, ..text_frame(wire::BOOK[0].as_bytes()) };
    assert_eq!(decoder.fast(elsewhere), None);
    let ignored = decoder.decode(elsewhere).unwrap();
    assert_eq!(ignored[0].body::<Ignored>().reason, Reason::Symbol as u16);
}

#[test]
fn nothing_is_fetched_from_this_exchange() {
    let fetched = Frame::fetched(BTC_USD, wire::BOOK[0].as_bytes());
    assert_eq!(Decoder::new().decode(fetched).unwrap_err(), Refused { cause: Cause::Binary, offset: 0 });
}

#[test]
fn trades() {
    let record = one(wire::TRADE);
    let expected = Trade { price_ticks: 321_389, qty_lots: 2_315_574, trade_id: 59_874_571 };
    assert_eq!(record.body::<Trade>(), expected);
    let head = record.head();
    assert_eq!((head.instrument, head.flags), (ETH_USD, flag::MARKET_ORDER));
    assert_eq!(head.exch_ns, 1_768_837_008_413_515_000);
    let sold = one(&wire::TRADE.replace("\"buy\"", "\"sell\"").replace("\"market\"", "\"limit\""));
    assert_eq!(sold.head().flags, flag::ASK);
    let past = one(&wire::TRADE.replace("\"update\"", "\"snapshot\""));
    assert_eq!(past.head().flags, flag::PAST | flag::MARKET_ORDER);
}

#[test]
fn tickers() {
    let record = one(wire::TICKER);
    let expected = Ticker {
        bid_ticks: 321_588,
        bid_lots: 364_088_999,
        ask_ticks: 321_589,
        ask_lots: 7_024_300_000,
        last_ticks: 321_588,
        update_id: 0,
        spare: [0; 5],
    };
    assert_eq!(record.body::<Ticker>(), expected);
    assert_eq!(record.head().exch_ns, 1_768_835_126_339_692_000);
    let empty =
        r#"{"channel":"ticker","data":[{"symbol":"ETH/USD","bid":0,"bid_qty":0,"ask":0.00,"ask_qty":0,"last":0}]}"#;
    assert_eq!(
        one(empty).body::<Ticker>(),
        Ticker { bid_ticks: 0, bid_lots: 0, ask_ticks: 0, ask_lots: 0, last_ticks: 0, update_id: 0, spare: [0; 5] }
    );
    assert_eq!(one(empty).head().exch_ns, 0);
}

#[test]
fn instruments() {
    assert_ignored(wire::INSTRUMENT, Reason::Symbol);
    let ours = wire::INSTRUMENT.replace("EUR/USD", "BTC/EUR");
    let expected = Instrument {
        price_increment_ticks: 1,
        qty_increment_lots: 1,
        qty_min_lots: 50_000_000,
        cost_min: 50_000,
        price_precision: 5,
        qty_precision: 8,
        cost_precision: 5,
        status: status::ONLINE,
        spare: [0; 13],
    };
    assert_eq!(one(&ours).body::<Instrument>(), expected);
    assert_eq!(one(&ours).head().instrument, BTC_EUR);
}

#[test]
fn instruments_with_exponents() {
    let text = r#"{"channel":"instrument","type":"update","data":{"assets":[],"pairs":[{"symbol":"DOGE/EUR"},
        {"symbol":"BTC/USD","base":"BTC","quote":"USD","status":"post_only","qty_precision":8,"qty_increment":1e-08,
        "price_precision":1,"cost_precision":5,"cost_min":0.5,"tick_size":0.1,"price_increment":0.1,"qty_min":5e-05}]}}"#;
    let found = one(text).body::<Instrument>();
    assert_eq!((found.qty_increment_lots, found.qty_min_lots, found.cost_min), (1, 5_000, 50_000));
    assert_eq!((found.price_increment_ticks, found.status), (1, status::POST_ONLY));
}

#[test]
fn statuses() {
    let record = one(wire::STATUS);
    let expected = Status {
        status: u16::from(status::ONLINE),
        spare: [0; 3],
        connection_id: 15_113_583_034_416_118_705,
        spare_tail: 0,
    };
    assert_eq!(record.body::<Status>(), expected);
    let table = [
        ("maintenance", status::MAINTENANCE),
        ("cancel_only", status::CANCEL_ONLY),
        ("post_only", status::POST_ONLY),
        ("limit_only", status::LIMIT_ONLY),
        ("reduce_only", status::REDUCE_ONLY),
        ("delisted", status::CLOSED),
        ("on fire", status::UNKNOWN),
    ];
    for (text, code) in table {
        let found = one(&wire::STATUS.replace("\"online\"", &format!("\"{text}\""))).body::<Status>();
        assert_eq!(found.status, u16::from(code), "{text}");
    }
}

#[test]
fn heartbeats_and_pongs() {
    assert_eq!(one(wire::HEARTBEAT).body::<Heartbeat>(), Heartbeat { spare: [0; 3] });
    let pong = one(wire::PONG);
    let (time_in_ns, time_out_ns) = (1_695_564_623_799_685_000, 1_695_564_623_799_703_000);
    assert_eq!(pong.body::<Pong>(), Pong { req_id: 101, time_in_ns, time_out_ns });
    assert_eq!(pong.head().exch_ns, time_out_ns);
    let failed = one(r#"{"method":"pong","success":false,"req_id":7}"#).body::<Ack>();
    let found = (failed.method, failed.success, failed.error, failed.req_id);
    assert_eq!(found, (method::PING, 0, ack_error::OTHER, 7));
}

#[test]
fn acks() {
    let record = one(wire::SUBSCRIBED);
    let expected = Ack {
        req_id: 0,
        depth: 25,
        method: method::SUBSCRIBE,
        channel: channel::BOOK,
        success: 1,
        error: ack_error::NONE,
        time_in_ns: 1_785_641_750_983_359_000,
    };
    assert_eq!(record.body::<Ack>(), expected);
    assert_eq!((record.head().instrument, record.head().exch_ns), (BTC_USD, 1_785_641_750_983_398_000));
    let record = one(wire::UNSUBSCRIBED);
    let found = record.body::<Ack>();
    assert_eq!((found.method, found.depth, found.success), (method::UNSUBSCRIBE, 10, 1));
    let ticker = one(
        r#"{"method":"subscribe","req_id":18446744073709551615,"result":{"channel":"ticker","depth":3,"symbol":"A/B"},"success":true}"#,
    );
    let found = ticker.body::<Ack>();
    assert_eq!((found.req_id, found.channel, found.depth), (u64::MAX, channel::TICKER, 0));
    assert_eq!(ticker.head().instrument, NO_INSTRUMENT);
}

#[test]
fn errors() {
    let ours = wire::UNKNOWN_SYMBOL.replace("XBT/EUR", "BTC/EUR");
    let table = [
        (wire::UNKNOWN_SYMBOL, method::SUBSCRIBE, ack_error::SYMBOL, NO_INSTRUMENT),
        (&ours, method::SUBSCRIBE, ack_error::SYMBOL, BTC_EUR),
        (wire::UNKNOWN_DEPTH, method::SUBSCRIBE, ack_error::DEPTH, NO_INSTRUMENT),
        (wire::MALFORMED, method::UNKNOWN, ack_error::MALFORMED, NO_INSTRUMENT),
        (wire::NOT_FOUND, method::UNKNOWN, ack_error::SYMBOL, NO_INSTRUMENT),
        (wire::EXCEEDED, method::UNKNOWN, ack_error::RATE, NO_INSTRUMENT),
        (
            r#"{"error":"Subscription name invalid","method":"unsubscribe","success":false}"#,
            method::UNSUBSCRIBE,
            ack_error::CHANNEL,
            NO_INSTRUMENT,
        ),
        (r#"{"error":"Exceeded msg","success":true}"#, method::UNKNOWN, ack_error::OTHER, NO_INSTRUMENT),
    ];
    for (text, method, error, instrument) in table {
        let record = one(text);
        let found = record.body::<Ack>();
        assert_eq!((found.method, found.success, found.error), (method, 0, error), "{text}");
        assert_eq!(record.head().instrument, instrument, "{text}");
    }
}

#[test]
fn what_is_not_used_is_named() {
    for text in wire::OTHER_CHANNELS {
        assert_ignored(text, Reason::Channel);
    }
    for text in [wire::PING, "{}", r#"{"method":"add_order","success":true}"#, r#"{"channel":null}"#] {
        assert_ignored(text, Reason::Method);
    }
    assert_ignored(&wire::BOOK[0].replace("BTC/USD", "BTC/US"), Reason::Symbol);
    assert_ignored(&wire::BOOK[1].replace("BTC/USD", "BTC/USDT"), Reason::Symbol);
    assert_ignored(r#"{"channel":"trade","data":[]}"#, Reason::Symbol);
    assert_ignored(r#"{"channel":"status","data":[]}"#, Reason::Method);
}
