//! Bodies of outputs: what the engine computed.

use super::{Body, Field, Kind, Number};
use bytemuck::{Pod, Zeroable};

bodies! {
    /// What a decision saw. Best prices are 0 when a side is empty.
    Features = FEATURES {
        /// Best bid, ticks.
        bid_ticks: i64,
        /// Best ask, ticks.
        ask_ticks: i64,
        /// Size at the best bid, lots.
        bid_lots: i64,
        /// Size at the best ask, lots.
        ask_lots: i64,
        /// (bid + ask) / 2, ticks.
        mid_q16: i64,
        /// Mid weighted by the opposite sizes, ticks.
        micro_q16: i64,
        /// Realised volatility of the mid, ticks per square root of a second.
        vol_q16: i64,
        /// The model's fair mid, ticks.
        fair_q16: i64,
        /// (bids - asks) / (bids + asks) over the configured levels, -1 to 1.
        imbalance_q30: i32,
        /// ask - bid, ticks.
        spread_ticks: i32,
        /// Levels held on the bid side.
        bid_levels: u16,
        /// Levels held on the ask side.
        ask_levels: u16,
        /// One bit for each of [`crate::quality::Check`] that fails now.
        failing: u16,
        /// 1 when the book is trusted.
        trusted: u16,
        /// Zero.
        spare: u64,
    }
    /// The quote that the engine wants. Sizes of 0: no quote on that side.
    Quote = QUOTE {
        /// Bid, ticks.
        bid_ticks: i64,
        /// Bid size, lots.
        bid_lots: i64,
        /// Ask, ticks.
        ask_ticks: i64,
        /// Ask size, lots.
        ask_lots: i64,
        /// The fair mid it stands around, ticks; 0 when withdrawn.
        fair_q16: i64,
        /// Why: one of [`crate::quote::Reason`].
        reason: u16,
        /// Zero.
        spare: [u16; 3],
        /// Counts changes of the desired quote from 1.
        generation: u64,
        /// Zero.
        spare_tail: [u64; 4],
    }
    /// The book is not trusted from here.
    GapOpen = GAP_OPEN {
        /// One of [`crate::trust::Cause`].
        cause: u16,
        /// Zero.
        spare: u16,
        /// Counts gaps of this market from 1.
        number: u32,
        /// What the exchange said (a checksum, say).
        expected: u64,
        /// What we found.
        found: u64,
    }
    /// The book is trusted again.
    GapClose = GAP_CLOSE {
        /// The cause it was opened with.
        cause: u16,
        /// Zero.
        spare: u16,
        /// The gap's number.
        number: u32,
        /// When it opened, monotonic nanoseconds.
        opened_ns: u64,
        /// How long it lasted.
        duration_ns: u64,
    }
    /// A value failed a check.
    Quality = QUALITY {
        /// One of [`crate::quality::Check`].
        check: u16,
        /// Failures in a row, saturating.
        run: u16,
        /// Failures of this check in the run, saturating.
        total: u32,
        /// The bound that was broken, or what was expected.
        expected: i64,
        /// The value found.
        found: i64,
    }
    /// An invariant broke.
    HaltBody = HALT {
        /// One of [`crate::halt::Halt`].
        code: u16,
        /// Zero.
        spare: [u16; 3],
        /// Sequence number of the input that was being taken.
        input_seq: u64,
        /// Zero.
        spare_tail: u64,
    }
    /// What the session wants of a connection.
    Request = REQUEST {
        /// Its number: counts requests of the run from 1.
        req_id: u64,
        /// Book depth, levels a side; 0 when not a book.
        depth: u32,
        /// Counts tries of the same thing from 1.
        attempt: u32,
        /// One of [`crate::record::action`].
        action: u16,
        /// One of [`crate::record::channel`].
        channel: u16,
        /// Zero.
        spare: u32,
    }
    /// What is wrong with the feed, or right again.
    Feed = FEED {
        /// One of [`crate::record::feed`].
        code: u16,
        /// One of [`crate::record::channel`].
        channel: u8,
        /// Of a refusal: one of [`crate::record::ack_error`].
        error: u8,
        /// Counts what the session had to tell in the run from 1.
        number: u32,
        /// The bound, or what was expected.
        expected: i64,
        /// What was found.
        found: i64,
    }
    /// A market's regime changed on one axis.
    Regime = REGIME {
        /// One of [`crate::regime::Axis`].
        axis: u16,
        /// The level before, from 0.
        from: u16,
        /// The level from here on.
        to: u16,
        /// Zero.
        spare: u16,
        /// What decided it: messages, 65,536ths of a tick per square root of a second, or nanoseconds.
        value: i64,
        /// How long the level before lasted, nanoseconds.
        lasted_ns: u64,
    }
    /// A book is trusted for the first time in its run, without a gap before that: what it took.
    Trust = TRUST {
        /// Snapshots until then.
        snapshots: u64,
        /// Updates until then.
        updates: u64,
        /// Messages that changed nothing until then.
        past: u64,
    }
    /// A step without another output.
    Idle = IDLE {
        /// Zero.
        spare: [u64; 3],
    }
}
