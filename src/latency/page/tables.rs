//! The tables, and what must be known to read them.

use super::utc;
use crate::cli::{counted, grouped};
use crate::latency::against::{Compared, Pair};
use crate::latency::figures::{ClockRow, Figures, GapRow, RerunFigures, Row};
use crate::latency::spreads::{NAMES, Quantiles};
use crate::latency::stage::{RERUN, STAGES, Stage};
use crate::latency::table::shown;
use crate::report::page::wide;
use crate::report::{ClockFigures, duration};
use maud::{Markup, html};

/// Gaps that are listed, at most.
const GAPS_MAX: usize = 200;

/// The stages of all messages, by connection.
pub fn stages(figures: &Figures) -> Markup {
    html! {
        section {
            h2 { "Stages" }
            @for rows in figures.latency.chunk_by(|one, next| one.connection == next.connection) {
                @let all: Vec<_> = rows.iter().filter(|row| row.split == "all").collect();
                @if let Some(first) = all.first() { h3 { (first.feed) } }
                (numbers("stage", all.iter().map(|row| (label(row.stage).to_owned(), &row.quantiles))))
            }
        }
    }
}

/// The finer stages, as measured here.
pub fn rerun(figures: &RerunFigures) -> Markup {
    let RerunFigures { label, messages, clock_ns, tls, rows } = figures;
    html! {
        section {
            h2 { "Finer stages: " (label) }
            p.note {
                "The journal's inputs went through the engine once more, " (counted(*messages, "message", "messages")) ", with a look at the clock behind each stage ("
                (clock_ns) " ns, and in each of them). Outside the sum: another time, perhaps another machine, warm caches, no socket. "
                "The journal holds what was inside TLS and frame, so each message was framed and sealed anew (" (tls) ") and opened by the code that "
                "reads a live connection."
            }
            @for rows in rows.chunk_by(|one, next| one.connection == next.connection) {
                @if let Some(first) = rows.first() { h3 { (first.feed) } }
                (numbers("stage", rows.iter().filter(|row| row.split == "all").map(|row| (label_of(row), &row.quantiles))))
            }
        }
    }
}

/// Every stage by regime and by hour; the whole way of the market that trades is open.
pub fn splits(figures: &Figures) -> Markup {
    let mut parts = Vec::new();
    for rows in figures.latency.chunk_by(|one, next| one.connection == next.connection) {
        for stage in STAGES.into_iter().rev() {
            let is_open = parts.is_empty() && Some(stage) == shown(rows);
            let of_stage = rows.iter().filter(|row| row.split != "all" && row.stage == stage.name());
            parts.extend(part(stage, &of_stage.collect::<Vec<_>>(), is_open));
        }
    }
    html! { section { h2 { "By regime and by hour" } @for part in parts { (part) } } }
}

fn part(stage: Stage, rows: &[&Row], is_open: bool) -> Option<Markup> {
    let first = rows.first()?;
    Some(html! {
        details open=[is_open.then_some("")] {
            summary { (stage.label()) ", " (first.feed) }
            (numbers("regime or hour", rows.iter().map(|row| (split(row), &row.quantiles))))
        }
    })
}

fn split(row: &Row) -> String {
    if row.split == "hour" { format!("{} h UTC", row.level) } else { format!("{} {}", row.split, row.level) }
}

fn numbers<'a>(head: &str, rows: impl Iterator<Item = (String, &'a Quantiles)>) -> Markup {
    wide(&html! {
        table.numbers {
            thead { tr { th { (head) } th { "count" } @for (_, name) in NAMES { th { (name) } } } }
            tbody {
                @for (name, told) in rows {
                    tr {
                        td { (name) }
                        td { (grouped(told.count)) }
                        @for ns in told.listed() { td { (ns.map_or("-".to_owned(), duration)) } }
                    }
                }
            }
        }
    })
}

fn label_of(row: &Row) -> String {
    let is = |stage: &Stage| stage.name() == row.stage;
    RERUN.into_iter().find(is).map_or(row.stage, Stage::label).to_owned()
}

fn label(stage: &str) -> &'static str {
    STAGES.into_iter().find(|of| of.name() == stage).map_or("", Stage::label)
}

/// Percentiles beside those of another day.
pub fn compared(compared: &Compared) -> Markup {
    let rows: Vec<_> = compared.rows.chunk_by(|one, next| key(one) == key(next)).collect();
    html! {
        section {
            h2 {
                (compared.now.as_deref().unwrap_or("These figures")) " against " (compared.name())
            }
            p.note { "How long now, and how many times as long as then." }
            (wide(&html! {
                table.numbers {
                    thead { tr { th { "stage" } @for (_, name) in NAMES { th { (name) } } } }
                    tbody {
                        @for pairs in rows.iter().filter(|pairs| is_shown(pairs)) {
                            tr {
                                td { (title(pairs)) }
                                @for (figure, _) in NAMES { (cell(pairs, figure)) }
                            }
                        }
                    }
                }
            }))
        }
    }
}

fn key(pair: &Pair) -> (u64, &str, &str, &str) {
    (pair.connection, &pair.split, &pair.level, &pair.stage)
}

