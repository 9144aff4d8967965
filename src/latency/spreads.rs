//! How the times of each stage lie, by connection and split: histograms, and the percentiles that are told of them.

use super::split::{Place, Split};
use super::stage::Stage;
use crate::report::Spread;
use serde::Serialize;
use std::collections::BTreeMap;

/// Percentiles, nanoseconds. One with fewer than ten values beyond it is left out.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
pub struct Quantiles {
    /// Values.
    pub count: u64,
    /// The least.
    pub min_ns: i64,
    /// Half of the values are at most this.
    pub p50_ns: Option<i64>,
    /// Nine tenths.
    pub p90_ns: Option<i64>,
    /// 95 of 100.
    pub p95_ns: Option<i64>,
    /// 99 of 100.
    pub p99_ns: Option<i64>,
    /// 999 of 1,000.
    pub p999_ns: Option<i64>,
    /// 9,999 of 10,000.
    pub p9999_ns: Option<i64>,
    /// The greatest.
    pub max_ns: i64,
}

/// What the percentiles are called, in the order of [`Quantiles::listed`]: for scripts, and for people.
pub const NAMES: [(&str, &str); 8] = [
    ("min_ns", "min"),
    ("p50_ns", "p50"),
    ("p90_ns", "p90"),
    ("p95_ns", "p95"),
    ("p99_ns", "p99"),
    ("p999_ns", "p99.9"),
    ("p9999_ns", "p99.99"),
    ("max_ns", "max"),
];

impl Quantiles {
    /// Of a spread; none when it has no value.
    #[must_use]
    pub fn of(spread: &Spread) -> Option<Self> {
        let (min_ns, max_ns) = spread.range()?;
        Some(Self {
            count: spread.count(),
            min_ns,
            p50_ns: spread.at(0.5),
            p90_ns: spread.at(0.9),
            p95_ns: spread.at(0.95),
            p99_ns: spread.at(0.99),
            p999_ns: spread.at(0.999),
            p9999_ns: spread.at(0.9999),
            max_ns,
        })
    }

    /// In the order of [`NAMES`].
    #[must_use]
    pub const fn listed(&self) -> [Option<i64>; NAMES.len()] {
        let Self { p50_ns, p90_ns, p95_ns, p99_ns, p999_ns, p9999_ns, .. } = *self;
        [Some(self.min_ns), p50_ns, p90_ns, p95_ns, p99_ns, p999_ns, p9999_ns, Some(self.max_ns)]
    }
}

/// Histograms by connection, split and stage. Their number is bounded; each is made when it has a value.
#[derive(Clone, Debug, Default)]
pub struct Spreads(BTreeMap<(u16, Split), BTreeMap<Stage, Spread>>);

impl Spreads {
    /// A message took so long in a stage.
    pub fn add(&mut self, place: &Place, stage: Stage, ns: u64) {
        let ns = i64::try_from(ns).unwrap_or(i64::MAX);
        for split in place.splits() {
            let stages = self.0.entry((place.connection, split)).or_default();
            stages.entry(stage).or_insert_with(|| Spread::above(0)).add(ns);
        }
    }

    /// The values of a stage.
    #[must_use]
    pub fn get(&self, connection: u16, split: Split, stage: Stage) -> Option<&Spread> {
        self.0.get(&(connection, split))?.get(&stage)
    }

    /// All that have a value, in order.
    pub fn all(&self) -> impl Iterator<Item = (u16, Split, Stage, &Spread)> {
        self.0.iter().flat_map(|((connection, split), stages)| {
            stages.iter().map(|(stage, spread)| (*connection, *split, *stage, spread))
        })
    }
}
