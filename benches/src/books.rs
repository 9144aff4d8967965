//! Books as clients keep them, with the exchange's checksum.

use itoa::Buffer;
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Levels a side that the checksum covers.
const CHECKSUM_LEVELS: usize = 10;

/// A book of prices and sizes of type `N`.
pub trait Book<N> {
    /// Removes all levels.
    fn clear(&mut self);
    /// Sets the size at a price of a side; a size of zero removes the level.
    fn set(&mut self, ask: bool, price: N, qty: N);
    /// Keeps the best `depth` levels of each side.
    fn cut(&mut self, depth: usize);
    /// CRC-32 over the digits of the best ten asks, then bids; none from a book that takes none.
    fn checksum(&mut self) -> Option<u32>;
}

/// What a decision reads from a book in ticks and lots.
pub trait Glance {
    /// Price and size of the best bid, then of the best ask.
    fn touch(&self) -> Option<[(i64, i64); 2]>;
    /// Lots of the best `levels` bids, then asks.
    fn lots(&self, levels: usize) -> [i64; 2];
}

/// Two `BTreeMap`s of integers; the checksum's text is written with `write!`.
#[derive(Default)]
pub struct TreeBook {
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
    text: String,
}

impl Book<i64> for TreeBook {
    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn set(&mut self, ask: bool, price: i64, qty: i64) {
        let side = if ask { &mut self.asks } else { &mut self.bids };
        if qty == 0 {
            side.remove(&price);
        } else {
            side.insert(price, qty);
        }
    }

    fn cut(&mut self, depth: usize) {
        while self.bids.len() > depth {
            self.bids.pop_first();
        }
        while self.asks.len() > depth {
            self.asks.pop_last();
        }
    }

    fn checksum(&mut self) -> Option<u32> {
        self.text.clear();
        let asks = self.asks.iter().take(CHECKSUM_LEVELS);
        for (price, qty) in asks.chain(self.bids.iter().rev().take(CHECKSUM_LEVELS)) {
            write!(self.text, "{price}{qty}").expect("memory takes everything");
        }
        Some(crc32fast::hash(self.text.as_bytes()))
    }
}

impl Glance for TreeBook {
    fn touch(&self) -> Option<[(i64, i64); 2]> {
        let copied = |(price, qty): (&i64, &i64)| (*price, *qty);
        Some([copied(self.bids.last_key_value()?), copied(self.asks.first_key_value()?)])
    }

    fn lots(&self, levels: usize) -> [i64; 2] {
        [self.bids.values().rev().take(levels).sum(), self.asks.values().take(levels).sum()]
    }
}

/// Two sorted `Vec`s, best level last; the checksum's text is written with `itoa`.
#[derive(Default)]
pub struct SortedBook {
    bids: Vec<(i64, i64)>,
    asks: Vec<(i64, i64)>,
    text: Vec<u8>,
}

impl Book<i64> for SortedBook {
    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn set(&mut self, ask: bool, price: i64, qty: i64) {
        let side = if ask { &mut self.asks } else { &mut self.bids };
        let place = side.binary_search_by(|(held, _)| if ask { price.cmp(held) } else { held.cmp(&price) });
        match (place, qty) {
            (Ok(place), 0) => drop(side.remove(place)),
            (Ok(place), _) => side[place].1 = qty,
            (Err(_), 0) => {}
            (Err(place), _) => side.insert(place, (price, qty)),
        }
    }

    fn cut(&mut self, depth: usize) {
        for side in [&mut self.bids, &mut self.asks] {
            let excess = side.len().saturating_sub(depth);
            if excess > 0 {
                side.drain(..excess);
            }
        }
    }

    fn checksum(&mut self) -> Option<u32> {
        self.text.clear();
        let mut buffer = Buffer::new();
        let asks = self.asks.iter().rev().take(CHECKSUM_LEVELS);
        for (price, qty) in asks.chain(self.bids.iter().rev().take(CHECKSUM_LEVELS)) {
            self.text.extend_from_slice(buffer.format(*price).as_bytes());
            self.text.extend_from_slice(buffer.format(*qty).as_bytes());
        }
        Some(crc32fast::hash(&self.text))
    }
}

impl Glance for SortedBook {
    fn touch(&self) -> Option<[(i64, i64); 2]> {
        Some([*self.bids.last()?, *self.asks.last()?])
    }

    fn lots(&self, levels: usize) -> [i64; 2] {
        let sum = |side: &[(i64, i64)]| side.iter().rev().take(levels).map(|(_, qty)| qty).sum();
        [sum(&self.bids), sum(&self.asks)]
    }
}

/// Two `BTreeMap`s of decimals; digits come from their text, as in the exchange's own examples.
#[derive(Default)]
pub struct DecimalBook {
    bids: BTreeMap<Decimal, Decimal>,
    asks: BTreeMap<Decimal, Decimal>,
}

impl Book<Decimal> for DecimalBook {
    fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    fn set(&mut self, ask: bool, price: Decimal, qty: Decimal) {
        let side = if ask { &mut self.asks } else { &mut self.bids };
        if qty.is_zero() {
            side.remove(&price);
        } else {
            side.insert(price, qty);
        }
    }

    fn cut(&mut self, depth: usize) {
        while self.bids.len() > depth {
            self.bids.pop_first();
        }
        while self.asks.len() > depth {
            self.asks.pop_last();
        }
    }

    fn checksum(&mut self) -> Option<u32> {
        let digits = |number: &Decimal| number.to_string().replace('.', "").trim_start_matches('0').to_owned();
        let asks = self.asks.iter().take(CHECKSUM_LEVELS);
        let levels = asks.chain(self.bids.iter().rev().take(CHECKSUM_LEVELS));
        let text: String = levels.map(|(price, qty)| digits(price) + &digits(qty)).collect();
        Some(crc32fast::hash(text.as_bytes()))
    }
}
