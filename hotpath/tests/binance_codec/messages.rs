//! Each kind of message, and what it means.

use crate::support::{BTC_PERP, BTC_SPOT, Decoder, ETH_SPOT, PERP, Record, SPOT, decode, one};
use crate::wire;
use hotpath::record::{
    BookEnd, Ignored, Kind, Level, NO_CONNECTION, NO_INSTRUMENT, Snapshot, Ticker, Trade, Update, flag,
};
use hotpath::venue::every::Every;
use hotpath::venue::{Cause, Frame, Reason, Refused};

const MS: u64 = 1_000_000;

fn assert_ignored(connection: u16, text: &str, reason: Reason) {
    let record = one(connection, text);
    let expected = Ignored { reason: reason as u16, spare: 0, frame_bytes: text.len() as u32, spare_tail: [0; 2] };
    assert_eq!(record.body::<Ignored>(), expected, "{text}");
    assert_eq!(record.head().instrument, NO_INSTRUMENT);
}

/// Kind, flags, market and time of each record.
fn heads(records: &[Record]) -> Vec<(Kind, u16, u16, u64)> {
    let heads = records.iter().map(Record::head);
    heads.map(|head| (head.kind, head.flags, head.instrument, head.exch_ns)).collect()
}

fn levels(records: &[Record]) -> Vec<(i64, i64)> {
    let levels = records.iter().filter(|record| record.head().kind == Kind::LEVEL);
    levels.map(Record::body::<Level>).map(|level| (level.price_ticks, level.qty_lots)).collect()
}

#[test]
fn updates_of_spot_follow_the_id_before_their_first() {
    let records = decode(SPOT, wire::SPOT_DEPTH);
    let at = |kind, flags| (kind, flags, BTC_SPOT, 1_672_515_782_136 * MS);
    let expected = [
        at(Kind::UPDATE, 0),
        at(Kind::LEVEL, 0),
        at(Kind::LEVEL, 0),
        at(Kind::LEVEL, flag::ASK),
        at(Kind::LEVEL, flag::ASK),
        at(Kind::LEVEL, flag::ASK),
        at(Kind::BOOK_END, 0),
    ];
    assert_eq!(heads(&records), expected);
    assert_eq!(records[0].body::<Update>(), Update { follows_id: 156, update_id: 160, spare: 0 });
    let expected = [(2_400, 1_000_000_000), (2_399, 0), (2_601, 1), (2_650, 10_000_000_000), (2_650, 0)];
    assert_eq!(levels(&records), expected);
    assert_eq!(records[6].body::<BookEnd>(), BookEnd { checksum: 0, levels: 5, update_id: 160, spare: 0 });
}

#[test]
fn updates_of_the_perpetual_name_what_they_follow() {
    let records = decode(PERP, wire::PERP_DEPTH);
    let at = |kind, flags| (kind, flags, BTC_PERP, 1_571_889_248_277 * MS);
    let ask = at(Kind::LEVEL, flag::ASK);
    let expected = [at(Kind::UPDATE, 0), at(Kind::LEVEL, 0), at(Kind::LEVEL, 0), ask, ask, at(Kind::BOOK_END, 0)];
    assert_eq!(heads(&records), expected);
    assert_eq!(records[0].body::<Update>(), Update { follows_id: 390_497_794, update_id: 390_497_878, spare: 0 });
    assert_eq!(levels(&records), [(74_038, 2), (74_039, 3_906), (74_059, 3_340), (74_053, 0)]);
    assert_eq!(records[5].body::<BookEnd>(), BookEnd { checksum: 0, levels: 4, update_id: 390_497_878, spare: 0 });
}

/// `depth`, `depth@100ms`, `depth@0ms`, `depth@500ms` are all of them.
#[test]
fn the_pace_of_updates_is_not_looked_at() {
    let expected = decode(PERP, wire::PERP_DEPTH);
    for name in ["btcusdt@depth", "btcusdt@depth@0ms", "btcusdt@depth@500ms", "btcusdt\\u0040depth"] {
        assert_eq!(decode(PERP, &wire::PERP_DEPTH.replace("btcusdt@depth@100ms", name)), expected, "{name}");
    }
}

