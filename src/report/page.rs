//! The page: figures, plots, tables, how to make it again.

mod delays;
pub mod figures;
mod hover;
mod markets;
mod over_time;
mod tables;

use super::units::duration;
use super::{MARK, Report, Summary};
use crate::cli::counted;
use maud::{Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("hover.js");

/// Nothing may be fetched, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/// The page of a run.
#[must_use]
pub fn page(report: &Report) -> String {
    let summary = &report.summary;
    let title = format!("{}, run {}", market(summary), summary.run_id);
    let content = html! {
        header { (head(report)) }
        main {
            (figures::figures(summary))
            @if summary.markets.len() > 1 { (markets::markets(report)) }
            (over_time::over_time(report))
            (delays::delays(report))
            (tables::tables(report))
            (again(summary))
        }
        (data("summary", &serde_json::to_string(summary).unwrap_or_default()))
        (data("steps", &hover::steps(report).to_string()))
        script { (PreEscaped(SCRIPT)) }
    };
    sheet(MARK, &title, &content)
}

/// A page that begins with `mark`: one file, light and dark, which fetches nothing.
#[must_use]
pub fn sheet(mark: &str, title: &str, content: &Markup) -> String {
    let body = html! {
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (patterns())
                (content)
            }
        }
    };
    format!("{mark}\n{}\n", body.into_string())
}

/// JSON that a script of the page, or another program, reads. No text in it can end the element.
#[must_use]
pub fn data(name: &str, json: &str) -> Markup {
    let json = json.replace('<', "\\u003c").replace('&', "\\u0026");
    html! { script type="application/json" id=(name) { (PreEscaped(json)) } }
}

/// What may be wider than a narrow screen: it scrolls in a box of its own, and the page does not.
#[must_use]
pub fn wide(content: &Markup) -> Markup {
    html! { div.wide { (content) } }
}

/// Stripes for what is wrong: it must be told apart without colour.
fn patterns() -> Markup {
    html! {
        svg.patterns width="0" height="0" aria-hidden="true" {
            defs {
                pattern #stripes width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)" {
                    rect.ground width="6" height="6" {}
                    rect.stripe width="2.5" height="6" {}
                }
            }
        }
    }
}

/// `kraken BTC/EUR`.
fn market(summary: &Summary) -> String {
    let known = [summary.venue, summary.symbol.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    if known.is_empty() { "unknown market".to_owned() } else { known.join(" ") }
}

fn head(report: &Report) -> Markup {
    let (summary, times) = (&report.summary, &report.times);
    let (first_ns, last_ns) = report.span;
    html! {
        h1 { (market(summary)) @if let Some(depth) = summary.depth { small { " depth " (depth) } } }
        p.span {
            strong { (times.day_and_time(first_ns)) } " to " strong { (times.day_and_time(last_ns)) }
            @if summary.first_utc_ns.is_some() { " UTC" } @else { " from the start: no clock was read" }
            ", " (duration(summary.span_ns.cast_signed()))
        }
        p {
            "Run " code { (summary.run_id) } ", "
            @if summary.origin == "live" { "live" } @else { "imported from a recording: times are the recording's" }
            ", ended: " (summary.ending) "."
            @if !summary.leaders.is_empty() { " Followed beside it: " (summary.leaders.join(", ")) "." }
        }
        @if let Some(note) = &report.note { p.remark { (note) } }
        @for warning in warnings(summary) { p.warning { (warning) } }
    }
}

/// What keeps the page from being the whole truth.
fn warnings(summary: &Summary) -> Vec<String> {
    let mut warnings = Vec::new();
    if summary.runs > 1 {
        warnings.push(format!("The files hold {} runs; this page shows the one named above.", summary.runs));
    }
    if summary.damage > 0 {
        let places = counted(summary.damage, "place", "places");
        warnings.push(format!(
            "The journal is damaged in {places}. What stood there, up to the next checkpoint, is not shown."
        ));
    }
    if summary.left_out > 0 {
        warnings
            .push(format!("A recovery left records out in {}.", counted(summary.left_out as u64, "place", "places")));
    }
    if summary.records_missing_between > 0 {
        let missing = counted(summary.records_missing_between, "record is", "records are");
        warnings.push(format!("{missing} missing between the files: segments between them were not given."));
    }
    warnings
}

fn again(summary: &Summary) -> Markup {
    html! {
        section.again {
            h2 { "How to make this page again, and how to prove it" }
            pre {
                "journal report JOURNAL --out page.html   # the same journal gives the same bytes\n"
                "replay JOURNAL                           # every decision again, byte for byte\n"
                "journal verify JOURNAL                   # every proof of a book by a second implementation\n"
                "journal gaps JOURNAL; journal cat JOURNAL --kind FEED"
            }
            p {
                "JOURNAL is the file or the folder with run " code { (summary.run_id) } ", "
                (counted(summary.segments as u64, "segment", "segments")) ". "
                @match &summary.digest {
                    Some(digest) => { "When it matches, " code { "replay" } " prints the digest " code { (digest) } "." },
                    None => { "It is not closed or not complete, so no digest names it." },
                }
            }
        }
    }
}
