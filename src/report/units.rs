//! Numbers and times as people read them, each with its unit.

use crate::tie::Tie;
use crate::utc::rfc3339;

/// A time, to three digits: `17.3 ms`.
#[must_use]
pub fn duration(ns: i64) -> String {
    const UNITS: [(f64, f64, &str); 6] = [
        (1e6, 1e3, "µs"),
        (1e9, 1e6, "ms"),
        (120e9, 1e9, "s"),
        (7_200e9, 60e9, "min"),
        (172_800e9, 3_600e9, "h"),
        (f64::INFINITY, 86_400e9, "d"),
    ];
    let size = ns.unsigned_abs() as f64;
    if size < 1e3 {
        return format!("{ns} ns");
    }
    let (scale, name) = UNITS.iter().find(|unit| size < unit.0).map_or((1.0, "ns"), |unit| (unit.1, unit.2));
    let places = match size / scale {
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{:.places$} {name}", ns as f64 / scale)
}

/// A share, as a percentage that says 0 only when it is nothing and 100 only when it is all.
#[must_use]
pub fn percent(part: u64, whole: u64) -> String {
    let share = part as f64 / whole as f64 * 100.0;
    match part {
        0 => "0 %".to_owned(),
        _ if part == whole => "100 %".to_owned(),
        _ => format!("{:.3} %", share.clamp(0.001, 99.999)),
    }
}

/// Monotonic times of a run, told in UTC when its clocks were read.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    tie: Option<Tie>,
    start_ns: u64,
    /// Whether the run goes over midnight, so that times need their day.
    has_days: bool,
}

impl Times {
    /// Of a run from `start_ns` to `end_ns`.
    #[must_use]
    pub fn of(tie: Option<Tie>, start_ns: u64, end_ns: u64) -> Self {
        const DAY_NS: u64 = hotpath::progress::DAY_NS;
        let has_days = tie.is_some_and(|tie| tie.utc_ns(start_ns) / DAY_NS != tie.utc_ns(end_ns) / DAY_NS);
        Self { tie, start_ns, has_days }
    }

    /// UTC nanoseconds, when they are known.
    #[must_use]
    pub fn utc_ns(&self, ns: u64) -> Option<u64> {
        self.tie.map(|tie| tie.utc_ns(ns))
    }

    /// UTC with its day, to the millisecond: `2026-08-02 03:35:50.983`.
    #[must_use]
    pub fn day_and_time(&self, ns: u64) -> String {
        match self.utc_ns(ns) {
            Some(utc_ns) => rfc3339(utc_ns / 1_000).replace('T', " ").chars().take(23).collect(),
            None => self.since_start(ns),
        }
    }

    /// UTC of the day, to the millisecond, with the day where it is needed.
    #[must_use]
    pub fn time(&self, ns: u64) -> String {
        let skipped = if self.has_days || self.tie.is_none() { 0 } else { "2026-08-02 ".len() };
        self.day_and_time(ns).chars().skip(skipped).collect()
    }

    fn since_start(&self, ns: u64) -> String {
        format!("{:+.3} s", ns.wrapping_sub(self.start_ns).cast_signed() as f64 / 1e9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (ns, text) in [
            (0, "0 ns"),
            (-999, "-999 ns"),
            (1_000, "1.00 µs"),
            (9_995, "10.0 µs"),
            (99_949, "99.9 µs"),
            (17_312_000, "17.3 ms"),
            (-1_270_000_000, "-1.27 s"),
            (119_000_000_000, "119 s"),
            (600_000_000_000, "10.0 min"),
            (7_200_000_000_000, "2.00 h"),
            (i64::MIN, "-106752 d"),
        ] {
            assert_eq!(duration(ns), text);
        }
    }

    #[test]
    fn almost_all_is_not_all() {
        assert_eq!(percent(1_000_000 - 1, 1_000_000), "99.999 %");
        assert_eq!((percent(7, 7), percent(0, 7)), ("100 %".to_owned(), "0 %".to_owned()));
        assert_eq!(percent(1, u64::MAX), "0.001 %");
        assert_eq!(percent(1, 3), "33.333 %");
    }

    #[test]
    fn times_are_told_in_utc_and_without_a_clock_from_the_start() {
        let tie = Tie { mono_ns: 5_000_000_000, utc_ns: 1_785_641_750_983_359_000 };
        let times = Times::of(Some(tie), 5_000_000_000, 6_000_000_000);
        assert_eq!(times.day_and_time(5_000_000_000), "2026-08-02 03:35:50.983");
        assert_eq!(times.time(4_000_000_000), "03:35:49.983");
        let over_midnight = Times::of(Some(tie), 5_000_000_000, 86_400_000_000_000);
        assert_eq!(over_midnight.time(4_000_000_000), "2026-08-02 03:35:49.983");
        assert_eq!(Times::of(None, 5_000_000_000, 6_000_000_000).time(6_500_000_000), "+1.500 s");
    }
}
