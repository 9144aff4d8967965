//! The floor's messages, read by the naive client of the whole-system tests.

use super::Floor;
use crate::exchange::kraken::book::DEPTHS;
use crate::exchange::kraken::book::tests::{deep_messages, messages};
use crate::exchange::kraken::listing::Pair;
use crate::exchange::kraken::source::{Seen, Source};
use crate::exchange::kraken::topic::{Topic, Trigger};
use crate::exchange::ladder::Row;
use crate::market::{Change, Event, Side, Trade};
use proptest::prelude::*;
use std::collections::BTreeMap;
use twin::Twin;

#[path = "../../../../tests/support/twin.rs"]
mod twin;

/// UTC at 0 of the server's clock.
const START_US: u64 = 1_785_542_400_000_000;

fn floor(events: Vec<Event>) -> Floor {
    let mut floor = Floor::open(Pair::listed("BTC/EUR").unwrap(), Box::new(events.into_iter()), 1.0, START_US);
    floor.subscribed(Topic::Book(10), 0);
    floor
}

fn held(rows: &[Row]) -> BTreeMap<i64, i64> {
    rows.iter().map(|row| (row.price_ticks, row.qty_lots)).collect()
}

/// Whether a client holds what the exchange does.
fn agrees(twin: &Twin, floor: &Floor) -> bool {
    let Seen { bids, asks } = floor.seen(twin.depth as u32);
    (&twin.bids, &twin.asks) == (&held(&bids), &held(&asks))
}