#[test]
fn an_update_may_change_nothing() {
    let text = r#"{"stream":"btcusdt@depth","data":{"E":1,"s":"BTCUSDT","U":1,"u":1,"b":[],"a":[]}}"#;
    let records = decode(SPOT, text);
    assert_eq!(heads(&records).iter().map(|head| head.0).collect::<Vec<_>>(), [Kind::UPDATE, Kind::BOOK_END]);
    assert_eq!(records[0].body::<Update>(), Update { follows_id: 0, update_id: 1, spare: 0 });
}

#[test]
fn what_was_fetched_is_of_the_market_it_was_fetched_for() {
    let table = [
        (BTC_SPOT, wire::SPOT_SNAPSHOT, 0, [(400, 43_100_000_000), (399, 150_000_000)].to_vec(), (402, 1_200_000_000)),
        (ETH_SPOT, wire::SPOT_SNAPSHOT, 0, [(400, 4_310_000), (399, 15_000)].to_vec(), (402, 120_000)),
        (BTC_PERP, wire::PERP_SNAPSHOT, 1_589_436_922_972 * MS, [(40, 431_000)].to_vec(), (42, 12_000)),
    ];
    for (instrument, text, exch_ns, bids, ask) in table {
        let records = Decoder::new().fetched(instrument, text).expect("a snapshot");
        let (first, last) = (&records[0], &records[records.len() - 1]);
        let counts = (bids.len() as u32, 1);
        let expected = Snapshot { bids: counts.0, asks: counts.1, update_id: 1_027_024, spare: 0 };
        assert_eq!(first.body::<Snapshot>(), expected);
        assert_eq!(levels(&records), [bids, vec![ask]].concat());
        let end = BookEnd { checksum: 0, levels: counts.0 + 1, update_id: 1_027_024, spare: 0 };
        assert_eq!(last.body::<BookEnd>(), end);
        assert_eq!(last.head().flags, flag::SNAPSHOT);
        for record in &records {
            let head = record.head();
            assert_eq!((head.instrument, head.exch_ns, head.connection), (instrument, exch_ns, NO_CONNECTION));
        }
        let is_ask = records[records.len() - 2].head();
        assert!(is_ask.has(flag::ASK) && !records[1].head().has(flag::ASK));
    }
}

#[test]
fn nothing_is_fetched_for_a_market_that_is_not_there() {
    for instrument in [3, 4, 255, NO_INSTRUMENT] {
        let frame = Frame::fetched(instrument, wire::SPOT_SNAPSHOT.as_bytes());
        let ignored = Decoder::new().with(&Every, frame).expect("a legal frame");
        assert_eq!(ignored[0].body::<Ignored>().reason, Reason::Symbol as u16);
        let refused = Decoder::new().with(&crate::support::codec(SPOT), frame);
        assert_eq!(refused, Err(Refused { cause: Cause::Range, offset: 0 }));
    }
}

#[test]
fn trades_say_who_took() {
    let record = one(SPOT, wire::SPOT_TRADE);
    let expected = Trade { price_ticks: 1_685_001, qty_lots: 100_000, trade_id: 12_345 };
    assert_eq!(record.body::<Trade>(), expected);
    assert_eq!(heads(&[record]), [(Kind::TRADE, flag::ASK, BTC_SPOT, 1_672_515_782_136 * MS)]);
    let record = one(PERP, wire::PERP_TRADE);
    let expected = Trade { price_ticks: 618_003, qty_lots: 6, trade_id: 5_266_583_935 };
    assert_eq!(record.body::<Trade>(), expected);
    assert_eq!(heads(&[record]), [(Kind::TRADE, 0, BTC_PERP, 1_723_161_256_321 * MS)]);
}

