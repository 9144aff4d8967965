//! The one shape that nearly every frame has, byte for byte:
//! `{"channel":"book","type":"update","data":[{"symbol":"S","bids":[{"price":P,"qty":Q}],"asks":[],`
//! `"checksum":N,"timestamp":"2026-08-01T02:53:53.646219Z"}]}`, and the same with `snapshot`.
//!
//! Numbers must have exactly the configured decimals, the time six. Any other byte, and any value that
//! is out of range, ends the attempt; the general path then says what the frame is.

use super::book::{Run, qty_lots_min};
use crate::config::Config;
use crate::lines::Lines;
use crate::record::flag;
use crate::time::utc_ns;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::Frame;
use crate::venue::reading::{Market, markets};
use crate::websocket::TEXT;

const UPDATE: &[u8] = br#"{"channel":"book","type":"update","data":[{"symbol":""#;
const SNAPSHOT: &[u8] = br#"{"channel":"book","type":"snapshot","data":[{"symbol":""#;
/// Bytes of a time with six digits of fraction and a `Z`.
const TIME_BYTES: usize = 27;

/// Takes a book message in its known shape; returns whether it did.
///
/// When it did not, `events` is as it was and nothing is known about the frame.
#[must_use]
pub fn decode_fast(config: &Config, frame: Frame<'_>, events: &mut Lines<'_>) -> bool {
    let (used, seq) = (events.len(), events.next_seq());
    let taken = frame.opcode == TEXT && book(config, frame, events).is_some();
    if !taken && events.next_seq() != seq {
        events.rollback(used, seq);
    }
    taken
}

