//! Delays from the exchange, which can only be told when their ten minutes are over: the least difference of the clocks is
//! known then. See [`crate::delay`].

use super::split::Place;
use crate::delay::{Differences, WINDOW_NS};

/// Arrivals of one connection that wait for the end of their window.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// Differences of the clocks, window by window.
    pub differences: Differences,
    window: u64,
    waiting: Vec<Arrival>,
}

/// An update of a book came.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    place: Place,
    /// When it was read, monotonic nanoseconds.
    at_ns: u64,
    /// How far the host's stamp lies behind the exchange's.
    difference_ns: i64,
}

impl Arrivals {
    /// An update was read at `at_ns`. Returns the delays of the window that it ends, nanoseconds above the least, each with
    /// the kind of its message.
    pub fn add(&mut self, place: Place, at_ns: u64, difference_ns: i64) -> Vec<(Place, u64)> {
        let window = at_ns / WINDOW_NS;
        let ended = if window > self.window { self.settle() } else { Vec::new() };
        self.window = self.window.max(window);
        self.differences.add(at_ns, difference_ns);
        self.waiting.push(Arrival { place, at_ns, difference_ns });
        ended
    }

    /// No more comes: the delays of the last window.
    pub fn settle(&mut self) -> Vec<(Place, u64)> {
        let Self { differences, waiting, .. } = self;
        let delay = |arrival: Arrival| (arrival.place, differences.delay(arrival.at_ns, arrival.difference_ns).ns_min);
        waiting.drain(..).map(delay).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Window by window as with all differences known from the start.
        #[test]
        fn delays_are_those_of_two_walks(
            steps in prop::collection::vec((0_u64..WINDOW_NS / 3, -1_000_000_i64..1_000_000), 1..60),
        ) {
            let place = Place { connection: 0, levels: [None; 3], utc_ns: None };
            let (mut arrivals, mut all, mut at_ns, mut told) = (Arrivals::default(), Differences::default(), 0, Vec::new());
            let mut came = Vec::new();
            for (step_ns, difference_ns) in steps {
                at_ns += step_ns;
                all.add(at_ns, difference_ns);
                came.push((at_ns, difference_ns));
                told.extend(arrivals.add(place, at_ns, difference_ns));
            }
            told.extend(arrivals.settle());
            let wanted: Vec<_> = came.iter().map(|(at_ns, ns)| (place, all.delay(*at_ns, *ns).ns_min)).collect();
            prop_assert_eq!(told, wanted);
        }
    }
}
