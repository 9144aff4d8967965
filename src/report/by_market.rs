//! Figures of each market and of each connection.

use super::collect::{Collected, Sums};
use super::extent::Extent;
use super::spread::Percentiles;
use crate::delay::{Differences, Offset};
use crate::gaps::Gaps;
use crate::proofs::Proof;
use crate::venue::{name_of, symbol_of};
use hotpath::config::{Config, MarketConfig, checksum_rule, sequence_rule};
use serde::Serialize;

/// The figures of one market. Times are nanoseconds.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct MarketFigures {
    /// The venue.
    pub venue: &'static str,
    /// The exchange's symbol.
    pub symbol: String,
    /// `trades` or `leads`.
    pub role: &'static str,
    /// The connection that it comes on.
    pub connection: u16,
    /// Subscribed depth, levels a side.
    pub depth: u32,
    /// Updates of the book.
    pub updates: u64,
    /// Trades since the subscription began.
    pub trades: u64,
    /// Exchange checksums that hold; none where the venue gives none.
    pub checksums_ok: Option<u64>,
    /// Exchange checksums that do not.
    pub checksums_bad: Option<u64>,
    /// Touches that are those that the exchange states for the same update id; none where it states none.
    pub touches_ok: Option<u64>,
    /// Touches that are not.
    pub touches_bad: Option<u64>,
    /// Gaps.
    pub gaps: usize,
    /// From the first to the last message of the run.
    pub feed_ns: u64,
    /// Time of it with a book that was believed.
    pub trusted_ns: u64,
    /// From the exchange's stamp on an update to our read, above the least: no more is known of it for sure.
    pub delay: Option<Percentiles>,
}

/// What is known of the exchange's clock and ours, by a connection. See [`crate::delay`].
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct ClockFigures {
    /// The connection.
    pub connection: u16,
    /// Our clock less the exchange's, at most, around the last message: the least difference of its window.
    pub offset_ns_max: i64,
    /// At least, if the quickest message took no longer than the quickest round trip; none without round trips.
    pub offset_ns_min: Option<i64>,
    /// The quickest round trip of a ping.
    pub round_trip_ns_min: Option<u64>,
    /// How far the least differences of windows of ten minutes lie apart.
    pub moved_ns: u64,
}

/// Of every market of the configuration.
#[must_use]
pub fn markets(extent: &Extent, collected: &Collected, gaps: &Gaps) -> Vec<MarketFigures> {
    let rows = extent.config.as_ref().map(Config::markets).unwrap_or_default();
    let figures = |(instrument, row): (u16, &MarketConfig)| {
        let Sums { updates, trades } = collected.sums.get(&instrument).copied().unwrap_or_default();
        let Proof { checksums, touches } = collected.proofs.of(instrument);
        let has_checksums = row.checksum_rule != checksum_rule::NONE;
        let is_chained = row.sequence_rule == sequence_rule::CHAIN;
        let uptime = gaps.uptimes.get(&instrument);
        MarketFigures {
            venue: name_of(row),
            symbol: symbol_of(row),
            role: if instrument == 0 { "trades" } else { "leads" },
            connection: row.connection,
            depth: row.depth,
            updates,
            trades,
            checksums_ok: has_checksums.then_some(checksums.0),
            checksums_bad: has_checksums.then_some(checksums.1),
            touches_ok: is_chained.then_some(touches.0),
            touches_bad: is_chained.then_some(touches.1),
            gaps: gaps.gaps.iter().filter(|gap| gap.instrument == instrument).count(),
            feed_ns: uptime.map_or(0, |uptime| uptime.span_ns),
            trusted_ns: uptime.map_or(0, |uptime| uptime.trusted_ns),
            delay: collected.delays.exchange.get(&instrument).and_then(super::spread::Spread::percentiles),
        }
    };
    (0..).zip(rows).map(figures).collect()
}

/// Of every connection that brought a stamp of the exchange.
#[must_use]
pub fn clocks(extent: &Extent) -> Vec<ClockFigures> {
    extent.differences.iter().filter_map(|(connection, of)| ClockFigures::of(*connection, of)).collect()
}

impl ClockFigures {
    /// Of a connection; none when no message with a stamp came.
    #[must_use]
    pub fn of(connection: u16, differences: &Differences) -> Option<Self> {
        let offset = differences.latest()?;
        Some(Self {
            connection,
            offset_ns_max: offset.ns_max,
            offset_ns_min: offset.ns_min,
            round_trip_ns_min: differences.round_trip_ns(),
            moved_ns: differences.moved_ns(),
        })
    }

    /// What they say of the exchange's clock.
    #[must_use]
    pub fn words(&self) -> String {
        Offset { ns_max: self.offset_ns_max, ns_min: self.offset_ns_min }.words(super::units::duration)
    }
}
