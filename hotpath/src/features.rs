//! Features of a book in integers and binary fixed point.
//!
//! Formulas, units and the error against floating point stand in this folder's README; the test
//! `features_agree_with_floats` holds them on generated books and on the recordings.

use crate::book::Book;
use crate::units::{TicksQ16, ticks_q16};
use bytemuck::{Pod, Zeroable};

/// Fraction bits of a ratio between -1 and 1.
const RATIO_BITS: u32 = 30;
/// Sizes are shortened to this many bits before a division: the ratio then fits 64 bits.
const SIZE_BITS: u32 = 33;

/// The touch: best levels of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Best bid, ticks.
    pub bid_ticks: i64,
    /// Its size, lots.
    pub bid_lots: i64,
    /// Best ask, ticks.
    pub ask_ticks: i64,
    /// Its size, lots.
    pub ask_lots: i64,
}

impl Touch {
    /// The touch of a book that has both sides.
    #[must_use]
    pub fn of(book: &Book) -> Option<Self> {
        let (bid, ask) = (book.bids.best()?, book.asks.best()?);
        Some(Self {
            bid_ticks: bid.price_ticks,
            bid_lots: bid.qty_lots,
            ask_ticks: ask.price_ticks,
            ask_lots: ask.qty_lots,
        })
    }

    /// Ask minus bid, ticks.
    #[must_use]
    pub const fn spread_ticks(&self) -> i64 {
        self.ask_ticks.saturating_sub(self.bid_ticks)
    }

    /// Bid plus ask: the mid in half ticks.
    #[must_use]
    pub const fn mid_half_ticks(&self) -> i64 {
        self.bid_ticks.saturating_add(self.ask_ticks)
    }

    /// (bid + ask) / 2, exact.
    #[must_use]
    pub const fn mid(&self) -> TicksQ16 {
        TicksQ16::from_bits(self.mid_half_ticks() << 15)
    }

    /// The mid weighted by the opposite sizes: bid + spread * bid size / (bid size + ask size).
    #[must_use]
    pub fn micro(&self) -> TicksQ16 {
        let share = ratio_q30(
            self.bid_lots.unsigned_abs(),
            u128::from(self.bid_lots.saturating_add(self.ask_lots).unsigned_abs()),
        );
        let spread = self.spread_ticks().clamp(0, 1 << 32);
        let above_bid = spread.saturating_mul(share) >> (RATIO_BITS - 16);
        ticks_q16(self.bid_ticks).wrapping_add(TicksQ16::from_bits(above_bid))
    }
}

/// part / whole with 30 fraction bits; 0 when `whole` is 0. `part` is at most `whole`.
fn ratio_q30(part: u64, whole: u128) -> i64 {
    let excess = (u128::BITS - SIZE_BITS).saturating_sub(whole.leading_zeros());
    let whole = u64::try_from(whole >> excess).unwrap_or(u64::MAX);
    let ratio = part.wrapping_shr(excess).wrapping_shl(RATIO_BITS).checked_div(whole).unwrap_or(0);
    i64::try_from(ratio).unwrap_or(0)
}

/// (bids - asks) / (bids + asks) over the best `levels` of each side, 30 fraction bits.
#[must_use]
pub fn imbalance_q30(book: &Book, levels: u32) -> i32 {
    let levels = usize::try_from(levels).unwrap_or(0);
    let (bids, asks) = (book.bids.lots_of_best(levels), book.asks.lots_of_best(levels));
    let ratio = ratio_q30(bids.abs_diff(asks), u128::from(bids).wrapping_add(u128::from(asks)));
    let signed = if bids < asks { ratio.saturating_neg() } else { ratio };
    i32::try_from(signed).unwrap_or(0)
}

/// Realised variance of the mid, as a rate that forgets by halves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Vol {
    /// Ticks squared per second, 32 fraction bits, as of `changed_ns`.
    rate_q32: u64,
    /// The mid at `changed_ns`, half ticks; 0 before the first.
    mid_half_ticks: i64,
    /// When the mid last changed.
    changed_ns: u64,
}

/// ln 2 * 10^9 * 2^32 / 4: what one half tick squared adds to the rate, times the half-life in
/// nanoseconds. (Half ticks squared to ticks squared is the quarter.)
const GAIN: u128 = 744_261_117_954_893_018;
/// Largest move that counts, half ticks: larger ones are cut to it and fail the jump check anyway.
const MOVE_HALF_TICKS_MAX: u64 = 1 << 30;

