//! Text, 32 bytes at a time, and decimals that become integers two at once.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_cvtsi128_si64, _mm256_and_si256, _mm256_andnot_si256, _mm256_castsi256_si128,
    _mm256_cmpeq_epi8, _mm256_cmpgt_epi8, _mm256_extracti128_si256, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_movemask_epi8, _mm256_packus_epi32, _mm256_set_m128i, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_sub_epi8, _mm256_subs_epu8, _mm256_testz_si256,
};

/// Bytes of a window.
pub const WINDOW_BYTES: usize = 32;
/// Most bytes of a decimal, its point with them.
pub const DECIMAL_BYTES_MAX: usize = 16;
/// Most decimals behind the point.
const DECIMALS_MAX: usize = 12;

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
    #[inline]
    pub const fn len(&self) -> usize {
        u32::BITS.wrapping_sub(self.bits.leading_zeros()) as usize
    }
}

/// 32 bytes of a text, from `at` on; none where it has fewer.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn window(text: &[u8], at: usize) -> Option<__m256i> {
    let bytes: &[u8; WINDOW_BYTES] = text.get(at..)?.first_chunk()?;
    Some(bytemuck::must_cast(*bytes))
}

/// Whether a window begins with the text of a template.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn begins(window: __m256i, with: &Template) -> bool {
    equal(window, with.bytes) & with.bits == with.bits
}

/// 32 bytes as a window.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn bytes_of(bytes: [u8; WINDOW_BYTES]) -> __m256i {
    bytemuck::must_cast(bytes)
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

/// Where a decimal lies in a text, and how many decimals it must have.
#[derive(Clone, Copy)]
pub struct Decimal {
    /// Behind its last byte.
    pub end: usize,
    /// Its bytes.
    pub bytes: usize,
    /// Digits behind the point; 0: without a point. At most 12.
    pub decimals: usize,
}

/// The integers of two decimals in units of their last digits. None unless each is at most [`DECIMAL_BYTES_MAX`] long,
/// has just these decimals and at least one digit before them, and no zero before another digit. Both end at least
/// 16 bytes behind the beginning of the text.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn integers(text: &[u8], first: Decimal, second: Decimal) -> Option<[u64; 2]> {
    let (first_layout, second_layout) = (Layout::of(first)?, Layout::of(second)?);
    let both = _mm256_set_m128i(before(text, second.end)?, before(text, first.end)?);
    let points = _mm256_movemask_epi8(_mm256_cmpeq_epi8(both, bytemuck::must_cast([b'.'; WINDOW_BYTES])));
    let zeros = _mm256_movemask_epi8(_mm256_cmpeq_epi8(both, bytemuck::must_cast([b'0'; WINDOW_BYTES])));
    let join = |first: u16, second: u16| u32::from(second) << 16 | u32::from(first);
    let points_wrong = (points.cast_unsigned() & join(first_layout.within, second_layout.within))
        ^ join(first_layout.point, second_layout.point);
    let padded = zeros.cast_unsigned() & join(first_layout.leading, second_layout.leading);
    let keep = _mm256_set_m128i(last(second_layout.digits)?, last(first_layout.digits)?);
    let gap = _mm256_set_m128i(closing(second.decimals)?, closing(first.decimals)?);
    let digits = _mm256_sub_epi8(_mm256_shuffle_epi8(both, gap), bytemuck::must_cast([b'0'; WINDOW_BYTES]));
    let digits = _mm256_and_si256(digits, keep);
    let above_nine = _mm256_subs_epu8(digits, bytemuck::must_cast([9_u8; WINDOW_BYTES]));
    if points_wrong | padded != 0 || _mm256_testz_si256(above_nine, above_nine) == 0 {
        return None;
    }
    let pairs = _mm256_maddubs_epi16(digits, bytemuck::must_cast([[10_i8, 1]; 16]));
    let fours = _mm256_madd_epi16(pairs, bytemuck::must_cast([[100_i16, 1]; 8]));
    let packed = _mm256_packus_epi32(fours, _mm256_setzero_si256());
    let eights = _mm256_madd_epi16(packed, bytemuck::must_cast([[10_000_i16, 1]; 8]));
    Some([sixteen(_mm256_castsi256_si128(eights)), sixteen(_mm256_extracti128_si256::<1>(eights))])
}

