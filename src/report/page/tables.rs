//! Gaps, what was told, what was asked and what the host granted, row by row.

use crate::cli::{counted, grouped};
use crate::gaps::Gap;
use crate::report::Report;
use crate::report::page::wide;
use crate::report::requests::{Asked, Fate};
use crate::report::rows::{ROWS_MAX, Rows};
use crate::report::series::Rank;
use crate::report::told::{Granted, Told};
use crate::report::units::duration;
use maud::{Markup, html};

/// All tables.
#[must_use]
pub fn tables(report: &Report) -> Markup {
    html! {
        (gaps(report))
        (told(report))
        (requests(report))
        (host(report))
    }
}

fn table(heads: &[&str], rows: &[Markup]) -> Markup {
    wide(&html! {
        table {
            thead { tr { @for head in heads { th { (head) } } } }
            tbody { @for row in rows { tr { (row) } } }
        }
    })
}

/// Says how many rows are not shown.
fn more(count: u64, command: &str) -> Markup {
    html! { @if count > 0 { p.note { "And " (grouped(count)) " more: " code { (command) } " lists them all." } } }
}

fn gaps(report: &Report) -> Markup {
    let all = &report.gaps.gaps;
    let rows: Vec<_> = all.iter().take(ROWS_MAX).map(|gap| gap_row(report, gap)).collect();
    html! {
        section {
            h2 { "Gaps: when the book could not be believed" }
            @if all.is_empty() { p { "None." } } @else {
                (table(&["number", "market", "from", "cause", "how long"], &rows))
                (more(all.len().saturating_sub(ROWS_MAX) as u64, "journal gaps JOURNAL"))
            }
        }
    }
}

fn gap_row(report: &Report, gap: &Gap) -> Markup {
    let lasted = gap.duration_ns.map(|ns| duration(i64::try_from(ns).unwrap_or(i64::MAX)));
    html! {
        td { (gap.number) }
        td { (report.name(gap.instrument)) }
        td.time { (report.times.time(gap.opened_ns)) }
        td.bad { (gap.cause) }
        td { (lasted.as_deref().unwrap_or("open at the end")) }
    }
}

fn told(report: &Report) -> Markup {
    let all: &Rows<Told> = &report.collected.told;
    let row = |told: &Told| {
        html! {
            td.time { (report.times.time(told.at_ns)) }
            td { (told.who) }
            td.bad[told.rank == Rank::Bad].good[told.rank == Rank::Good] { (told.what) }
            td { (told.more) }
        }
    };
    let rows: Vec<_> = all.kept().iter().map(row).collect();
    html! {
        section {
            h2 { "What was told: connections, feed, exchange, operators" }
            @if rows.is_empty() { p { "Nothing." } } @else {
                (table(&["when", "who", "what", "more"], &rows))
                (more(all.left_out(), "journal cat JOURNAL --kind LINK --kind FEED --kind STATUS --kind COMMAND"))
            }
        }
    }
}

fn requests(report: &Report) -> Markup {
    let (requests, pings) = (&report.collected.requests, report.summary.pings);
    let answered = report.summary.round_trip.map_or(0, |told| told.count);
    let rows: Vec<_> = requests.rows.kept().iter().map(|asked| asked_row(report, asked)).collect();
    html! {
        section {
            h2 { "Requests, and what became of them" }
            @if rows.is_empty() && pings == 0 {
                p { "None" @if report.summary.origin == "recording" { ": the frames come from a recording" } "." }
            }
            @if !rows.is_empty() {
                (table(&["when", "number", "connection", "request", "try", "what became of it", "after"], &rows))
                (more(requests.rows.left_out(), "journal cat JOURNAL --kind REQUEST --kind SENT --kind ACK"))
            }
            @if pings > 0 { p { (counted(pings, "ping was", "pings were")) " sent, answered: " (grouped(answered)) "." } }
        }
    }
}

fn asked_row(report: &Report, asked: &Asked) -> Markup {
    let after_ns = asked.ended_ns.saturating_sub(asked.at_ns).cast_signed();
    let is_open = matches!(asked.fate, Fate::Open | Fate::Sent);
    html! {
        td.time { (report.times.time(asked.at_ns)) }
        td { (asked.request.req_id) }
        td { (asked.connection) }
        td { (asked.wish()) }
        td { (asked.request.attempt) }
        td.good[asked.fate.is_good()].bad[!asked.fate.is_good() && !is_open] { (asked.fate.words()) }
        td { @if asked.fate != Fate::Open { (duration(after_ns)) } }
    }
}

fn host(report: &Report) -> Markup {
    let all = &report.collected.granted;
    let row = |granted: &Granted| {
        let body = granted.body;
        html! {
            td { (granted.name()) }
            td { @if let Some(connection) = granted.connection() { "connection " (connection) } @else { "run" } }
            td { (body.asked) }
            td { (body.found) }
            td.good[body.granted != 0].bad[body.granted == 0] {
                @if body.granted != 0 { "granted" } @else { "refused" }
                @if body.errno != 0 { ", error " (body.errno) }
            }
            td { (grouped(granted.times)) }
        }
    };
    let rows: Vec<_> = all.kept().iter().map(row).collect();
    html! {
        section {
            h2 { "What the host granted" }
            @if rows.is_empty() { p { "Nothing was asked of it." } } @else {
                (table(&["option", "of", "asked", "in force", "answer", "times"], &rows))
                (more(all.left_out(), "journal cat JOURNAL --kind HOST"))
            }
        }
    }
}
