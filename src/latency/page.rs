//! Figures as a page: how regimes move latency first, then stages, hours, tables, and how far all of it can be believed.

mod plots;
mod tables;

use super::against::Compared;
use super::figures::{Figures, MarketRow};
use super::{Latency, table};
use crate::cli::{counted, grouped};
use crate::report::duration;
use crate::report::page::figures::figure;
use crate::report::page::{data, sheet};
use crate::report::units::percent;
use crate::utc::rfc3339;
use maud::{Markup, html};

/// What a page begins with, so that it is known again and may be written over.
pub const MARK: &str = "<!DOCTYPE html><!-- journal latency -->";

/// The page of journals, with a comparison when there is one. It is a function of both: no clock, no chance, and no path but
/// that of figures without a day, which they are compared with.
#[must_use]
pub fn page(all: &Latency, figures: &Figures, compared: Option<&Compared>) -> String {
    let feed = all.feed(all.own);
    let content = html! {
        header { (head(all, figures, &feed)) }
        main {
            (cards(all, figures))
            (plots::regimes(all, figures))
            (plots::stages(all))
            (plots::hours(all, figures))
            @if let Some(compared) = compared { (tables::compared(compared)) }
            (tables::stages(figures))
            @if let Some(rerun) = &figures.rerun { (tables::rerun(rerun)) }
            (tables::splits(figures))
            (tables::gaps(figures))
            (tables::caveats(figures))
        }
        (data("figures", &serde_json::to_string(figures).unwrap_or_default()))
    };
    sheet(MARK, &format!("Latency of {feed}"), &content)
}

fn head(all: &Latency, figures: &Figures, feed: &str) -> Markup {
    let coverage = &figures.coverage;
    let files = &coverage.files;
    html! {
        h1 { "Latency " small { (feed) } }
        p.span {
            @match (coverage.first_utc_ns, coverage.last_utc_ns) {
                (Some(first_ns), Some(last_ns)) => { strong { (utc(first_ns)) } " to " strong { (utc(last_ns)) } " UTC" },
                _ => "at times that are not known: no clock was read",
            }
            ", " (counted(files.runs, "run", "runs")) " in " (counted(files.segments, "file", "files"))
        }
        @if files.damage > 0 {
            p.warning { "The journals are damaged in " (counted(files.damage, "place", "places")) ": what stood there, up to the next checkpoint, is in no figure." }
        }
        @if files.records_missing_between > 0 {
            p.warning { (counted(files.records_missing_between, "record is", "records are")) " missing between the files." }
        }
        @if files.left_out > 0 {
            p.warning { "A recovery left records out in " (counted(files.left_out, "place", "places")) "." }
        }
        @if let Some(why) = all.lacks() { p.warning { "Not all is known: " (why) "." } }
    }
}

fn cards(all: &Latency, figures: &Figures) -> Markup {
    let coverage = &figures.coverage;
    let messages = &coverage.messages;
    let own: Vec<_> = figures.latency.iter().filter(|row| row.connection == all.own).cloned().collect();
    let shown = table::shown(&own);
    let headline = shown.and_then(|stage| Some((stage, figures.row(all.own, super::Split::All, stage)?.quantiles)));
    html! {
        section.figures aria-label="Figures" {
            @for market in coverage.markets.iter().take(4) { (trusted(market)) }
            (figure("Messages", &html! { (grouped(messages.messages)) }, &html! {
                (grouped(messages.stamped)) " with all stages told, " (grouped(coverage.unstamped)) " without"
                @if messages.too_long > 0 { "; " (grouped(messages.too_long)) " with one above 4.29 s" }
            }))
            (figure("Kernel's stamp", &html! { (percent(messages.kernel_stamped, messages.messages.max(1))) }, &html! {
                "of messages: they are timed from the kernel on, the others from our read"
            }))
            @if let Some((stage, told)) = headline {
                div.figure {
                    h3 { (plots::told(stage)) }
                    dl {
                        @for (name, ns) in [("p50", told.p50_ns), ("p95", told.p95_ns), ("p99", told.p99_ns), ("p99.9", told.p999_ns)] {
                            @if let Some(ns) = ns { dt { (name) } dd { (duration(ns)) } }
                        }
                    }
                    p.note { "max " (duration(told.max_ns)) }
                }
            }
        }
    }
}

fn trusted(market: &MarketRow) -> Markup {
    let MarketRow { symbol, span_ns, trusted_ns, gaps, .. } = market;
    let value = html! { @if *span_ns > 0 { (percent(*trusted_ns, *span_ns)) } @else { "-" } };
    figure(
        &format!("Trusted, {symbol}"),
        &value,
        &html! {
            "of " (duration(span_ns.cast_signed())) ", " (counted(*gaps as u64, "gap", "gaps"))
        },
    )
}

/// `2026-08-02 03:35:50.983`.
fn utc(ns: u64) -> String {
    rfc3339(ns / 1_000).replace('T', " ").chars().take(23).collect()
}
