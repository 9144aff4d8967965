//! Figures as tables on a terminal: what they rest on, stages, regimes, hours.

use super::figures::{ClockRow, Coverage, Figures, RerunFigures, Row};
use super::spreads::{NAMES, Quantiles};
use super::stage::{RERUN, STAGES, Stage};
use crate::cli::{counted, grouped};
use crate::report::duration;
use crate::report::units::percent;
use crate::utc::rfc3339;
use std::io::{self, Write};

/// Prints figures for people.
///
/// # Errors
/// Those of `out`.
pub fn print(figures: &Figures, out: &mut impl Write) -> io::Result<()> {
    coverage(&figures.coverage, out)?;
    for rows in figures.latency.chunk_by(|one, next| one.connection == next.connection) {
        stages(rows, out)?;
        splits(rows, out)?;
    }
    figures.rerun.as_ref().map_or(Ok(()), |figures| rerun(figures, out))?;
    figures.clocks.last().map_or(Ok(()), |clocks| clock(clocks, out))
}

fn coverage(coverage: &Coverage, out: &mut impl Write) -> io::Result<()> {
    let Coverage { first_utc_ns, last_utc_ns, markets, messages, unstamped, files } = coverage;
    writeln!(out, "coverage")?;
    if let (Some(first_ns), Some(last_ns)) = (first_utc_ns, last_utc_ns) {
        writeln!(out, "  span       {} to {}", utc(*first_ns), utc(*last_ns))?;
    }
    for market in markets {
        let share = if market.span_ns > 0 { percent(market.trusted_ns, market.span_ns) } else { "-".to_owned() };
        let span = duration(market.span_ns.cast_signed());
        writeln!(out, "  trusted    {share} of {span}, gaps {}: {}", grouped(market.gaps as u64), market.symbol)?;
    }
    let (all, told, unstamped) = (grouped(messages.messages), grouped(messages.stamped), grouped(*unstamped));
    writeln!(
        out,
        "  messages   {all}; turns told of {told}, not told of {unstamped}, too long to tell {}",
        grouped(messages.too_long)
    )?;
    let (stamped, ahead) = (grouped(messages.kernel_stamped), grouped(messages.kernel_ahead));
    let refused = grouped(messages.kernel_refused);
    writeln!(out, "  kernel     {stamped} with its stamp, {ahead} of them told as no wait, {refused} not believed")?;
    let (runs, segments) = (counted(files.runs, "run", "runs"), grouped(files.segments));
    let damage = grouped(files.damage);
    writeln!(
        out,
        "  files      {segments} of {runs}; damaged places {damage}, records missing between them {}",
        grouped(files.records_missing_between)
    )
}

/// The stages of all messages of a connection.
fn stages(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let Some(first) = rows.first() else { return Ok(()) };
    head(&format!("stages of {}", first.feed), out)?;
    for stage in STAGES {
        if let Some(row) = rows.iter().find(|row| row.split == "all" && row.stage == stage.name()) {
            line(stage.label(), &row.quantiles, out)?;
        }
    }
    Ok(())
}

/// The whole way by regime and by hour; of a journal without STAMPS the last stage that there is.
fn splits(rows: &[Row], out: &mut impl Write) -> io::Result<()> {
    let Some(stage) = shown(rows) else { return Ok(()) };
    let of_stage: Vec<_> = rows.iter().filter(|row| row.split != "all" && row.stage == stage.name()).collect();
    for by_hour in [false, true] {
        let mut rows = of_stage.iter().filter(|row| (row.split == "hour") == by_hour).peekable();
        if rows.peek().is_some() {
            head(&format!("{} by {}", stage.label(), if by_hour { "hour, UTC" } else { "regime" }), out)?;
        }
        for row in rows {
            let name = if by_hour { row.level.clone() } else { format!("{} {}", row.split, row.level) };
            line(&name, &row.quantiles, out)?;
        }
    }
    Ok(())
}

/// The finer stages of all messages, by connection.
fn rerun(figures: &RerunFigures, out: &mut impl Write) -> io::Result<()> {
    let RerunFigures { label, clock_ns, tls, rows, .. } = figures;
    writeln!(out, "{label}, outside the sum: {tls}; a look at the clock, {clock_ns} ns, is in each stage")?;
    for rows in rows.chunk_by(|one, next| one.connection == next.connection) {
        let Some(first) = rows.first() else { continue };
        head(&format!("finer stages of {}", first.feed), out)?;
        for stage in RERUN {
            if let Some(row) = rows.iter().find(|row| row.split == "all" && row.stage == stage.name()) {
                line(stage.label(), &row.quantiles, out)?;
            }
        }
    }
    Ok(())
}

/// The stage that stands for the whole way.
#[must_use]
pub fn shown(rows: &[Row]) -> Option<Stage> {
    let has = |stage: &Stage| rows.iter().any(|row| row.stage == stage.name());
    [Stage::Total, Stage::ReadToTaken, Stage::ExchangeToHost].into_iter().find(has)
}

fn head(title: &str, out: &mut impl Write) -> io::Result<()> {
    write!(out, "{title}\n  {:<22} {:>12}", "", "count")?;
    NAMES.iter().try_for_each(|(_, name)| write!(out, " {name:>8}"))?;
    writeln!(out)
}

fn line(name: &str, quantiles: &Quantiles, out: &mut impl Write) -> io::Result<()> {
    write!(out, "  {name:<22} {:>12}", grouped(quantiles.count))?;
    for ns in quantiles.listed() {
        write!(out, " {:>8}", ns.map_or("-".to_owned(), duration))?;
    }
    writeln!(out)
}

/// Between what the delay from the exchange lies.
fn clock(clocks: &ClockRow, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "clocks of run {}", clocks.run_id)?;
    for clock in &clocks.exchange {
        write!(out, "  connection {}: {}", clock.connection, clock.words())?;
        match clock.round_trip_ns_min {
            Some(ns) => {
                let ns = duration(i64::try_from(ns).unwrap_or(i64::MAX));
                writeln!(
                    out,
                    "; a delay is at most what is told and {ns}, if the quickest message took no longer than that round trip"
                )?;
            }
            None => writeln!(out, "; without round trips no more is known, and a delay is at least what is told")?,
        }
    }
    let narrow = |ns: u64| duration(i64::try_from(ns).unwrap_or(i64::MAX));
    let uncertain =
        Some(clocks.uncertainty_ns_max).filter(|ns| *ns > 0).map_or("a span that is not recorded".to_owned(), narrow);
    let moved = narrow(clocks.moved_ns_max);
    writeln!(
        out,
        "  ours: {}, each to within {uncertain}; UTC moved by at most {moved} between two",
        counted(clocks.readings, "reading", "readings")
    )
}

fn utc(ns: u64) -> String {
    rfc3339(ns / 1_000)
}
