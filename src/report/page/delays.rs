//! How delays lie, and how far they can be believed.

use crate::cli::counted;
use crate::report::page::wide;
use crate::report::plots::{Curve, curves};
use crate::report::spread::Percentiles;
use crate::report::units::duration;
use crate::report::{ClockFigures, Report, Summary};
use maud::{Markup, html};

/// Delays above the least are drawn from here on: stamps of exchanges have milliseconds, or microseconds.
const EXCHANGE_FLOOR_NS: i64 = 10_000;
/// Our own delays are drawn from here on: below it the clock itself is felt.
const FLOOR_NS: i64 = 100;

/// The clocks of a connection.
fn offset(summary: &Summary, clock: &ClockFigures) -> Markup {
    let moved = i64::try_from(clock.moved_ns).unwrap_or(i64::MAX);
    html! {
        li {
            @if summary.clocks.len() > 1 { "Connection " (clock.connection) ": " (clock.words()) }
            @else { "By the messages " (clock.words()) }
            @match clock.round_trip_ns_min {
                Some(ns) => {
                    ", if the quickest one took no longer than the quickest round trip of a ping, "
                    (duration(i64::try_from(ns).unwrap_or(i64::MAX))) ". Then a delay is at most what is told and that round trip"
                }
                None => { "; without round trips of pings no more is known" }
            }
            "."
            @if clock.moved_ns > 0 { " From one ten minutes to another the least difference moved by " (duration(moved)) " at most." }
        }
    }
}

/// The class of the style sheet that colours the delays of a market.
const fn class_of(market: u16) -> &'static str {
    match market {
        0 => "exchange",
        1 => "leader-1",
        2 => "leader-2",
        _ => "leader-3",
    }
}

/// Percentiles of delays, as curves and as a table.
#[must_use]
pub fn delays(report: &Report) -> Markup {
    let (summary, delays) = (&report.summary, &report.collected.delays);
    let lines = delays.exchange.iter().map(|(market, spread)| Curve { class: class_of(*market), spread });
    let exchange = curves("Delay by percentile", &lines.collect::<Vec<_>>(), EXCHANGE_FLOOR_NS);
    let own = [Curve { class: "kernel", spread: &delays.kernel }, Curve { class: "taken", spread: &delays.taken }];
    let own = summary.read_to_engine.and_then(|_| curves("Our own delay by percentile", &own, FLOOR_NS));
    let told = html! { (table(report)) (caveats(report)) };
    html! {
        section.delays {
            h2 { "Delays" }
            div.pair {
                @if let Some(plot) = &exchange {
                    figure {
                        figcaption {
                            h3 { "Exchange to our read above the least, by percentile" }
                            @for market in delays.exchange.keys() {
                                span.key.(class_of(*market)) { "updates" @if summary.markets.len() > 1 { " of " (report.name(*market)) } }
                            }
                        }
                        (wide(plot))
                    }
                }
                @if let Some(plot) = &own {
                    figure {
                        figcaption {
                            h3 { "Our own, by percentile" }
                            @if summary.kernel_to_read.is_some() { span.key.kernel { "kernel to read" } }
                            span.key.taken { "read to engine" }
                        }
                        (wide(plot))
                    }
                }
                div.whole[exchange.is_some() == own.is_some()] { (told) }
            }
        }
    }
}

fn table(report: &Report) -> Markup {
    let summary = &report.summary;
    let from_exchange = (0..).zip(&summary.markets).map(|(market, figures)| {
        let of = if summary.markets.len() > 1 { format!(", {}", report.name(market)) } else { String::new() };
        (format!("exchange to our read, above the least{of}"), ["update", "updates"], figures.delay.as_ref())
    });
    let own = [
        ("kernel to our read", ["message", "messages"], summary.kernel_to_read.as_ref()),
        ("our read to the engine", ["message", "messages"], summary.read_to_engine.as_ref()),
        ("round trip of a ping", ["ping", "pings"], summary.round_trip.as_ref()),
    ];
    let own = own.into_iter().map(|(name, unit, told)| (name.to_owned(), unit, told));
    let rows = from_exchange.chain(own).filter_map(|(name, unit, told)| Some(row(&name, unit, told?)));
    let rows = rows.collect::<Vec<_>>();
    if rows.is_empty() {
        return html! { p { "No delay was measured: no message came." } };
    }
    wide(&html! {
        table.numbers {
            thead { tr {
                th { "delay" } th { "values" } th { "least" } th { "p50" } th { "p90" } th { "p99" } th { "p99.9" } th { "max" }
            } }
            tbody { @for row in rows { (row) } }
        }
    })
}

fn row(name: &str, [one, many]: [&str; 2], told: &Percentiles) -> Markup {
    let cells = [Some(told.min_ns), told.p50_ns, told.p90_ns, told.p99_ns, told.p999_ns, Some(told.max_ns)];
    html! {
        tr {
            td { (name) }
            td { (counted(told.count, one, many)) }
            @for ns in cells { td { @if let Some(ns) = ns { (duration(ns)) } @else { "-" } } }
        }
    }
}

fn caveats(report: &Report) -> Markup {
    let summary = &report.summary;
    let uncertainty = summary.clock_uncertainty_ns_max.map(|ns| duration(i64::try_from(ns).unwrap_or(i64::MAX)));
    let moved = duration(i64::try_from(summary.clock_moved_ns_max).unwrap_or(i64::MAX));
    html! {
        ul.caveats {
            li {
                "The delay from the exchange is told above the least one: the exchange's stamp on an update of the book and "
                "our read of it are by two clocks that nothing ties together, so what the quickest message took is in the "
                "offset of the clocks. The least is that of the ten minutes of a message and of the ten before, since clocks "
                "drift."
            }
            @for clock in &summary.clocks { (offset(summary, clock)) }
            li {
                (counted(summary.clock_readings, "reading ties", "readings tie"))
                " our monotonic clock to the host's UTC, to within "
                (uncertainty.as_deref().unwrap_or("a span that is not recorded"))
                @if summary.clock_readings > 1 { "; between two of them UTC moved by at most " (moved) }
                "."
            }
            @if summary.origin == "recording" {
                li { "Our own delays are left out: an import repeats recorded times." }
            } @else if summary.kernel_to_read.is_none() && summary.messages > 0 {
                li { "The journal has no receive stamps of the kernel, so the time a message waited for its read is not known." }
            }
            li {
                "A percentile with fewer than ten values beyond it is left out; the dot is the greatest value. "
                "Values are kept to a thousandth of their distance from the least."
            }
        }
    }
}
