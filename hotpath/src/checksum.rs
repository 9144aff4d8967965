//! The exchange's proof of a book: CRC-32 over the digits of the best ten asks, then bids.
//!
//! Each level contributes its price in ticks and its size in lots as plain decimal integers: that is
//! the same text as the wire's decimals without point and leading zeros.

use crate::book::Book;
use crate::crc::crc32;

/// Levels a side that the checksum sees.
pub const CHECKSUM_LEVELS: usize = 10;
const DIGITS_MAX: usize = 19;
const TEXT_BYTES: usize = CHECKSUM_LEVELS * 2 * 2 * DIGITS_MAX;

/// The checksum of a book; sides with fewer than ten levels give what they have.
#[must_use]
pub fn crc32_top10(book: &Book) -> u32 {
    let mut text = Text { bytes: [0; TEXT_BYTES], start: TEXT_BYTES };
    // The text is written from its end, where numbers come out of division; levels lie in that order.
    for side in [book.bids.worst_first(), book.asks.worst_first()] {
        let skipped = side.len().saturating_sub(CHECKSUM_LEVELS);
        for level in side.get(skipped..).unwrap_or_default() {
            text.prepend(level.qty_lots.unsigned_abs());
            text.prepend(level.price_ticks.unsigned_abs());
        }
    }
    crc32(text.as_bytes())
}

/// Decimal digits, from the last to the first.
struct Text {
    bytes: [u8; TEXT_BYTES],
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
            let [tens, ones] = digits(pair);
            self.prepend_digit(ones);
            self.prepend_digit(tens);
            rest /= 100;
        }
        let [pair, ..] = rest.to_le_bytes();
        let [tens, ones] = digits(pair);
        self.prepend_digit(ones);
        if rest >= 10 {
            self.prepend_digit(tens);
        }
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
