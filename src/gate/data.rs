//! `fathom gate data`: may research stand on these journals?

use super::ledger::{Ledger, RunLedger};
use super::proof::Proof;
use super::uptime::{Shares, uptime};
use super::{Check, Given};
use crate::cli::counted;
use anyhow::Result;
use std::collections::BTreeMap;

/// Whether frames decode to the same events again, whether each book was trusted for more than its share of the time,
/// and whether gaps, heartbeats and connections are all there and fit.
///
/// # Errors
/// When a file does not open as a journal.
pub fn data(given: &Given, wanted: &Shares) -> Result<Vec<Check>> {
    let proof = Proof::of(given)?;
    let ledger = Ledger::of(&given.files)?;
    // What lies between runs is no data.
    let feed_ns = ledger
        .runs
        .iter()
        .filter_map(RunLedger::utc_ns)
        .map(|(first_ns, last_ns)| last_ns.saturating_sub(first_ns))
        .sum();
    let mut checks = vec![proof.whole(), proof.replayed(), events(&ledger), proof.verified(), gaps(&ledger)];
    checks.extend(uptime(&ledger, feed_ns, wanted));
    checks.extend([beats(&ledger), links(&ledger)]);
    checks.extend(given.live());
    Ok(checks)
}

fn sum(ledger: &Ledger, count: impl Fn(&RunLedger) -> u64) -> u64 {
    ledger.runs.iter().map(count).sum()
}

fn events(ledger: &Ledger) -> Check {
    let messages = sum(ledger, |run| run.messages);
    let check = Check::agreement(
        "events",
        "an event of every message, if only that it is passed over",
        counted(messages, "message", "messages"),
        &ledger.of_frames,
    );
    Check { holds: check.holds && messages > 0, ..check }
}

/// Whether each opening and end of trust follows on the one before.
pub(super) fn gaps(ledger: &Ledger) -> Check {
    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    for run in &ledger.runs {
        run.books.causes.iter().for_each(|(cause, count)| *causes.entry(cause).or_default() += count);
    }
    let told: Vec<_> = causes.iter().map(|(cause, count)| format!("{count} {cause}")).collect();
    let counted = if told.is_empty() { "no gap".to_owned() } else { told.join(", ") };
    Check::agreement("gaps", "numbered without a hole, each with a cause and an end", counted, &ledger.of_books)
}

fn beats(ledger: &Ledger) -> Check {
    let is_due = |run: &RunLedger| !run.beats.of.is_empty() && run.span_ns > 2 * run.beats.bound_ns;
    let count = sum(ledger, |run| run.beats.count);
    let missed = sum(ledger, |run| run.beats.missed);
    let longest_s = ledger.runs.iter().map(|run| run.beats.longest_ns).max().unwrap_or(0) as f64 / 1e9;
    let told = match ledger.runs.iter().all(|run| run.beats.of.is_empty()) {
        true => "the venue has none".to_owned(),
        false => {
            let (beats, missed) = (counted(count, "heartbeat", "heartbeats"), counted(missed, "time", "times"));
            format!("{beats}, at most {longest_s:.3} s apart; missed {missed}")
        }
    };
    let are_there = ledger.runs.iter().filter(|run| is_due(run)).all(|run| run.beats.count > 0);
    let check = Check::agreement("heartbeats", "there, and told when they are not", told, &ledger.of_beats);
    Check { holds: check.holds && are_there, ..check }
}

fn links(ledger: &Ledger) -> Check {
    let counted = format!(
        "made {}, lost {}, not made {}",
        sum(ledger, |run| run.links.made),
        sum(ledger, |run| run.links.lost),
        sum(ledger, |run| run.links.failed)
    );
    Check::agreement(
        "connections",
        "asked for, made and lost in turn; a lost one opens a gap",
        counted,
        &ledger.of_links,
    )
}
