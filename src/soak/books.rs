//! The exchange's books as a judge keeps them: few bytes each, for hours of them.

use crate::exchange::Truth;
use hotpath::book::{Book, Level};
use hotpath::config::{IMBALANCE_LEVELS_MAX, MarketConfig};

/// Levels a side that are kept as they are: as many as must be known of a book whose snapshot is fetched.
const NEAR_LEVELS: usize = 2 * IMBALANCE_LEVELS_MAX as usize;

/// Price in ticks and size in lots of each level, best first: bids, then asks.
pub type Sides = [Vec<[i64; 2]>; 2];

/// Decimals of prices and of sizes.
#[derive(Clone, Copy, Debug)]
pub struct Precisions {
    price: usize,
    qty: usize,
}

impl Precisions {
    /// Those of a market.
    #[must_use]
    pub fn of(market: &MarketConfig) -> Self {
        Self { price: market.price_precision.into(), qty: market.qty_precision.into() }
    }
}

/// What the exchange told.
#[must_use]
pub fn told(truth: &Truth, precisions: Precisions) -> Sides {
    let row = |[price, qty]: &[String; 2]| [units(price, precisions.price), units(qty, precisions.qty)];
    [&truth.bids, &truth.asks].map(|side| side.iter().map(row).collect())
}

/// What the engine holds.
#[must_use]
pub fn held(book: &Book) -> Sides {
    let row = |level: &Level| [level.price_ticks, level.qty_lots];
    [book.bids.best_first().map(row).collect(), book.asks.best_first().map(row).collect()]
}

/// A digest of whole sides.
#[must_use]
pub fn digest(sides: &Sides) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for side in sides {
        hasher.update(bytemuck::cast_slice(side));
        hasher.update(&[0]);
    }
    hasher.finalize()
}

/// A decimal in units of its last place. What does not fit is no level of any book: -1.
fn units(text: &str, decimals: usize) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (kept, rest) = fraction.split_at(decimals.min(fraction.len()));
    let is_whole = rest.bytes().all(|byte| byte == b'0');
    let digits = format!("{whole}{kept:0<decimals$}");
    if is_whole && digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().unwrap_or(-1) } else { -1 }
}

/// One book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldBook {
    near: Sides,
    whole: blake3::Hash,
    /// Whether the exchange numbers its updates: then it is known as far as its snapshot showed, and no farther.
    is_numbered: bool,
}

impl ToldBook {
    /// As the exchange told it.
    #[must_use]
    pub fn of(truth: &Truth, precisions: Precisions) -> Self {
        let mut near = told(truth, precisions);
        let whole = digest(&near);
        near.iter_mut().for_each(|side| {
            side.truncate(NEAR_LEVELS);
            side.shrink_to_fit();
        });
        Self { near, whole, is_numbered: truth.update_id.is_some() }
    }

    /// Whether the engine's book is this one, as far as it must be known: `known` levels a side where the exchange numbers
    /// its updates, or else the whole.
    #[must_use]
    pub fn is_that_of(&self, book: &Book, known: usize) -> bool {
        let mut held = held(book);
        if !self.is_numbered {
            return digest(&held) == self.whole;
        }
        held.iter_mut().for_each(|side| side.truncate(known));
        held.iter().zip(&self.near).all(|(held, near)| *held == near[..known.min(near.len())])
    }

    /// Its best levels, for people: bids, then asks, ticks and lots.
    #[must_use]
    pub const fn near(&self) -> &Sides {
        &self.near
    }
}

#[cfg(test)]
mod tests {
    use super::{Precisions, ToldBook, told, units};
    use crate::exchange::{Kind, Truth};
    use hotpath::book::{Book, Level};

    const PRECISIONS: Precisions = Precisions { price: 2, qty: 3 };

    fn truth(update_id: Option<u64>, bids: &[[&str; 2]], asks: &[[&str; 2]]) -> Truth {
        let side = |rows: &[[&str; 2]]| rows.iter().map(|row| row.map(str::to_owned)).collect();
        Truth {
            connection: 1,
            message: 1,
            symbol: "BTC/EUR".into(),
            depth: None,
            kind: Kind::Update,
            timestamp: None,
            checksum: None,
            update_id,
            bids: side(bids),
            asks: side(asks),
        }
    }

    fn book(bids: &[(i64, i64)], asks: &[(i64, i64)]) -> Box<Book> {
        let mut book: Box<Book> = bytemuck::zeroed_box();
        book.clear();
        for (is_ask, rows) in [(false, bids), (true, asks)] {
            for (price_ticks, qty_lots) in rows {
                book.set(is_ask, Level { price_ticks: *price_ticks, qty_lots: *qty_lots });
            }
        }
        book
    }

    #[test]
    fn decimals_are_units_of_the_last_place() {
        for (text, expected) in [
            ("12.34", 1_234),
            ("12.340000", 1_234),
            ("12.3", 1_230),
            ("12", 1_200),
            ("12.345", -1),
            ("-1", -1),
            ("", 0),
        ] {
            assert_eq!(units(text, 2), expected, "{text}");
        }
    }

    #[test]
    fn a_book_is_the_exchanges_to_the_last_level_or_as_far_as_it_is_known() {
        let (bids, asks) = ([["99.50", "1.000"], ["99.00", "2.500"]], [["100.00", "0.001"]]);
        let held = book(&[(9_950, 1_000), (9_900, 2_500)], &[(10_000, 1)]);
        let whole = ToldBook::of(&truth(None, &bids, &asks), PRECISIONS);
        assert!(whole.is_that_of(&held, 1));
        let deeper = book(&[(9_950, 1_000), (9_900, 2_501)], &[(10_000, 1)]);
        assert!(!whole.is_that_of(&deeper, 1));
        let numbered = ToldBook::of(&truth(Some(7), &bids, &asks), PRECISIONS);
        assert!(numbered.is_that_of(&deeper, 1) && !numbered.is_that_of(&deeper, 2));
        assert!(!numbered.is_that_of(&book(&[(9_950, 1_000)], &[(10_000, 1)]), 2), "a level is missing");
        assert_eq!(numbered.near(), &told(&truth(None, &bids, &asks), PRECISIONS));
    }
}
