//! `fathom gate capture`: can the capture be trusted?

use super::Check;
use super::data;
use super::ledger::Ledger;
use super::proof::Proof;
use crate::cli::grouped;
use crate::latency::{Latency, Quantiles, Split, Stage};
use anyhow::Result;
use std::path::PathBuf;

/// What is asked of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Least time from the first frame to the last, hours.
    pub hours: f64,
    /// Least share of that time with a trusted book of market 0, percent.
    pub uptime_percent: f64,
}

/// Whether the book was trusted for long enough of a long enough time, whether every gap in it is accounted for, and whether
/// nothing was changed without a word.
///
/// # Errors
/// When a file does not open as a journal.
pub fn capture(files: &[PathBuf], wanted: &Wanted) -> Result<Vec<Check>> {
    let proof = Proof::of(files)?;
    let ledger = Ledger::of(files)?;
    let wall_ns = wall_ns(&ledger);
    Ok(vec![
        proof.whole(),
        proof.verified(),
        proof.replayed(),
        span(wall_ns, wanted),
        uptime(&ledger, wall_ns, wanted),
        data::gaps(&ledger),
        account(&ledger),
        latency(files)?,
    ])
}

/// Whether the latency of the trading connection has its 95th and 99th percentile: end to end, or what a recording can tell.
fn latency(files: &[PathBuf]) -> Result<Check> {
    let figures = Latency::of(files, None)?.whole();
    let told = |stage| figures.row(0, Split::All, stage).map(|row| (stage, row.quantiles));
    let told = told(Stage::Total).or_else(|| told(Stage::ExchangeToHost));
    let ms = |ns: Option<i64>| ns.map_or("too few for it".to_owned(), |ns| format!("{:.3} ms", ns as f64 / 1e6));
    let (found, holds) = match told {
        None => ("no message was timed".to_owned(), false),
        Some((stage, Quantiles { count, p95_ns, p99_ns, .. })) => {
            let (count, p95, p99) = (grouped(count), ms(p95_ns), ms(p99_ns));
            (
                format!("{} of {count} messages: p95 {p95}, p99 {p99}", stage.label()),
                p95_ns.is_some() && p99_ns.is_some(),
            )
        }
    };
    Ok(Check::new("latency", "enough timed messages for p95 and p99", found, holds))
}

/// From the first frame of all runs to the last, by UTC.
fn wall_ns(ledger: &Ledger) -> u64 {
    let times = || ledger.runs.iter().filter_map(|run| run.utc_ns);
    let (first_ns, last_ns) = (times().map(|(first_ns, _)| first_ns).min(), times().map(|(_, last_ns)| last_ns).max());
    last_ns.unwrap_or(0).saturating_sub(first_ns.unwrap_or(0))
}

fn span(wall_ns: u64, wanted: &Wanted) -> Check {
    let hours = wall_ns as f64 / 3.6e12;
    Check::new("span", format!("{} hours and more", wanted.hours), format!("{hours:.4} hours"), hours >= wanted.hours)
}

/// The time between runs is time without a book.
fn uptime(ledger: &Ledger, wall_ns: u64, wanted: &Wanted) -> Check {
    trusted(ledger, wall_ns, wanted.uptime_percent)
}

/// Whether the book of market 0 was trusted for more than a share of a time.
pub(super) fn trusted(ledger: &Ledger, wall_ns: u64, uptime_percent: f64) -> Check {
    // A run ends some time behind its last frame: that is no time of the feed.
    let trusted_ns: u64 = ledger.runs.iter().map(|run| run.books.trusted_ns - run.books.behind_ns).sum();
    let percent = 100.0 * trusted_ns as f64 / (wall_ns.max(1)) as f64;
    let found = format!("{percent:.4} % of the time, in {} runs", ledger.runs.len());
    let holds = wall_ns > 0 && percent > uptime_percent;
    Check::new("uptime", format!("a trusted book more than {uptime_percent} % of the time"), found, holds)
}

/// Every nanosecond is trusted, in a gap that is named, or before the first trust.
fn account(ledger: &Ledger) -> Check {
    let sum = |part: fn(&super::books::Books) -> u64| ledger.runs.iter().map(|run| part(&run.books)).sum::<u64>();
    let (trusted_ns, gap_ns, before_ns) = (sum(|of| of.trusted_ns), sum(|of| of.gap_ns), sum(|of| of.before_ns));
    let span_ns: u64 = ledger.runs.iter().map(|run| run.span_ns).sum();
    let rest_ns = span_ns.abs_diff(trusted_ns + gap_ns + before_ns);
    let s = |ns: u64| format!("{:.6} s", ns as f64 / 1e9);
    let found = format!(
        "{} trusted, {} in gaps, {} before the first trust; {rest_ns} ns are left over",
        s(trusted_ns),
        s(gap_ns),
        s(before_ns)
    );
    Check::new("account", "all time trusted, in a named gap, or before the first trust", found, rest_ns == 0)
}
