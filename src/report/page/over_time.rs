//! The plots that share the axis of time.

use crate::report::Report;
use crate::report::leaders::Leader;
use crate::report::page::wide;
use crate::report::plots::{TimeAxis, basis, bursts, delay, lanes, price, quote, quote_fits, rates, spread};
use crate::report::series::Lane;
use crate::report::units::duration;
use hotpath::quote::{Reason, reason_name};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Price, spread, messages, health and delay, one above the other.
#[must_use]
pub fn over_time(report: &Report) -> Markup {
    let market = &report.collected.market;
    let Some(trust) = report.trust.first() else { return html! {} };
    let time = TimeAxis::over(report.collected.grid, report.times);
    let precision = report.precision();
    let currency = report.currency();
    let messages = &report.collected.messages;
    html! {
        section.over-time {
            h2 { "Over time" }
            p.note {
                "One axis of time for all" @if report.summary.first_utc_ns.is_some() { ", UTC" } ". A step is "
                (duration(report.collected.grid.step_ns.cast_signed())) ": a line goes through every value of a step, "
                "and of several states in one the worst is shown. " span.key.gap { "no trusted book" } " "
                span.key.untried { "no book yet" }
            }
            (figure(&html! { "Price, " (currency) }, &price_keys(report), &price(market, trust, &time, precision)))
            @if !quote_fits(market) {
                (figure(&html! { "Desired quote, " (currency) }, &quote_keys(), &quote(market, trust, &time, precision)))
            }
            @for leader in &report.collected.leaders.all {
                (followed(report, leader, &time))
            }
            (figure(
                &html! { "Spread, ticks" },
                &html! { span.note { "right: " (currency) } },
                &spread(market, trust, &time, precision),
            ))
            (figure(&html! { "Messages a second" }, &rate_keys(report), &rates(messages, trust, &time)))
            (figure(
                &html! { "Bursts: most messages in 100 ms" },
                &html! { span.note { "in any 100 ms that end in the step" } },
                &bursts(messages, trust, &time),
            ))
            (figure(
                &html! { "Health" },
                &html! {
                    span.key.good { "as it should be" } span.key.idle { "not yet, or not wanted" } span.key.bad { "wrong" }
                    @if was_closed(&market.quoting) {
                        span.note { "quote, venue-status: the exchange takes no orders that only rest, as in maintenance; the book may be trusted" }
                    }
                },
                &lanes("Health of the feed over time", &named_lanes(report), &report.collected.marks, &time),
            ))
            (figure(
                &html! { "Regimes" },
                &html! {
                    span.key.idle { "calm, quiet, normal" } span.key.warm { "active, volatile" }
                    span.key.bad { "burst, degraded" }
                },
                &lanes("Regimes over time", &report.collected.regimes.lanes().collect::<Vec<_>>(), &BTreeMap::new(), &time),
            ))
            (figure(
                &html! { "Delay, exchange to our read, above the least" },
                &html! { span.key.range { "least to greatest" } span.key.median { "median" } },
                &delay(&report.collected.delays.band, trust, &time),
            ))
        }
    }
}

/// A leader: how far its mid is from the traded market's, or where it is.
fn followed(report: &Report, leader: &Leader, time: &TimeAxis) -> Markup {
    let name = report.name(leader.instrument);
    let Some(trust) = report.trust.get(usize::from(leader.instrument)) else { return html! {} };
    let (head, key) = if leader.is_basis {
        (html! { "Basis: mid of " (name) " less ours, " (report.currency()) }, "leads where it moves first")
    } else {
        (html! { "Mid of " (name) }, "in its own quote currency")
    };
    figure(&head, &html! { span.key.basis { "mid" } span.note { (key) } }, &basis(leader, trust, time))
}

fn figure(name: &Markup, keys: &Markup, plot: &Markup) -> Markup {
    html! { figure { figcaption { h3 { (name) } (keys) } (wide(plot)) } }
}

fn price_keys(report: &Report) -> Markup {
    let market = &report.collected.market;
    html! {
        span.key.bid { "best bid" } span.key.ask { "best ask" } span.key.fair { "fair mid" }
        @if quote_fits(market) && market.quote_bid.range().is_some() {
            span.key.quote.bid { "desired bid" } span.key.quote.ask { "desired ask" }
        }
        @if market.trades > 0 {
            span.key.bought { "▲ taker bought" } span.key.sold { "▼ taker sold" }
            span.note { "lowest and highest of a step" }
        }
    }
}

fn quote_keys() -> Markup {
    html! {
        span.key.quote.bid { "desired bid" } span.key.quote.ask { "desired ask" }
        span.key.bid { "best bid" } span.key.ask { "best ask" }
        span.note { "too far from the best prices for the plot above" }
    }
}

fn rate_keys(report: &Report) -> Markup {
    let step_ns = report.collected.messages.grid().step_ns;
    html! {
        span.key.of-book { "book" } span.key.of-trade { "trade" } span.key.of-other { "other" }
        span.note { "counted over " (duration(step_ns.cast_signed())) }
    }
}

/// Connections by number, the book, the quote.
fn named_lanes(report: &Report) -> Vec<(String, &Lane)> {
    let connections = report.collected.connections.iter();
    let mut lanes: Vec<_> = connections.map(|(number, lane)| (format!("connection {number}"), lane)).collect();
    for (market, lane) in (0..).zip(&report.trust) {
        lanes.push((if market == 0 { "book".to_owned() } else { format!("leader {market}") }, lane));
    }
    lanes.push(("quote".to_owned(), &report.collected.market.quoting));
    lanes
}

/// Whether the exchange's own status kept a quote away for some time.
fn was_closed(quoting: &Lane) -> bool {
    quoting.stretches().any(|(_, _, state)| state.label == reason_name(Reason::VenueStatus as u16))
}
