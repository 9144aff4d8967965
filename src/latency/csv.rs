//! Figures as CSV: one number a line, so that every line has the same columns.

use super::figures::{Coverage, Figures, GapRow, MarketRow, Row};
use super::spreads::NAMES;
use crate::utc::rfc3339;
use serde_json::{Value, json};
use std::fmt::Write;

/// The first line.
pub const MARK: &str = "section,feed,split,level,stage,figure,value";

/// What they rest on first, gaps next, percentiles last. A percentile that is not told is an empty value.
#[must_use]
pub fn csv(figures: &Figures) -> String {
    let mut text = format!("{MARK}\n");
    coverage(&figures.coverage, &mut text);
    for gap in &figures.gaps {
        let GapRow { instrument, cause, opened_utc_ns, duration_ns } = gap;
        let market = figures.coverage.markets.iter().find(|market| market.instrument == *instrument);
        let symbol = market.map_or("", |market| &market.symbol);
        let opened = opened_utc_ns.map_or(String::new(), |ns| rfc3339(ns / 1_000));
        line(&mut text, ["gap", symbol, cause, &opened, ""], "duration_ns", *duration_ns);
    }
    rows("latency", &figures.latency, &mut text);
    rows("rerun", figures.rerun.as_ref().map_or(&[], |rerun| &rerun.rows), &mut text);
    text
}

fn coverage(coverage: &Coverage, text: &mut String) {
    let Coverage { first_utc_ns, last_utc_ns, markets, messages, unstamped, files } = coverage;
    let of = ["coverage", "", "", "", ""];
    line(text, of, "first_utc_ns", *first_utc_ns);
    line(text, of, "last_utc_ns", *last_utc_ns);
    for MarketRow { symbol, span_ns, trusted_ns, share, gaps, .. } in markets {
        let of = ["coverage", symbol, "", "", ""];
        line(text, of, "span_ns", Some(span_ns));
        line(text, of, "trusted_ns", Some(trusted_ns));
        line(text, of, "share", *share);
        line(text, of, "gaps", Some(gaps));
    }
    for counts in [json!(messages), json!({ "unstamped": unstamped }), json!(files)] {
        for (name, count) in counts.as_object().into_iter().flatten() {
            line(text, of, name, Some(count).filter(|count| **count != Value::Null));
        }
    }
}

fn rows(section: &str, rows: &[Row], text: &mut String) {
    for Row { feed, split, level, stage, quantiles, .. } in rows {
        let of = [section, feed, split, level, stage];
        line(text, of, "count", Some(quantiles.count));
        for ((name, _), ns) in NAMES.iter().zip(quantiles.listed()) {
            line(text, of, name, ns);
        }
    }
}

fn line(text: &mut String, of: [&str; 5], figure: &str, value: Option<impl ToString>) {
    for cell in of.into_iter().chain([figure]) {
        let _ = write!(text, "{},", quoted(cell));
    }
    let value = value.map_or(String::new(), |value| value.to_string());
    let _ = writeln!(text, "{value}");
}

/// A symbol may hold anything.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_stays_a_cell() {
        assert_eq!(quoted("kraken BTC/EUR"), "kraken BTC/EUR");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
