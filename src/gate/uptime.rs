//! For how much of the time each book was trusted.

use super::Check;
use super::books::{SILENT_NS_MAX, Spent};
use super::ledger::{Ledger, RunLedger};
use crate::cli::counted;
use std::collections::BTreeMap;

/// Least shares of the time with a trusted book, percent.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// Of the market that trades.
    pub own_percent: f64,
    /// Of each leader; with 0 they are not asked for.
    pub leader_percent: f64,
}

/// Whether each book was trusted for more than its share of a time, and heard: silences above a minute are no time of the feed, whatever
/// the configuration bears. Leaders have a row of their own where there are some.
pub(super) fn uptime(ledger: &Ledger, wall_ns: u64, wanted: &Shares) -> Vec<Check> {
    let mut by_market: BTreeMap<(u16, &str), Spent> = BTreeMap::new();
    for (instrument, book) in ledger.runs.iter().flat_map(|run| run.books.all()) {
        by_market.entry((instrument, &book.name)).or_default().add(&book.spent);
    }
    let own: Vec<_> = by_market.iter().filter(|((instrument, _), _)| *instrument == 0).collect();
    let leaders: Vec<_> = by_market.iter().filter(|((instrument, _), _)| *instrument != 0).collect();
    let percent = |spent: &Spent| 100.0 * spent.up_ns() as f64 / wall_ns.max(1) as f64;
    let wall_s = wall_ns as f64 / 1e9;
    let of = |spent: &Spent| format!("{:.4} % of {wall_s:.3} s{}", percent(spent), silence(spent));
    let runs = runs(ledger, wall_ns);
    let own_percent = wanted.own_percent;
    let found = match own[..] {
        [(_, spent)] => format!("{}, {runs}", of(spent)),
        [] => format!("no book, {runs}"),
        // Several configurations: none of the books has all of the time.
        _ => format!("{}, {runs}", told(&own, of)),
    };
    let holds = wall_ns > 0 && own.iter().any(|(_, spent)| percent(spent) > own_percent);
    let mut checks =
        vec![Check::new("uptime", format!("a trusted book more than {own_percent} % of the time"), found, holds)];
    if !leaders.is_empty() {
        let least = wanted.leader_percent;
        let holds = least <= 0.0 || (wall_ns > 0 && leaders.iter().all(|(_, spent)| percent(spent) > least));
        let what = format!("a trusted book of each leader more than {least} % of the time");
        checks.push(Check::new("leaders", what, told(&leaders, of), holds));
    }
    checks
}

/// How many runs there are, and how much of the time lies between them: where that counts, it is time without a book.
fn runs(ledger: &Ledger, wall_ns: u64) -> String {
    let runs = format!("in {}", counted(ledger.runs.len() as u64, "run", "runs"));
    let mut times: Vec<_> = ledger.runs.iter().filter_map(RunLedger::utc_ns).collect();
    times.sort_unstable();
    let within_ns = times.iter().map(|(first_ns, last_ns)| last_ns.saturating_sub(*first_ns)).sum();
    let between_ns = wall_ns.saturating_sub(within_ns);
    let longest_ns = times.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].1)).max().unwrap_or(0);
    if between_ns == 0 || longest_ns == 0 {
        return runs;
    }
    let [between_s, longest_s] = [between_ns, longest_ns].map(|ns| ns as f64 / 1e9);
    format!("{runs}; {between_s:.3} s of it between runs, without a book (longest pause {longest_s:.3} s)")
}

fn told(rows: &[(&(u16, &str), &Spent)], of: impl Fn(&Spent) -> String) -> String {
    let row =
        |((instrument, name), spent): &(&(u16, &str), &Spent)| format!("market {instrument} {name}: {}", of(spent));
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

/// What was not counted since nothing was heard.
fn silence(spent: &Spent) -> String {
    match spent.silent_ns {
        0 => String::new(),
        ns => format!(" ({:.3} s in silences above {} s do not count)", ns as f64 / 1e9, SILENT_NS_MAX / 1_000_000_000),
    }
}
