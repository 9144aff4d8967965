//! Receive times at the end of a recording that lie far ahead of all before them: no time behind them runs back and shows it.

/// What lies no further ahead is none, nanoseconds.
const AHEAD_NS_MIN: u64 = 3_600_000_000_000;
/// Nor what is not so many times the longest silence before it: a market may be silent for hours, and again.
const SILENCES_MIN: u64 = 10;
/// With more messages behind it, it is the recorder that paused. Who has no more than these before it has no pace that could be left.
const MESSAGES_MAX: u64 = 10;

/// Where a message stands in a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// Its line, from 1; of what is packed, in what it unpacks to.
    pub line: u64,
    /// Its first byte, as far in.
    pub offset: usize,
}

/// The last messages of a recording, when their receive times lie far ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leap {
    /// The first of them.
    pub spot: Spot,
    /// How far it lies ahead of the latest before it, nanoseconds.
    pub ahead_ns: u64,
    /// How many they are.
    pub messages: u64,
}

/// The receive times of one recording.
#[derive(Debug, Default)]
pub(super) struct Pace {
    count: u64,
    latest_ns: u64,
    /// The longest silence, nanoseconds; that before a leap that may be none is not counted.
    longest_ns: u64,
    /// The latest leap, and the latest time before it.
    leap: Option<(Leap, u64)>,
}

impl Pace {
    /// The next receive time.
    pub(super) fn note(&mut self, recv_ns: u64, spot: Spot) {
        let silent_ns = if self.count == 0 { 0 } else { recv_ns.saturating_sub(self.latest_ns) };
        if let Some((leap, before_ns)) = &mut self.leap {
            leap.messages += 1;
            let is_back = recv_ns.saturating_sub(*before_ns) < AHEAD_NS_MIN;
            let is_one_of_several = silent_ns > leap.ahead_ns / SILENCES_MIN;
            if is_one_of_several || leap.messages > MESSAGES_MAX {
                self.longest_ns = self.longest_ns.max(leap.ahead_ns);
            }
            if is_one_of_several || is_back || leap.messages > MESSAGES_MAX {
                self.leap = None;
            }
        }
        let is_far = silent_ns >= AHEAD_NS_MIN && silent_ns / SILENCES_MIN >= self.longest_ns;
        if is_far && self.count > MESSAGES_MAX {
            self.leap = Some((Leap { spot, ahead_ns: silent_ns, messages: 1 }, self.latest_ns));
        } else {
            self.longest_ns = self.longest_ns.max(silent_ns);
        }
        self.latest_ns = self.latest_ns.max(recv_ns);
        self.count += 1;
    }

    /// The messages that lie ahead, when the recording has no more.
    pub(super) fn leap(&self) -> Option<Leap> {
        self.leap.map(|(leap, _)| leap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;
    const H: u64 = 3_600 * S;

    /// Line of the first message that lies ahead, how far, and how many they are.
    fn leap(times: impl IntoIterator<Item = u64>) -> Option<(u64, u64, u64)> {
        let mut pace = Pace::default();
        for (line, recv_ns) in (1..).zip(times) {
            pace.note(recv_ns, Spot { line, offset: 0 });
        }
        pace.leap().map(|leap| (leap.spot.line, leap.ahead_ns, leap.messages))
    }

    /// A hundred messages a second apart, and what comes then.
    fn with(end: &[u64]) -> Vec<u64> {
        (1_000..1_100).map(|second| second * S).chain(end.iter().map(|ns| 1_099 * S + ns)).collect()
    }

    #[test]
    fn the_last_messages_are_held_against_all_before_them() {
        assert_eq!(leap(with(&[])), None);
        assert_eq!(leap(with(&[H])), Some((101, H, 1)));
        assert_eq!(leap(with(&[H - 1])), None);
        // A clock that jitters there is there still; one that comes back is told as one that runs back.
        assert_eq!(leap(with(&[9_000 * H, 9_000 * H - 5, 9_000 * H + S])), Some((101, 9_000 * H, 3)));
        assert_eq!(leap(with(&[9_000 * H, S])), None);
        let many: Vec<_> = (0..11).map(|place| 9 * H + place).collect();
        assert_eq!(leap(with(&many[..10])), Some((101, 9 * H, 10)));
        assert_eq!(leap(with(&many)), None, "the recorder paused");
        // The end of another pause, which was no shorter.
        let again: Vec<_> = many.iter().copied().chain([18 * H]).collect();
        assert_eq!(leap(with(&again)), None);
        let far: Vec<_> = many.iter().copied().chain([900 * H]).collect();
        assert_eq!(leap(with(&far)), Some((112, 891 * H - 10, 1)));
        // A wrong time, and one that is more so.
        assert_eq!(leap(with(&[H, 100 * H])), Some((102, 99 * H, 1)));
    }

    #[test]
    fn a_silent_market_is_no_wrong_clock() {
        for hours in [1, 2, 30] {
            let trades = |count| (0..count).map(move |trade| trade * hours * H);
            for count in 0..60 {
                assert_eq!(leap(trades(count)), None, "{count} trades {hours} hours apart");
            }
            // A burst of trades, and then two that are hours apart.
            assert_eq!(leap(with(&[hours * H, 2 * hours * H])), None);
        }
        // Too few to say what is usual.
        assert_eq!(leap((0..10).chain([9 * H])), None);
        assert_eq!(leap((0..11).chain([9 * H])), Some((12, 9 * H - 10, 1)));
        assert_eq!(leap([u64::MAX, 0, u64::MAX]), None);
    }
}
