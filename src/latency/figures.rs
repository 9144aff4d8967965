//! The figures of a period: what `--json` prints and every other output is made of.

use super::period::{Counts, Period, Trusted};
use super::rerun::Rerun;
use super::run::RunClocks;
use super::split::Split;
use super::spreads::{Quantiles, Spreads};
use super::stage::Stage;
use super::{Files, Latency};
use crate::report::ClockFigures;
use crate::utc::rfc3339;
use hotpath::progress::DAY_NS;
use serde::Serialize;

/// The figures of a period. Times are nanoseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The day of UTC, `YYYY-MM-DD`; none when they are of all the files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
    /// What they rest on.
    pub coverage: Coverage,
    /// Every time in which a book could not be trusted.
    pub gaps: Vec<GapRow>,
    /// What is known of the clocks of each run.
    pub clocks: Vec<ClockRow>,
    /// Percentiles by connection, split and stage, the market that trades first.
    pub latency: Vec<Row>,
    /// What a re-run measured, when it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun: Option<RerunFigures>,
}

/// What a re-run on this machine measured. It is no part of any sum.
#[derive(Clone, Debug, Serialize)]
pub struct RerunFigures {
    /// Where it was measured: `re-run on this machine`.
    pub label: &'static str,
    /// Messages that were run.
    pub messages: u64,
    /// What a look at the clock adds to each stage, nanoseconds.
    pub clock_ns: i64,
    /// What sealed the messages: TLS version and cipher.
    pub tls: String,
    /// Percentiles by connection, split and stage, the market that trades first.
    pub rows: Vec<Row>,
}

/// What figures of a re-run are called wherever they are told.
pub const RERUN_LABEL: &str = "re-run on this machine";

/// What figures rest on.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// UTC of the first message; none before the first reading of the clocks.
    pub first_utc_ns: Option<u64>,
    /// UTC of the last message.
    pub last_utc_ns: Option<u64>,
    /// By market, the one that trades first.
    pub markets: Vec<MarketRow>,
    /// Messages.
    pub messages: Counts,
    /// Messages of whose turns nothing is told.
    pub unstamped: u64,
    /// The files that were read: those of all days.
    pub files: Files,
}

/// How long a book was trusted.
#[derive(Clone, Debug, Serialize)]
pub struct MarketRow {
    /// The market's number.
    pub instrument: u16,
    /// Its symbol, behind the venue where several have the same one.
    pub symbol: String,
    /// From the first frame to the last of each run.
    pub span_ns: u64,
    /// Of it, with a trusted book.
    pub trusted_ns: u64,
    /// The share; none when no time went by.
    pub share: Option<f64>,
    /// Gaps that were open in the period.
    pub gaps: usize,
}

/// A gap.
#[derive(Clone, Debug, Serialize)]
pub struct GapRow {
    /// The market's number.
    pub instrument: u16,
    /// Why it opened.
    pub cause: &'static str,
    /// When it opened; none without a reading of the clocks.
    pub opened_utc_ns: Option<u64>,
    /// How long it lasted; none while it is open at the end of the files.
    pub duration_ns: Option<u64>,
}

/// The clocks of a run.
#[derive(Clone, Debug, Serialize)]
pub struct ClockRow {
    /// The run, sixteen hexadecimal digits.
    pub run_id: String,
    /// Readings that tie our monotonic clock to UTC.
    pub readings: u64,
    /// How far apart the two clocks of a reading may have been read, at worst; 0 when no reading says.
    pub uncertainty_ns_max: u64,
    /// Furthest that UTC moved against our monotonic clock from one reading to the next: waits in the kernel are wrong by
    /// no more.
    pub moved_ns_max: u64,
    /// The exchange's clock, by connection.
    pub exchange: Vec<ClockFigures>,
}

