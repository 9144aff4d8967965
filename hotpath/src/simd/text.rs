//! Text, 32 bytes at a time, and decimals that become integers two at once.
//!
//! Where bytes are taken from a piece of fixed length, places are cut to it: one that would lie outside gives other bytes,
//! never none, so that nothing has to be asked. What is then wrong with the bytes is found as with any.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi128_si64, _mm256_adds_epu8, _mm256_and_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi8,
    _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_maddubs_epi16, _mm256_movemask_epi8, _mm256_packus_epi32,
    _mm256_set_m128i, _mm256_setzero_si256, _mm256_shuffle_epi8, _mm256_sub_epi8,
};

/// Bytes of a window.
pub const WINDOW_BYTES: usize = 32;
/// Most digits behind a point.
const DECIMALS_MAX: usize = 12;
/// What takes a byte above 9, and no other, to 128 and more.
const ABOVE_NINE: u8 = 128 - 10;

/// Text to compare a window with: its bytes, and a bit for each.
#[derive(Clone, Copy)]
pub struct Template {
    bytes: [u8; WINDOW_BYTES],
    bits: u32,
}

impl Template {
    /// Of at most 32 bytes.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "runs at compile time, where a mistake does not compile"
    )]
    pub const fn new(text: &[u8]) -> Self {
        let mut bytes = [0; WINDOW_BYTES];
        let mut bits = 0;
        let mut at = 0;
        while at < text.len() {
            bytes[at] = text[at];
            bits |= 1 << at;
            at += 1;
        }
        Self { bytes, bits }
    }

    /// The same, where any byte may stand for a `0`.
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "as above")]
    pub const fn with_digits(text: &[u8]) -> Self {
        let mut template = Self::new(text);
        let mut at = 0;
        while at < text.len() {
            if text[at] == b'0' {
                template.bits &= !(1 << at);
            }
            at += 1;
        }
        template
    }

    /// Bytes of the text; without those that do not matter at its end.
    pub const fn len(&self) -> usize {
        u32::BITS.wrapping_sub(self.bits.leading_zeros()) as usize
    }
}

/// 32 bytes of a piece of text, from `at` on.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn window<const BYTES: usize>(piece: &[u8; BYTES], at: usize) -> __m256i {
    let bytes: [u8; WINDOW_BYTES] = cut(piece, at);
    bytemuck::must_cast(bytes)
}

/// Bytes of a piece from `at` on, or from the last place that has so many.
#[inline]
fn cut<const BYTES: usize, const TAKEN: usize>(piece: &[u8; BYTES], at: usize) -> [u8; TAKEN] {
    const { assert!(TAKEN <= BYTES) };
    let at = at.min(BYTES.wrapping_sub(TAKEN));
    piece.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; TAKEN])
}

/// Whether a window begins with the text of a template.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn begins(window: __m256i, with: &Template) -> bool {
    equal(window, with.bytes) & with.bits == with.bits
}

/// A bit for each byte of a window that is this one.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn find<const BYTE: u8>(window: __m256i) -> u32 {
    equal(window, [BYTE; WINDOW_BYTES])
}

/// A bit for each byte of a window that is the one of `bytes`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn equal(window: __m256i, bytes: [u8; WINDOW_BYTES]) -> u32 {
    _mm256_movemask_epi8(_mm256_cmpeq_epi8(window, bytemuck::must_cast(bytes))).cast_unsigned()
}

/// Where a decimal lies in a piece of text.
#[derive(Clone, Copy)]
pub struct Place {
    /// Behind its last byte, which is at least the sixteenth of the piece.
    pub end: usize,
    /// Its bytes.
    pub bytes: u32,
}

/// How two decimals are written: digits behind the point, or none and no point.
#[derive(Clone, Copy)]
pub struct Pair {
    /// Which byte goes where, so that the digits before a point close up to those behind it.
    closing: __m256i,
    /// Bits of the points, by place in the 16 bytes that end with a decimal.
    points: [u32; 2],
    /// Bits of the last digits before them.
    ones: [u32; 2],
    /// 1 where there is a point.
    has_point: [u32; 2],
}