fn is_shown(pairs: &[Pair]) -> bool {
    pairs.first().is_some_and(|pair| pair.split == "all" || pair.stage == Stage::Total.name())
}

fn title(pairs: &[Pair]) -> String {
    let Some(pair) = pairs.first() else { return String::new() };
    let of = if pair.split == "all" { String::new() } else { format!(", {} {}", pair.split, pair.level) };
    format!("{}{of}, connection {}", label(&pair.stage), pair.connection)
}

fn cell(pairs: &[Pair], figure: &str) -> Markup {
    /// A percentile that is so many times as long is another one.
    const CHANGED: f64 = 1.25;
    let Some(pair) = pairs.iter().find(|pair| pair.figure == figure) else { return html! { td { "-" } } };
    let ratio = pair.ratio.map_or("-".to_owned(), |ratio| format!("×{ratio:.2}"));
    let class = match pair.ratio {
        Some(ratio) if ratio >= CHANGED => "slower",
        Some(ratio) if ratio <= 1.0 / CHANGED => "faster",
        _ => "same",
    };
    html! { td.(class) { (duration(pair.now_ns)) " " (ratio) } }
}

/// When a book could not be trusted.
pub fn gaps(figures: &Figures) -> Markup {
    let all = &figures.gaps;
    html! {
        section {
            h2 { "Gaps: when the book could not be believed" }
            @if all.is_empty() { p { "None." } } @else {
                (wide(&html! {
                    table {
                        thead { tr { th { "market" } th { "from, UTC" } th { "cause" } th { "how long" } } }
                        tbody { @for gap in all.iter().take(GAPS_MAX) { (gap_row(figures, gap)) } }
                    }
                }))
                @if all.len() > GAPS_MAX {
                    p.note { "And " (grouped((all.len() - GAPS_MAX) as u64)) " more: " code { "journal gaps JOURNAL" } " lists them all." }
                }
            }
        }
    }
}

fn gap_row(figures: &Figures, gap: &GapRow) -> Markup {
    let market = figures.coverage.markets.iter().find(|market| market.instrument == gap.instrument);
    let lasted = gap.duration_ns.map(|ns| duration(i64::try_from(ns).unwrap_or(i64::MAX)));
    html! {
        tr {
            td { @if let Some(market) = market { (market.symbol) } @else { "market " (gap.instrument) } }
            td.time { (gap.opened_utc_ns.map_or("-".to_owned(), utc)) }
            td.bad { (gap.cause) }
            td { (lasted.as_deref().unwrap_or("open at the end")) }
        }
    }
}

/// How far all of it can be believed.
pub fn caveats(figures: &Figures) -> Markup {
    let messages = &figures.coverage.messages;
    html! {
        section {
            h2 { "How to read it" }
            ul.caveats {
                li {
                    "The wait in the kernel is counted: a message begins with the kernel's receive stamp, so what queued in the socket while "
                    "the thread was busy is in its time. A read has one stamp, that of the last segment it brought: what came in an "
                    "earlier segment of the same read waited longer than is told. " (counted(messages.kernel_ahead, "stamp lay", "stamps lay")) " just behind our read, "
                    "by the error of tying UTC to our clock, told as no wait; not believed: " (grouped(messages.kernel_refused)) "."
                }
                li {
                    "Committed means that all records of a message's step are in the mapped file, as the journaling thread saw it at the end of a round of at "
                    "most 64 records: an upper bound. What the disk holds is another matter."
                }
                li {
                    "The stages from the kernel to committed sum to the total of each message, to the nanosecond; percentiles do not sum. Exchange to host is apart: "
                    "it is by two clocks and told above the least of ten to twenty minutes."
                }
                @if let Some(clocks) = figures.clocks.last() { (clock(clocks)) }
                li {
                    "A percentile with fewer than ten values beyond it is left out. Values are kept to a thousandth. Frames of the "
                    "connection's own and answers of HTTP are in no figure."
                }
            }
        }
    }
}

fn clock(clocks: &ClockRow) -> Markup {
    let words = |ns: u64| duration(i64::try_from(ns).unwrap_or(i64::MAX));
    let uncertain = Some(clocks.uncertainty_ns_max).filter(|ns| *ns > 0);
    let uncertain = uncertain.map_or("a span that is not recorded".to_owned(), words);
    html! {
        li {
            "In the last run " (counted(clocks.readings, "reading", "readings")) " tied our clock to UTC, each to within " (uncertain)
            "; between two of them UTC moved by at most " (words(clocks.moved_ns_max)) ", and a wait in the kernel is wrong by no more."
        }
        @for clock in &clocks.exchange { (offset(clock)) }
    }
}

fn offset(clock: &ClockFigures) -> Markup {
    let round_trip = clock.round_trip_ns_min.map(|ns| duration(i64::try_from(ns).unwrap_or(i64::MAX)));
    html! {
        li {
            "Connection " (clock.connection) ": " (clock.words())
            @if let Some(round_trip) = round_trip {
                ", if the quickest message took no longer than the quickest round trip of a ping, " (round_trip) ". Then a delay from the exchange is at "
                "most what is told and that round trip."
            } @else { "; without round trips of pings no more is known." }
        }
    }
}
