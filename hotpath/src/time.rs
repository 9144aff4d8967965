//! RFC 3339 text to UTC nanoseconds, by integers.
//!
//! Years have four digits, so seconds and days stay far inside 64 bits: nothing here wraps. Only the
//! step to nanoseconds can, and is checked.

use crate::venue::Cause;

const NS_PER_S: u64 = 1_000_000_000;
const S_PER_MINUTE: i64 = 60;
const S_PER_HOUR: i64 = 3_600;
/// Days from 0000-01-01 to 1970-01-01 in the Gregorian calendar.
const DAYS_BEFORE_1970: i64 = 719_528;
/// Days before each month and in it, in a year without a leap day.
const MONTHS: [(u32, u32); 12] = [
    (0, 31),
    (31, 28),
    (59, 31),
    (90, 30),
    (120, 31),
    (151, 30),
    (181, 31),
    (212, 31),
    (243, 30),
    (273, 31),
    (304, 30),
    (334, 31),
];
/// Most digits of a fraction: nanoseconds.
const FRACTION_DIGITS_MAX: usize = 9;
/// Bytes of the longest time: nine digits of fraction and an offset.
pub const TIME_BYTES_MAX: usize = 35;

/// Nanoseconds since 1970 of `YYYY-MM-DDThh:mm:ss`, then optionally a point with up to nine digits,
/// then `Z`, `+hh:mm`, `-hh:mm` or nothing, which means UTC (the exchange's documents show it).
///
/// Letters are capital. There is no second 60 and no hour 24.
///
/// # Errors
/// [`Cause::Time`] when the text is no such time; [`Cause::Range`] before 1970 and from July 2554 on,
/// where 64 bits end.
pub fn utc_ns(text: &[u8]) -> Result<u64, Cause> {
    let &[y1, y2, y3, y4, b'-', n1, n2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] =
        text.first_chunk::<19>().ok_or(Cause::Time)?
    else {
        return Err(Cause::Time);
    };
    let (fraction_ns, zone) = fraction_ns(text.get(19..).unwrap_or_default());
    let century = two_digits(y1, y2).ok_or(Cause::Time)?;
    let moment = Moment {
        year: two_digits(y3, y4).ok_or(Cause::Time)?.wrapping_add(century.wrapping_mul(100)),
        month: two_digits(n1, n2).ok_or(Cause::Time)?,
        day: two_digits(d1, d2).ok_or(Cause::Time)?,
        hour: two_digits(h1, h2).ok_or(Cause::Time)?,
        minute: two_digits(m1, m2).ok_or(Cause::Time)?,
        second: two_digits(s1, s2).ok_or(Cause::Time)?,
    };
    let local_s = moment.seconds().ok_or(Cause::Time)?;
    utc_ns_of(local_s.wrapping_sub(zone_s(zone)?), fraction_ns).ok_or(Cause::Range)
}

/// Nanoseconds of seconds since 1970 and a fraction; none before 1970 and where 64 bits end.
pub(crate) fn utc_ns_of(utc_s: i64, fraction_ns: u64) -> Option<u64> {
    u64::try_from(utc_s).ok()?.checked_mul(NS_PER_S)?.checked_add(fraction_ns)
}

/// A second of the Gregorian calendar, as it is written; the year has at most four digits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub year: u32,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
}

impl Moment {
    /// Seconds since 1970, negative before; none when the calendar has no such second.
    pub fn seconds(&self) -> Option<i64> {
        let Self { year, month, day, hour, minute, second } = *self;
        let (before_month, days) = month_of(year, month)?;
        if day == 0 || day > days || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let day = days_before(year).wrapping_add(before_month).wrapping_add(day).wrapping_sub(1);
        let hours = i64::from(day).wrapping_sub(DAYS_BEFORE_1970).wrapping_mul(24).wrapping_add(hour.into());
        Some(hours.wrapping_mul(60).wrapping_add(minute.into()).wrapping_mul(60).wrapping_add(second.into()))
    }
}

