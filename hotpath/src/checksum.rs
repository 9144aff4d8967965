//! The exchange's proof of a book: CRC-32 over the digits of the best ten asks, then bids.
//!
//! Each level contributes its price in ticks and its size in lots as plain decimal integers: that is
//! the same text as the wire's decimals without point and leading zeros. The text of a whole book is
//! never made: a level keeps the CRC register of its own digits, and the CRC being linear, twenty of
//! them make the book's.

use crate::crc::{SHIFT_BYTES_MAX, shift, update};
use crate::simd::Simd;
use bytemuck::{Pod, Zeroable};

/// Levels a side that the checksum sees.
pub const CHECKSUM_LEVELS: usize = 10;

/// What the checksum needs to know of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Residue {
    /// The CRC register after the level's digits, from zero.
    register: u32,
    /// How many digits price and size have together.
    digits: u32,
}

impl Residue {
    /// Of a price and a size; both within their bounds, so at most 33 digits together.
    #[must_use]
    pub fn of(price_ticks: i64, qty_lots: i64, _: Simd) -> Self {
        let mut text = Text { bytes: [0; SHIFT_BYTES_MAX], start: SHIFT_BYTES_MAX };
        text.prepend(qty_lots.unsigned_abs());
        text.prepend(price_ticks.unsigned_abs());
        let text = text.as_bytes();
        Self { register: update(0, text), digits: u32::try_from(text.len()).unwrap_or(0) }
    }
}

/// The checksum of two sides, each from the best level on; those with fewer than ten levels give what
/// they have.
#[must_use]
pub fn crc32_top10(asks: impl Iterator<Item = Residue>, bids: impl Iterator<Item = Residue>, _: Simd) -> u32 {
    let (asks, bids) = (asks.take(CHECKSUM_LEVELS), bids.take(CHECKSUM_LEVELS));
    let join = |state, residue: Residue| shift(state, usize::try_from(residue.digits).unwrap_or(0)) ^ residue.register;
    !bids.fold(asks.fold(u32::MAX, join), join)
}

/// Decimal digits, from the last to the first.
struct Text {
    bytes: [u8; SHIFT_BYTES_MAX],
    start: usize,
}

impl Text {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn prepend(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 100 {
            let [pair, ..] = (rest % 100).to_le_bytes();
            self.prepend_pair(digits(pair));
            rest /= 100;
        }
        let [pair, ..] = rest.to_le_bytes();
        let [tens, ones] = digits(pair);
        self.prepend_digit(ones);
        if rest >= 10 {
            self.prepend_digit(tens);
        }
    }

    fn prepend_pair(&mut self, [tens, ones]: [u8; 2]) {
        self.prepend_digit(ones);
        self.prepend_digit(tens);
    }

    fn prepend_digit(&mut self, digit: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(place) = self.bytes.get_mut(self.start) {
            *place = digit;
        }
    }
}

/// The two digits of a number below 100.
fn digits(pair: u8) -> [u8; 2] {
    PAIRS.get(usize::from(pair)).copied().unwrap_or([b'0'; 2])
}

static PAIRS: [[u8; 2]; 100] = pairs();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn pairs() -> [[u8; 2]; 100] {
    let mut pairs = [[0; 2]; 100];
    let mut pair: u8 = 0;
    while pair < 100 {
        pairs[pair as usize] = [b'0' + pair / 10, b'0' + pair % 10];
        pair += 1;
    }
    pairs
}
