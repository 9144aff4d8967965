//! How delays lie, and how far they can be believed.

use crate::cli::grouped;
use crate::report::plots::{Curve, curves};
use crate::report::spread::Percentiles;
use crate::report::units::duration;
use crate::report::{Report, Summary};
use maud::{Markup, html};

/// Our own delays are drawn from here on: below it the clock itself is felt.
const FLOOR_NS: i64 = 100;

/// Percentiles of delays, as curves and as a table.
#[must_use]
pub fn delays(report: &Report) -> Markup {
    let (summary, delays) = (&report.summary, &report.collected.delays);
    let exchange = curves("Delay by percentile", &[Curve { class: "exchange", spread: &delays.exchange }], i64::MIN);
    let own = [Curve { class: "kernel", spread: &delays.kernel }, Curve { class: "taken", spread: &delays.taken }];
    let own = summary.read_to_engine.and_then(|_| curves("Our own delay by percentile", &own, FLOOR_NS));
    let told = html! { (table(summary)) (caveats(summary)) };
    html! {
        section.delays {
            h2 { "Delays" }
            div.pair {
                @if let Some(plot) = &exchange {
                    figure { figcaption { h3 { "Exchange to our read, by percentile" } span.key.exchange { "updates of the book" } } (plot) }
                }
                @if let Some(plot) = &own {
                    figure {
                        figcaption {
                            h3 { "Our own, by percentile" }
                            @if summary.kernel_to_read.is_some() { span.key.kernel { "kernel to read" } }
                            span.key.taken { "read to engine" }
                        }
                        (plot)
                    }
                }
                div.whole[exchange.is_some() == own.is_some()] { (told) }
            }
        }
    }
}

fn table(summary: &Summary) -> Markup {
    let rows = [
        ("exchange to our read", "updates", summary.delay.as_ref()),
        ("kernel to our read", "messages", summary.kernel_to_read.as_ref()),
        ("our read to the engine", "messages", summary.read_to_engine.as_ref()),
        ("round trip of a ping", "pings", summary.round_trip.as_ref()),
    ];
    let rows = rows.into_iter().filter_map(|(name, unit, told)| Some(row(name, unit, told?))).collect::<Vec<_>>();
    if rows.is_empty() {
        return html! { p { "No delay was measured: no message came." } };
    }
    html! {
        table.numbers {
            thead { tr {
                th { "delay" } th { "values" } th { "least" } th { "p50" } th { "p90" } th { "p99" } th { "p99.9" } th { "max" }
            } }
            tbody { @for row in rows { (row) } }
        }
    }
}

fn row(name: &str, unit: &str, told: &Percentiles) -> Markup {
    let cells = [Some(told.min_ns), told.p50_ns, told.p90_ns, told.p99_ns, told.p999_ns, Some(told.max_ns)];
    html! {
        tr {
            td { (name) }
            td { (grouped(told.count)) " " (unit) }
            @for ns in cells { td { @if let Some(ns) = ns { (duration(ns)) } @else { "-" } } }
        }
    }
}

fn caveats(summary: &Summary) -> Markup {
    let uncertainty = summary.clock_uncertainty_ns_max.map(|ns| duration(i64::try_from(ns).unwrap_or(i64::MAX)));
    let moved = duration(i64::try_from(summary.clock_moved_ns_max).unwrap_or(i64::MAX));
    html! {
        ul.caveats {
            li {
                "The delay from the exchange is the difference of two clocks: the exchange's stamp on an update of the "
                "book, and our read of its bytes in the host's UTC. Differences between delays are sound; their level "
                "holds only as far as both clocks agree, and nothing in a journal tells how far that is."
                @if summary.delay.is_some_and(|told| told.min_ns < 0) {
                    " " strong { "Negative delays are shown as measured: the host's clock is behind the exchange's." }
                }
            }
            li {
                (grouped(summary.clock_readings))
                @if summary.clock_readings == 1 { " reading ties" } @else { " readings tie" }
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
