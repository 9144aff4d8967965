//! How values lie: percentiles without keeping every value.

use hdrhistogram::Histogram;
use serde::Serialize;

/// Significant digits of a value's distance from the base.
const DIGITS: u8 = 3;
/// Values that must lie beyond a percentile before it is told.
const BEYOND_MIN: u64 = 10;
/// Points of a curve for each tenfold of values.
const CURVE_POINTS: u32 = 24;

/// Values above a base, as a histogram: each is kept to a thousandth of its distance from the base.
#[derive(Clone, Debug)]
pub struct Spread {
    base: i64,
    histogram: Histogram<u64>,
    range: Option<(i64, i64)>,
}

/// Percentiles, nanoseconds. One with fewer than ten values beyond it is left out.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub struct Percentiles {
    /// Values.
    pub count: u64,
    /// The least.
    pub min_ns: i64,
    /// Half of the values are at most this.
    pub p50_ns: Option<i64>,
    /// Nine tenths.
    pub p90_ns: Option<i64>,
    /// 99 of 100.
    pub p99_ns: Option<i64>,
    /// 999 of 1,000.
    pub p999_ns: Option<i64>,
    /// The greatest.
    pub max_ns: i64,
}

impl Spread {
    /// For values of at least `base`; a lesser one counts as `base`.
    #[must_use]
    pub fn above(base: i64) -> Self {
        let histogram = Histogram::new(DIGITS).expect("three digits are a precision that a histogram can have");
        Self { base, histogram, range: None }
    }

    /// Takes in a value.
    pub fn add(&mut self, value: i64) {
        self.range = Some(self.range.map_or((value, value), |(min, max)| (min.min(value), max.max(value))));
        let distance = u64::try_from(value.saturating_sub(self.base)).unwrap_or(0);
        // The histogram grows with its values, and has room for any that 64 bits hold.
        let _ = self.histogram.record(distance);
    }

    /// None when there is no value.
    #[must_use]
    pub fn percentiles(&self) -> Option<Percentiles> {
        let (min_ns, max_ns) = self.range?;
        Some(Percentiles {
            count: self.histogram.len(),
            min_ns,
            p50_ns: self.at(0.5),
            p90_ns: self.at(0.9),
            p99_ns: self.at(0.99),
            p999_ns: self.at(0.999),
            max_ns,
        })
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The least and the greatest value; none when there is none.
    #[must_use]
    pub const fn range(&self) -> Option<(i64, i64)> {
        self.range
    }

    /// The value that a share of the values does not exceed; none when too few lie beyond.
    #[must_use]
    pub fn at(&self, share: f64) -> Option<i64> {
        let (min, max) = self.range?;
        let beyond = self.histogram.len() as f64 * (1.0 - share);
        // 10,000 values less 99.9 % are a little less than ten in floating point.
        let enough = (beyond + 1e-6) as u64 >= BEYOND_MIN;
        let distance = self.histogram.value_at_quantile(share);
        enough.then(|| self.base.saturating_add(i64::try_from(distance).unwrap_or(i64::MAX)).clamp(min, max))
    }

    /// Points of the percentile curve: tens of values for each one that lies beyond, as a logarithm, and
    /// the value there.
    #[must_use]
    pub fn curve(&self) -> Vec<(f64, i64)> {
        let points = (0..).map(|point: u32| f64::from(point) / f64::from(CURVE_POINTS));
        points.map_while(|tens| Some((tens, self.at(1.0 - 10_f64.powf(-tens))?))).collect()
    }

    /// How many tens of values there are for the one that is the greatest.
    #[must_use]
    pub fn tens(&self) -> f64 {
        (self.histogram.len().max(1) as f64).log10()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn percentiles_with_too_few_values_beyond_are_left_out() {
        let told = |count: i64| {
            let mut spread = Spread::above(0);
            (0..count).for_each(|value| spread.add(value));
            let all = spread.percentiles().expect("values");
            [all.p50_ns, all.p90_ns, all.p99_ns, all.p999_ns].map(|value| value.is_some())
        };
        assert!(Spread::above(0).percentiles().is_none());
        assert_eq!(told(19), [false; 4]);
        assert_eq!(told(20), [true, false, false, false]);
        assert_eq!(told(999), [true, true, false, false]);
        assert_eq!(told(9_999), [true, true, true, false]);
        assert_eq!(told(10_000), [true; 4]);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_values(
            base in -2_000_000_000_i64..2_000_000_000, values in vec(0_i64..3_000_000_000, 1..3_000),
        ) {
            let mut spread = Spread::above(base);
            values.iter().for_each(|value| spread.add(base + value));
            let mut sorted = values;
            sorted.sort_unstable();
            let found = spread.percentiles().expect("values");
            prop_assert_eq!(found.min_ns, base + sorted[0]);
            prop_assert_eq!(found.max_ns, base + sorted[sorted.len() - 1]);
            for (share, found) in [(0.5, found.p50_ns), (0.9, found.p90_ns), (0.99, found.p99_ns)] {
                let rank = (sorted.len() as f64 * share).ceil() as usize;
                let exact = sorted[rank.max(1) - 1];
                if let Some(found) = found {
                    let off = found - base - exact;
                    prop_assert!((0..=exact / 1_000 + 1).contains(&off), "{} at {}: off by {}", exact, share, off);
                }
            }
        }
    }
}
