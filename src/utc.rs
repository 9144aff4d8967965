//! UTC as text, by counting days: what the synthetic exchanges write, apart from the engine's reading of it.

/// UNIX microseconds as RFC 3339 with six digits and `Z`.
#[must_use]
pub fn rfc3339(unix_us: u64) -> String {
    let (seconds, us) = (unix_us / 1_000_000, unix_us % 1_000_000);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let (year, month, day) = date(seconds / 86_400);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{us:06}Z")
}

/// UNIX microseconds of a time with six digits and `Z`, from 1970 on; none of anything else.
#[must_use]
pub fn unix_us(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let first = (year - 1970) * 365;
    let days = (first..=(year - 1970) * 366 + 366).find(|days| date(*days) == (year, month as usize, day))?;
    let us = ((days * 24 + hour) * 60 + minute) * 60_000_000 + second * 1_000_000 + number(20, 26)?;
    (rfc3339(us) == text).then_some(us)
}

/// Year, month and day of a day since 1970, by counting.
fn date(mut days: u64) -> (u64, usize, u64) {
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let february = 28 + u64::from(leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::{rfc3339, unix_us};

    #[test]
    fn times_are_the_calendars() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
        assert_eq!(rfc3339(1_785_641_750_983_359), "2026-08-02T03:35:50.983359Z");
        assert_eq!(rfc3339(1_798_761_599_999_999), "2026-12-31T23:59:59.999999Z");
        for us in [0, 951_782_400_000_001, 1_785_641_750_983_359, 1_798_761_599_999_999] {
            assert_eq!(unix_us(&rfc3339(us)), Some(us));
        }
        for none in ["", "2026-02-30T00:00:00.000000Z", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00.000000Z"] {
            assert_eq!(unix_us(none), None, "{none}");
        }
    }
}
