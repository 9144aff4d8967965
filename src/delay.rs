//! Delays of messages by two clocks that nothing ties together: the exchange's, which stamps, and ours, which receives.
//!
//! The difference of the two stamps is the delay and the offset of the clocks (ours less the exchange's) in one sum.
//! What can be known without more:
//!
//! - No delay is negative, so the offset is at most the least difference. A message's delay is therefore *at least* its
//!   difference less the least one. This always holds.
//! - Where round trips of pings are known, and the quickest message took no longer than the quickest round trip, which
//!   goes there and back: the offset is at least the least difference less that round trip, and a delay is *at most* what
//!   it is at least and the round trip. Nothing in a journal proves that condition.
//!
//! Clocks drift against each other, so the least difference is that of a window: ten minutes and the ten before, by our
//! monotonic clock. A shorter one holds too few messages of a quiet market to have a quick one among them; in a longer one
//! the drift counts. What clocks move against each other in twenty minutes (12 ms at ten parts in a million) is the error
//! of both bounds. Our side is the monotonic clock, tied to UTC by the run's first reading: a step of UTC is no delay.

use hotpath::record::{Head, Kind, Pong, Request, Sent, action, body_of, sent};
use std::collections::BTreeMap;

/// Length of a window, nanoseconds.
pub const WINDOW_NS: u64 = 600_000_000_000;

/// Between what the offset of two clocks lies, ours less the exchange's, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// It is not more.
    pub ns_max: i64,
    /// It is not less, if the quickest message took no longer than the quickest round trip; none without a round trip.
    pub ns_min: Option<i64>,
}

/// Between what a delay lies, nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// It is not less.
    pub ns_min: u64,
    /// It is not more, on the condition of [`Offset::ns_min`].
    pub ns_max: Option<u64>,
}

/// The differences and round trips of one connection, window by window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Least difference by window, nanoseconds.
    least: BTreeMap<u64, i64>,
    round_trip_ns: Option<u64>,
}

impl Differences {
    /// A message was received at `at_ns`, our monotonic time, `difference_ns` behind the exchange's stamp.
    pub fn add(&mut self, at_ns: u64, difference_ns: i64) {
        let least = self.least.entry(at_ns / WINDOW_NS).or_insert(difference_ns);
        *least = (*least).min(difference_ns);
    }

    /// A ping was answered.
    pub fn add_round_trip(&mut self, round_trip_ns: u64) {
        self.round_trip_ns = Some(self.round_trip_ns.map_or(round_trip_ns, |least| least.min(round_trip_ns)));
    }

    /// The least difference of the window of `at_ns` and of the one before; none when no message came in them.
    #[must_use]
    pub fn least_ns(&self, at_ns: u64) -> Option<i64> {
        let window = at_ns / WINDOW_NS;
        self.least.range(window.saturating_sub(1)..=window).map(|(_, least)| *least).min()
    }

    /// The delay of a message, whose own difference was added.
    #[must_use]
    pub fn delay(&self, at_ns: u64, difference_ns: i64) -> Delay {
        let least_ns = self.least_ns(at_ns).unwrap_or(difference_ns);
        let ns_min = u64::try_from(i128::from(difference_ns) - i128::from(least_ns)).unwrap_or(0);
        Delay { ns_min, ns_max: self.round_trip_ns.map(|round_trip| ns_min.saturating_add(round_trip)) }
    }

    /// The offset of the clocks around `at_ns`.
    #[must_use]
    pub fn offset(&self, at_ns: u64) -> Option<Offset> {
        let ns_max = self.least_ns(at_ns)?;
        let below = |round_trip| ns_max.saturating_sub(i64::try_from(round_trip).unwrap_or(i64::MAX));
        Some(Offset { ns_max, ns_min: self.round_trip_ns.map(below) })
    }

    /// The offset of the clocks around the last message.
    #[must_use]
    pub fn latest(&self) -> Option<Offset> {
        let (window, _) = self.least.last_key_value()?;
        self.offset(window.saturating_mul(WINDOW_NS))
    }

    /// The quickest round trip, nanoseconds.
    #[must_use]
    pub const fn round_trip_ns(&self) -> Option<u64> {
        self.round_trip_ns
    }

