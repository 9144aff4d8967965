//! Windows against two naive clients: one that cuts after each message, as the exchange asks, and one that
//! cuts after each row, as some do.

use super::{Book, DEPTHS, Rows};
use crate::exchange::ladder::{Ladder, Row};
use crate::market::{Change, Side};
use proptest::prelude::*;

/// A subscriber that knows nothing but what it is told.
struct Client {
    depth: usize,
    cuts_each_row: bool,
    bids: Ladder,
    asks: Ladder,
}

impl Client {
    fn subscribe(book: &Book, depth: usize, cuts_each_row: bool) -> Self {
        let mut client = Self { depth, cuts_each_row, bids: Ladder::new(Side::Bid), asks: Ladder::new(Side::Ask) };
        for (side, ladder) in [(Side::Bid, &mut client.bids), (Side::Ask, &mut client.asks)] {
            book.rows(side).take(depth).for_each(|row| ladder.set(ladder.turned(row.price_ticks), row.qty_lots));
        }
        client
    }

    fn take(&mut self, rows: &Rows) {
        for (ladder, rows) in [(&mut self.bids, &rows.bids), (&mut self.asks, &rows.asks)] {
            for row in rows {
                ladder.set(ladder.turned(row.price_ticks), row.qty_lots);
                if self.cuts_each_row {
                    ladder.cut(self.depth);
                }
            }
            ladder.cut(self.depth);
        }
    }

    fn sides(&self) -> [Vec<Row>; 2] {
        [self.bids.rows().collect(), self.asks.rows().collect()]
    }
}

fn seen(book: &Book, depth: usize) -> [Vec<Row>; 2] {
    [Side::Bid, Side::Ask].map(|side| book.rows(side).take(depth).collect())
}

fn change(side: Side, price_ticks: i64, qty_lots: i64) -> Change {
    Change { side, price_ticks, qty_lots }
}

const fn row(price_ticks: i64, qty_lots: i64) -> Row {
    Row { price_ticks, qty_lots }
}

/// Bids 100 down to 100 - `levels` + 1, one lot each.
fn bids(levels: i64) -> Book {
    let mut book = Book::new();
    book.take(&(0..levels).map(|place| change(Side::Bid, 100 - place, 1)).collect::<Vec<_>>());
    book
}

/// What depth 10 is told of some changes of bids.
fn told(book: &mut Book, changes: &[(i64, i64)]) -> Vec<Row> {
    let changes: Vec<_> = changes.iter().map(|(price, qty)| change(Side::Bid, *price, *qty)).collect();
    book.take(&changes)[0].bids.clone()
}

#[test]
fn what_vanishes_is_followed_by_what_comes_into_sight() {
    let mut book = bids(12);
    assert_eq!(told(&mut book, &[(95, 0)]), [row(95, 0), row(90, 1)]);
    assert_eq!(told(&mut book, &[(89, 7)]), [], "89 is the eleventh");
    assert_eq!(told(&mut book, &[(98, 0)]), [row(98, 0), row(89, 7)]);
    assert_eq!(told(&mut book, &[(97, 0)]), [row(97, 0)], "no more there");
}

#[test]
fn what_falls_out_is_not_told() {
    let mut book = bids(10);
    assert_eq!(told(&mut book, &[(101, 5)]), [row(101, 5)]);
    assert_eq!(told(&mut book, &[(91, 9)]), [], "91 changes unseen");
    assert_eq!(told(&mut book, &[(101, 0)]), [row(101, 0), row(91, 9)], "and comes back as it is now");
    assert_eq!(told(&mut book, &[(101, 5)]), [row(101, 5)]);
    assert_eq!(told(&mut book, &[(91, 0)]), [], "or goes unseen");
    assert_eq!(told(&mut book, &[(101, 0)]), [row(101, 0)], "and there are nine left");
}

#[test]
fn a_price_that_changes_several_times_is_told_each_time() {
    let mut book = bids(10);
    assert_eq!(
        told(&mut book, &[(100, 5), (100, 4), (100, 0), (100, 2)]),
        [row(100, 5), row(100, 4), row(100, 0), row(100, 2)]
    );
    assert_eq!(told(&mut book, &[(100, 2)]), [], "the size that it has is no change");
}

/// A subscriber cuts after the message. It still holds 91 when it is told of 89 and would keep 91, the
/// better one, had nobody said that it is gone.
#[test]
fn what_fell_out_and_vanished_within_a_message_is_told() {
    let mut book = bids(12);
    let changes = [(101, 1), (91, 0), (99, 0)];
    assert_eq!(told(&mut book, &changes), [row(101, 1), row(91, 0), row(99, 0), row(90, 1)]);
}

#[test]
fn every_depth_sees_its_own() {
    let mut book = bids(30);
    let rows = book.take(&[change(Side::Bid, 95, 0)]);
    let last: Vec<_> = rows.iter().map(|rows| rows.bids.last().copied()).collect();
    assert_eq!(last, [Some(row(90, 1)), Some(row(75, 1)), Some(row(95, 0)), Some(row(95, 0)), Some(row(95, 0))]);
    let rows = book.take(&[change(Side::Bid, 80, 4)]);
    assert_eq!(rows.map(|rows| rows.is_empty()), [true, false, false, false, false]);
}

/// Prices close together, so that levels meet, fall out and come back; now and then many at once go.
pub(in crate::exchange) fn messages() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let single = (side.clone(), 1_i64..60, 0_i64..4).prop_map(|(side, price, qty)| vec![change(side, price, qty)]);
    let sweep = (side, 1_i64..60, 1_i64..40, 0_i64..2)
        .prop_map(|(side, from, count, qty)| (from..from + count).map(|price| change(side, price, qty)).collect());
    let message = prop::collection::vec(prop_oneof![9 => single, 1 => sweep], 1..6);
    prop::collection::vec(message.prop_map(|parts| parts.concat()), 1..80)
}

/// The same far deeper: thousands of levels, and moves through hundreds of them.
pub(in crate::exchange) fn deep_messages() -> impl Strategy<Value = Vec<Vec<Change>>> {
    let side = prop_oneof![Just(Side::Bid), Just(Side::Ask)];
    let stretch = (side, 1_i64..3_000, 1_i64..1_200, 0_i64..3).prop_map(|(side, from, count, qty)| {
        (from..from + count).map(|price| change(side, price, qty)).collect::<Vec<_>>()
    });
    prop::collection::vec(stretch, 1..12)
}

fn check(messages: &[Vec<Change>]) -> Result<(), TestCaseError> {
    let mut book = Book::new();
    let mut clients: Vec<_> = [false, true]
        .iter()
        .flat_map(|each| DEPTHS.map(|depth| Client::subscribe(&book, depth as usize, *each)))
        .collect();
    for changes in messages {
        let before = DEPTHS.map(|depth| seen(&book, depth as usize));
        let rows = book.take(changes);
        for client in &mut clients {
            let place = DEPTHS.iter().position(|depth| *depth as usize == client.depth).unwrap();
            client.take(&rows[place]);
            let now = seen(&book, client.depth);
            prop_assert_eq!(client.sides(), now.clone());
            prop_assert!(!rows[place].is_empty() || before[place] == now);
        }
    }
    // One that comes late sees what the others see.
    let late = Client::subscribe(&book, 25, false);
    prop_assert_eq!(late.sides(), clients[1].sides());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn a_client_that_is_told_holds_the_book(messages in messages()) {
        check(&messages)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn a_client_that_is_told_holds_a_deep_book(messages in deep_messages()) {
        check(&messages)?;
    }
}
