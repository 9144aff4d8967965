//! A naive client of Binance: sides in maps, numbers as they are written, no step left out of the documented way to follow
//! a book.

use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// A level as it was written: price and size.
pub type Level = [String; 2];
/// Best bid and best ask.
pub type Touch = [Level; 2];

/// Levels by the digits of their price.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side(BTreeMap<u64, Level>);

impl Side {
    fn set(&mut self, levels: &Value) {
        for level in levels.as_array().expect("levels") {
            let [price, qty] = [0, 1].map(|place| level[place].as_str().expect("a number as text").to_owned());
            let digits = price.replace('.', "").parse().expect("a price");
            if qty.chars().all(|digit| matches!(digit, '0' | '.')) {
                self.0.remove(&digits);
            } else {
                self.0.insert(digits, [price, qty]);
            }
        }
    }

    /// Levels with rising prices.
    pub fn levels(&self) -> impl DoubleEndedIterator<Item = &Level> {
        self.0.values()
    }
}

/// Both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    pub bids: Side,
    pub asks: Side,
    pub update_id: u64,
}

impl Book {
    /// That of a depth answer.
    pub fn of(answer: &str) -> Self {
        let answer: Value = serde_json::from_str(answer).expect("JSON");
        let mut book = Self { update_id: answer["lastUpdateId"].as_u64().expect("a number"), ..Self::default() };
        book.bids.set(&answer["bids"]);
        book.asks.set(&answer["asks"]);
        book
    }

    pub fn set(&mut self, diff: &Value) {
        self.bids.set(&diff["b"]);
        self.asks.set(&diff["a"]);
        self.update_id = diff["u"].as_u64().expect("a number");
    }

    pub fn touch(&self) -> Option<Touch> {
        Some([self.bids.levels().next_back()?.clone(), self.asks.levels().next()?.clone()])
    }

    /// Bids and asks, best first, those that are not worse than the worst of any of some books.
    pub fn within(&self, bounds: &[&Self]) -> [Vec<Level>; 2] {
        let low = bounds.iter().filter_map(|bound| bound.bids.0.keys().next()).max().expect("a bid");
        let high = bounds.iter().filter_map(|bound| bound.asks.0.keys().next_back()).min().expect("an ask");
        let bids = self.bids.0.range(low..).rev().map(|(_, level)| level.clone()).collect();
        [bids, self.asks.0.range(..=high).map(|(_, level)| level.clone()).collect()]
    }
}

/// A client that has asked for the book at some time.
#[derive(Default)]
pub struct Naive {
    book: Option<Book>,
    /// Whether a message has joined on to the answer.
    has_joined: bool,
    /// What came before there was an answer.
    held: Vec<Value>,
    /// Every best bid and ask that was told, by its update.
    pub told: HashMap<u64, Touch>,
    /// Those of the book after each message.
    pub seen: HashMap<u64, Touch>,
    /// Messages that did not follow the one before.
    pub broken: u64,
}

impl Naive {
    /// The book.
    pub const fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    /// Takes the answer to a request for the book, and what came before it.
    pub fn begin(&mut self, answer: &str) {
        self.book = Some(Book::of(answer));
        self.has_joined = false;
        for diff in std::mem::take(&mut self.held) {
            self.follow(diff);
        }
    }

    /// Takes a message of a stream.
    pub fn take(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).expect("JSON");
        let (stream, data) = (message["stream"].as_str().expect("a name"), &message["data"]);
        if stream.contains("@depth") {
            self.follow(data.clone());
        } else if stream.ends_with("@bookTicker") {
            let text = |key: &str| data[key].as_str().expect("a number as text").to_owned();
            let touch = [[text("b"), text("B")], [text("a"), text("A")]];
            self.told.insert(data["u"].as_u64().expect("a number"), touch);
        }
    }

    fn follow(&mut self, diff: Value) {
        let Some(book) = &mut self.book else { return self.held.push(diff) };
        let number = |key: &str| diff[key].as_u64();
        let (first_id, last_id) = (number("U").expect("a number"), number("u").expect("a number"));
        if last_id <= book.update_id {
            return;
        }
        let joins = match (self.has_joined, number("pu")) {
            (false, _) => first_id <= book.update_id + 1,
            (true, Some(before_id)) => before_id == book.update_id,
            (true, None) => first_id == book.update_id + 1,
        };
        // The first message of a perpetual may begin behind the answer when the one before ends with it.
        let joins = joins || number("pu").is_some_and(|before_id| before_id <= book.update_id) && !self.has_joined;
        if !joins {
            (self.book, self.has_joined) = (None, false);
            self.broken += 1;
            return self.held.push(diff);
        }
        book.set(&diff);
        self.has_joined = true;
        self.seen.extend(book.touch().map(|touch| (last_id, touch)));
    }

    /// Touches of the book that were told too: how many are the same, and how many are not.
    pub fn touches(&self) -> (usize, usize) {
        let told = self.seen.iter().filter_map(|(id, seen)| Some((seen, self.told.get(id)?)));
        let (same, other): (Vec<_>, Vec<_>) = told.partition(|(seen, told)| seen == told);
        (same.len(), other.len())
    }
}
