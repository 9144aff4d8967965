//! The checksum by multiplication without carries (PCLMULQDQ).
//!
//! A product of registers' polynomials is a sum of shifted ones, so a register is moved past `n` bytes by one
//! multiplication with a power of x, and products are added before the one remainder at the end. Digits are looked up
//! by three: splitting numbers further would take longer than the three multiplications it would save.

use super::powers::{DIGITS, GROUPS, POWERS, after_zeros};
use super::{CHECKSUM_LEVELS, Residue, best};
use bytemuck::must_cast;
use core::arch::x86_64::{__m128i, _mm_clmulepi64_si128, _mm_setzero_si128, _mm_xor_si128};

/// Prices and sizes below these have few groups of digits: nearly all have.
const PRICE_END: u64 = 1_000_000_000;
const QTY_END: u64 = 1_000_000_000_000;

/// Of a price and a size, at most 14 and 19 digits.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
pub fn residue(price: u64, qty: u64) -> Residue {
    if price >= PRICE_END || qty >= QTY_END {
        return large(price, qty);
    }
    let (price_digits, qty_digits) = (digits(price), digits(qty));
    let sum = _mm_xor_si128(groups::<4>(qty, 0), groups::<3>(price, qty_digits));
    Residue { register: remainder(sum), digits: price_digits.wrapping_add(qty_digits) }
}

#[cold]
#[inline(never)]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn large(price: u64, qty: u64) -> Residue {
    let digits = |number: u64| number.checked_ilog10().unwrap_or(0).wrapping_add(1);
    let (price_digits, qty_digits) = (digits(price), digits(qty));
    let before_qty = groups::<5>(price, qty_digits);
    let sum = _mm_xor_si128(groups::<7>(qty, 0), before_qty);
    Residue { register: remainder(sum), digits: price_digits.wrapping_add(qty_digits) }
}

/// Sides from the worst level to the best: so they are taken from the text's end to its beginning.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
pub fn crc32_top10<T: AsRef<Residue>>(asks: &[T], bids: &[T]) -> u32 {
    let both = (asks.last_chunk::<CHECKSUM_LEVELS>(), bids.last_chunk::<CHECKSUM_LEVELS>());
    let (sum, digits) = match both {
        (Some(asks), Some(bids)) => {
            let (bids, after_asks) = ten(bids, 0);
            let (asks, digits) = ten(asks, after_asks);
            (_mm_xor_si128(asks, bids), digits)
        }
        _ => {
            let after_asks = best(bids).iter().fold((_mm_setzero_si128(), 0), |so_far, level| further(so_far, level));
            best(asks).iter().fold(after_asks, |so_far, level| further(so_far, level))
        }
    };
    !(remainder(sum) ^ after_zeros(digits))
}

/// What ten levels add to the sum when `after` bytes follow them, and how many follow the beginning of the best.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn ten<T: AsRef<Residue>>([j, i, h, g, f, e, d, c, b, a]: &[T; CHECKSUM_LEVELS], after: u32) -> (__m128i, u32) {
    // Level by level, without a loop whose end would have to be seen.
    let none = (_mm_setzero_si128(), after);
    let (second, after) = further(further(further(further(further(none, j), i), h), g), f);
    let none = (_mm_setzero_si128(), after);
    let (first, after) = further(further(further(further(further(none, e), d), c), b), a);
    (_mm_xor_si128(first, second), after)
}

/// One level before those of a sum and the bytes that they have together.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn further((sum, after): (__m128i, u32), level: &impl AsRef<Residue>) -> (__m128i, u32) {
    let residue = level.as_ref();
    let moved = _mm_clmulepi64_si128::<0>(low(u64::from(residue.register)), low(power(after)));
    (_mm_xor_si128(sum, moved), after.wrapping_add(residue.digits))
}

/// What the last `3 N` digits of a number add to the sum when `after` bytes follow it.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn groups<const N: usize>(number: u64, after: u32) -> __m128i {
    let (mut sum, mut rest, mut after) = (_mm_setzero_si128(), number, after);
    for _ in 0..N {
        let group = usize::try_from(rest % 1000).unwrap_or(0);
        let group = u64::from(GROUPS.get(group).copied().unwrap_or(0));
        sum = _mm_xor_si128(sum, _mm_clmulepi64_si128::<0>(low(group), low(power(after))));
        rest /= 1000;
        after = after.wrapping_add(3);
    }
    sum
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn power(after: u32) -> u64 {
    let count = usize::try_from(after).unwrap_or(0);
    u64::from(POWERS.get(count & DIGITS.wrapping_sub(1)).copied().unwrap_or(0))
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn low(number: u64) -> __m128i {
    must_cast([number, 0])
}

/// The sum's 64 bits times x^32, modulo the polynomial.
///
/// The first bits are the low ones and the polynomial's first is a one, so the multiple of it that agrees with the sum
/// in all 64 is the sum times the polynomial's inverse modulo 2^64; what that multiple has beyond them is the remainder.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn remainder(sum: __m128i) -> u32 {
    let factors: __m128i = must_cast([INVERSE, POLYNOMIAL]);
    let quotient = _mm_clmulepi64_si128::<0x00>(sum, factors);
    let [_, _, beyond, _]: [u32; 4] = must_cast(_mm_clmulepi64_si128::<0x10>(quotient, factors));
    beyond
}

/// With its highest power, which a register has no place for.
const POLYNOMIAL: u64 = (crate::crc::POLYNOMIAL as u64) << 1 | 1;
const INVERSE: u64 = inverse();

const fn inverse() -> u64 {
    let (mut inverse, mut rest) = (0, 1_u64);
    let mut bit = 0_u32;
    while bit < 64 {
        if rest.wrapping_shr(bit) & 1 == 1 {
            inverse |= 1_u64.wrapping_shl(bit);
            rest ^= POLYNOMIAL.wrapping_shl(bit);
        }
        bit = bit.wrapping_add(1);
    }
    inverse
}

/// Decimal digits of a number below 2^59; 1 for 0.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn digits(number: u64) -> u32 {
    let leading = usize::try_from(number.leading_zeros()).unwrap_or(0);
    let step = DIGITS_BY_ZEROS.get(leading).copied().unwrap_or(0);
    u32::try_from(number.wrapping_add(step) >> COUNT_BIT).unwrap_or(0)
}

const COUNT_BIT: u32 = 59;

/// By a number's leading zeros, what makes it its digits times 2^59, and less than that more.
static DIGITS_BY_ZEROS: [u64; 65] = digits_by_zeros();

/// Among numbers with equally many leading zeros there is at most one power of ten: the first number with a digit more
/// is where the addition carries.
#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a mistake does not compile")]
const fn digits_by_zeros() -> [u64; 65] {
    let mut steps = [1 << COUNT_BIT; 65];
    let mut zeros = 64_u32.wrapping_sub(COUNT_BIT);
    while zeros < 64 {
        let first = (1_u64 << 63).wrapping_shr(zeros);
        let last = u64::MAX.wrapping_shr(zeros);
        let digits = first.ilog10().wrapping_add(1);
        let power = 10_u64.pow(digits);
        let count = digits as u64;
        steps[zeros as usize] =
            if power <= last { (count.wrapping_add(1) << COUNT_BIT).wrapping_sub(power) } else { count << COUNT_BIT };
        zeros = zeros.wrapping_add(1);
    }
    steps
}
