//! The desired two-sided quote around a fair mid.

use crate::config::QuoteConfig;
use crate::features::Touch;
use crate::record::Quote;
use crate::units::{TicksQ16, ticks_q16};
use bytemuck::{Pod, Zeroable};

/// Why the quote is as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Reason {
    /// Two sides are wanted.
    Quoting = 1,
    /// The book was never trusted yet.
    NoBook = 2,
    /// The book is in a gap.
    Gap = 3,
    /// A side of the book is empty.
    OneSided = 4,
    /// A value failed its check.
    Quality = 5,
    /// The operator paused.
    Paused = 6,
    /// The exchange or the instrument does not take post-only orders now.
    VenueStatus = 7,
    /// The journal lags, its ring or the disk is nearly full.
    Health = 8,
    /// The run ended.
    Closed = 9,
}

/// Text of a reason number, for people.
#[must_use]
pub const fn reason_name(reason: u16) -> &'static str {
    match reason {
        1 => "quoting",
        2 => "no-book",
        3 => "gap",
        4 => "one-sided",
        5 => "quality",
        6 => "paused",
        7 => "venue-status",
        8 => "health",
        9 => "closed",
        _ => "unknown",
    }
}

/// What is wanted in the market. Sizes of 0: no quote on that side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Desired {
    /// Bid, ticks.
    pub bid_ticks: i64,
    /// Bid size, lots.
    pub bid_lots: i64,
    /// Ask, ticks.
    pub ask_ticks: i64,
    /// Ask size, lots.
    pub ask_lots: i64,
    /// One of [`Reason`].
    pub reason: u16,
    /// Zero.
    pub spare: [u16; 3],
}

impl Desired {
    /// No quote on either side.
    #[must_use]
    pub const fn withdrawn(reason: Reason) -> Self {
        Self { bid_ticks: 0, bid_lots: 0, ask_ticks: 0, ask_lots: 0, reason: reason as u16, spare: [0; 3] }
    }

    /// Both sides at `half_spread_ticks` from `fair`, moved outwards to whole price increments and kept
    /// from crossing the touch. A side whose price would not be positive is left out.
    #[must_use]
    pub fn around(fair: TicksQ16, touch: &Touch, quote: &QuoteConfig, increment_ticks: i64) -> Self {
        let half = ticks_q16(quote.half_spread_ticks);
        let bid_floor = floor_to(fair.wrapping_sub(half).to_bits() >> 16, increment_ticks);
        let ask_ceiling =
            floor_to(fair.wrapping_add(half).wrapping_neg().to_bits() >> 16, increment_ticks).wrapping_neg();
        let bid_ticks = bid_floor.min(floor_to(touch.ask_ticks.wrapping_sub(1), increment_ticks));
        let ask_ticks =
            ask_ceiling.max(floor_to(touch.bid_ticks.wrapping_neg().wrapping_sub(1), increment_ticks).wrapping_neg());
        let (bid_ticks, bid_lots) = if bid_ticks > 0 { (bid_ticks, quote.qty_lots) } else { (0, 0) };
        Self { bid_ticks, bid_lots, ask_ticks, ask_lots: quote.qty_lots, reason: Reason::Quoting as u16, spare: [0; 3] }
    }

    /// The record of a change to this quote.
    #[must_use]
    pub const fn record(&self, fair_q16: i64, generation: u64) -> Quote {
        Quote {
            bid_ticks: self.bid_ticks,
            bid_lots: self.bid_lots,
            ask_ticks: self.ask_ticks,
            ask_lots: self.ask_lots,
            fair_q16,
            reason: self.reason,
            spare: [0; 3],
            generation,
            spare_tail: [0; 4],
        }
    }
}

/// The largest multiple of `step` that is at most `value`.
fn floor_to(value: i64, step: i64) -> i64 {
    // As on most markets, and a division costs more than all else here.
    if step == 1 {
        return value;
    }
    value.wrapping_sub(value.checked_rem_euclid(step).unwrap_or(0))
}