/// Days from 0000-01-01 to the first day of `year`. The year 0 was a leap year.
const fn days_before(year: u32) -> u32 {
    // Counted from 400 years earlier, which have 97 leap days, so that there is a year before the year 0.
    let last = year.wrapping_add(399);
    let leaps = (last / 4).wrapping_sub(last / 100).wrapping_add(last / 400);
    year.wrapping_mul(365).wrapping_add(leaps).wrapping_sub(96)
}

/// Days of the year before `month`, and days of the month.
fn month_of(year: u32, month: u32) -> Option<(u32, u32)> {
    let index = usize::try_from(month).ok()?.checked_sub(1)?;
    let (before, days) = MONTHS.get(index)?;
    let leap_day = u32::from((year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400));
    Some(match month {
        1 => (*before, *days),
        2 => (*before, days.wrapping_add(leap_day)),
        _ => (before.wrapping_add(leap_day), *days),
    })
}

/// Nanoseconds of a fraction that starts at a point, and what follows it.
fn fraction_ns(text: &[u8]) -> (u64, &[u8]) {
    let Some(rest) = text.strip_prefix(b".") else {
        return (0, text);
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let (mut ns, mut count) = (0_u64, 0_usize);
    for digit in digits.take(FRACTION_DIGITS_MAX).map(|byte| byte & 0x0f) {
        ns = ns.wrapping_mul(10).wrapping_add(u64::from(digit));
        count = count.wrapping_add(1);
    }
    for _ in count..FRACTION_DIGITS_MAX {
        ns = ns.wrapping_mul(10);
    }
    // A tenth digit is left over and is no zone.
    (ns, rest.get(count..).unwrap_or_default())
}

/// Seconds that local time is ahead of UTC.
fn zone_s(zone: &[u8]) -> Result<i64, Cause> {
    let (sign, h1, h2, m1, m2) = match zone {
        [] | [b'Z'] => return Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => (*sign, *h1, *h2, *m1, *m2),
        _ => return Err(Cause::Time),
    };
    let hours = two_digits(h1, h2).filter(|hours| *hours < 24).ok_or(Cause::Time)?;
    let minutes = two_digits(m1, m2).filter(|minutes| *minutes < 60).ok_or(Cause::Time)?;
    let ahead = i64::from(hours).wrapping_mul(S_PER_HOUR).wrapping_add(i64::from(minutes).wrapping_mul(S_PER_MINUTE));
    Ok(if sign == b'-' { ahead.wrapping_neg() } else { ahead })
}

fn two_digits(tens: u8, ones: u8) -> Option<u32> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        let tens = u32::from(tens & 0x0f).wrapping_mul(10);
        return Some(tens.wrapping_add(u32::from(ones & 0x0f)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::utc_ns;
    use crate::venue::Cause;
    use proptest::prelude::*;
    use std::format;
    use std::string::String;

    const DAY_NS: u64 = 86_400_000_000_000;

    /// The next day, by the rule of the calendar alone.
    fn day_after((year, month, day): (u32, u32, u32)) -> (u32, u32, u32) {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        match (month, day) {
            (12, 31) => (year + 1, 1, 1),
            _ if day == days => (year, month + 1, 1),
            _ => (year, month, day + 1),
        }
    }

    #[test]
    fn every_day_until_2554_follows_the_last() {
        let mut date = (1970, 1, 1);
        let mut ns = 0;
        while date.0 < 2554 {
            let (year, month, day) = date;
            assert_eq!(utc_ns(format!("{year:04}-{month:02}-{day:02}T00:00:00Z").as_bytes()), Ok(ns), "{date:?}");
            date = day_after(date);
            ns += DAY_NS;
        }
    }

    #[test]
    fn every_date_is_refused_but_those_of_the_calendar() {
        for year in [1999, 2000, 2004, 2023, 2100] {
            let mut date = (year, 1, 1);
            for month in 0..=99 {
                for day in 0..=99 {
                    let accepted = utc_ns(format!("{year}-{month:02}-{day:02}T00:00:00Z").as_bytes()).is_ok();
                    assert_eq!(accepted, date == (year, month, day), "{year}-{month}-{day}");
                    if accepted {
                        date = day_after(date);
                    }
                }
            }
            assert_eq!(date, (year + 1, 1, 1));
        }
    }

    proptest! {
        #[test]
        fn time_of_day_fraction_and_zone_add_up(
            day in 1_u64..200_000,
            second in 0_u64..86_400,
            fraction in "[0-9]{0,9}",
            point: bool,
            zone in prop_oneof![Just(None), (-1_439_i64..=1_439).prop_map(Some)],
        ) {
            let mut date = (1970, 1, 1);
            for _ in 0..day {
                date = day_after(date);
            }
            let (year, month, month_day) = date;
            let (hour, minute) = (second / 3_600, second / 60 % 60);
            let mut text = format!("{year:04}-{month:02}-{month_day:02}T{hour:02}:{minute:02}:{:02}", second % 60);
            if point || !fraction.is_empty() {
                text += &format!(".{fraction}");
            }
            let ahead = zone.unwrap_or(0);
            text += &zone.map_or_else(String::new, |ahead| {
                let sign = if ahead < 0 { '-' } else { '+' };
                format!("{sign}{:02}:{:02}", ahead.abs() / 60, ahead.abs() % 60)
            });
            let ns: u64 = format!("{fraction:0<9}").parse().unwrap();
            let local = i128::from(day * DAY_NS + second * 1_000_000_000 + ns);
            let expected = local - i128::from(ahead) * 60_000_000_000;
            prop_assert_eq!(utc_ns(text.as_bytes()).map(i128::from), Ok(expected), "{}", text);
        }

        #[test]
        fn any_bytes_get_an_answer(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(utc_ns(&text), Err(Cause::Time));
        }
    }

    #[test]
    fn accepts() {
        let table = [
            ("2026-08-01T02:53:53.398143Z", 1_785_552_833_398_143_000),
            ("2022-06-13T08:09:10.7890123", 1_655_107_750_789_012_300),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:00:00-01:00", 0),
            ("2000-02-29T23:59:59.999999999Z", 951_868_799_999_999_999),
            ("2554-07-21T23:34:33.709551615Z", u64::MAX),
        ];
        for (text, ns) in table {
            assert_eq!(utc_ns(text.as_bytes()), Ok(ns), "{text}");
        }
    }

    #[test]
    fn refuses() {
        let table = [
            ("", Cause::Time),
            ("2026-08-01", Cause::Time),
            ("2026-08-01 02:53:53Z", Cause::Time),
            ("2026-08-01t02:53:53Z", Cause::Time),
            ("2026-08-01T02:53:53z", Cause::Time),
            ("2026-08-01T24:00:00Z", Cause::Time),
            ("2026-08-01T23:60:00Z", Cause::Time),
            ("2016-12-31T23:59:60Z", Cause::Time),
            ("2026-08-01T02:53:53.1234567890Z", Cause::Time),
            ("2026-08-01T02:53:53ZZ", Cause::Time),
            ("2026-08-01T02:53:53+0100", Cause::Time),
            ("2026-08-01T02:53:53+24:00", Cause::Time),
            ("2026-08-01T02:53:53+01:60", Cause::Time),
            ("+026-08-01T02:53:53Z", Cause::Time),
            ("1969-12-31T23:59:59Z", Cause::Range),
            ("1970-01-01T00:59:59+01:00", Cause::Range),
            ("0000-01-01T00:00:00Z", Cause::Range),
            ("2554-07-21T23:34:33.709551616Z", Cause::Range),
            ("9999-12-31T23:59:59Z", Cause::Range),
        ];
        for (text, cause) in table {
            assert_eq!(utc_ns(text.as_bytes()), Err(cause), "{text}");
        }
    }
}
