//! The checksum with nothing but tables: for processors without more, and what [`super::wide`] is tested against.

use super::powers::after_zeros;
use super::{Residue, best};
use crate::crc::{SHIFT_BYTES_MAX, shift, update};

/// Of a price and a size, at most [`SHIFT_BYTES_MAX`] digits together.
pub fn residue(price: u64, qty: u64) -> Residue {
    let mut text = Text { bytes: [0; SHIFT_BYTES_MAX], start: SHIFT_BYTES_MAX };
    text.prepend(qty);
    text.prepend(price);
    let text = text.as_bytes();
    Residue { register: update(0, text), digits: u32::try_from(text.len()).unwrap_or(0) }
}

/// Sides from the worst level to the best.
pub fn crc32_top10<T: AsRef<Residue>>(asks: &[T], bids: &[T]) -> u32 {
    let text_order = best(asks).iter().rev().chain(best(bids).iter().rev());
    let (register, digits) = text_order.fold((0, 0_u32), |(register, all), level| {
        let Residue { register: own, digits } = *level.as_ref();
        let zeros = usize::try_from(digits).unwrap_or(0);
        (shift(register, zeros) ^ own, all.wrapping_add(digits))
    });
    !(register ^ after_zeros(digits))
}

/// The values of decimal digits, from the last to the first.
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
    PAIRS.get(usize::from(pair)).copied().unwrap_or_default()
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
        pairs[pair as usize] = [pair / 10, pair % 10];
        pair += 1;
    }
    pairs
}
