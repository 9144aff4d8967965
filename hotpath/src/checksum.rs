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
    let mut text = Text { bytes: [0; TEXT_BYTES], used: 0 };
    let asks = book.asks.best_first().take(CHECKSUM_LEVELS);
    let bids = book.bids.best_first().take(CHECKSUM_LEVELS);
    for level in asks.chain(bids) {
        text.push(level.price_ticks);
        text.push(level.qty_lots);
    }
    crc32(text.as_bytes())
}

struct Text {
    bytes: [u8; TEXT_BYTES],
    used: usize,
}

impl Text {
    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.used).unwrap_or_default()
    }

    fn push(&mut self, number: i64) {
        let mut rest = number.unsigned_abs();
        let digits = rest.checked_ilog10().map_or(1, |log| usize::try_from(log).unwrap_or(0).wrapping_add(1));
        let end = self.used.wrapping_add(digits);
        if let Some(place) = self.bytes.get_mut(self.used..end) {
            for byte in place.iter_mut().rev() {
                let [digit, ..] = (rest % 10).to_le_bytes();
                *byte = b'0' | digit;
                rest /= 10;
            }
            self.used = end;
        }
    }
}