    /// How far the least differences of windows lie apart, nanoseconds: drift, and windows without a quick message.
    #[must_use]
    pub fn moved_ns(&self) -> u64 {
        let (low, high) = (self.least.values().min(), self.least.values().max());
        low.zip(high).map_or(0, |(low, high)| high.abs_diff(*low))
    }
}

impl Offset {
    /// In words, of the exchange's clock. Lengths are told by `duration`.
    #[must_use]
    pub fn words(self, duration: impl Fn(i64) -> String) -> String {
        let ahead = |ns: i64| duration(ns.saturating_neg());
        match (self.ns_min, self.ns_max) {
            (None, max) if max < 0 => format!("the exchange's clock is ahead of ours by at least {}", ahead(max)),
            (None, max) => format!("the exchange's clock is behind ours by at most {}", duration(max)),
            (Some(min), max) if max < 0 => {
                format!("the exchange's clock is ahead of ours by between {} and {}", ahead(max), ahead(min))
            }
            (Some(min), max) if min >= 0 => {
                format!("the exchange's clock is behind ours by between {} and {}", duration(min), duration(max))
            }
            (Some(min), max) => {
                let (ahead, behind) = (ahead(min), duration(max));
                format!("the exchange's clock is between {ahead} ahead of ours and {behind} behind it")
            }
        }
    }
}

/// Pings that wait for their answer, by connection.
#[derive(Clone, Debug, Default)]
pub struct Pings {
    /// Number of the last one and when it was sent.
    last: BTreeMap<u16, (u64, u64)>,
    /// Pings that were sent.
    pub sent: u64,
}