impl Vol {
    /// Takes a mid at `now_ns`. A trusted book's first mid after a gap starts afresh with
    /// [`Vol::restart`].
    pub fn observe(&mut self, mid_half_ticks: i64, now_ns: u64, half_life_ns: u64) {
        if mid_half_ticks == self.mid_half_ticks {
            return;
        }
        self.rate_q32 = self.decayed(now_ns, half_life_ns);
        if self.mid_half_ticks != 0 {
            let distance = mid_half_ticks.abs_diff(self.mid_half_ticks).min(MOVE_HALF_TICKS_MAX);
            let squared = u128::from(distance.wrapping_mul(distance));
            let gained = squared.wrapping_mul(GAIN.checked_div(u128::from(half_life_ns)).unwrap_or(0));
            let gained = u64::try_from(gained).unwrap_or(u64::MAX);
            self.rate_q32 = self.rate_q32.saturating_add(gained);
        }
        self.mid_half_ticks = mid_half_ticks;
        self.changed_ns = now_ns;
    }

    /// Forgets the last mid, so that the move over a gap does not count.
    pub const fn restart(&mut self) {
        self.mid_half_ticks = 0;
    }

    /// Volatility at `now_ns`, ticks per square root of a second, 16 fraction bits.
    #[must_use]
    pub fn vol_q16(&self, now_ns: u64, half_life_ns: u64) -> i64 {
        // The root of a number with 32 fraction bits has 16.
        i64::try_from(self.decayed(now_ns, half_life_ns).isqrt()).unwrap_or(i64::MAX)
    }

    /// Whether [`Vol::vol_q16`] is below a bound: the same without the root.
    #[must_use]
    pub fn is_below(&self, vol_q16: i64, now_ns: u64, half_life_ns: u64) -> bool {
        u128::from(self.decayed(now_ns, half_life_ns)) < squared(vol_q16)
    }

    /// Nanoseconds from now by when the volatility is below a bound, if the mid stays; not the least.
    #[must_use]
    pub fn wears_off_ns(&self, vol_q16: i64, half_life_ns: u64) -> u64 {
        let bits = |rate_q32: u128| u128::BITS.saturating_sub(rate_q32.leading_zeros());
        let halves = bits(self.rate_q32.into()).saturating_sub(bits(squared(vol_q16))).saturating_add(1);
        half_life_ns.saturating_mul(halves.into())
    }

    fn decayed(&self, now_ns: u64, half_life_ns: u64) -> u64 {
        let age_ns = now_ns.saturating_sub(self.changed_ns);
        let (halves, rest_ns) = if age_ns < half_life_ns {
            (0, age_ns)
        } else {
            (age_ns.checked_div(half_life_ns).unwrap_or(0), age_ns.checked_rem(half_life_ns).unwrap_or(0))
        };
        let factor = half_power_q32(share_q32(rest_ns, half_life_ns));
        let scaled = u128::from(self.rate_q32).wrapping_mul(u128::from(factor)) >> 32;
        let shift = u32::try_from(halves).unwrap_or(u32::MAX);
        u64::try_from(scaled).unwrap_or(u64::MAX).checked_shr(shift).unwrap_or(0)
    }
}

/// Of a volatility with 16 fraction bits; nothing is below a negative one.
fn squared(vol_q16: i64) -> u128 {
    let root = u128::from(u64::try_from(vol_q16).unwrap_or(0));
    root.wrapping_mul(root)
}

/// part / whole with 32 fraction bits, for a part below the whole; 0 when `whole` is 0.
fn share_q32(part: u64, whole: u64) -> u64 {
    // Four seconds and less, between two messages that is nearly always so, are divided in 64 bits.
    if let Ok(part) = u32::try_from(part) {
        return (u64::from(part) << 32).checked_div(whole).unwrap_or(0);
    }
    let share = u128::from(part).wrapping_shl(32).checked_div(u128::from(whole)).unwrap_or(0);
    u64::try_from(share).unwrap_or(0)
}

/// 2^(-x) for x in [0, 1), both with 32 fraction bits: a table of 256 steps, linear between them.
fn half_power_q32(x_q32: u64) -> u64 {
    let index = usize::try_from(x_q32 >> 24).unwrap_or(0);
    let at = |place: usize| HALF_POWERS.get(place).copied().unwrap_or(1 << 31);
    let (high, low) = (at(index), at(index.wrapping_add(1)));
    let within = x_q32 & 0x00ff_ffff;
    high.saturating_sub(high.saturating_sub(low).wrapping_mul(within) >> 24)
}

/// 2^(-i/256), 32 fraction bits. Integer square roots at compile time: no library's `exp2`.
static HALF_POWERS: [u64; 257] = half_powers();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn half_powers() -> [u64; 257] {
    // roots[k] = 2^(-1/2^k) with 62 fraction bits.
    let mut roots = [0_u128; 9];
    roots[0] = 1 << 61;
    let mut k = 1;
    while k < 9 {
        roots[k] = (roots[k - 1] << 62).isqrt();
        k += 1;
    }
    let mut powers = [0_u64; 257];
    let mut i = 0;
    while i < 257 {
        let mut power = 1_u128 << 62;
        let mut bit = 0;
        while bit < 9 {
            if i >> bit & 1 == 1 {
                power = (power * roots[8 - bit]) >> 62;
            }
            bit += 1;
        }
        powers[i] = (power >> 30) as u64;
        i += 1;
    }
    powers
}

#[cfg(test)]
mod tests;
