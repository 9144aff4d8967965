//! Quantiles, counts in windows of time and correlation.

use std::collections::BTreeMap;

/// The value below which `percent` of a hundred lie; none of nothing.
pub(super) fn quantile(values: &[i64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |value| *value as f64)
}

/// The same of values that weigh unevenly.
pub(super) fn weighted_quantile(weights: &BTreeMap<i64, u64>, percent: u64) -> f64 {
    let all: u64 = weights.values().sum();
    let mut below = 0;
    for (value, weight) in weights {
        below += weight;
        if u128::from(below) * 100 > u128::from(all) * u128::from(percent) {
            return *value as f64;
        }
    }
    f64::NAN
}

/// `part` of `whole`, percent.
pub(super) fn percent(part: usize, whole: usize) -> f64 {
    part as f64 * 100.0 / whole as f64
}

/// Mean; none of nothing.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Most times within any `window_ns` of each minute, the median of the minutes.
pub(super) fn busiest(times_ns: &[u64], window_ns: u64) -> f64 {
    let mut busiest: BTreeMap<u64, i64> = BTreeMap::new();
    let mut first = 0;
    for (index, at_ns) in times_ns.iter().enumerate() {
        while at_ns - times_ns[first] >= window_ns {
            first += 1;
        }
        let most = busiest.entry(at_ns / 60_000_000_000).or_default();
        *most = (*most).max((index + 1 - first) as i64);
    }
    let busiest: Vec<_> = busiest.into_values().collect();
    quantile(&busiest, 50)
}

/// How many times fall into each window from 0 to `end_ns`.
pub(super) fn counts(times_ns: &[u64], window_ns: u64, end_ns: u64) -> Vec<f64> {
    let mut counts = vec![0.0; (end_ns / window_ns) as usize];
    for at_ns in times_ns {
        if let Some(count) = counts.get_mut((at_ns / window_ns) as usize) {
            *count += 1.0;
        }
    }
    counts
}

/// Variance over mean of counts: 1 when events do not know of each other.
pub(super) fn dispersion(counts: &[f64]) -> f64 {
    let mean_count = mean(counts);
    let squares: Vec<_> = counts.iter().map(|count| (count - mean_count) * (count - mean_count)).collect();
    mean(&squares) / mean_count
}

/// Correlation of pairs.
pub(super) fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (left, right): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    let (left_mean, right_mean) = (mean(&left), mean(&right));
    let (mut both, mut left_square, mut right_square) = (0.0, 0.0, 0.0);
    for (left, right) in pairs {
        let (left, right) = (left - left_mean, right - right_mean);
        both += left * right;
        left_square += left * left;
        right_square += right * right;
    }
    both / (left_square * right_square).sqrt()
}

#[cfg(test)]
mod tests {
    use super::{busiest, correlation, counts, dispersion, quantile, weighted_quantile};

    #[test]
    fn figures_of_known_values() {
        assert_eq!(quantile(&[3, 1, 2, 4], 50), 3.0);
        assert_eq!(quantile(&[3, 1, 2, 4], 99), 4.0);
        assert!(quantile(&[], 50).is_nan());
        assert_eq!(weighted_quantile(&[(1, 70), (9, 30)].into(), 50), 1.0);
        assert_eq!(weighted_quantile(&[(1, 70), (9, 30)].into(), 70), 9.0);
        assert_eq!(counts(&[0, 5, 10, 39, 40], 10, 40), [2.0, 1.0, 0.0, 1.0]);
        assert_eq!(dispersion(&[2.0, 0.0]), 1.0);
        assert_eq!(correlation(&[(1.0, -2.0), (2.0, -4.0), (4.0, -8.0)]), -1.0);
        assert_eq!(correlation(&[(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)]), 0.0);
    }

    #[test]
    fn the_busiest_window_of_a_minute() {
        let minute_ns = 60_000_000_000;
        let times = [0, 9, 10, 11, minute_ns, minute_ns + 10, 2 * minute_ns, 2 * minute_ns + 1];
        assert_eq!(busiest(&times, 10), 2.0, "3, 1 and 2 within ten nanoseconds");
    }
}
