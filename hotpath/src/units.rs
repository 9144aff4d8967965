//! Bounds of prices and sizes, and decimal scales.

/// Largest price. Leaves 16 fraction bits and a sign in 64 bits.
pub const PRICE_TICKS_MAX: i64 = 1 << 46;
/// Largest size of one level, so that fifteen levels add up in 64 bits unsigned.
pub const QTY_LOTS_MAX: i64 = 1 << 60;
/// Most decimals of a price or a size.
pub const PRECISION_MAX: u8 = 12;
/// Fraction bits of `_q16` values.
pub const Q16_BITS: u32 = 16;

/// A price or a difference of prices, in ticks with 16 fraction bits.
pub type TicksQ16 = fixed::types::I48F16;

/// 10^`exponent` for exponents up to 18.
#[must_use]
pub const fn pow10(exponent: u8) -> Option<i64> {
    10_i64.checked_pow(exponent as u32)
}

/// Whole ticks as [`TicksQ16`]; prices are bounded by [`PRICE_TICKS_MAX`], larger ones wrap.
#[must_use]
pub const fn ticks_q16(ticks: i64) -> TicksQ16 {
    TicksQ16::from_bits(ticks.wrapping_shl(Q16_BITS))
}