/// Digits of two pieces of a text, two by two as integers, from the bytes from `at` on that `order` names; a place of 128
/// is none, which is 0. None when another byte than a digit is named, or the text ends within 16 bytes from one of `at`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
pub fn pairs(text: &[u8], at: [usize; 2], order: &[[u8; 16]; 2]) -> Option<[[u16; 8]; 2]> {
    let [first, second] = at;
    let [first, second]: [&[u8; 16]; 2] = [text.get(first..)?.first_chunk()?, text.get(second..)?.first_chunk()?];
    let both = bytemuck::must_cast([*first, *second]);
    let order: __m256i = bytemuck::must_cast(*order);
    let named = _mm256_cmpgt_epi8(bytemuck::must_cast([16_u8; WINDOW_BYTES]), order);
    let named = _mm256_andnot_si256(_mm256_cmpgt_epi8(_mm256_setzero_si256(), order), named);
    let zeros = _mm256_and_si256(named, bytemuck::must_cast([b'0'; WINDOW_BYTES]));
    let digits = _mm256_sub_epi8(_mm256_shuffle_epi8(both, order), zeros);
    let above_nine = _mm256_subs_epu8(digits, bytemuck::must_cast([9_u8; WINDOW_BYTES]));
    let pairs = _mm256_maddubs_epi16(digits, bytemuck::must_cast([[10_i8, 1]; 16]));
    (_mm256_testz_si256(above_nine, above_nine) != 0).then(|| bytemuck::must_cast(pairs))
}

/// Bits by place in the 16 bytes that end with a decimal.
struct Layout {
    /// The decimal's.
    within: u16,
    /// Where its point must be.
    point: u16,
    /// Its first byte, when that may be no zero.
    leading: u16,
    /// How many digits it has.
    digits: usize,
}

impl Layout {
    #[inline]
    fn of(decimal: Decimal) -> Option<Self> {
        let Decimal { bytes, decimals, .. } = decimal;
        let points = usize::from(decimals != 0);
        let whole = bytes.checked_sub(decimals.checked_add(points)?)?;
        if whole == 0 || bytes > DECIMAL_BYTES_MAX || decimals > DECIMALS_MAX {
            return None;
        }
        let bit = |from_end: usize| 1_u16 << (DECIMAL_BYTES_MAX.wrapping_sub(from_end) & 15);
        let first = bit(bytes);
        Some(Self {
            within: first.wrapping_neg(),
            point: if points == 0 { 0 } else { bit(decimals.wrapping_add(1)) },
            leading: if whole == 1 { 0 } else { first },
            digits: bytes.wrapping_sub(points),
        })
    }
}

/// The 16 bytes before `end`.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn before(text: &[u8], end: usize) -> Option<__m128i> {
    let bytes: &[u8; DECIMAL_BYTES_MAX] = text.get(..end)?.last_chunk()?;
    Some(bytemuck::must_cast(*bytes))
}

/// A mask of the last `digits` of 16 bytes.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn last(digits: usize) -> Option<__m128i> {
    const KEPT: u8 = u8::MAX;
    static MASKS: [u8; 32] = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT, KEPT,
        KEPT, KEPT, KEPT, KEPT, KEPT, KEPT,
    ];
    let mask: &[u8; DECIMAL_BYTES_MAX] = MASKS.get(digits..)?.first_chunk()?;
    Some(bytemuck::must_cast(*mask))
}

/// Which byte goes where, so that the digits before a point close up to those behind it.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn closing(decimals: usize) -> Option<__m128i> {
    static GAPS: [[u8; 16]; DECIMALS_MAX + 1] = gaps();
    Some(bytemuck::must_cast(*GAPS.get(decimals)?))
}

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "runs at compile time, where a mistake does not compile"
)]
const fn gaps() -> [[u8; 16]; DECIMALS_MAX + 1] {
    let mut gaps = [[0; 16]; DECIMALS_MAX + 1];
    let mut decimals = 0;
    while decimals <= DECIMALS_MAX {
        let mut at = 0;
        while at < 16 {
            // A byte of 128 and more takes none.
            let from = if decimals == 0 || at >= 16 - decimals { at } else { at.wrapping_sub(1) };
            gaps[decimals][at] = from as u8;
            at += 1;
        }
        decimals += 1;
    }
    gaps
}

/// Two times eight digits, the higher ones in the lower lane.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn sixteen(eights: __m128i) -> u64 {
    let lanes = _mm_cvtsi128_si64(eights).cast_unsigned();
    (lanes & 0xffff_ffff).wrapping_mul(100_000_000).wrapping_add(lanes >> 32)
}
