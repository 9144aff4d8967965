//! SplitMix64: a seeded generator whose numbers are the same everywhere and for ever.

/// The generator.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// A distribution by its quantiles: parts per mille, rising to 1,000, and the value there. Between two of
/// them values lie evenly.
pub(crate) type Quantiles = [(u64, i64)];

impl Random {
    /// A generator; every seed is a good one.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 even bits.
    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `bound` - 1; 0 for a bound of 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        ((self.next() as u128 * bound as u128) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below(high.abs_diff(low) + 1) as i64
    }

    /// True `percent` times of a hundred.
    pub const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A waiting time whose mean is `mean`, by comparing even numbers only (von Neumann, 1951): no
    /// logarithm, so that every machine gives the same.
    pub const fn exponential(&mut self, mean: u64) -> u64 {
        let mut whole: u64 = 0;
        loop {
            let first = self.next();
            if self.falls_oddly(first) {
                let part = ((first as u128 * mean as u128) >> 64) as u64;
                return whole.saturating_mul(mean).saturating_add(part);
            }
            whole += 1;
        }
    }

    /// Whether the falling run of numbers that starts with `last` has an odd length.
    const fn falls_oddly(&mut self, mut last: u64) -> bool {
        let mut odd = true;
        loop {
            let next = self.next();
            if next >= last {
                return odd;
            }
            last = next;
            odd = !odd;
        }
    }

    /// A value drawn from a distribution.
    pub fn quantile(&mut self, of: &Quantiles) -> i64 {
        let drawn = self.below(1_000_000);
        let after = of.partition_point(|(mille, _)| mille * 1_000 <= drawn).clamp(1, of.len() - 1);
        let ((low_mille, low), (high_mille, high)) = (of[after - 1], of[after]);
        let (along, all) = (drawn - low_mille * 1_000, (high_mille - low_mille) * 1_000);
        low + ((high - low) as i128 * i128::from(along) / i128::from(all)) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// The generator's published first numbers for seed 1234567.
    #[test]
    fn is_splitmix64() {
        let mut random = Random::new(1_234_567);
        let first: Vec<_> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn stays_within_bounds_and_reaches_both() {
        let mut random = Random::new(5);
        let drawn: Vec<_> = (0..1_000).map(|_| random.between(-2, 3)).collect();
        assert_eq!((drawn.iter().min(), drawn.iter().max()), (Some(&-2), Some(&3)));
        assert_eq!((random.below(0), random.below(1)), (0, 0));
    }

    /// An exponential's mean is `mean`, and 1/e of it lies above (the bounds are six standard errors).
    #[test]
    fn waiting_times_are_exponential() {
        let mut random = Random::new(9);
        let drawn: Vec<_> = (0..100_000).map(|_| random.exponential(1_000_000)).collect();
        let mean = drawn.iter().sum::<u64>() / 100_000;
        let above = drawn.iter().filter(|waited| **waited > 1_000_000).count();
        let far = drawn.iter().filter(|waited| **waited > 3_000_000).count();
        assert!((981_000..=1_019_000).contains(&mean), "mean {mean}");
        assert!((35_872..=37_704).contains(&above), "{above} above the mean, 36,788 expected");
        assert!((4_566..=5_392).contains(&far), "{far} above three means, 4,979 expected");
        assert_eq!(random.exponential(0), 0);
    }

    #[test]
    fn a_distribution_gives_back_its_quantiles() {
        let of = [(0, -10), (500, 0), (900, 100), (1_000, 1_100)];
        let mut random = Random::new(3);
        let drawn: Vec<_> = (0..100_000).map(|_| random.quantile(&of)).collect();
        let up_to = |value| drawn.iter().filter(|drawn| **drawn < value).count();
        assert!((49_050..=50_950).contains(&up_to(0)), "{}", up_to(0));
        assert!((89_430..=90_570).contains(&up_to(100)), "{}", up_to(100));
        assert!((94_580..=95_420).contains(&up_to(600)), "half of the last tenth: {}", up_to(600));
        assert!(drawn.iter().all(|drawn| (-10..1_100).contains(drawn)));
    }
}
