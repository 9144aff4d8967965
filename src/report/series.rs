//! What a plot draws of a value over time: step by step, so that nothing short is lost and nothing grows.

/// A value over one step of the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// Lowest and highest value in force during the step; none when there was none.
    pub range: Option<(i64, i64)>,
    /// The value in force at its end.
    pub last: Option<i64>,
}

/// A value that holds until it changes.
#[derive(Clone, Debug, Default)]
pub struct Held(Vec<Cell>);

impl Held {
    /// From a time in `step` on the value is this one. Steps come in order.
    pub fn set(&mut self, step: usize, value: Option<i64>) {
        self.carry(step);
        let Some(cell) = self.0.last_mut() else { return };
        cell.last = value;
        if let Some(value) = value {
            cell.range = Some(cell.range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
        }
    }

    /// The value in force goes on up to `step`.
    pub fn carry(&mut self, step: usize) {
        let last = self.0.last().and_then(|cell| cell.last);
        let goes_on = Cell { range: last.map(|value| (value, value)), last };
        while self.0.len() <= step {
            self.0.push(goes_on);
        }
    }

    /// Step by step.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.0
    }

    /// Lowest and highest value of all.
    #[must_use]
    pub fn range(&self) -> Option<(i64, i64)> {
        let ranges = self.0.iter().filter_map(|cell| cell.range);
        ranges.reduce(|all, range| (all.0.min(range.0), all.1.max(range.1)))
    }
}

/// Values that were measured, step by step.
#[derive(Clone, Debug, Default)]
pub struct Band {
    cells: Vec<Option<Spot>>,
    /// Of the last step, while it may get more.
    open: Vec<i64>,
}

/// What was measured in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The least.
    pub min: i64,
    /// The middle one; the lower of two.
    pub median: i64,
    /// The greatest.
    pub max: i64,
}

impl Band {
    /// Takes in a value. Steps come in order.
    pub fn add(&mut self, step: usize, value: i64) {
        if self.cells.len() != step + 1 {
            self.carry(step);
        }
        self.open.push(value);
    }

    /// There is no more before `step`.
    pub fn carry(&mut self, step: usize) {
        if let Some(cell) = self.cells.last_mut() {
            *cell = spot(&mut self.open);
        }
        self.open.clear();
        self.cells.resize(step + 1, None);
    }

    /// Step by step; none where nothing was measured.
    #[must_use]
    pub fn cells(&self) -> &[Option<Spot>] {
        &self.cells
    }
}

fn spot(values: &mut [i64]) -> Option<Spot> {
    let middle = values.len().checked_sub(1)? / 2;
    let (below, median, above) = values.select_nth_unstable(middle);
    let min = below.iter().min().map_or(*median, |min| *min);
    let max = above.iter().max().map_or(*median, |max| *max);
    Some(Spot { min, median: *median, max })
}

/// How bad a state is: of those in one step the worst is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// As it should be.
    Good,
    /// Not yet, or not wanted; of a regime: the calmest.
    Idle,
    /// Of a regime: between the calmest and the wildest, or wild and not wrong.
    Warm,
    /// Something is wrong.
    Bad,
}

/// Every rank, the best first.
pub const RANKS: [Rank; 4] = [Rank::Good, Rank::Idle, Rank::Warm, Rank::Bad];

/// A state and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// How bad it is.
    pub rank: Rank,
    /// What it is, and the cause when it is bad.
    pub label: &'static str,
}

/// A state that holds until it changes.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    worst: Vec<Option<State>>,
    now: Option<State>,
}

impl Lane {
    /// From a time in `step` on the state is this one. Steps come in order.
    pub fn set(&mut self, step: usize, state: State) {
        self.carry(step);
        self.now = Some(state);
        if let Some(worst) = self.worst.last_mut() {
            *worst = Some(worst.filter(|held| held.rank > state.rank).unwrap_or(state));
        }
    }

    /// From a time in `step` on the state is not known.
    pub fn lose(&mut self, step: usize) {
        self.carry(step);
        self.now = None;
    }

    /// The state goes on up to `step`.
    pub fn carry(&mut self, step: usize) {
        while self.worst.len() <= step {
            self.worst.push(self.now);
        }
    }

    /// The state at the end.
    #[must_use]
    pub const fn now(&self) -> Option<State> {
        self.now
    }

    /// Stretches of one state: the first step, the step behind the last, the state.
    pub fn stretches(&self) -> impl Iterator<Item = (usize, usize, State)> + '_ {
        let mut from = 0;
        self.worst.chunk_by(|one, next| one == next).filter_map(move |run| {
            let stretch = (from, from + run.len());
            from += run.len();
            Some((stretch.0, stretch.1, (*run.first()?)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    #[test]
    fn a_short_bad_state_is_not_lost_in_its_step() {
        let good = State { rank: Rank::Good, label: "trusted" };
        let bad = State { rank: Rank::Bad, label: "checksum" };
        let mut lane = Lane::default();
        for (step, state) in [(1, good), (3, bad), (3, good)] {
            lane.set(step, state);
        }
        lane.carry(5);
        assert_eq!(lane.stretches().collect::<Vec<_>>(), [(1, 3, good), (3, 4, bad), (4, 6, good)]);
    }

    #[test]
    fn a_value_holds_until_it_is_gone() {
        let mut held = Held::default();
        for (step, value) in [(1, Some(5)), (3, Some(9)), (3, None), (5, Some(2))] {
            held.set(step, value);
        }
        held.carry(6);
        let ranges: Vec<_> = held.cells().iter().map(|cell| cell.range).collect();
        let five = Some((5, 5));
        assert_eq!(ranges, [None, five, five, Some((5, 9)), None, Some((2, 2)), Some((2, 2))]);
        assert_eq!(held.range(), Some((2, 9)));
    }

    proptest! {
        #[test]
        fn a_band_is_what_sorting_says(values in vec((0_usize..6, -50_i64..50), 0..60)) {
            let mut values = values;
            values.sort_by_key(|(step, _)| *step);
            let mut band = Band::default();
            values.iter().for_each(|(step, value)| band.add(*step, *value));
            band.carry(6);
            for (step, found) in band.cells().iter().enumerate() {
                let mut of_step: Vec<_> = values.iter().filter(|value| value.0 == step).map(|value| value.1).collect();
                of_step.sort_unstable();
                let spot = |values: &[i64]| Some(Spot {
                    min: *values.first()?,
                    median: values[(values.len() - 1) / 2],
                    max: *values.last()?,
                });
                prop_assert_eq!(*found, spot(&of_step));
            }
        }
    }
}
