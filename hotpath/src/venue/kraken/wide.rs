//! The shape of an update that [`super::fast`] takes, read 32 bytes at a time.
//!
//! What it takes it takes as [`super::fast`] does. What it leaves may still be of that shape: a snapshot, a number of more
//! than 15 digits, a year far from now.

use super::book::{Run, qty_lots_min};
use crate::config::{Config, MarketConfig};
use crate::lines::Lines;
use crate::record::flag;
use crate::simd::Simd;
use crate::simd::text::{Decimal, Template, begins, bytes_of, equal, find, integers, pairs, window};
use crate::time::{Moment, utc_ns_of};
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::Frame;
use crate::venue::reading::markets;
use crate::websocket::TEXT;

/// What lies before the symbol, in two windows that overlap.
const BEGINNING: [(usize, Template); 2] = [
    (0, Template::new(br#"{"channel":"book","type":"update"#)),
    (21, Template::new(br#"pe":"update","data":[{"symbol":""#)),
];
/// Where the symbol begins.
const SYMBOL_AT: usize = 53;
const BEHIND_SYMBOL: Template = Template::new(br#"","bids":["#);
const PRICE: Template = Template::new(br#"{"price":"#);
const QTY: Template = Template::new(br#","qty":"#);
const ASKS: Template = Template::new(br#","asks":["#);
const CHECKSUM: Template = Template::new(br#","checksum":"#);
const TIMESTAMP: Template = Template::new(br#","timestamp":""#);
/// The frame's last 32 bytes; a `0` where a digit is.
const ENDING: Template = Template::with_digits(br#""0000-00-00T00:00:00.000000Z"}]}"#);
/// Bytes from [`TIMESTAMP`] to the end.
const TAIL_BYTES: usize = 45;
/// Digits of `YYYY-MM-DD`, and of `hh:mm:ss.ffffff`, which begins [`CLOCK_AT`] bytes later.
const DIGITS: [[u8; 16]; 2] = [
    [0, 1, 2, 3, 5, 6, 8, 9, 128, 128, 128, 128, 128, 128, 128, 128],
    [0, 1, 3, 4, 6, 7, 9, 10, 11, 12, 13, 14, 128, 128, 128, 128],
];
const CLOCK_AT: usize = 11;

/// Takes an update in its known shape; returns whether it did.
///
/// When it did not, `events` is as it was and nothing is known about the frame.
#[must_use]
#[expect(unsafe_code, reason = "code for instructions that the processor was seen to have")]
pub fn decode_wide(config: &Config, frame: Frame<'_>, simd: Simd, events: &mut Lines<'_>) -> bool {
    if !simd.is_any() || frame.opcode != TEXT {
        return false;
    }
    let (used, seq) = (events.len(), events.next_seq());
    // SAFETY: a `Simd` that is not none was made by seeing that the processor has these instructions.
    let taken = unsafe { update(config, frame, events) }.is_some();
    if !taken && events.next_seq() != seq {
        events.rollback(used, seq);
    }
    taken
}

#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
fn update(config: &Config, frame: Frame<'_>, events: &mut Lines<'_>) -> Option<()> {
    let text = frame.bytes;
    for (at, template) in &BEGINNING {
        if !begins(window(text, *at)?, template) {
            return None;
        }
    }
    let tail_at = text.len().checked_sub(TAIL_BYTES)?;
    let exch_ns = time_ns(text, tail_at)?;
    let (instrument, market, at) = market(config, frame)?;
    let mut run = Run::new(events, instrument, exch_ns);
    let at = side(text, skip(text, at, &BEHIND_SYMBOL)?, market, 0, &mut run)?;
    let at = side(text, skip(text, at, &ASKS)?, market, flag::ASK, &mut run)?;
    let at = skip(text, at, &CHECKSUM)?;
    let checksum = Decimal { end: tail_at, bytes: tail_at.checked_sub(at)?, decimals: 0 };
    let [checksum, _] = integers(text, checksum, checksum)?;
    run.end(false, u32::try_from(checksum).ok()?).ok()
}

/// Where a text that is to begin at `at` ends.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn skip(text: &[u8], at: usize, template: &Template) -> Option<usize> {
    begins(window(text, at)?, template).then(|| at.wrapping_add(template.len()))
}

/// The market that the frame names, and where its symbol ends.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn market<'c>(config: &'c Config, frame: Frame<'_>) -> Option<(u16, &'c MarketConfig, usize)> {
    let named = window(frame.bytes, SYMBOL_AT)?;
    let end = find::<b'"'>(named).trailing_zeros();
    let within = 1_u32.checked_shl(end)?.wrapping_sub(1);
    let is_named = |config: &MarketConfig| {
        let symbol = padded(config.symbol.0);
        let zeros = find::<0>(bytes_of(symbol));
        equal(named, symbol) & within == within && zeros.trailing_zeros() == end
    };
    let market = markets(config, frame).find(|market| is_named(market.config))?;
    Some((market.instrument, market.config, SYMBOL_AT.wrapping_add(end as usize)))
}

/// A symbol with zeros to a whole window.
#[inline]
fn padded(symbol: [u8; 24]) -> [u8; 32] {
    let [low, middle, high]: [[u8; 8]; 3] = bytemuck::must_cast(symbol);
    bytemuck::must_cast([low, middle, high, [0; 8]])
}

/// The levels of one side, from behind its bracket; where what follows its other bracket begins.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn side(text: &[u8], at: usize, market: &MarketConfig, side: u16, run: &mut Run<'_, '_>) -> Option<usize> {
    if *text.get(at)? == b']' {
        return Some(at.wrapping_add(1));
    }
    let mut at = at;
    loop {
        let price_at = at.wrapping_add(PRICE.len());
        let opened = window(text, at)?;
        let price_bytes = (find::<b','>(opened) >> PRICE.len()).trailing_zeros() as usize;
        let price_end = price_at.wrapping_add(price_bytes);
        let qty_at = price_end.wrapping_add(QTY.len());
        let between = window(text, price_end)?;
        let qty_bytes = (find::<b'}'>(between) >> QTY.len()).trailing_zeros() as usize;
        let qty_end = qty_at.wrapping_add(qty_bytes);
        if !begins(opened, &PRICE) || !begins(between, &QTY) {
            return None;
        }
        let price = Decimal { end: price_end, bytes: price_bytes, decimals: market.price_precision.into() };
        let qty = Decimal { end: qty_end, bytes: qty_bytes, decimals: market.qty_precision.into() };
        let [price_ticks, qty_lots] = integers(text, price, qty)?.map(u64::cast_signed);
        if !(1..=PRICE_TICKS_MAX).contains(&price_ticks) || !(qty_lots_min(false)..=QTY_LOTS_MAX).contains(&qty_lots) {
            return None;
        }
        run.level(side, price_ticks, qty_lots).ok()?;
        let [b'}', next] = *text.get(qty_end..)?.first_chunk::<2>()? else { return None };
        at = qty_end.wrapping_add(2);
        match next {
            b',' => {}
            b']' => return Some(at),
            _ => return None,
        }
    }
}

/// UTC nanoseconds of the time in the frame's end.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn time_ns(text: &[u8], tail_at: usize) -> Option<u64> {
    let time_at = skip(text, tail_at, &TIMESTAMP)?;
    if !begins(window(text, time_at.wrapping_sub(1))?, &ENDING) {
        return None;
    }
    let digits = pairs(text, [time_at, time_at.wrapping_add(CLOCK_AT)], &DIGITS)?;
    let [[century, year, month, day, ..], [hour, minute, second, high, middle, low, ..]] =
        digits.map(|of| of.map(u32::from));
    let moment = Moment { year: century.wrapping_mul(100).wrapping_add(year), month, day, hour, minute, second };
    let micros = high.wrapping_mul(10_000).wrapping_add(middle.wrapping_mul(100)).wrapping_add(low);
    utc_ns_of(moment.seconds()?, u64::from(micros).wrapping_mul(1_000))
}