impl Pair {
    /// Of decimals with so many digits behind their points, at most 12.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    pub fn new(decimals: [u8; 2]) -> Option<Self> {
        let [first, second] = decimals.map(usize::from);
        let closing = [*CLOSING.get(first)?, *CLOSING.get(second)?];
        let last = 1_u32 << 15;
        let has_point = decimals.map(|decimals| u32::from(decimals != 0));
        let points = decimals.map(|decimals| if decimals == 0 { 0 } else { last >> (decimals & 15) });
        let ones = decimals.map(|decimals| if decimals == 0 { last } else { last >> (decimals.wrapping_add(1) & 15) });
        Some(Self { closing: lanes(closing), points, ones, has_point })
    }

    /// The integers of two decimals in units of their last digits. None unless each is at most 16 bytes long,
    /// has just its digits behind the point, at least one before it, and no zero before another one there.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    pub fn integers<const BYTES: usize>(&self, piece: &[u8; BYTES], places: [Place; 2]) -> Option<[u64; 2]> {
        let join = |[first, second]: [u32; 2]| second << 16 | first;
        let each = |of: fn(u32, u32) -> u32, [a, b]: [u32; 2], [c, d]: [u32; 2]| [of(a, c), of(b, d)];
        // The bit of the first byte: none when there are more than 16.
        let firsts = places.map(|place| if place.bytes > 16 { 0 } else { 0x1_0000 >> place.bytes });
        let are_long = each(|first, ones| u32::from(first.wrapping_sub(1) < ones), firsts, self.ones);
        let within = join(firsts.map(|first| first.wrapping_neg() & 0xffff));
        let leading = join(each(|first, ones| first & !ones, firsts, self.ones));

        let both = lanes(places.map(|place| before(piece, place.end)));
        let wrong = ((find::<b'.'>(both) & within) ^ join(self.points)) | (find::<b'0'>(both) & leading);
        let digits = _mm256_shuffle_epi8(both, self.closing);
        let digits = _mm256_sub_epi8(digits, bytemuck::must_cast([b'0'; WINDOW_BYTES]));
        let [first, second] = each(u32::wrapping_sub, places.map(|place| place.bytes), self.has_point);
        let digits = _mm256_and_si256(digits, lanes([last(first), last(second)]));
        let above_nine = _mm256_adds_epu8(digits, bytemuck::must_cast([ABOVE_NINE; WINDOW_BYTES]));
        let wrong = wrong | _mm256_movemask_epi8(above_nine).cast_unsigned();
        if wrong != 0 || are_long != [1, 1] {
            return None;
        }
        let pairs = _mm256_maddubs_epi16(digits, bytemuck::must_cast([[10_i8, 1]; 16]));
        let fours = _mm256_madd_epi16(pairs, bytemuck::must_cast([[100_i16, 1]; 8]));
        let packed = _mm256_packus_epi32(fours, _mm256_setzero_si256());
        let eights = _mm256_madd_epi16(packed, bytemuck::must_cast([[10_000_i16, 1]; 8]));
        Some([sixteen(_mm256_castsi256_si128(eights)), sixteen(_mm256_extracti128_si256::<1>(eights))])
    }
}

/// Digits of two pieces of text, two by two as integers: from each, the bytes that `order` names, where a place of 128 is
/// none and a 0. None when one of the bytes is no digit.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn pairs(pieces: [[u8; 16]; 2], order: &Order) -> Option<[[u16; 8]; 2]> {
    let digits = _mm256_shuffle_epi8(lanes(pieces), bytemuck::must_cast(order.places));
    let digits = _mm256_sub_epi8(digits, bytemuck::must_cast(order.zeros));
    let above_nine = _mm256_adds_epu8(digits, bytemuck::must_cast([ABOVE_NINE; WINDOW_BYTES]));
    let pairs = _mm256_maddubs_epi16(digits, bytemuck::must_cast([[10_i8, 1]; 16]));
    (_mm256_movemask_epi8(above_nine) == 0).then(|| bytemuck::must_cast(pairs))
}

/// Which bytes of two pieces are taken as digits.
pub struct Order {
    places: [u8; WINDOW_BYTES],
    /// What is taken off: `0`, or nothing where there is no digit.
    zeros: [u8; WINDOW_BYTES],
}

impl Order {
    /// The bytes at these places, in this order.
    #[expect(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "runs at compile time, where a mistake does not compile"
    )]
    pub const fn new(first: &[u8], second: &[u8]) -> Self {
        let mut order = Self { places: [128; WINDOW_BYTES], zeros: [0; WINDOW_BYTES] };
        let mut at = 0;
        while at < WINDOW_BYTES {
            let (from, place) = if at < 16 { (first, at) } else { (second, at - 16) };
            if place < from.len() {
                order.places[at] = from[place];
                order.zeros[at] = b'0';
            }
            at += 1;
        }
        order
    }
}