impl Pings {
    /// Takes in the next record. Returns the connection and the round trip, from the socket to the engine, of one that it
    /// answers.
    pub fn take(&mut self, head: &Head, record: &[u8]) -> Option<(u16, u64)> {
        match head.kind {
            Kind::REQUEST => {
                let Request { req_id, action, .. } = body_of(record)?;
                if action == action::PING {
                    self.last.insert(head.connection, (req_id, head.taken_ns));
                }
            }
            Kind::SENT => {
                let Sent { req_id, sent_ns, outcome, .. } = body_of(record)?;
                if let Some(ping) = self.last.values_mut().find(|ping| ping.0 == req_id) {
                    ping.1 = sent_ns;
                    self.sent += u64::from(outcome == sent::SENT);
                }
            }
            Kind::PONG => {
                let Pong { req_id, .. } = body_of(record)?;
                let (_, sent_ns) = self.last.get(&head.connection).filter(|ping| ping.0 == req_id).copied()?;
                self.last.remove(&head.connection);
                return Some((head.connection, head.taken_ns.saturating_sub(sent_ns)));
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const MS: i64 = 1_000_000;

    /// Differences that a true offset, a drift of parts in a million, and true delays make.
    fn differences(offset_ns: i64, drift: i64, messages: &[(u64, u64)]) -> Vec<(u64, i64)> {
        let of = |(at_ns, delay_ns): &(u64, u64)| {
            let drifted_ns = (*at_ns as i64 / 1_000_000).saturating_mul(drift);
            (*at_ns, *delay_ns as i64 + offset_ns + drifted_ns)
        };
        messages.iter().map(of).collect()
    }

    fn messages() -> impl Strategy<Value = Vec<(u64, u64)>> {
        vec((0..6 * WINDOW_NS, 0..3_000_000_000_u64), 1..80)
    }

    proptest! {
        /// Whatever the clocks: no delay is negative, none is above the true one, and no offset bound is below the truth.
        #[test]
        fn what_always_holds(
            offset_ns in -10_000_000_000_i64..10_000_000_000, messages in messages(), trips in vec(1_u64..1 << 40, 0..3),
        ) {
            let heard = differences(offset_ns, 0, &messages);
            let mut of = Differences::default();
            heard.iter().for_each(|(at_ns, difference_ns)| of.add(*at_ns, *difference_ns));
            trips.iter().for_each(|trip| of.add_round_trip(*trip));
            for ((at_ns, difference_ns), (_, true_ns)) in heard.iter().zip(&messages) {
                let delay = of.delay(*at_ns, *difference_ns);
                prop_assert!(delay.ns_min <= *true_ns);
                prop_assert!(of.offset(*at_ns).expect("a message").ns_max >= offset_ns);
                prop_assert_eq!(delay.ns_max.is_some(), !trips.is_empty());
            }
        }

        /// Where a message of the window took no longer than the quickest round trip, the truth lies within both intervals.
        #[test]
        fn what_holds_with_a_quick_message(
            offset_ns in -10_000_000_000_i64..10_000_000_000, messages in messages(), trip_ns in 0_u64..3_000_000_000,
        ) {
            let heard = differences(offset_ns, 0, &messages);
            let mut of = Differences::default();
            heard.iter().for_each(|(at_ns, difference_ns)| of.add(*at_ns, *difference_ns));
            of.add_round_trip(trip_ns);
            for ((at_ns, difference_ns), (_, true_ns)) in heard.iter().zip(&messages) {
                let window = at_ns / WINDOW_NS;
                let near = |other: &&(u64, u64)| (window.saturating_sub(1)..=window).contains(&(other.0 / WINDOW_NS));
                let quickest_ns = messages.iter().filter(near).map(|(_, delay_ns)| *delay_ns).min().expect("itself");
                let offset = of.offset(*at_ns).expect("a message");
                let delay = of.delay(*at_ns, *difference_ns);
                let is_within = offset.ns_min <= Some(offset_ns) && Some(*true_ns) <= delay.ns_max;
                prop_assert_eq!(is_within, quickest_ns <= trip_ns, "the condition is exact");
            }
        }

        /// Clocks that drift: the lower bound is off by what they move in two windows, and by no more.
        #[test]
        fn drift_costs_what_it_makes_in_two_windows(drift in -100_i64..=100, messages in messages()) {
            let heard = differences(-1_270 * MS, drift, &messages);
            let mut of = Differences::default();
            heard.iter().for_each(|(at_ns, difference_ns)| of.add(*at_ns, *difference_ns));
            let error_ns = drift.unsigned_abs() * (2 * WINDOW_NS / 1_000_000 + 1);
            for ((at_ns, difference_ns), (_, true_ns)) in heard.iter().zip(&messages) {
                prop_assert!(of.delay(*at_ns, *difference_ns).ns_min <= true_ns + error_ns);
            }
        }

        /// Stamps may be anything.
        #[test]
        fn no_stamp_breaks_it(heard in vec((any::<u64>(), any::<i64>()), 1..20), trips in vec(any::<u64>(), 0..3)) {
            let mut of = Differences::default();
            heard.iter().for_each(|(at_ns, difference_ns)| of.add(*at_ns, *difference_ns));
            trips.iter().for_each(|trip| of.add_round_trip(*trip));
            for (at_ns, difference_ns) in heard {
                let delay = of.delay(at_ns, difference_ns);
                prop_assert!(delay.ns_max.is_none_or(|most| most >= delay.ns_min));
                prop_assert!(!of.offset(at_ns).expect("a message").words(|ns| ns.to_string()).is_empty());
            }
        }
    }

    #[test]
    fn the_offset_is_told_as_far_as_it_is_known() {
        let told = |ns_min: Option<i64>, ns_max| {
            Offset { ns_min: ns_min.map(|ms| ms * MS), ns_max: ns_max * MS }.words(|ns| format!("{} ms", ns / MS))
        };
        for (ns_min, ns_max, words) in [
            (None, -1_270, "the exchange's clock is ahead of ours by at least 1270 ms"),
            (None, 8, "the exchange's clock is behind ours by at most 8 ms"),
            (Some(-1_280), -1_270, "the exchange's clock is ahead of ours by between 1270 ms and 1280 ms"),
            (Some(3), 8, "the exchange's clock is behind ours by between 3 ms and 8 ms"),
            (Some(-3), 8, "the exchange's clock is between 3 ms ahead of ours and 8 ms behind it"),
        ] {
            assert_eq!(told(ns_min, ns_max), words);
        }
    }
}
