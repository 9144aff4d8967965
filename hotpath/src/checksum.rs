//! The exchange's proof of a book: CRC-32 over the digits of the best ten asks, then bids.
//!
//! Each level contributes its price in ticks and its size in lots as plain decimal integers: that is
//! the same text as the wire's decimals without point and leading zeros. The text of a whole book is
//! never made: a level keeps the CRC register of its own digits, and the CRC being linear, twenty of
//! them make the book's. For the same reason a level's register is that of its digits' values, 0 to 9:
//! what the character `0` adds to each of them, and the register's first state, depend on how many
//! digits there are in all, and are looked up at the end.

mod plain;
mod powers;
#[cfg(target_arch = "x86_64")]
mod wide;

use crate::simd::Simd;
use bytemuck::{Pod, Zeroable};

/// Levels a side that the checksum sees.
pub const CHECKSUM_LEVELS: usize = 10;

/// What the checksum needs to know of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Residue {
    /// The CRC register after the values of the level's digits, from zero.
    register: u32,
    /// How many digits price and size have together.
    digits: u32,
}

impl Residue {
    /// Of a price and a size; both within their bounds, so at most 33 digits together.
    #[must_use]
    #[inline]
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "instructions are used that not every processor has")
    )]
    pub fn of(price_ticks: i64, qty_lots: i64, simd: Simd) -> Self {
        let (price, qty) = (price_ticks.unsigned_abs(), qty_lots.unsigned_abs());
        #[cfg(target_arch = "x86_64")]
        if simd.is_any() {
            // SAFETY: the processor was seen to have the instructions.
            return unsafe { wide::residue(price, qty) };
        }
        plain::residue(price, qty)
    }
}

impl AsRef<Self> for Residue {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The checksum of two sides, each from the worst level to the best; of those with more than ten levels the best
/// ten count.
#[must_use]
#[inline]
#[cfg_attr(target_arch = "x86_64", expect(unsafe_code, reason = "instructions are used that not every processor has"))]
pub fn crc32_top10<T: AsRef<Residue>>(asks: &[T], bids: &[T], simd: Simd) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if simd.is_any() {
        // SAFETY: the processor was seen to have the instructions.
        return unsafe { wide::crc32_top10(asks, bids) };
    }
    plain::crc32_top10(asks, bids)
}

/// The last ten of a side, or all when there are fewer.
fn best<T>(worst_first: &[T]) -> &[T] {
    worst_first.last_chunk::<CHECKSUM_LEVELS>().map_or(worst_first, |best| best)
}

#[cfg(test)]
mod tests;
