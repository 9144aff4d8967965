//! `fathom gate capture`: can the capture be trusted?

use super::books::Spent;
use super::ledger::{Ledger, RunLedger};
use super::proof::Proof;
use super::uptime::{Shares, uptime};
use super::{Check, Given, data};
use crate::cli::grouped;
use crate::latency::{Latency, Quantiles, Split, Stage};
use anyhow::Result;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is asked of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Least time from the first frame to the last, hours.
    pub hours: f64,
    /// Least shares of that time with a trusted book.
    pub shares: Shares,
}

/// Whether the books were trusted for long enough of a long enough time, whether every gap in it is accounted for, and whether
/// nothing was changed without a word.
///
/// # Errors
/// When a file does not open as a journal.
pub fn capture(given: &Given, wanted: &Wanted) -> Result<Vec<Check>> {
    let proof = Proof::of(given)?;
    let ledger = Ledger::of(&given.files)?;
    let wall_ns = wall_ns(&ledger);
    let mut checks = vec![proof.whole(), proof.verified(), proof.replayed(), span(&ledger, wall_ns, wanted)];
    // The time between runs is time without a book.
    checks.extend(uptime(&ledger, wall_ns, &wanted.shares));
    checks.extend([data::gaps(&ledger), account(&ledger), latency(&given.files)?]);
    checks.extend(given.live());
    Ok(checks)
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
    let times = || ledger.runs.iter().filter_map(RunLedger::utc_ns);
    let (first_ns, last_ns) = (times().map(|(first_ns, _)| first_ns).min(), times().map(|(_, last_ns)| last_ns).max());
    last_ns.unwrap_or(0).saturating_sub(first_ns.unwrap_or(0))
}

/// Runs that go on at the same time are of several collectors: one of them may have been up while another was not.
fn span(ledger: &Ledger, wall_ns: u64, wanted: &Wanted) -> Check {
    /// A run that follows another may begin before its end by the errors of two readings of the clocks.
    const SLACK_NS: u64 = 1_000_000_000;
    let mut times: Vec<_> = ledger.runs.iter().filter_map(RunLedger::utc_ns).collect();
    times.sort_unstable();
    let overlap = times.windows(2).any(|pair| pair[1].0.saturating_add(SLACK_NS) < pair[0].1);
    let hours = wall_ns as f64 / 3.6e12;
    let word = if overlap { "; runs overlap: judge the files of each collector by themselves" } else { "" };
    let holds = hours >= wanted.hours && !overlap;
    Check::new(
        "span",
        format!("{} hours and more, one run at a time", wanted.hours),
        format!("{hours:.4} hours{word}"),
        holds,
    )
}

/// Every nanosecond of every market is trusted, in a gap that is named, or before the first trust.
fn account(ledger: &Ledger) -> Check {
    let (mut own, mut rest_ns, mut markets) = (Spent::default(), 0, BTreeSet::new());
    for run in &ledger.runs {
        for (instrument, book) in run.books.all() {
            rest_ns += book.spent.rest_ns(run.span_ns);
            markets.insert(instrument);
            if instrument == 0 {
                own.add(&book.spent);
            }
        }
    }
    let s = |ns: u64| format!("{:.6} s", ns as f64 / 1e9);
    let others = match markets.len() {
        0 | 1 => "",
        _ => ", of all markets",
    };
    let found = format!(
        "{} trusted, {} in gaps, {} before the first trust; {rest_ns} ns are left over{others}",
        s(own.trusted_ns),
        s(own.gap_ns),
        s(own.before_ns)
    );
    let holds = rest_ns == 0 && !markets.is_empty();
    Check::new("account", "all time trusted, in a named gap, or before the first trust", found, holds)
}
