//! When something is pushed: decided before anything is measured.

/// Due times, nanoseconds from the start.
#[derive(Clone, Debug)]
pub struct Pace {
    gap_ns: f64,
    end_ns: f64,
    due_ns: f64,
    /// State of the generator (splitmix64); none for even gaps.
    random: Option<u64>,
}

impl Pace {
    /// Evenly `rate` times a second, for `seconds`.
    #[must_use]
    pub const fn even(rate: f64, seconds: f64) -> Self {
        Self { gap_ns: 1e9 / rate, end_ns: seconds * 1e9, due_ns: 0.0, random: None }
    }

    /// At exponentially distributed intervals, the same for one seed.
    #[must_use]
    pub const fn random(rate: f64, seconds: f64, seed: u64) -> Self {
        Self { random: Some(seed), ..Self::even(rate, seconds) }
    }

    /// As a share of the mean interval.
    fn gap(&mut self) -> f64 {
        let Some(state) = &mut self.random else { return 1.0 };
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // In (0, 1]: the logarithm is finite.
        let share = (((mixed ^ (mixed >> 31)) >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        -share.ln()
    }
}

impl Iterator for Pace {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.due_ns += self.gap_ns * self.gap();
        (self.due_ns <= self.end_ns).then_some(self.due_ns as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_even_pace_is_even() {
        let due: Vec<_> = Pace::even(4.0, 1.0).collect();
        assert_eq!(due, [250_000_000, 500_000_000, 750_000_000, 1_000_000_000]);
    }

    #[test]
    fn random_intervals_have_the_mean_and_the_spread_of_their_kind() {
        let due: Vec<_> = Pace::random(1000.0, 100.0, 3).collect();
        assert!(due.len().abs_diff(100_000) < 1500, "{}", due.len());
        let long = due.windows(2).filter(|pair| pair[1] - pair[0] > 1_000_000).count();
        // exp(-1) of all intervals are longer than the mean.
        assert!(long.abs_diff(36_788) < 1500, "{long}");
        assert_eq!(due, Pace::random(1000.0, 100.0, 3).collect::<Vec<_>>());
    }
}
