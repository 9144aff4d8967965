//! Powers of x modulo the CRC's polynomial, and registers after bytes that are known beforehand.
//!
//! As in the register, bit 31 stands for 1 and bit 0 for x^31.

use crate::crc::step_zero_bit;

/// A power of two above the digits of twenty levels, so that an index needs no more than a mask.
pub const DIGITS: usize = 1024;

/// `POWERS[n]`: x^(8 n - 33). A register times this is, read as 64 bits of which the first is bit 0, the register after
/// `n` zero bytes, divided by x^32: what a remainder is taken of that gives it back.
pub static POWERS: [u32; DIGITS] = powers();

/// `AFTER_ZEROS[n]`: the register after `n` times the character `0`, from all ones.
static AFTER_ZEROS: [u32; DIGITS] = after_zeros_of();

/// `GROUPS[g]`: the register after the values of the three digits of `g`, from zero.
pub static GROUPS: [u32; 1000] = groups();

/// What a whole book's register has from its first state and from the digits being characters.
#[inline]
pub fn after_zeros(digits: u32) -> u32 {
    let digits = usize::try_from(digits).unwrap_or(0);
    AFTER_ZEROS.get(digits & DIGITS.wrapping_sub(1)).copied().unwrap_or(0)
}

/// x^-33. The polynomial ends in 1, so there is one: found by going back bit by bit from 1.
const fn first_power() -> u32 {
    let mut power = 1 << 31;
    let mut bits = 0;
    while bits < 33_u8 {
        power = step_back_zero_bit(power);
        bits = bits.wrapping_add(1);
    }
    power
}

/// What [`step_zero_bit`] made the state of.
const fn step_back_zero_bit(state: u32) -> u32 {
    // Only the polynomial's first bit can have set the last one, and then the bit that left was a one.
    let left = state >> 31;
    ((state ^ (crate::crc::POLYNOMIAL.wrapping_mul(left))) << 1) | left
}

const fn step_zero_byte(state: u32) -> u32 {
    let mut state = state;
    let mut bits = 0;
    while bits < 8_u8 {
        state = step_zero_bit(state);
        bits = bits.wrapping_add(1);
    }
    state
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a mistake does not compile")]
const fn powers() -> [u32; DIGITS] {
    let mut powers = [first_power(); DIGITS];
    let mut count = 1;
    while count < DIGITS {
        powers[count] = step_zero_byte(powers[count.wrapping_sub(1)]);
        count = count.wrapping_add(1);
    }
    powers
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a mistake does not compile")]
const fn after_zeros_of() -> [u32; DIGITS] {
    let mut states = [u32::MAX; DIGITS];
    let mut count = 1;
    while count < DIGITS {
        states[count] = step_zero_byte(states[count.wrapping_sub(1)] ^ b'0' as u32);
        count = count.wrapping_add(1);
    }
    states
}

#[expect(clippy::indexing_slicing, reason = "runs at compile time, where a mistake does not compile")]
const fn groups() -> [u32; 1000] {
    let mut groups = [0; 1000];
    let mut group = 0;
    while group < 1000_u32 {
        let hundreds = step_zero_byte(group / 100);
        let tens = step_zero_byte(hundreds ^ (group / 10 % 10));
        groups[group as usize] = step_zero_byte(tens ^ (group % 10));
        group = group.wrapping_add(1);
    }
    groups
}