/// The insurance fund's and forced ones are no trades of the book, and may have prices that no trade has.
#[test]
fn trades_that_the_book_did_not_make_are_not_used() {
    for origin in ["INSURANCE_FUND", "ADL", "NA", ""] {
        let text = wire::PERP_TRADE.replace("MARKET", origin).replace("61800.30", "0");
        assert_ignored(PERP, &text, Reason::Method);
    }
    let without = wire::PERP_TRADE.replace(r#""X":"MARKET","#, "");
    assert_eq!(one(PERP, &without), one(PERP, wire::PERP_TRADE));
    assert_eq!(one(PERP, &wire::PERP_TRADE.replace("\"MARKET\"", "null")), one(PERP, wire::PERP_TRADE));
}

#[test]
fn tickers_name_the_state_of_the_book() {
    let record = one(SPOT, &wire::SPOT_TICKER.replace("5190000", "5000000").replace("6520000", "6000000"));
    let expected = Ticker {
        bid_ticks: 2_535,
        bid_lots: 3_121_000_000,
        ask_ticks: 2_536,
        ask_lots: 4_066_000_000,
        last_ticks: 0,
        update_id: 400_900_217,
        spare: [0; 5],
    };
    assert_eq!(record.body::<Ticker>(), expected);
    assert_eq!(heads(&[record]), [(Kind::TICKER, 0, BTC_SPOT, 0)]);
    let record = one(PERP, wire::PERP_TICKER);
    let expected = Ticker { bid_ticks: 253, bid_lots: 31_210, ask_ticks: 254, ask_lots: 40_660, ..expected };
    assert_eq!(record.body::<Ticker>(), expected);
    assert_eq!(heads(&[record]), [(Kind::TICKER, 0, BTC_PERP, 1_568_014_460_893 * MS)]);
    let empty = wire::PERP_TICKER.replace("25.30", "0.00").replace("31.210", "0.000");
    assert_eq!(one(PERP, &empty).body::<Ticker>(), Ticker { bid_ticks: 0, bid_lots: 0, ..expected });
}

#[test]
fn other_streams_are_not_used() {
    for text in wire::OTHER_STREAMS {
        assert_ignored(SPOT, text, Reason::Channel);
        assert_ignored(PERP, text, Reason::Channel);
    }
}

#[test]
fn other_pairs_are_not_used() {
    let texts = [wire::SPOT_DEPTH, wire::PERP_DEPTH, wire::SPOT_TRADE, wire::PERP_TRADE, wire::SPOT_TICKER];
    for text in texts {
        for symbol in ["BTCUSD", "BTCUSDTT", "btcusdt", ""] {
            let text = text.replace("\"BTCUSDT\"", &format!("\"{symbol}\""));
            assert_ignored(SPOT, &text, Reason::Symbol);
            assert_ignored(PERP, &text, Reason::Symbol);
        }
        let ether = text.replace("\"BTCUSDT\"", "\"ETHUSDT\"");
        assert_ignored(PERP, &ether, Reason::Symbol);
    }
    let ether = wire::SPOT_TRADE.replace("\"BTCUSDT\"", "\"ETHUSDT\"");
    assert_eq!(one(SPOT, &ether).head().instrument, ETH_SPOT);
    assert_eq!(one(SPOT, &ether).body::<Trade>().qty_lots, 10);
}

/// Any spelling of a message means the same: other order, spaces, escapes, fields that nobody knows, `null`.
#[test]
fn any_spelling_means_the_same() {
    let spelled = r#" { "data" : { "a" : [ [ "7405.9" , "3.34" , [] ] , ["7405.3","0"]], "pu":390497794, "u":390497878, "new":{"b":[1]},
        "U" : 390497796 , "b":[["7403.800000000000","2e-3"],["7403.9","3.906"]], "\u0073":"BTC\u0055SDT", "T":null, "E":1571889248277 },
        "stream" : "btcusdt@\u0064epth" } "#;
    assert_eq!(decode(PERP, spelled), decode(PERP, wire::PERP_DEPTH));
}

#[test]
fn it_tells_of_its_own_end() {
    assert_ignored(SPOT, wire::SHUTDOWN, Reason::Method);
    assert_ignored(PERP, wire::SHUTDOWN, Reason::Method);
    let refused = Decoder::new().text(SPOT, wire::RAW_STREAM);
    assert_eq!(refused, Err(Refused { cause: Cause::Missing, offset: 0 }), "the address is wrong");
}
