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

    /// Messages of the trailing second.
    pub fn messages(&self) -> i64 {
        self.messages.iter().fold(0, |sum, messages| add(sum, i64::from(*messages)))
    }

    /// The least delay of the trailing second above the least of two windows; none without a message that has a stamp.
    pub fn delay_ns(&self) -> Option<i64> {
        self.above_base(self.least_ns.iter().fold(NONE, |least_ns, of_part| least_ns.min(*of_part)), 0)
    }

    /// Messages of the seconds that end one to ten parts from now, if no more come.
    pub fn messages_ahead(&self) -> [i64; PARTS] {
        self.ahead(self.messages.map(i64::from), 0, add)
    }

    /// The same of the least delay.
    pub fn delays_ahead_ns(&self) -> [Option<i64>; PARTS] {
        let mut delays_ns = [None; PARTS];
        let least_ns = self.ahead(self.least_ns, NONE, i64::min);
        for ((delay_ns, least_ns), ahead) in delays_ns.iter_mut().zip(least_ns).zip(1..=COUNT) {
            *delay_ns = self.above_base(least_ns, ahead);
        }
        delays_ns
    }

    /// No delay of a second that ends from now on is larger, if no more messages come; none when the trailing second has
    /// none with a stamp.
    pub fn delay_ns_max(&self) -> Option<i64> {
        let [last, before] = self.window_ns;
        let mut at = place(self.part);
        for _ in 0..PARTS {
            let newest_ns = self.least_ns.get(at).copied().unwrap_or(NONE);
            if newest_ns != NONE {
                return Some(newest_ns.saturating_sub(last.min(before)));
            }
            at = at.checked_sub(1).unwrap_or(PARTS - 1);
        }
        None
    }

    /// What the seconds that end one to ten parts from now have of `parts`: each lacks one more of the oldest.
    fn ahead(&self, parts: [i64; PARTS], nothing: i64, join: fn(i64, i64) -> i64) -> [i64; PARTS] {
        let mut seconds = [nothing; PARTS];
        let (mut joined, mut at) = (nothing, place(self.part));
        for second in seconds.iter_mut().rev().skip(1) {
            joined = join(joined, parts.get(at).copied().unwrap_or(nothing));
            *second = joined;
            at = at.checked_sub(1).unwrap_or(PARTS - 1);
        }
        seconds
    }

    /// A least difference of a second that ends `ahead` parts from now, above the least of the windows of that time.
    fn above_base(&self, least_ns: i64, ahead: u64) -> Option<i64> {
        let [last, before] = self.window_ns;
        let is_over = (self.part % WINDOW_PARTS).saturating_add(ahead) >= WINDOW_PARTS;
        let base_ns = if is_over { last } else { last.min(before) };
        (least_ns != NONE).then(|| least_ns.saturating_sub(base_ns))
    }
}

/// Ten counts of 32 bits.
const fn add(sum: i64, messages: i64) -> i64 {
    sum.wrapping_add(messages)
}

fn place(part: u64) -> usize {
    usize::try_from(part % COUNT).unwrap_or(0)
}
