//! The row of figures at the top.

use crate::cli::{counted, grouped};
use crate::report::Summary;
use crate::report::units::{duration, percent};
use maud::{Markup, html};

/// The figures of a run, each with its unit.
#[must_use]
pub fn figures(summary: &Summary) -> Markup {
    html! {
        section.figures aria-label="Figures" {
            (messages(summary))
            (proof(summary))
            (trust(summary))
            (delay(summary))
            (figure("Longest burst", &html! { (grouped(summary.burst_100ms)) small { @if summary.burst_100ms == 1 { " message" } @else { " messages" } } }, &html! {
                "in 100 ms; " (grouped(summary.burst_10ms)) " in 10 ms"
            }))
            (journal(summary))
            (engine(summary))
        }
    }
}

/// One of them.
#[must_use]
pub fn figure(name: &str, value: &Markup, note: &Markup) -> Markup {
    html! { div.figure { h3 { (name) } p.value { (value) } p.note { (note) } } }
}

fn messages(summary: &Summary) -> Markup {
    let note = html! {
        (grouped(summary.messages_book)) " book, " (grouped(summary.messages_trade)) " trade, "
        (grouped(summary.messages_other)) " other"
        @if summary.messages_refused > 0 { "; " (grouped(summary.messages_refused)) " refused" }
        @if summary.trades > 0 { br; (counted(summary.trades, "trade", "trades")) }
    };
    figure("Messages", &html! { (grouped(summary.messages)) }, &note)
}

/// The proof that the venue gives: checksums, or the touches that it states.
fn proof(summary: &Summary) -> Markup {
    let (proof, ok, bad) = summary.proof();
    let note = html! {
        @if bad > 0 { strong.bad { (grouped(bad)) " bad" } } @else { "0 bad" }
        @if proof == "touches" { "; best bid and ask for the same update id"  }
    };
    figure(&format!("Exchange {proof}"), &html! { (grouped(ok)) small { " ok" } }, &note)
}

fn trust(summary: &Summary) -> Markup {
    let Summary { feed_ns, trusted_ns, .. } = *summary;
    let gaps = summary.markets.first().map_or(summary.gaps, |market| market.gaps);
    let value = html! { @if feed_ns > 0 { (percent(trusted_ns, feed_ns)) } @else { "-" } };
    let note = html! {
        (counted(gaps as u64, "gap", "gaps")) ", "
        (duration(feed_ns.saturating_sub(trusted_ns).cast_signed())) " without"
        br; "from the first message to the last"
    };
    figure("Trusted book", &value, &note)
}

fn delay(summary: &Summary) -> Markup {
    let Some(told) = &summary.delay else {
        return figure("Delay, exchange to read", &html! { "-" }, &html! { "no update with a time on it" });
    };
    let rows = [("p50", told.p50_ns), ("p99", told.p99_ns), ("p99.9", told.p999_ns), ("max", Some(told.max_ns))];
    html! {
        div.figure {
            h3 { "Delay, exchange to read" }
            dl { @for (name, ns) in rows { @if let Some(ns) = ns { dt { (name) } dd { (duration(ns)) } } } }
            p.note { "above the least" @if let Some(clock) = summary.clocks.first() { "; " (clock.words()) } }
        }
    }
}

fn journal(summary: &Summary) -> Markup {
    let value = html! { (grouped(summary.bytes)) small { " bytes" } };
    let note = html! {
        (counted(summary.records, "record", "records")) ", " (counted(summary.segments as u64, "segment", "segments"))
        @if let Some(lag_ns) = summary.journal_lag_ns_max {
            br; "longest lag at a sample " (duration(i64::try_from(lag_ns).unwrap_or(i64::MAX)))
        }
    };
    figure("Journal", &value, &note)
}

fn engine(summary: &Summary) -> Markup {
    let unknown = || "unknown".to_owned();
    let version = summary.engine_version.map_or_else(unknown, |version| version.to_string());
    let note = html! {
        "configuration " code { (summary.config_hash.clone().unwrap_or_else(unknown)) }
        br; "model " code { (summary.model_hash.clone().unwrap_or_else(unknown)) }
    };
    html! { div.figure.wide { h3 { "Engine" } p.value { small { "version " } (version) } p.note { (note) } } }
}