/// Percentiles of one stage of some messages.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The connection.
    pub connection: u16,
    /// The markets that it brings.
    pub feed: String,
    /// What it is split by.
    pub split: &'static str,
    /// Which part of it.
    pub level: String,
    /// The stage.
    pub stage: &'static str,
    /// The percentiles.
    #[serde(flatten)]
    pub quantiles: Quantiles,
}

impl Figures {
    /// Of a period of what was read.
    #[must_use]
    pub fn of(all: &Latency, day: Option<u64>, period: &Period) -> Self {
        let Period { spreads, counts, utc_ns, trusted, gaps, runs } = period;
        let gap = |gap: &crate::gaps::Gap| {
            let crate::gaps::Gap { instrument, cause, opened_utc_ns, duration_ns, .. } = *gap;
            GapRow { instrument, cause, opened_utc_ns, duration_ns }
        };
        let gaps: Vec<_> = gaps.iter().map(gap).collect();
        let market = |(instrument, trusted): (&u16, &Trusted)| {
            let Trusted { symbol, span_ns, trusted_ns } = trusted.clone();
            let share = (span_ns > 0).then(|| trusted_ns as f64 / span_ns as f64);
            let gaps = gaps.iter().filter(|gap| gap.instrument == *instrument).count();
            MarketRow { instrument: *instrument, symbol, span_ns, trusted_ns, share, gaps }
        };
        let coverage = Coverage {
            first_utc_ns: utc_ns.map(|(first_ns, _)| first_ns),
            last_utc_ns: utc_ns.map(|(_, last_ns)| last_ns),
            markets: trusted.iter().map(market).collect(),
            messages: *counts,
            unstamped: counts.messages - counts.stamped,
            files: all.files,
        };
        let clocks = all.clocks.iter().filter(|clocks| day.is_none() || runs.contains(&clocks.run_id));
        Self {
            day: day.map(date),
            coverage,
            gaps,
            clocks: clocks.map(ClockRow::of).collect(),
            latency: rows(all, spreads),
            rerun: None,
        }
    }

    /// The same with what a re-run measured.
    #[must_use]
    pub fn with(self, all: &Latency, rerun: &Rerun) -> Self {
        let Rerun { spreads, messages, clock_ns, tls } = rerun;
        let (label, rows) = (RERUN_LABEL, rows(all, spreads));
        let rerun = RerunFigures { label, messages: *messages, clock_ns: *clock_ns, tls: tls.clone(), rows };
        Self { rerun: Some(rerun), ..self }
    }

    /// The percentiles of a stage of some messages.
    #[must_use]
    pub fn row(&self, connection: u16, split: Split, stage: Stage) -> Option<&Row> {
        let (split, level, stage) = (split.name(), split.level(), stage.name());
        let is =
            |row: &&Row| row.connection == connection && row.split == split && row.level == level && row.stage == stage;
        self.latency.iter().find(is)
    }
}

impl ClockRow {
    fn of(clocks: &RunClocks) -> Self {
        let RunClocks { run_id, host, exchange } = clocks;
        Self {
            run_id: format!("{run_id:016x}"),
            readings: host.readings,
            uncertainty_ns_max: host.uncertainty_ns_max,
            moved_ns_max: host.moved_ns_max,
            exchange: exchange.clone(),
        }
    }
}

/// The connection of the market that trades first.
fn rows(all: &Latency, spreads: &Spreads) -> Vec<Row> {
    let row = |(connection, split, stage, spread): (u16, Split, Stage, &crate::report::Spread)| {
        let quantiles = Quantiles::of(spread)?;
        let feed = all.feed(connection);
        Some(Row { connection, feed, split: split.name(), level: split.level(), stage: stage.name(), quantiles })
    };
    let mut rows: Vec<_> = spreads.all().filter_map(row).collect();
    rows.sort_by_key(|row| row.connection != all.own);
    rows
}

/// A day since 1970 as `YYYY-MM-DD`.
fn date(day: u64) -> String {
    rfc3339(day.saturating_mul(DAY_NS / 1_000)).chars().take("2026-08-02".len()).collect()
}
