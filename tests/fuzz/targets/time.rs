//! Times of RFC 3339.

use hotpath::time::utc_ns;
use hotpath::venue::Cause;

/// A time as text. The verdict is that of a twin that counts days year by year.
pub fn time(bytes: &[u8]) {
    assert_eq!(utc_ns(bytes), twin(bytes), "{}", bytes.escape_ascii());
}

fn twin(bytes: &[u8]) -> Result<u64, Cause> {
    let text = std::str::from_utf8(bytes).ok().and_then(read).ok_or(Cause::Time)?;
    u64::try_from(text).map_err(|_| Cause::Range)
}

/// Nanoseconds since 1970, of any year with four digits.
fn read(text: &str) -> Option<i128> {
    let (date, rest) = text.split_once('T')?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let (clock, rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = fields(clock, ':', [2, 2, 2])?;
    let month_days = *days_of_months(year).get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    if !(1..=month_days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = split_fraction(rest)?;
    let ns: i128 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = (days_since_1970(year, month, day) * 24 + hour) * 3_600 + minute * 60 + second;
    Some((seconds - minutes_ahead(zone)? * 60) * 1_000_000_000 + ns)
}

/// Three numbers with exactly so many digits.
fn fields(text: &str, separator: char, widths: [usize; 3]) -> Option<[i128; 3]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let right = |(part, width): (&&str, usize)| part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.len() != 3 || !parts.iter().zip(widths).all(right) {
        return None;
    }
    Some([parts[0].parse().ok()?, parts[1].parse().ok()?, parts[2].parse().ok()?])
}

/// Up to nine digits after a point, none without one, and the zone behind them.
fn split_fraction(text: &str) -> Option<(&str, &str)> {
    let Some(text) = text.strip_prefix('.') else { return Some(("", text)) };
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    (end <= 9).then(|| text.split_at(end))
}

fn minutes_ahead(zone: &str) -> Option<i128> {
    if zone.is_empty() || zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let [hour, minute, _] = fields(&format!("{}:00", zone.strip_prefix(['+', '-'])?), ':', [2, 2, 2])?;
    (hour < 24 && minute < 60).then_some(sign * (hour * 60 + minute))
}

fn days_since_1970(year: i128, month: i128, day: i128) -> i128 {
    let days_of = |year: i128| days_of_months(year).iter().sum::<i128>();
    let years: i128 =
        if year < 1970 { -(year..1970).map(days_of).sum::<i128>() } else { (1970..year).map(days_of).sum() };
    years + days_of_months(year).iter().take(month as usize - 1).sum::<i128>() + day - 1
}

fn days_of_months(year: i128) -> [i128; 12] {
    let leap = if year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) { 1 } else { 0 };
    [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}
