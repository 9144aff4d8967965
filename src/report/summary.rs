//! The figures of a run: what `--json` prints and the page carries.

use super::by_market::{ClockFigures, MarketFigures, clocks, markets};
use super::collect::Collected;
use super::extent::Extent;
use super::source::Source;
use super::spread::{Percentiles, Spread};
use crate::config::hash_of;
use crate::gaps::Gaps;
use crate::replay::{SegmentDigest, join_digests};
use crate::venue::{self, market_names, symbol_of};
use hotpath::config::Config;
use journal::origin;
use serde::Serialize;

/// The figures of a run. Times are nanoseconds; market 0 is meant where a market is.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct Summary {
    /// The venue; none when no checkpoint is whole.
    pub venue: Option<&'static str>,
    /// The exchange's symbol.
    pub symbol: Option<String>,
    /// Subscribed depth, levels a side.
    pub depth: Option<u32>,
    /// Names of the other markets, which are followed and not traded.
    pub leaders: Vec<String>,
    /// Every market, the one that trades first.
    pub markets: Vec<MarketFigures>,
    /// The exchange's clock and ours, by connection.
    pub clocks: Vec<ClockFigures>,
    /// The run, sixteen hexadecimal digits.
    pub run_id: String,
    /// Runs in the files that were given, this one included.
    pub runs: usize,
    /// Segments of this run.
    pub segments: usize,
    /// `live`, or `recording` when it was imported.
    pub origin: &'static str,
    /// How it ended.
    pub ending: &'static str,
    /// UTC of the first and of the last record; none without a reading of the clocks.
    pub first_utc_ns: Option<u64>,
    /// See `first_utc_ns`.
    pub last_utc_ns: Option<u64>,
    /// From the first to the last record.
    pub span_ns: u64,
    /// From the first to the last message.
    pub feed_ns: u64,
    /// Time of it with a book that was believed.
    pub trusted_ns: u64,
    /// Records, the file's structure not counted.
    pub records: u64,
    /// Messages.
    pub messages: u64,
    /// Messages about the book, about trades, and all others.
    pub messages_book: u64,
    /// See `messages_book`.
    pub messages_trade: u64,
    /// See `messages_book`.
    pub messages_other: u64,
    /// Messages that were refused, and that were not used.
    pub messages_refused: u64,
    /// See `messages_refused`.
    pub messages_ignored: u64,
    /// Most messages in any 10 ms, and in any 100 ms.
    pub burst_10ms: u64,
    /// See `burst_10ms`.
    pub burst_100ms: u64,
    /// Exchange checksums that hold, and that do not.
    pub checksums_ok: u64,
    /// See `checksums_ok`.
    pub checksums_bad: u64,
    /// Touches that are those that the exchange states for the same update id, and that are not.
    pub touches_ok: u64,
    /// See `touches_ok`.
    pub touches_bad: u64,
    /// Gaps of all markets.
    pub gaps: usize,
    /// Trades.
    pub trades: u64,
    /// Nanoseconds on each level of each axis of the regimes; time whose records are missing is on none.
    pub regimes: serde_json::Map<String, serde_json::Value>,
    /// From the exchange's stamp on an update of the book to our read, above the least: see [`crate::delay`].
    pub delay: Option<Percentiles>,
    /// From the kernel's receive stamp to our read.
    pub kernel_to_read: Option<Percentiles>,
    /// From our read to the engine; none for an import, which repeats recorded times.
    pub read_to_engine: Option<Percentiles>,
    /// Round trips of pings.
    pub round_trip: Option<Percentiles>,
    /// Readings of the clocks.
    pub clock_readings: u64,
    /// How far apart the clocks of a reading may have been read, at worst; none when no reading says.
    pub clock_uncertainty_ns_max: Option<u64>,
    /// Furthest that UTC moved against monotonic time between two readings.
    pub clock_moved_ns_max: u64,
    /// Requests, pings not counted.
    pub requests: u64,
    /// Pings that were sent.
    pub pings: u64,
    /// Longest lag of the journal at a sample; none without samples.
    pub journal_lag_ns_max: Option<u64>,
    /// Fewest free lines of the journal ring at a sample.
    pub ring_lines_free_min: Option<u32>,
    /// Bytes of the journal, decompressed, up to the end of what is whole.
    pub bytes: u64,
    /// Version of the engine.
    pub engine_version: Option<u32>,
    /// BLAKE3 of the configuration, as `fathom check` prints it.
    pub config_hash: Option<String>,
    /// First eight bytes of the BLAKE3 hash of the model file.
    pub model_hash: Option<String>,
    /// What `replay` prints of these files when they match; none unless all are closed and complete.
    pub digest: Option<String>,
    /// Damaged places.
    pub damage: u64,
    /// Places where a recovery left records out.
    pub left_out: usize,
    /// Records that are missing between the files.
    pub records_missing_between: u64,
}

