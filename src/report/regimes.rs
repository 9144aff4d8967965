//! On which level of each axis market 0 stood, over time and in all.

use super::grid::Grid;
use super::series::{Lane, Rank, State};
use hotpath::engine::Engine;
use hotpath::record::{Head, Regime, body_of};
use hotpath::regime::{AXES, Axis, axis_name, level_name};
use serde_json::{Map, Value};

/// Of every axis.
#[derive(Debug)]
pub struct Regimes {
    grid: Grid,
    axes: [Standing; AXES.len()],
}

/// Of one axis.
#[derive(Debug, Default)]
struct Standing {
    lane: Lane,
    /// Time on each level, nanoseconds.
    lasted_ns: Vec<u64>,
    /// The level, and since when it is counted; none while it is not known.
    now: Option<(u16, u64)>,
}

impl Regimes {
    /// Nothing yet.
    #[must_use]
    pub fn over(grid: Grid) -> Self {
        let axes = AXES.map(|axis| Standing { lasted_ns: vec![0; axis.levels().len()], ..Standing::default() });
        Self { grid, axes }
    }

    /// What held at a checkpoint.
    pub fn resume(&mut self, engine: &Engine, at_ns: u64) {
        let Some(market) = engine.markets().first() else { return };
        for axis in AXES {
            self.stand(axis, market.state.regimes.level(axis), at_ns);
        }
    }

    /// A record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        let Some(Regime { axis, to, .. }) = body_of(record).filter(|_| head.instrument == 0) else { return };
        if let Some(axis) = AXES.get(usize::from(axis)) {
            self.stand(*axis, to, head.taken_ns);
        }
    }

    /// Records behind `last_ns` are missing: what holds is not known.
    pub fn lose(&mut self, last_ns: u64) {
        for standing in &mut self.axes {
            standing.settle(last_ns);
            standing.now = None;
            standing.lane.lose(self.grid.step(last_ns));
        }
    }

    /// There is no more behind `last_ns`.
    pub fn finish(&mut self, last_ns: u64) {
        for standing in &mut self.axes {
            standing.settle(last_ns);
            standing.lane.carry(self.grid.steps - 1);
        }
    }

    /// Lanes with the names of their axes.
    pub fn lanes(&self) -> impl Iterator<Item = (String, &Lane)> {
        let named = AXES.into_iter().zip(&self.axes);
        named.map(|(axis, standing)| (axis_name(axis as u16).to_owned(), &standing.lane))
    }

    /// Nanoseconds by level, by axis.
    #[must_use]
    pub fn times(&self) -> Map<String, Value> {
        let of = |(axis, standing): (Axis, &Standing)| {
            let levels = axis.levels().iter().zip(&standing.lasted_ns);
            let levels: Map<_, _> = levels.map(|(level, ns)| ((*level).to_owned(), Value::from(*ns))).collect();
            (axis_name(axis as u16).to_owned(), Value::Object(levels))
        };
        AXES.into_iter().zip(&self.axes).map(of).collect()
    }

    fn stand(&mut self, axis: Axis, level: u16, at_ns: u64) {
        let Some(standing) = self.axes.get_mut(axis as usize) else { return };
        standing.settle(at_ns);
        standing.now = Some((level, at_ns));
        let rank = match (axis, level) {
            (_, 0) => Rank::Idle,
            (Axis::Activity | Axis::Volatility, 1) => Rank::Warm,
            _ => Rank::Bad,
        };
        standing.lane.set(self.grid.step(at_ns), State { rank, label: level_name(axis as u16, level) });
    }
}

impl Standing {
    /// Counts the time up to `at_ns`.
    fn settle(&mut self, at_ns: u64) {
        let Some((level, since_ns)) = &mut self.now else { return };
        if let Some(lasted_ns) = self.lasted_ns.get_mut(usize::from(*level)) {
            *lasted_ns += at_ns.saturating_sub(*since_ns);
        }
        *since_ns = at_ns.max(*since_ns);
    }
}
