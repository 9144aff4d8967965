//! A market that chance moves, for recordings that are written here: no function of the engine takes part in it.

use std::collections::BTreeMap;

/// Random numbers from a seed (SplitMix64).
pub struct Chance(u64);

impl Chance {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// A level that changed: whether an ask, its price in ticks, its size in lots; 0 when it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub is_ask: bool,
    pub price_ticks: i64,
    pub qty_lots: i64,
}

/// Levels of both sides as somebody holds them, price in ticks to size in lots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub bids: BTreeMap<i64, i64>,
    pub asks: BTreeMap<i64, i64>,
    /// Id of the last update; 0 where updates have none.
    pub update_id: u64,
    /// Wall clock of the recorder, nanoseconds.
    pub recv_ns: u64,
}

impl Shown {
    /// CRC-32 over the digits of the ten best asks, then bids.
    pub fn checksum(&self) -> u32 {
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let digits: String = best.map(|(price_ticks, qty_lots)| format!("{price_ticks}{qty_lots}")).collect();
        crc32fast::hash(digits.as_bytes())
    }
}

/// Most levels of a side: fewer than any depth that is subscribed here, so nothing is ever cut.
const LEVELS_MAX: usize = 60;
const LEVELS_MIN: usize = 20;

/// The market.
pub struct Walk {
    pub chance: Chance,
    pub shown: Shown,
    mid_ticks: i64,
    lots: i64,
}

impl Walk {
    /// A market around a price; sizes are multiples of `lots`.
    pub fn new(seed: u64, mid_ticks: i64, lots: i64) -> Self {
        let mut walk = Self { chance: Chance::new(seed), shown: Shown::default(), mid_ticks, lots };
        while walk.shown.bids.len().min(walk.shown.asks.len()) < 2 * LEVELS_MIN {
            walk.change();
        }
        walk
    }

    /// Some changes, in the order in which they happen; none leaves the book crossed or nearly empty.
    pub fn changes(&mut self) -> Vec<Change> {
        let count = 1 + self.chance.below(4);
        (0..count).filter_map(|_| self.change()).collect()
    }

    fn change(&mut self) -> Option<Change> {
        if self.chance.below(8) == 0 {
            self.mid_ticks += self.chance.below(5) as i64 - 2;
        }
        let is_ask = self.chance.below(2) == 1;
        // Most changes are near the touch.
        let away = 1 + (self.chance.below(40) * self.chance.below(40) / 30) as i64;
        let price_ticks = if is_ask { self.mid_ticks + away } else { self.mid_ticks - away };
        let is_crossing = if is_ask {
            self.shown.bids.last_key_value().is_some_and(|(best, _)| price_ticks <= *best)
        } else {
            self.shown.asks.first_key_value().is_some_and(|(best, _)| price_ticks >= *best)
        };
        let side = if is_ask { &mut self.shown.asks } else { &mut self.shown.bids };
        let is_gone = side.contains_key(&price_ticks) && side.len() > LEVELS_MIN && self.chance.below(2) == 0;
        if is_gone {
            side.remove(&price_ticks);
            return Some(Change { is_ask, price_ticks, qty_lots: 0 });
        }
        if is_crossing || (side.len() >= LEVELS_MAX && !side.contains_key(&price_ticks)) {
            return None;
        }
        let qty_lots = (1 + self.chance.below(900) as i64) * self.lots;
        side.insert(price_ticks, qty_lots);
        Some(Change { is_ask, price_ticks, qty_lots })
    }

    /// Best bid and best ask, price and size.
    pub fn touch(&self) -> [(i64, i64); 2] {
        let own = |level: Option<(&i64, &i64)>| level.map(|(price, qty)| (*price, *qty)).expect("a level");
        [own(self.shown.bids.last_key_value()), own(self.shown.asks.first_key_value())]
    }
}

/// A number of `decimals` decimals from its digits, with zeros behind it.
pub fn decimal(digits: i64, decimals: usize, zeros: usize) -> String {
    let unit = 10_i64.pow(decimals as u32);
    format!("{}.{:0decimals$}{:0<zeros$}", digits / unit, digits % unit, "")
}
