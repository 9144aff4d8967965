//! The shape of an update that [`super::fast`] takes, read 32 bytes at a time.
//!
//! What it takes it takes as [`super::fast`] does. What it leaves may still be of that shape: a snapshot, a number of more
//! than 15 digits, a year far from now.

use super::book::{Run, qty_lots_min};
use crate::config::{Config, SYMBOL_BYTES_MAX};
use crate::lines::Lines;
use crate::record::flag;
use crate::simd::Simd;
use crate::simd::text::{Order, Pair, Place, Template, WINDOW_BYTES, before, begins, equal, find, pairs, window};
use crate::time::{Moment, utc_ns_of};
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::Frame;
use crate::venue::reading::{Market, markets};
use crate::websocket::TEXT;

/// What lies before the symbol, in two windows that overlap.
const BEGINNING: [(usize, Template); 2] = [
    (0, Template::new(br#"{"channel":"book","type":"update"#)),
    (21, Template::new(br#"pe":"update","data":[{"symbol":""#)),
];
/// Where the symbol begins.
const SYMBOL_AT: usize = 53;
const BIDS: Template = Template::new(br#"","bids":["#);
const PRICE: Template = Template::new(br#"{"price":"#);
const QTY: Template = Template::new(br#","qty":"#);
const ASKS: Template = Template::new(br#","asks":["#);
const CHECKSUM: Template = Template::new(br#","checksum":"#);
const TIMESTAMP: Template = Template::new(br#","timestamp":""#);
/// The last 32 bytes; a `0` where a digit is.
const ENDING: Template = Template::with_digits(br#""0000-00-00T00:00:00.000000Z"}]}"#);
/// Digits of `YYYY-MM-DDThh:mm`, and of all from the hour on, eleven bytes later: `hh:mm:ss.ffffffZ`.
const DIGITS: Order = Order::new(&[0, 1, 2, 3, 5, 6, 8, 9], &[0, 1, 3, 4, 6, 7, 9, 10, 11, 12, 13, 14]);

/// Bytes from the beginning that hold symbol and first bracket.
const HEAD_BYTES: usize = 128;
/// Bytes from the timestamp's comma to the end.
const TAIL_BYTES: usize = 45;
/// Bytes of the end that hold those and the checksum.
const END_BYTES: usize = TAIL_BYTES + 19;
/// Bytes before a level that its decimals may be read with.
const BEFORE_BYTES: usize = 16;
/// Those, the longest level, and a window from its end on.
const LEVEL_BYTES: usize = 96;

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
    let (head, end): (&[u8; HEAD_BYTES], &[u8; END_BYTES]) = (text.first_chunk()?, text.last_chunk()?);
    if !BEGINNING.iter().all(|(at, template)| begins(window(head, *at), template)) {
        return None;
    }
    let exch_ns = time_ns(end)?;
    let (market, symbol_bytes) = market(config, frame, head)?;
    let behind = SYMBOL_AT.wrapping_add(symbol_bytes);
    if !begins(window(head, behind), &BIDS) {
        return None;
    }
    let precision = Pair::new([market.config.price_precision, market.config.qty_precision])?;
    let mut run = Run::new(events, market.instrument, exch_ns);
    let rest = text.get(behind.wrapping_add(BIDS.len()).wrapping_sub(BEFORE_BYTES)..)?;
    let rest = side(rest, &precision, 0, &mut run)?;
    let between: &[u8; WINDOW_BYTES] = rest.get(BEFORE_BYTES..)?.first_chunk()?;
    if !begins(window(between, 0), &ASKS) {
        return None;
    }
    let rest = side(rest.get(ASKS.len()..)?, &precision, flag::ASK, &mut run)?;
    let digits = rest.len().checked_sub(const { BEFORE_BYTES + CHECKSUM.len() + TAIL_BYTES })?;
    let checksum = checksum(rest.get(BEFORE_BYTES..)?.first_chunk()?, end, u32::try_from(digits).ok()?)?;
    run.end(false, checksum).ok()
}

/// The market that the frame names, and the bytes of its symbol.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn market<'c>(config: &'c Config, frame: Frame<'_>, head: &[u8; HEAD_BYTES]) -> Option<(Market<'c>, usize)> {
    let named = window(head, SYMBOL_AT);
    let bytes = find::<b'"'>(named).trailing_zeros();
    let within = 1_u32.checked_shl(bytes)?.wrapping_sub(1);
    let is_named = |market: &Market<'_>| {
        let symbol = padded(market.config.symbol.0);
        let end = find::<0>(bytemuck::must_cast(symbol)).trailing_zeros();
        equal(named, symbol) & within == within && end == bytes
    };
    let market = markets(config, frame).find(is_named)?;
    Some((market, bytes as usize))
}

/// A symbol with zeros to a whole window.
#[inline]
fn padded(symbol: [u8; SYMBOL_BYTES_MAX]) -> [u8; WINDOW_BYTES] {
    let [low, middle, high]: [[u8; 8]; 3] = bytemuck::must_cast(symbol);
    bytemuck::must_cast([low, middle, high, [0; 8]])
}

/// The levels of one side. What is given and what is returned begin [`BEFORE_BYTES`] before the first byte that is meant:
/// behind the side's bracket, and behind its other one.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn side<'t>(text: &'t [u8], precision: &Pair, side: u16, run: &mut Run<'_, '_>) -> Option<&'t [u8]> {
    if *text.get(BEFORE_BYTES)? == b']' {
        return text.get(1..);
    }
    let mut rest = text;
    loop {
        let piece: &[u8; LEVEL_BYTES] = rest.first_chunk()?;
        let opened = window(piece, BEFORE_BYTES);
        let price_bytes = (find::<b','>(opened) >> PRICE.len()).trailing_zeros();
        let price_end = const { BEFORE_BYTES + PRICE.len() }.wrapping_add(price_bytes as usize);
        let between = window(piece, price_end);
        let qty_bytes = (find::<b'}'>(between) >> QTY.len()).trailing_zeros();
        let qty_end = price_end.wrapping_add(QTY.len()).wrapping_add(qty_bytes as usize);
        let places = [Place { end: price_end, bytes: price_bytes }, Place { end: qty_end, bytes: qty_bytes }];
        let [price_ticks, qty_lots] = precision.integers(piece, places)?.map(u64::cast_signed);
        let in_range =
            (1..=PRICE_TICKS_MAX).contains(&price_ticks) && (qty_lots_min(false)..=QTY_LOTS_MAX).contains(&qty_lots);
        if !(begins(opened, &PRICE) && begins(between, &QTY) && in_range) {
            return None;
        }
        run.level(side, price_ticks, qty_lots).ok()?;
        let behind = qty_end.wrapping_add(2).wrapping_sub(BEFORE_BYTES);
        match piece.get(qty_end..)? {
            [b'}', b',', ..] => rest = rest.get(behind..)?,
            [b'}', b']', ..] => return rest.get(behind..),
            _ => return None,
        }
    }
}

/// The checksum between the asks and the timestamp, from so many bytes.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn checksum(behind_asks: &[u8; WINDOW_BYTES], end: &[u8; END_BYTES], bytes: u32) -> Option<u32> {
    let place = Place { end: END_BYTES - TAIL_BYTES, bytes };
    let [checksum, _] = Pair::new([0, 0])?.integers(end, [place, place])?;
    begins(window(behind_asks, 0), &CHECKSUM).then(|| u32::try_from(checksum).ok())?
}

/// UTC nanoseconds of the time in the frame's end.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
#[inline]
fn time_ns(end: &[u8; END_BYTES]) -> Option<u64> {
    const TIME_AT: usize = END_BYTES - TAIL_BYTES + TIMESTAMP.len();
    const CLOCK_AT: usize = TIME_AT + 11;
    if !(begins(window(end, END_BYTES - TAIL_BYTES), &TIMESTAMP) && begins(window(end, END_BYTES - 32), &ENDING)) {
        return None;
    }
    let [date, clock] = pairs([before(end, TIME_AT + 16), before(end, CLOCK_AT + 16)], &DIGITS)?;
    let ([century, year, month, day, ..], [hour, minute, second, high, middle, low, ..]) =
        (date.map(u32::from), clock.map(u32::from));
    let moment = Moment { year: century.wrapping_mul(100).wrapping_add(year), month, day, hour, minute, second };
    let micros = high.wrapping_mul(10_000).wrapping_add(middle.wrapping_mul(100)).wrapping_add(low);
    utc_ns_of(moment.seconds()?, u64::from(micros).wrapping_mul(1_000))
}
