//! Arrays, and the numbers in quotes that stand in them.

use crate::decimal;
use crate::json::Value;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::reading::Market;
use crate::venue::{Cause, Refused};
use core::ops::RangeInclusive;

/// Decimals of a second that 64 bits count.
const NS_PRECISION: u8 = 9;

/// The first elements of an array; what follows them is not looked at.
pub(super) fn elements<const N: usize>(row: Value<'_>) -> Result<[Value<'_>; N], Refused> {
    let mut found = [row; N];
    let mut elements = row.elements()?;
    for place in &mut found {
        let Some(element) = elements.next() else {
            return row.refuse(Cause::Missing);
        };
        *place = element;
    }
    Ok(found)
}

/// A price in quotes, from `min` ticks up.
pub(super) fn price_ticks(market: Market<'_>, price: Value<'_>, min: i64) -> Result<i64, Refused> {
    scaled(price, market.config.price_precision, min..=PRICE_TICKS_MAX, Cause::Type)
}

/// A size in quotes, from `min` lots up.
pub(super) fn qty_lots(market: Market<'_>, qty: Value<'_>, min: i64) -> Result<i64, Refused> {
    scaled(qty, market.config.qty_precision, min..=QTY_LOTS_MAX, Cause::Type)
}

/// Seconds since 1970 in quotes, as UTC nanoseconds.
pub(super) fn utc_ns(time: Value<'_>) -> Result<u64, Refused> {
    Ok(scaled(time, NS_PRECISION, 0..=i64::MAX, Cause::Time)?.unsigned_abs())
}

/// A number in quotes. `other` is the cause when the text is none.
fn scaled(value: Value<'_>, precision: u8, range: RangeInclusive<i64>, other: Cause) -> Result<i64, Refused> {
    match decimal::scaled(value.quoted()?.as_bytes(), precision) {
        Ok(number) if range.contains(&number) => Ok(number),
        Ok(_) => value.refuse(Cause::Range),
        Err((Cause::Json | Cause::Truncated, _)) => value.refuse(other),
        Err((cause, _)) => value.refuse(cause),
    }
}

/// A checksum: a whole number of 32 bits in quotes.
pub(super) fn checksum(value: Value<'_>) -> Result<u32, Refused> {
    let number = scaled(value, 0, 0..=i64::from(u32::MAX), Cause::Type)?;
    u32::try_from(number).or_else(|_| value.refuse(Cause::Range))
}
