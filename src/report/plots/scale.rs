//! From values to places on the paper, and the values that an axis names.

/// An axis of values.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    from: f64,
    to: f64,
    /// Tenths of a point where `from` and `to` lie.
    place: (f64, f64),
    is_log: bool,
}

/// Values that an axis names, and the step between them; a step of 0 on a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// The values.
    pub values: Vec<f64>,
    /// The step between two.
    pub step: f64,
}

impl Scale {
    /// Equal steps for equal differences. A range without extent is widened.
    #[must_use]
    pub fn linear(range: (f64, f64), place: (i32, i32)) -> Self {
        let (from, to) = if range.0 < range.1 { range } else { (range.0 - 1.0, range.0 + 1.0) };
        Self { from, to, place: (place.0.into(), place.1.into()), is_log: false }
    }

    /// Equal steps for equal ratios. `range` is above 0.
    #[must_use]
    pub fn log(range: (f64, f64), place: (i32, i32)) -> Self {
        let (from, to) = if range.0 < range.1 { range } else { (range.0 / 2.0, range.0 * 2.0) };
        Self { from, to, place: (place.0.into(), place.1.into()), is_log: true }
    }

    /// Logarithmic when the values are above 0 and span more than a thirtyfold, else linear with some room.
    #[must_use]
    pub fn fitting(range: (f64, f64), place: (i32, i32)) -> Self {
        let (from, to) = range;
        if from > 0.0 && to / from > 30.0 {
            return Self::log((from / 1.2, to * 1.2), place);
        }
        let room = (to - from) * 0.05;
        let low = if from >= 0.0 && from < to / 2.0 { 0.0 } else { from - room };
        Self::linear((low, to + room), place)
    }

    /// Tenths of a point; values beyond the ends lie at the ends.
    #[must_use]
    pub fn at(&self, value: f64) -> i32 {
        let share = if self.is_log {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        (self.place.0 + share.clamp(0.0, 1.0) * (self.place.1 - self.place.0)).round() as i32
    }

    /// About `most` round values.
    #[must_use]
    pub fn ticks(&self, most: u32) -> Ticks {
        if self.is_log { self.log_ticks() } else { self.linear_ticks(most, 0.0) }
    }

    /// About `most` whole values: of what is counted, or comes in ticks.
    #[must_use]
    pub fn whole_ticks(&self, most: u32) -> Ticks {
        self.linear_ticks(most, 1.0)
    }

    fn linear_ticks(&self, most: u32, least: f64) -> Ticks {
        let least = ((self.to - self.from) / f64::from(most.max(1))).max(least);
        let power = 10_f64.powf(least.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= least * 0.999);
        let step = step.unwrap_or(10.0 * power);
        let (first, last) = ((self.from / step).ceil() as i64, (self.to / step).floor() as i64);
        Ticks { values: (first..=last).map(|count| count as f64 * step).collect(), step }
    }

    fn log_ticks(&self) -> Ticks {
        let decades = self.from.log10().floor() as i32..=self.to.log10().ceil() as i32;
        let narrow = self.to / self.from < 1_000.0;
        let times: &[f64] = if narrow { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let all = decades.flat_map(|decade| times.iter().map(move |times| times * 10_f64.powi(decade)));
        Ticks { values: all.filter(|value| (self.from..=self.to).contains(value)).collect(), step: 0.0 }
    }
}

impl Ticks {
    /// Decimals that tell the values apart.
    #[must_use]
    pub fn decimals(&self) -> usize {
        if self.step > 0.0 && self.step < 1.0 { (-self.step.log10().floor()).min(12.0) as usize } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        let ticks = Scale::linear((53_999.3, 54_021.7), (0, 100)).ticks(5);
        assert_eq!((ticks.values, ticks.step), (vec![54_000.0, 54_005.0, 54_010.0, 54_015.0, 54_020.0], 5.0));
        assert_eq!(Scale::linear((0.0, 1.0), (0, 100)).ticks(5).decimals(), 1);
        assert_eq!(Scale::linear((0.0, 2.2), (0, 100)).whole_ticks(5).values, [0.0, 1.0, 2.0]);
        assert_eq!(Scale::log((900.0, 2e7), (0, 100)).ticks(5).values, [1e3, 1e4, 1e5, 1e6, 1e7]);
    }

    proptest! {
        #[test]
        fn an_axis_is_monotonic_and_stays_on_the_paper(
            from in -1e9..1e9_f64, span in 0.0..1e9_f64, one in -2e9..2e9_f64, two in -2e9..2e9_f64, log: bool,
        ) {
            let range = if log { (from.abs() + 1e-3, from.abs() + 1e-3 + span) } else { (from, from + span) };
            let scale = if log { Scale::log(range, (0, 3_000)) } else { Scale::linear(range, (0, 3_000)) };
            let (low, high) = (one.min(two), one.max(two));
            prop_assert!(0 <= scale.at(low) && scale.at(low) <= scale.at(high) && scale.at(high) <= 3_000);
            let ticks = scale.ticks(6);
            prop_assert!(ticks.values.len() < 60, "{}", ticks.values.len());
            let (from, to) = (scale.from, scale.to);
            let slack = ticks.step * 1e-6;
            prop_assert!(ticks.values.iter().all(|value| (from - slack..=to + slack).contains(value)));
        }
    }
}
