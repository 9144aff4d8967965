//! `journal gaps`: when the book could not be trusted, for people and scripts.

use super::{Ended, FilesArgs, closed_journals, counted, print_json};
use crate::gaps::{Gap, Gaps};
use crate::left_out::Missing;
use crate::uptime::Uptime;
use crate::utc::rfc3339;
use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &FilesArgs) -> Result<Ended> {
    let gaps = Gaps::of(&closed_journals("journal", &args.files)?)?;
    if gaps.damage > 0 {
        let places = counted(gaps.damage as u64, "damaged place", "damaged places");
        eprintln!("journal: {places}: gaps there may be missing; `journal verify` names them");
    }
    for missing in &gaps.left_out {
        eprintln!("journal: {missing}: gaps there may be missing");
    }
    if args.json {
        print_json(&to_json(&gaps))?;
    } else {
        print(&mut std::io::stdout().lock(), &gaps)?;
    }
    Ok(if gaps.damage == 0 { Ended::Ok } else { Ended::Failed })
}

fn to_json(gaps: &Gaps) -> Value {
    json!({
        "gaps": gaps.gaps,
        "span_ns": gaps.span_ns,
        "damage": gaps.damage,
        "left_out": gaps.left_out.iter().map(Missing::to_json).collect::<Vec<_>>(),
        "uptime": gaps.uptimes.iter().map(|row| uptime_json(row, gaps)).collect::<Vec<_>>(),
        "feed": gaps.feed,
    })
}

fn uptime_json((instrument, uptime): (&u16, &Uptime), gaps: &Gaps) -> Value {
    let Uptime { symbol, span_ns, trusted_ns, .. } = uptime;
    let (count, gap_ns) = gaps.by_market.get(instrument).copied().unwrap_or_default();
    json!({
        "instrument": instrument,
        "symbol": symbol,
        "span_ns": span_ns,
        "trusted_ns": trusted_ns,
        "share": uptime.share(),
        "gaps": count,
        "gap_ns": gap_ns,
    })
}

fn print(out: &mut impl Write, gaps: &Gaps) -> std::io::Result<()> {
    for gap in &gaps.gaps {
        let lasted = gap.duration_ns.map_or("still open".to_owned(), |ns| format!("{:.6} s", ns as f64 / 1e9));
        let name = gaps.uptimes.get(&gap.instrument).map_or("", |uptime| &uptime.symbol);
        let of = format!("market {} {name}", gap.instrument);
        let what = gap.what().map_or_else(String::new, |what| format!(": {what}"));
        writeln!(out, "gap {} of {}: {} at {}, {lasted}{what}", gap.number, of.trim_end(), gap.cause, opened(gap))?;
    }
    for (code, count) in &gaps.feed {
        writeln!(out, "feed {code}: {count}")?;
    }
    for (instrument, uptime) in &gaps.uptimes {
        let Uptime { symbol, span_ns, trusted_ns, .. } = uptime;
        let share = uptime.share().map_or("no time".to_owned(), |share| format!("{:.4} %", share * 100.0));
        let (trusted_s, span_s) = (*trusted_ns as f64 / 1e9, *span_ns as f64 / 1e9);
        writeln!(out, "uptime of market {instrument} {symbol}: {share}, {trusted_s:.6} s of {span_s:.6} s")?;
    }
    // Each market has all of the time for its own gaps.
    for instrument in gaps.uptimes.keys().chain(gaps.by_market.keys()).collect::<BTreeSet<_>>() {
        let (count, gap_ns) = gaps.by_market.get(instrument).copied().unwrap_or_default();
        let (count, gap_s, span_s) = (counted(count, "gap", "gaps"), gap_ns as f64 / 1e9, gaps.span_ns as f64 / 1e9);
        writeln!(out, "{count} of market {instrument}, {gap_s:.6} s of {span_s:.6} s")?;
    }
    Ok(())
}

/// UTC, as operators want it; the run's own time where nothing tells UTC.
fn opened(gap: &Gap) -> String {
    match gap.opened_utc_ns {
        Some(utc_ns) => rfc3339(utc_ns / 1_000),
        None => format!("{} ns of monotonic time (no reading of the clocks ties it to UTC)", gap.opened_ns),
    }
}
