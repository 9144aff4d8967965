//! What came in the trailing second, part by part, and the least difference of the clocks of ten to twenty minutes.

use bytemuck::{Pod, Zeroable};

/// Length of a part of the second, nanoseconds.
pub const PART_NS: u64 = 100_000_000;
/// Parts of the second.
pub(super) const PARTS: usize = 10;
/// The same, as parts are counted.
pub(super) const COUNT: u64 = PARTS as u64;
/// Length of a window of the least difference, nanoseconds: a whole number of parts.
pub const WINDOW_NS: u64 = 600_000_000_000;
const WINDOW_PARTS: u64 = WINDOW_NS / PART_NS;
/// No message with a stamp.
const NONE: i64 = i64::MAX;

/// When a message came.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Monotonic time at which it was taken.
    pub taken_ns: u64,
    /// The exchange's time, UTC; 0 when it tells nothing of the delay.
    pub exch_ns: u64,
}

/// Ten parts, the last one not over yet. The place of a part is its number modulo ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Second {
    /// Messages.
    messages: [u32; PARTS],
    /// Least difference of the clocks, ours less theirs.
    least_ns: [i64; PARTS],
    /// Number of the last part: its beginning is so many times 100 ms.
    part: u64,
    /// Least difference of the window of the last part, and of the one before.
    window_ns: [i64; 2],
}

impl Second {
    pub const EMPTY: Self = Self { messages: [0; PARTS], least_ns: [NONE; PARTS], part: 0, window_ns: [NONE; 2] };

    /// Number of the last part.
    pub const fn part(&self) -> u64 {
        self.part
    }

    /// Time has come so far. Returns whether it is another part.
    pub fn advance(&mut self, now_ns: u64) -> bool {
        let part = now_ns / PART_NS;
        if part <= self.part {
            return false;
        }
        let windows = (part / WINDOW_PARTS).saturating_sub(self.part / WINDOW_PARTS);
        for _ in 0..windows.min(2) {
            let [last, _] = self.window_ns;
            self.window_ns = [NONE, last];
        }
        let begun = part.saturating_sub(self.part).min(COUNT);
        for ahead in 1..=begun {
            let place = place(self.part.saturating_add(ahead));
            if let Some(messages) = self.messages.get_mut(place) {
                *messages = 0;
            }
            if let Some(least_ns) = self.least_ns.get_mut(place) {
                *least_ns = NONE;
            }
        }
        self.part = part;
        true
    }

    /// A message came in the last part.
    pub fn count(&mut self) {
        if let Some(messages) = self.messages.get_mut(place(self.part)) {
            *messages = messages.saturating_add(1);
        }
    }

    /// The stamps of a message of the last part.
    pub fn time(&mut self, seen: Seen) {
        if seen.exch_ns == 0 {
            return;
        }
        // The clocks have nothing to do with one another: their difference may wrap, a difference of two such may not.
        let difference_ns = seen.taken_ns.wrapping_sub(seen.exch_ns).cast_signed().min(NONE - 1);
        if let Some(least_ns) = self.least_ns.get_mut(place(self.part)) {
            *least_ns = difference_ns.min(*least_ns);
        }
        let [last, _] = &mut self.window_ns;
        *last = difference_ns.min(*last);
    }

    /// Messages of the second that ends `ahead` parts from now, if no more come.
    pub fn messages(&self, ahead: u64) -> i64 {
        let left = self.left(ahead).filter_map(|place| self.messages.get(place));
        left.fold(0, |sum: i64, messages| sum.saturating_add(i64::from(*messages)))
    }

    /// The least delay of the second that ends `ahead` parts from now, above the least of two windows, if no more come;
    /// none without a message that has a stamp.
    pub fn delay_ns(&self, ahead: u64) -> Option<i64> {
        let left = self.left(ahead).filter_map(|place| self.least_ns.get(place)).copied();
        let least_ns = left.min().filter(|least_ns| *least_ns != NONE)?;
        let [last, before] = self.window_ns;
        let is_over = self.part.saturating_add(ahead) / WINDOW_PARTS > self.part / WINDOW_PARTS;
        let base_ns = if is_over { last } else { last.min(before) };
        Some(least_ns.saturating_sub(base_ns))
    }

    /// Places of the parts that lie in the second that ends `ahead` parts from now.
    fn left(&self, ahead: u64) -> impl Iterator<Item = usize> {
        let part = self.part;
        let count = COUNT.saturating_sub(ahead);
        (0..count).filter_map(move |back| part.checked_sub(back).map(place))
    }
}

fn place(part: u64) -> usize {
    usize::try_from(part % COUNT).unwrap_or(0)
}
