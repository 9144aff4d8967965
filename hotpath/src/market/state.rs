//! What a market knows beside its book.

use crate::chain::Chain;
use crate::features::Vol;
use crate::quality::Checks;
use crate::regime::Regimes;
use crate::stated::Stated;
use crate::trust::Trust;
use bytemuck::{Pod, Zeroable};

/// What a market has seen since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Counts {
    /// Snapshots.
    pub snapshots: u64,
    /// Updates.
    pub updates: u64,
    /// Checksums that were ours.
    pub checksums_ok: u64,
    /// Checksums that were not.
    pub checksums_bad: u64,
    /// Updates that came while there was no book to apply them to.
    pub unverifiable: u64,
    /// Trades.
    pub trades: u64,
    /// Updates after which the best levels were those that the exchange stated.
    pub touches_ok: u64,
    /// Updates after which they were not.
    pub touches_bad: u64,
    /// Messages of a chained book that it had already, or that are older than what is held.
    pub past: u64,
}

/// What was traded since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Traded {
    /// Price of the last trade, ticks; 0 when there was none.
    pub last_ticks: i64,
    /// Lots that takers bought; wraps.
    pub bought_lots: i64,
    /// Lots that takers sold; wraps.
    pub sold_lots: i64,
}

/// Prices up to which a snapshot showed all levels; 0 where it showed the whole side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(super) struct Shown {
    pub(super) bid_ticks: i64,
    pub(super) ask_ticks: i64,
}

/// The plain state of a market beside its book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MarketState {
    /// What was seen.
    pub counts: Counts,
    /// Whether the book may be believed.
    pub trust: Trust,
    /// Checks on values.
    pub checks: Checks,
    /// Realised volatility.
    pub vol: Vol,
    /// What was traded.
    pub traded: Traded,
    /// Where the book stands in the chain of its updates.
    pub(super) chain: Chain,
    /// What the exchange states of the best levels.
    pub(super) stated: Stated,
    /// What the snapshot showed.
    pub(super) shown: Shown,
    /// Latest exchange time of a book message.
    pub(super) exch_ns: u64,
    /// The mid of the last decision, half ticks; 0 after a gap.
    pub(super) decided_mid_half_ticks: i64,
    /// Depth in force, levels a side.
    pub(super) depth: u32,
    /// Depth that the exchange confirmed last; in force from the next snapshot.
    pub(super) depth_acked: u32,
    /// 1 when there is a book to apply updates to.
    pub(super) has_book: u16,
    /// 1 when the book changed since the last decision.
    pub(super) touched: u16,
    /// 1 when the exchange describes the instrument otherwise than the configuration.
    pub(super) barred: u16,
    /// One of [`status`].
    pub(super) status: u16,
    /// What becomes of the levels of the message at hand: [`SET`], [`HOLD`], both, or nothing.
    pub(super) taking: u16,
    /// 1 when the best levels come close to what the snapshot did not show.
    pub(super) is_short: u16,
    /// 1 when the best levels of this book, or of one that led to it, were once those that the exchange stated.
    pub(super) confirmed: u16,
    /// Zero.
    pub(super) spare: u16,
    /// Since when best levels are stated of states beyond the book's, with no update in between, nanoseconds; 0: they are not.
    pub(super) behind_ns: u64,
    /// How busy, how volatile and how late it is.
    pub regimes: Regimes,
}

/// Levels are set in the book.
pub(super) const SET: u16 = 1;
/// Levels are held for the next snapshot.
pub(super) const HOLD: u16 = 2;

impl MarketState {
    /// Depth in force, levels a side.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Depth that the exchange confirmed last; in force from the next snapshot.
    #[must_use]
    pub const fn depth_acked(&self) -> u32 {
        self.depth_acked
    }

    /// Whether the exchange describes the instrument otherwise than the configuration.
    #[must_use]
    pub const fn is_barred(&self) -> bool {
        self.barred != 0
    }

    /// Whether there is a book to apply updates to.
    #[must_use]
    pub const fn has_book(&self) -> bool {
        self.has_book != 0
    }

    /// Id of the state that a chained book is in; 0 when there is none.
    #[must_use]
    pub const fn last_id(&self) -> u64 {
        self.chain.last_id()
    }

    /// Whether the best levels come close to what the last snapshot did not show: a new one is wanted.
    #[must_use]
    pub const fn is_short(&self) -> bool {
        self.is_short != 0
    }
}
