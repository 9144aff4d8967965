//! The book that a market has led to: of a recording a depth answer, and the changes behind it.

use super::recorded::{DepthAnswer, Diff, LevelText};
use crate::exchange::decimal::Decimal;
use crate::exchange::ladder::{Ladder, Row};
use crate::market::Side;

/// How a market writes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Scale {
    pub price_decimals: u8,
    pub qty_decimals: u8,
}

impl Scale {
    /// The decimals in which a level is written.
    pub fn of([price, qty]: LevelText<'_>) -> Option<Self> {
        Some(Self { price_decimals: Decimal::decimals_of(price)?, qty_decimals: Decimal::decimals_of(qty)? })
    }

    fn read(self, [price, qty]: LevelText<'_>) -> Option<(i64, i64)> {
        let price = Decimal::parse(price, self.price_decimals)?;
        Some((price.units, Decimal::parse(qty, self.qty_decimals)?.units))
    }

    /// Price and size as the market writes them.
    pub fn text(self, row: Row) -> [String; 2] {
        let price = Decimal::new(row.price_ticks, self.price_decimals);
        [price.to_string(), Decimal::new(row.qty_lots, self.qty_decimals).to_string()]
    }
}

/// What a message did to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The book is as it was after the message.
    Applied,
    /// All of it was in the book already.
    Older,
    /// Something between the book and the message is missing, or the message cannot be read: this book has ended.
    Broken,
}

/// The book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    bids: Ladder,
    asks: Ladder,
    pub scale: Scale,
    /// The last update in it.
    pub update_id: u64,
    /// When it was so, UNIX milliseconds.
    pub event_ms: u64,
    pub transaction_ms: u64,
    /// Whether a message has joined on to the answer that it began with: from there on each must follow the last.
    has_joined: bool,
}

impl Book {
    /// The book of an answer; `None` when its numbers cannot be read, or it holds no level.
    pub fn new(answer: &DepthAnswer<'_>) -> Option<Self> {
        let scale = Scale::of(*answer.bids.iter().chain(&answer.asks).next()?)?;
        let mut book = Self {
            bids: Ladder::new(Side::Bid),
            asks: Ladder::new(Side::Ask),
            scale,
            update_id: answer.update_id,
            event_ms: answer.event_ms.unwrap_or(0),
            transaction_ms: answer.transaction_ms.unwrap_or(0),
            has_joined: false,
        };
        book.set(&answer.bids, &answer.asks)?;
        Some(book)
    }

    /// A book without levels, up to an update.
    pub const fn empty(scale: Scale, update_id: u64) -> Self {
        Self {
            bids: Ladder::new(Side::Bid),
            asks: Ladder::new(Side::Ask),
            scale,
            update_id,
            event_ms: 0,
            transaction_ms: 0,
            has_joined: false,
        }
    }

    /// Sets a level; 0 lots remove it.
    pub fn put(&mut self, side: Side, Row { price_ticks, qty_lots }: Row) {
        let ladder = match side {
            Side::Bid => &mut self.bids,
            Side::Ask => &mut self.asks,
        };
        ladder.set(ladder.turned(price_ticks), qty_lots);
    }

    /// What rests at a price, which may be nothing.
    pub fn at(&self, side: Side, price_ticks: i64) -> Row {
        let ladder = match side {
            Side::Bid => &self.bids,
            Side::Ask => &self.asks,
        };
        Row { price_ticks, qty_lots: ladder.at(ladder.turned(price_ticks)).unwrap_or(0) }
    }

    /// Takes a message.
    pub fn take(&mut self, diff: &Diff<'_>) -> Taken {
        if diff.update_id <= self.update_id {
            return Taken::Older;
        }
        let follows_id = diff.follows_id();
        let joins = if self.has_joined { follows_id == self.update_id } else { follows_id <= self.update_id };
        if !joins || self.set(&diff.bids, &diff.asks).is_none() {
            return Taken::Broken;
        }
        self.has_joined = true;
        self.update_id = diff.update_id;
        self.event_ms = diff.event_ms;
        self.transaction_ms = diff.transaction_ms.unwrap_or(0);
        Taken::Applied
    }

    fn set(&mut self, bids: &[LevelText<'_>], asks: &[LevelText<'_>]) -> Option<()> {
        for (ladder, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            for level in levels {
                let (price_ticks, qty_lots) = self.scale.read(*level)?;
                ladder.set(ladder.turned(price_ticks), qty_lots);
            }
        }
        Some(())
    }

    /// The best levels of a side as text, best first.
    pub fn texts(&self, side: Side, levels: usize) -> Vec<[String; 2]> {
        self.rows(side).take(levels).map(|row| self.scale.text(row)).collect()
    }

    /// The levels of a side, best first.
    pub fn rows(&self, side: Side) -> impl Iterator<Item = Row> {
        match side {
            Side::Bid => self.bids.rows(),
            Side::Ask => self.asks.rows(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Book, Taken};
    use crate::exchange::binance::recorded::{DepthAnswer, Diff};

    fn book() -> Book {
        let answer = r#"{"lastUpdateId":10,"bids":[["9.90","1.000"]],"asks":[["10.10","2.000"]]}"#;
        Book::new(&serde_json::from_str::<DepthAnswer<'_>>(answer).unwrap()).unwrap()
    }

    /// What messages with these first and last updates do to the book, of spot and of a perpetual.
    fn taken(messages: &[(u64, u64)]) -> Vec<Taken> {
        let [spot, perpetual] = [false, true].map(|is_perpetual| {
            let mut book = book();
            let take = messages.iter().map(|(first_id, last_id)| {
                let before = if is_perpetual { format!(r#","pu":{}"#, first_id - 1) } else { String::new() };
                // A perpetual's first update says nothing: numbers are passed over.
                let first_id = if is_perpetual { first_id + 3 } else { *first_id };
                let text =
                    format!(r#"{{"s":"A","E":1,"U":{first_id},"u":{last_id}{before},"b":[],"a":[["10.20","1"]]}}"#);
                book.take(&serde_json::from_str::<Diff<'_>>(&text).unwrap())
            });
            take.collect::<Vec<_>>()
        });
        assert_eq!(spot, perpetual);
        spot
    }

    #[test]
    fn messages_join_on_to_the_answer_and_then_to_each_other() {
        use Taken::{Applied, Broken, Older};
        type Ids = (u64, u64);
        let cases: [(&[Ids], &[Taken]); 6] = [
            (&[(5, 9), (10, 10), (11, 20), (21, 21)], &[Older, Older, Applied, Applied]),
            (&[(2, 11), (12, 12), (12, 12)], &[Applied, Applied, Older]),
            (&[(12, 14)], &[Broken]),
            (&[(11, 12), (14, 14)], &[Applied, Broken]),
            (&[(11, 12), (12, 14)], &[Applied, Broken]),
            (&[(10, 11)], &[Applied]),
        ];
        for (messages, wanted) in cases {
            assert_eq!(taken(messages), wanted, "{messages:?}");
        }
    }

    #[test]
    fn numbers_that_do_not_fit_end_a_book() {
        for level in [r#"["10.201","1"]"#, r#"["10.20","1.0001"]"#, r#"["-1","1"]"#, r#"["","1"]"#] {
            let text = format!(r#"{{"s":"A","E":1,"U":11,"u":11,"b":[{level}],"a":[]}}"#);
            assert_eq!(book().take(&serde_json::from_str::<Diff<'_>>(&text).unwrap()), Taken::Broken, "{level}");
        }
    }
}
