//! The markets of a run, side by side.

use crate::cli::grouped;
use crate::report::page::wide;
use crate::report::units::{duration, percent};
use crate::report::{MarketFigures, Report};
use maud::{Markup, html};

/// A row for each market, the one that trades first.
#[must_use]
pub fn markets(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Markets" }
            (wide(&html! {
                table.numbers {
                    thead { tr {
                        th { "market" } th { "role" } th { "connection" } th { "depth" } th { "updates" } th { "trades" }
                        th { "updates/s" } th { "proofs" } th { "gaps" } th { "trusted" } th { "delay above the least, p50" } th { "p99" }
                    } }
                    tbody { @for market in &report.summary.markets { tr { (row(market)) } } }
                }
            }))
            p.note { "A leader is followed and not traded. Delays are of updates, from the exchange to our read." }
        }
    }
}

fn row(market: &MarketFigures) -> Markup {
    let delay = |ns: Option<i64>| ns.map_or_else(|| "-".to_owned(), duration);
    html! {
        td { (market.venue) " " (market.symbol) }
        td { (market.role) }
        td { (market.connection) }
        td { (grouped(market.depth.into())) }
        td { (grouped(market.updates)) }
        td { (grouped(market.trades)) }
        td { (rate(market)) }
        td { (proofs(market)) }
        td.bad[market.gaps > 0] { (market.gaps) }
        td { @if market.feed_ns > 0 { (percent(market.trusted_ns, market.feed_ns)) } @else { "-" } }
        td { (delay(market.delay.and_then(|told| told.p50_ns))) }
        td { (delay(market.delay.and_then(|told| told.p99_ns))) }
    }
}

fn rate(market: &MarketFigures) -> String {
    let seconds = market.feed_ns as f64 / 1e9;
    if seconds > 0.0 { format!("{:.1}", market.updates as f64 / seconds) } else { "-".to_owned() }
}

fn proofs(market: &MarketFigures) -> Markup {
    let all = [
        ("checksums", market.checksums_ok.zip(market.checksums_bad)),
        ("touches", market.touches_ok.zip(market.touches_bad)),
    ];
    let told = all.into_iter().filter_map(|(name, proved)| Some((name, proved?)));
    html! {
        @for (name, (ok, bad)) in told {
            (grouped(ok)) " " (name) " ok, " span.bad[bad > 0] { (grouped(bad)) " bad" }
        }
    }
}
