//! The floor's messages, without a socket.

use super::{DEPTH_NS, Floor, OPENING_ID};
use crate::exchange::binance::book::{Book, Taken};
use crate::exchange::binance::recorded::{self, DepthAnswer, Recorded};
use crate::exchange::binance::section::Section;
use crate::exchange::binance::source::{Played, Source};
use crate::market::{Change, Event, Market, Side, Trade};
use serde_json::Value;

/// UTC at 0 of the server's clock.
const START_US: u64 = 1_785_542_400_000_000;
const SECTIONS: [Section; 2] = [Section::Spot, Section::Perpetual];

fn floor(section: Section, events: impl Iterator<Item = Event> + Send + 'static) -> Floor {
    let mut floor = Floor::open(section, Box::new(events), 1.0, START_US);
    floor.start().at_once(0);
    floor
}

fn market(section: Section, seed: u64, events: usize) -> Floor {
    floor(section, Market::new(seed, &section.terms()).take(events))
}

fn data(played: &Played) -> Value {
    serde_json::from_str(&played.data).unwrap()
}

/// Everything that is said, to the end.
fn all(floor: &mut Floor) -> Vec<Played> {
    let mut all = Vec::new();
    while floor.due_ns().is_some() {
        all.extend(floor.step().played);
    }
    all
}

/// The book as a client has it that asks for it now.
fn fetched(book: &Book) -> Book {
    let [bids, asks] = Side::BOTH.map(|side| book.texts(side, usize::MAX));
    let text = serde_json::json!({ "lastUpdateId": book.update_id, "bids": bids, "asks": asks }).to_string();
    Book::new(&serde_json::from_str::<DepthAnswer<'_>>(&text).unwrap()).unwrap()
}

fn same(left: &Book, right: &Book) -> bool {
    Side::BOTH.into_iter().all(|side| left.rows(side).eq(right.rows(side)))
}

#[test]
fn the_same_seed_says_the_same_to_the_byte() {
    for section in SECTIONS {
        let texts =
            |seed| all(&mut market(section, seed, 20_000)).into_iter().map(|played| played.text).collect::<Vec<_>>();
        let wanted = texts(1);
        assert!(wanted.len() > 2_000, "{}", wanted.len());
        assert!(texts(1) == wanted, "{section:?}");
        assert!(texts(2) != wanted, "{section:?}");
    }
}

/// Whenever the book is asked for, also between two messages, what is told behind it joins on and leads to the book.
#[test]
fn an_answer_of_any_moment_joins_on() {
    for section in SECTIONS {
        let mut floor = market(section, 3, 6_000);
        let (mut books, mut steps, mut applied) = (vec![fetched(floor.book().unwrap())], 0, 0);
        while floor.due_ns().is_some() {
            for played in floor.step().played.into_iter().filter(|played| played.is_depth) {
                let Recorded::Stream(message) = recorded::read(&played.text) else { panic!("{}", played.text) };
                let diff = message.diff().unwrap();
                assert_eq!(diff.section(), section);
                for book in &mut books {
                    let taken = book.take(&diff);
                    assert_ne!(
                        taken,
                        Taken::Broken,
                        "{section:?}: {} does not join on to {}",
                        played.text,
                        book.update_id
                    );
                    applied += usize::from(taken == Taken::Applied);
                    assert!(same(book, floor.book().unwrap()), "{section:?} at {}", book.update_id);
                }
            }
            steps += 1;
            if steps % 397 == 0 {
                books.push(fetched(floor.book().unwrap()));
            }
        }
        assert!(applied > 500, "{section:?}: {applied}");
    }
}

fn event(at_ns: u64, changes: &[(Side, i64, i64)]) -> Event {
    let changes = changes.iter().map(|(side, price_ticks, qty_lots)| Change {
        side: *side,
        price_ticks: *price_ticks,
        qty_lots: *qty_lots,
    });
    Event { at_ns, changes: changes.collect(), trades: Vec::new() }
}

/// What happens at the instant of a message is in it; a price that is again as it was is told too; where nothing changes
/// nothing is said.
#[test]
fn messages_are_written_as_the_sections_do() {
    let mut second = event(DEPTH_NS, &[(Side::Bid, 540_000, 7)]);
    second.trades.push(Trade { taker: Side::Ask, price_ticks: 540_000, qty_lots: 2, is_market_order: true });
    let events = [
        event(0, &[(Side::Bid, 540_000, 9), (Side::Ask, 540_001, 5)]),
        event(1, &[(Side::Ask, 540_009, 3), (Side::Ask, 540_009, 0)]),
        second,
        event(3 * DEPTH_NS + 1, &[(Side::Ask, 540_001, 0)]),
    ];
    let [spot, perpetual] = SECTIONS.map(|section| {
        let said = all(&mut floor(section, events.clone().into_iter()));
        said.into_iter().map(|played| played.text.to_string()).collect::<Vec<_>>()
    });
    let wanted = [
        r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1785542400100,"s":"BTCUSDT","t":1,"p":"54000.00000000","q":"0.00002000","T":1785542400100,"m":true,"M":true}}"#,
        r#"{"stream":"btcusdt@bookTicker","data":{"u":50000000003,"s":"BTCUSDT","b":"54000.00000000","B":"0.00007000","a":"54000.10000000","A":"0.00005000"}}"#,
        r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1785542400100,"s":"BTCUSDT","U":50000000001,"u":50000000003,"b":[["54000.00000000","0.00007000"]],"a":[["54000.90000000","0.00000000"]]}}"#,
        r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1785542400400,"s":"BTCUSDT","U":50000000004,"u":50000000004,"b":[],"a":[["54000.10000000","0.00000000"]]}}"#,
    ];
    assert_eq!(spot, wanted);
    let wanted = [
        r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":1785542400100,"T":1785542400100,"s":"BTCUSDT","t":1,"p":"54000.0","q":"0.002","X":"MARKET","m":true}}"#,
        r#"{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":50000000085,"s":"BTCUSDT","b":"54000.0","B":"0.007","a":"54000.1","A":"0.005","T":1785542400100,"E":1785542400100}}"#,
        r#"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1785542400100,"T":1785542400100,"s":"BTCUSDT","U":50000000002,"u":50000000085,"pu":50000000000,"b":[["54000.0","0.007"]],"a":[["54000.9","0.000"]]}}"#,
    ];
    assert_eq!(perpetual[..3], wanted);
}

/// A perpetual's numbers jump and each message names the one before; spot's follow each other.
#[test]
fn updates_are_numbered_as_the_sections_do() {
    for section in SECTIONS {
        let (mut told_id, mut jumps) = (OPENING_ID, 0);
        for played in all(&mut market(section, 1, 5_000)).iter().filter(|played| played.is_depth) {
            let data = data(played);
            let [first_id, last_id] = ["U", "u"].map(|key| data[key].as_u64().unwrap());
            assert!(told_id < first_id && first_id <= last_id, "{data}");
            jumps += usize::from(first_id != told_id + 1);
            assert_eq!(data["pu"].as_u64(), (section == Section::Perpetual).then_some(told_id));
            told_id = last_id;
        }
        assert_eq!(jumps > 0, section == Section::Perpetual, "{section:?}: {jumps}");
    }
}