fn check(messages: Vec<Vec<Change>>) -> Result<(), TestCaseError> {
    let events = (0..).zip(messages).map(|(at_ns, changes)| Event { at_ns, changes, trades: Vec::new() });
    let mut floor = floor(events.collect());
    let mut twins = DEPTHS.map(|depth| Twin::new(depth as usize, 1, 8));
    for twin in &mut twins {
        let snapshot = floor.snapshot(Topic::Book(twin.depth as u32)).unwrap();
        prop_assert_eq!(twin.take(&snapshot.text), Some(true));
    }
    while floor.due_ns().is_some() {
        for published in floor.step(&|_| true).published {
            let Some(mark) = published.book else { continue };
            let twin = twins.iter_mut().find(|twin| published.topic == Topic::Book(twin.depth as u32)).unwrap();
            prop_assert_eq!(twin.take(&published.text), Some(true), "{}", &published.text);
            prop_assert!(published.text.contains(&mark.checksum.to_string()));
        }
        for twin in &twins {
            prop_assert!(agrees(twin, &floor), "depth {}", twin.depth);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn a_naive_client_verifies_every_message(messages in messages()) {
        check(messages)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_naive_client_verifies_every_message_of_a_deep_book(messages in deep_messages()) {
        check(messages)?;
    }
}

/// A book, a sale through its best bid with what the taker did to it, and a new ask far behind the best.
fn session() -> Vec<Event> {
    let change = |side, price_ticks, qty_lots| Change { side, price_ticks, qty_lots };
    let trade =
        |price_ticks, qty_lots, is_market_order| Trade { taker: Side::Ask, price_ticks, qty_lots, is_market_order };
    vec![
        Event {
            at_ns: 0,
            changes: vec![
                change(Side::Bid, 539_999, 300),
                change(Side::Bid, 539_998, 500),
                change(Side::Ask, 540_001, 700),
            ],
            trades: Vec::new(),
        },
        Event {
            at_ns: 5_000,
            changes: vec![change(Side::Bid, 539_999, 0), change(Side::Bid, 539_998, 400)],
            trades: vec![trade(539_999, 300, true), trade(539_998, 100, false)],
        },
        Event { at_ns: 5_100, changes: vec![change(Side::Ask, 540_009, 1)], trades: Vec::new() },
    ]
}

/// The message without its times.
fn timeless(text: &str) -> String {
    let mut parts = text.split(r#""timestamp":""#);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "T" + &part[27..])
}

#[test]
fn an_event_becomes_book_trades_and_ticker() {
    let mut floor = floor(session());
    let step = floor.step(&|_| true);
    let topics: Vec<_> = step.published.iter().map(|published| published.topic).collect();
    let books = DEPTHS.map(Topic::Book);
    let others = [Topic::Trade, Topic::Ticker(Trigger::Trades), Topic::Ticker(Trigger::Bbo)];
    assert_eq!(topics, [&books[..], &others[..]].concat());
    let texts: Vec<_> = step.published[4..7].iter().map(|published| timeless(&published.text)).collect();
    let checksum = crc32fast::hash(b"540001700539998400");
    let wanted = [
        format!(r#"{{"channel":"book","type":"update","data":[{{"symbol":"BTC/EUR","bids":[{{"price":53999.9,"qty":0.00000000}},{{"price":53999.8,"qty":0.00000400}}],"asks":[],"checksum":{checksum},T"}}]}}"#),
        r#"{"channel":"trade","type":"update","data":[{"symbol":"BTC/EUR","side":"sell","price":53999.9,"qty":0.00000300,"ord_type":"market","trade_id":1,T"},{"symbol":"BTC/EUR","side":"sell","price":53999.8,"qty":0.00000100,"ord_type":"limit","trade_id":2,T"}]}"#.to_owned(),
        r#"{"channel":"ticker","type":"update","data":[{"symbol":"BTC/EUR","bid":53999.8,"bid_qty":0.00000400,"ask":54000.1,"ask_qty":0.00000700,"last":53999.8,"volume":0.00000400,"vwap":53999.9,"low":53999.8,"high":53999.9,"change":-0.1,"change_pct":0.00,T"}]}"#.to_owned(),
    ];
    assert_eq!(texts, wanted);
    let next = floor.step(&|_| true).published;
    assert_eq!(next.iter().map(|published| published.topic).collect::<Vec<_>>(), books, "no trade, the same touch");
    let times = [&step.published[0], &next[0]].map(|published| published.book.clone().unwrap().timestamp);
    assert!(times[0] < times[1], "within a microsecond of each other, told apart: {times:?}");
}

#[test]
fn nothing_is_written_for_nobody() {
    let mut floor = floor(session());
    let step = floor.step(&|topic| topic == Topic::Ticker(Trigger::Bbo));
    let topics: Vec<_> = step.published.iter().map(|published| published.topic).collect();
    assert_eq!(topics, [Topic::Trade, Topic::Ticker(Trigger::Bbo)], "trades are kept for snapshots");
    let trades = floor.snapshot(Topic::Trade).unwrap().text;
    assert!(
        trades.starts_with(r#"{"channel":"trade","type":"snapshot","data":[{"#)
            && trades.matches("trade_id").count() == 2
    );
}

#[test]
fn a_snapshot_has_the_last_fifty_trades() {
    let trade = Trade { taker: Side::Bid, price_ticks: 540_000, qty_lots: 1, is_market_order: true };
    let events = (0..).map(|at_ns| Event { at_ns, changes: Vec::new(), trades: vec![trade; 7] }).take(20);
    let mut floor = floor(events.collect());
    while floor.due_ns().is_some() {
        floor.step(&|_| false);
    }
    let snapshot = floor.snapshot(Topic::Trade).unwrap().text;
    let ids: Vec<_> = snapshot.match_indices(r#""trade_id":"#).map(|(at, key)| &snapshot[at + key.len()..]).collect();
    assert_eq!(ids.len(), 50);
    assert!(ids[0].starts_with("84,") && ids[49].starts_with("133,"), "19 events behind the first: {snapshot}");
}

#[test]
fn speed_is_of_the_markets_time() {
    let events = vec![Event::default(), Event { at_ns: 3_000, ..Event::default() }];
    for (speed, due_ns) in [(1.0, 3_500), (3.0, 1_500), (0.5, 6_500)] {
        let events = Box::new(events.clone().into_iter());
        let mut floor = Floor::open(Pair::listed("BTC/EUR").unwrap(), events, speed, START_US);
        floor.subscribed(Topic::Book(10), 500);
        assert_eq!(floor.due_ns(), Some(due_ns));
    }
}