fn book(config: &Config, frame: Frame<'_>, events: &mut Lines<'_>) -> Option<()> {
    let (text, exch_ns) = split_time(frame.bytes)?;
    let (snapshot, text) = match text.strip_prefix(UPDATE) {
        Some(text) => (false, text),
        None => (true, text.strip_prefix(SNAPSHOT)?),
    };
    let (market, text) = strip_symbol(config, frame, text)?;
    let text = text.strip_prefix(br#"","bids":["#)?;
    let scale = Scale::of(market, snapshot);
    let mut run = Run::new(events, market.instrument, exch_ns);
    if snapshot {
        let (bids, asks) = count(text, scale)?;
        run.clear(bids, asks).ok()?;
    }
    let text = side(text, scale, |price, qty| run.level(0, price, qty).ok())?;
    let text = text.strip_prefix(br#","asks":["#)?;
    let text = side(text, scale, |price, qty| run.level(flag::ASK, price, qty).ok())?;
    let (checksum, rest) = number(text.strip_prefix(br#","checksum":"#)?, 0)?;
    if !rest.is_empty() {
        return None;
    }
    run.end(snapshot, u32::try_from(checksum).ok()?).ok()
}

/// The frame without its end, and the time in that end.
fn split_time(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let text = bytes.strip_suffix(br#""}]}"#)?;
    let (text, time) = text.split_last_chunk::<TIME_BYTES>()?;
    let text = text.strip_suffix(br#","timestamp":""#)?;
    Some((text, utc_ns(time).ok()?))
}

fn strip_symbol<'c, 't>(config: &'c Config, frame: Frame<'_>, text: &'t [u8]) -> Option<(Market<'c>, &'t [u8])> {
    let end = text.iter().position(|byte| *byte == b'"')?;
    let (symbol, rest) = text.split_at_checked(end)?;
    let market = markets(config, frame).find(|market| market.config.symbol.as_bytes() == symbol)?;
    Some((market, rest))
}

/// What the numbers of a level must be.
#[derive(Clone, Copy)]
struct Scale {
    price_precision: u8,
    qty_precision: u8,
    qty_lots_min: i64,
}

impl Scale {
    const fn of(market: Market<'_>, snapshot: bool) -> Self {
        Self {
            price_precision: market.config.price_precision,
            qty_precision: market.config.qty_precision,
            qty_lots_min: qty_lots_min(snapshot),
        }
    }
}

/// Levels of both sides of a snapshot, whose record comes before its levels'.
fn count(text: &[u8], scale: Scale) -> Option<(u32, u32)> {
    let (mut bids, mut asks) = (0_u32, 0_u32);
    let text = side(text, scale, |_, _| {
        bids = bids.checked_add(1)?;
        Some(())
    })?;
    side(text.strip_prefix(br#","asks":["#)?, scale, |_, _| {
        asks = asks.checked_add(1)?;
        Some(())
    })?;
    Some((bids, asks))
}

/// Gives each level of one side to `take`; returns what follows the side's bracket.
fn side(text: &[u8], scale: Scale, mut take: impl FnMut(i64, i64) -> Option<()>) -> Option<&[u8]> {
    if let Some(rest) = text.strip_prefix(b"]") {
        return Some(rest);
    }
    let mut next = text;
    loop {
        let (price_ticks, rest) = number(next.strip_prefix(br#"{"price":"#)?, scale.price_precision)?;
        let (qty_lots, rest) = number(rest.strip_prefix(br#","qty":"#)?, scale.qty_precision)?;
        if !(1..=PRICE_TICKS_MAX).contains(&price_ticks) || !(scale.qty_lots_min..=QTY_LOTS_MAX).contains(&qty_lots) {
            return None;
        }
        take(price_ticks, qty_lots)?;
        next = match rest {
            [b'}', b',', rest @ ..] => rest,
            [b'}', b']', rest @ ..] => return Some(rest),
            _ => return None,
        };
    }
}

/// A number without sign and exponent that starts `text`, in units of its last decimal, and what
/// follows it; it has `decimals` digits after the point, or more, which then follow.
fn number(text: &[u8], decimals: u8) -> Option<(i64, &[u8])> {
    let (mut value, mut rest) = digit(0, text)?;
    if value != 0 {
        while let Some((longer, after)) = digit(value, rest) {
            (value, rest) = (longer, after);
        }
    }
    if decimals != 0 {
        (value, rest) = fraction(value, rest.strip_prefix(b".")?, decimals)?;
    }
    Some((i64::try_from(value).ok()?, rest))
}

/// Appends `decimals` digits to `value`.
fn fraction(mut value: u64, mut rest: &[u8], decimals: u8) -> Option<(u64, &[u8])> {
    let mut left = decimals;
    while left >= 8 {
        let (chunk, after) = rest.split_first_chunk::<8>()?;
        value = value.checked_mul(100_000_000)?.checked_add(eight_digits(*chunk)?)?;
        (rest, left) = (after, left.wrapping_sub(8));
    }
    for _ in 0..left {
        (value, rest) = digit(value, rest)?;
    }
    Some((value, rest))
}

/// Appends one digit to `value`.
fn digit(value: u64, text: &[u8]) -> Option<(u64, &[u8])> {
    let (byte, rest) = text.split_first()?;
    if !byte.is_ascii_digit() {
        return None;
    }
    Some((value.checked_mul(10)?.checked_add(u64::from(byte & 0x0f))?, rest))
}

/// Eight digits at once: the text's bytes are lanes of one integer, the first digit lowest; three
/// times, neighbouring lanes are joined, the lower one being worth ten, a hundred, ten thousand times
/// the higher.
const fn eight_digits(text: [u8; 8]) -> Option<u64> {
    let lanes = u64::from_le_bytes(text) ^ 0x3030_3030_3030_3030;
    // A lane of 10 or more reaches its top bit with 0x76 added, or has it set already.
    if (lanes | lanes.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = lanes.wrapping_mul(10).wrapping_add(lanes >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::{eight_digits, number};
    use proptest::prelude::*;
    use std::format;

    proptest! {
        #[test]
        fn eight_digits_are_what_parse_says(value in 0_u64..100_000_000, place in 0_usize..8, byte: u8) {
            let mut text: [u8; 8] = format!("{value:08}").as_bytes().try_into().unwrap();
            prop_assert_eq!(eight_digits(text), Some(value));
            text[place] = byte;
            let expected = core::str::from_utf8(&text).ok().filter(|_| text.iter().all(u8::is_ascii_digit));
            prop_assert_eq!(eight_digits(text), expected.and_then(|digits| digits.parse().ok()));
        }

        #[test]
        fn a_number_is_what_the_exact_scanner_says(text in "(0|[1-9][0-9]{0,20})\\.[0-9]{1,14}", decimals in 0_u8..=12) {
            if let Some((value, b"")) = number(text.as_bytes(), decimals) {
                prop_assert_eq!(crate::decimal::scaled(text.as_bytes(), decimals), Ok(value));
            }
        }
    }
}