/// What figures are made of.
pub struct Findings<'a> {
    /// The files.
    pub source: &'a Source,
    /// The first walk.
    pub extent: &'a Extent,
    /// The second walk.
    pub collected: &'a Collected,
    /// The gaps.
    pub gaps: &'a Gaps,
    /// Monotonic time of the first and of the last record.
    pub span: (u64, u64),
}

impl Summary {
    /// The figures of a run.
    #[must_use]
    pub fn of(findings: &Findings<'_>) -> Self {
        let Findings { source, extent, collected, gaps, span } = *findings;
        let uptime = gaps.uptimes.get(&0);
        let config = extent.config.as_ref();
        let market = config.and_then(|config| config.markets().first());
        let header = source.parts.first().map(|part| part.header);
        let is_recording = header.is_some_and(|header| header.origin == origin::RECORDING);
        let counts = collected.messages.counts();
        let (burst_10ms, burst_100ms) = collected.messages.bursts();
        let (proof, markets) = (collected.proofs.of(0), markets(extent, collected, gaps));
        let has_samples = collected.load.samples > 0;
        Self {
            venue: market.and_then(|market| venue::numbered(market.venue)).map(|listed| listed.name),
            symbol: market.map(symbol_of),
            depth: market.map(|market| market.depth),
            leaders: market_names(config.map(Config::markets).unwrap_or_default()).into_iter().skip(1).collect(),
            clocks: clocks(extent),
            run_id: format!("{:016x}", header.map_or(0, |header| header.run_id)),
            runs: source.runs,
            segments: source.parts.len(),
            origin: if is_recording { "recording" } else { "live" },
            ending: collected.ending.words(),
            first_utc_ns: extent.tie.map(|tie| tie.utc_ns(span.0)),
            last_utc_ns: extent.tie.map(|tie| tie.utc_ns(span.1)),
            span_ns: span.1.saturating_sub(span.0),
            feed_ns: uptime.map_or(0, |uptime| uptime.span_ns),
            trusted_ns: uptime.map_or(0, |uptime| uptime.trusted_ns),
            records: source.parts.iter().map(|part| part.scan.records()).sum(),
            messages: counts.total(),
            messages_book: counts.book,
            messages_trade: counts.trade,
            messages_other: counts.other,
            messages_refused: collected.unread.0,
            messages_ignored: collected.unread.1,
            burst_10ms,
            burst_100ms,
            checksums_ok: proof.checksums.0,
            checksums_bad: proof.checksums.1,
            touches_ok: proof.touches.0,
            touches_bad: proof.touches.1,
            gaps: gaps.gaps.len(),
            trades: collected.market.trades,
            regimes: collected.regimes.times(),
            delay: collected.delays.exchange.get(&0).and_then(Spread::percentiles),
            markets,
            kernel_to_read: collected.delays.kernel.percentiles(),
            read_to_engine: collected.delays.taken.percentiles().filter(|_| !is_recording),
            round_trip: collected.requests.round_trips(),
            clock_readings: collected.clocks.readings,
            clock_uncertainty_ns_max: Some(collected.clocks.uncertainty_ns_max).filter(|ns| *ns > 0),
            clock_moved_ns_max: collected.clocks.moved_ns_max,
            requests: collected.requests.rows.count,
            pings: collected.requests.pings(),
            journal_lag_ns_max: has_samples.then_some(collected.load.journal_lag_ns_max),
            ring_lines_free_min: collected.load.ring_lines_free_min,
            bytes: source.parts.iter().map(|part| part.bytes).sum(),
            engine_version: extent.engine_version,
            config_hash: config.map(hash_of),
            model_hash: config.map(|config| format!("{:016x}", config.model.file_hash.swap_bytes())),
            digest: digest(source),
            damage: source.damage(),
            left_out: source.left_out().count(),
            records_missing_between: source.missing_between(),
        }
    }
}

impl Summary {
    /// What proves the book of market 0: `touches` where the venue states them, or `checksums`; how many held, and how many
    /// did not.
    #[must_use]
    pub fn proof(&self) -> (&'static str, u64, u64) {
        let has_touches = self.markets.first().is_some_and(|market| market.touches_ok.is_some());
        if has_touches {
            ("touches", self.touches_ok, self.touches_bad)
        } else {
            ("checksums", self.checksums_ok, self.checksums_bad)
        }
    }
}

fn digest(source: &Source) -> Option<String> {
    let of_part = |part: &super::source::Part| {
        let (run_id, first_seq) = (part.header.run_id, part.header.first_seq);
        Some(SegmentDigest { run_id, first_seq, digest: part.digest? })
    };
    let parts = source.parts.iter().map(of_part).collect::<Option<Vec<_>>>()?;
    Some(join_digests(&parts).to_string())
}