/// The 16 bytes before `end`.
#[inline]
pub fn before<const BYTES: usize>(piece: &[u8; BYTES], end: usize) -> [u8; 16] {
    cut(piece, end.wrapping_sub(16))
}

/// Two times 16 bytes. Not by way of memory: a load that spans two stores waits for both.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn lanes([first, second]: [[u8; 16]; 2]) -> __m256i {
    _mm256_set_m128i(bytemuck::must_cast(second), bytemuck::must_cast(first))
}

/// A mask of the last `digits` of 16 bytes.
#[inline]
fn last(digits: u32) -> [u8; 16] {
    const KEPT: u8 = u8::MAX;
    static MASKS: [u8; 32] = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT,
        KEPT, KEPT, KEPT, KEPT, KEPT, KEPT,
    ];
    cut(&MASKS, digits as usize)
}

static CLOSING: [[u8; 16]; DECIMALS_MAX + 1] = closing();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn closing() -> [[u8; 16]; DECIMALS_MAX + 1] {
    let mut closing = [[0; 16]; DECIMALS_MAX + 1];
    let mut decimals = 0;
    while decimals <= DECIMALS_MAX {
        let mut at = 0;
        while at < 16 {
            // A place of 128 and more is none.
            let from = if decimals == 0 || at >= 16 - decimals { at } else { at.wrapping_sub(1) };
            closing[decimals][at] = from as u8;
            at += 1;
        }
        decimals += 1;
    }
    closing
}

/// Two times eight digits, the higher ones in the lower lane.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn sixteen(eights: __m128i) -> u64 {
    let lanes = _mm_cvtsi128_si64(eights).cast_unsigned();
    (lanes & 0xffff_ffff).wrapping_mul(100_000_000).wrapping_add(lanes >> 32)
}

#[cfg(test)]
mod tests {
    use super::{Pair, Place};
    use crate::simd::Simd;
    use proptest::prelude::*;
    use std::string::String;

    /// A decimal with these digits behind its point, by looking at each character.
    fn naive(text: &str, decimals: u8) -> Option<u64> {
        let (whole, fraction) = if decimals == 0 { (text, "") } else { text.split_once('.')? };
        let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_exact = is_plain(whole) && is_plain(fraction) && fraction.len() == usize::from(decimals);
        let is_short = !whole.is_empty() && text.len() <= 16 && (whole.len() == 1 || !whole.starts_with('0'));
        if is_exact && is_short { (String::from(whole) + fraction).parse().ok() } else { None }
    }

    #[expect(unsafe_code, reason = "code for instructions that the processor was seen to have")]
    fn wide(texts: [&str; 2], decimals: [u8; 2], around: u8) -> Option<[u64; 2]> {
        let mut piece = [around; 96];
        let places = [(40, texts[0]), (80, texts[1])].map(|(end, text)| {
            piece[end - text.len()..end].copy_from_slice(text.as_bytes());
            Place { end, bytes: text.len() as u32 }
        });
        // SAFETY: the test asked `Simd` before.
        let pair = unsafe { Pair::new(decimals) }?;
        // SAFETY: as above.
        unsafe { pair.integers(&piece, places) }
    }

    fn decimal() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "(0|[1-9][0-9]{0,9})\\.[0-9]{1,12}",
            1 => "(0|[1-9][0-9]{0,16})",
            1 => "[0-9.]{0,18}",
            1 => "[0-9./:-]{1,12}",
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn two_decimals_are_what_their_characters_say(
            first in decimal(),
            second in decimal(),
            guess in (0_u8..=13, 0_u8..=13),
            is_right: (bool, bool),
            around: u8,
        ) {
            if !Simd::detect().is_any() {
                return Ok(());
            }
            let behind = |text: &str| text.split_once('.').map_or(0, |(_, fraction)| fraction.len() as u8);
            let decimals = [
                if is_right.0 { behind(&first) } else { guess.0 },
                if is_right.1 { behind(&second) } else { guess.1 },
            ];
            let fits = decimals.iter().all(|decimals| *decimals <= 12);
            let expected = naive(&first, decimals[0]).zip(naive(&second, decimals[1])).filter(|_| fits);
            prop_assert_eq!(wide([&first, &second], decimals, around), expected.map(<[u64; 2]>::from));
        }
    }
}
