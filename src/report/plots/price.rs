//! Prices: best bid and ask, fair mid, trades, the desired quote; and the spread.

use super::frame::{Panel, nothing};
use super::path::Path;
use super::scale::{Scale, Ticks};
use super::time::TimeAxis;
use crate::report::leaders::Leader;
use crate::report::market::MarketSeries;
use crate::report::series::{Cell, Held, Lane};
use maud::{Markup, html};

const PRICE_HEIGHT: i32 = 270;
const QUOTE_HEIGHT: i32 = 110;
const SPREAD_HEIGHT: i32 = 80;
const BASIS_HEIGHT: i32 = 110;
const Q16: f64 = 65_536.0;

/// The range of the best prices and the trades, ticks.
fn touch_range(market: &MarketSeries) -> Option<(i64, i64)> {
    let prints = market.prints.iter().flat_map(|prints| [prints.bought, prints.sold]).flatten();
    union(prints.chain(market.bid.range()).chain(market.ask.range()))
}

fn quote_range(market: &MarketSeries) -> Option<(i64, i64)> {
    union([market.quote_bid.range(), market.quote_ask.range()].into_iter().flatten())
}

fn union(ranges: impl Iterator<Item = (i64, i64)>) -> Option<(i64, i64)> {
    ranges.reduce(|all, range| (all.0.min(range.0), all.1.max(range.1)))
}

/// Whether the desired quote lies so near the best prices that both fit one plot; else it has its own.
#[must_use]
pub fn quote_fits(market: &MarketSeries) -> bool {
    let (Some((low, high)), Some((quote_low, quote_high))) = (touch_range(market), quote_range(market)) else {
        return true;
    };
    let room = high.saturating_sub(low);
    quote_low >= low.saturating_sub(room) && quote_high <= high.saturating_add(room)
}

/// Prices of the market, whose ticks have `precision` decimals.
#[must_use]
pub fn price(market: &MarketSeries, trust: &Lane, time: &TimeAxis, precision: u8) -> Markup {
    let (top, bottom) = Panel::place(PRICE_HEIGHT);
    let with_quote = quote_fits(market);
    let quotes = quote_range(market).filter(|_| with_quote);
    let Some(range) = union(touch_range(market).into_iter().chain(quotes)) else {
        return empty("Price", PRICE_HEIGHT, "no book was believed and no trade came: there is no price", trust, time);
    };
    let scale = Scale::linear(roomy(range), (bottom, top));
    let line = |held: &Held, unit: f64| steps(held.cells(), time, &|value| scale.at(value as f64 / unit));
    let content = html! {
        @if with_quote { (quote_lines(market, time, &scale)) }
        path.bid d=(line(&market.bid, 1.0)) {}
        path.ask d=(line(&market.ask, 1.0)) {}
        path.fair d=(line(&market.fair_q16, Q16)) {}
        (marks(market, time, &scale))
    };
    let left = price_names(&scale, precision, 6);
    Panel { label: "Price over time", height: PRICE_HEIGHT, left, right: Vec::new() }.draw(time, Some(trust), &content)
}

/// The desired quote, with the best prices between its sides.
#[must_use]
pub fn quote(market: &MarketSeries, trust: &Lane, time: &TimeAxis, precision: u8) -> Markup {
    let (top, bottom) = Panel::place(QUOTE_HEIGHT);
    let Some(range) = union(quote_range(market).into_iter().chain(touch_range(market))) else {
        return empty("Desired quote", QUOTE_HEIGHT, "no quote was wanted", trust, time);
    };
    let scale = Scale::linear(roomy(range), (bottom, top));
    let line = |held: &Held| steps(held.cells(), time, &|value| scale.at(value as f64));
    let content = html! {
        path.bid d=(line(&market.bid)) {}
        path.ask d=(line(&market.ask)) {}
        (quote_lines(market, time, &scale))
    };
    let left = price_names(&scale, precision, 4);
    Panel { label: "Desired quote over time", height: QUOTE_HEIGHT, left, right: Vec::new() }.draw(
        time,
        Some(trust),
        &content,
    )
}

/// The spread in ticks, and in the quote currency on the right.
#[must_use]
pub fn spread(market: &MarketSeries, trust: &Lane, time: &TimeAxis, precision: u8) -> Markup {
    let (top, bottom) = Panel::place(SPREAD_HEIGHT);
    let Some((_, high)) = market.spread.range() else {
        return empty("Spread", SPREAD_HEIGHT, "no book was believed: there is no spread", trust, time);
    };
    let scale = Scale::linear((0.0, high as f64 * 1.08), (bottom, top));
    let content = html! {
        path.spread d=(steps(market.spread.cells(), time, &|value| scale.at(value as f64))) {}
    };
    let left = scale.whole_ticks(4).values.into_iter().map(|value| (scale.at(value), trimmed(value, 0)));
    let right = price_names(&scale, precision, 4);
    Panel { label: "Spread over time", height: SPREAD_HEIGHT, left: left.collect(), right }.draw(
        time,
        Some(trust),
        &content,
    )
}

/// What is told of a leader, in its quote currency.
#[must_use]
pub fn basis(leader: &Leader, trust: &Lane, time: &TimeAxis) -> Markup {
    const HALVES: f64 = 2.0;
    let label = if leader.is_basis { "Basis over time" } else { "Mid of a leader over time" };
    let (top, bottom) = Panel::place(BASIS_HEIGHT);
    let Some((low, high)) = leader.values.range() else {
        return empty(label, BASIS_HEIGHT, "its book and ours were never believed at once", trust, time);
    };
    let (from, to) = roomy((low, high));
    let scale = Scale::linear((from / HALVES, to / HALVES), (bottom, top));
    let line = steps(leader.values.cells(), time, &|value| scale.at(value as f64 / HALVES));
    let left = price_names(&scale, leader.precision, 4);
    Panel { label, height: BASIS_HEIGHT, left, right: Vec::new() }.draw(
        time,
        Some(trust),
        &html! { path.basis d=(line) {} },
    )
}

fn empty(label: &str, height: i32, why: &str, trust: &Lane, time: &TimeAxis) -> Markup {
    Panel { label, height, left: Vec::new(), right: Vec::new() }.draw(time, Some(trust), &nothing(height, why))
}

/// A little more than the range, so that no line lies on the edge.
fn roomy((low, high): (i64, i64)) -> (f64, f64) {
    let room = (high.saturating_sub(low) as f64 * 0.04).max(1.0);
    (low as f64 - room, high as f64 + room)
}

/// Names of prices on an axis of ticks, with the decimals that tell them apart.
fn price_names(scale: &Scale, precision: u8, most: u32) -> Vec<(i32, String)> {
    let tick = 10_f64.powi(-i32::from(precision));
    let Ticks { values, step } = scale.whole_ticks(most);
    let decimals = Ticks { values: Vec::new(), step: step * tick * 1.000_001 }.decimals();
    values.into_iter().map(|value| (scale.at(value), trimmed(value * tick, decimals))).collect()
}

fn trimmed(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

fn quote_lines(market: &MarketSeries, time: &TimeAxis, scale: &Scale) -> Markup {
    let line = |held: &Held| steps(held.cells(), time, &|value| scale.at(value as f64));
    html! {
        path.quote.bid d=(line(&market.quote_bid)) {}
        path.quote.ask d=(line(&market.quote_ask)) {}
    }
}

/// Trades: the lowest and the highest of each step, by side. The tip is the price.
fn marks(market: &MarketSeries, time: &TimeAxis, scale: &Scale) -> Markup {
    let [mut bought, mut sold] = [Path::default(), Path::default()];
    for (step, prints) in market.prints.iter().enumerate() {
        let x = i32::midpoint(time.step(step), time.step(step + 1));
        for (path, range, points_up) in [(&mut bought, prints.bought, true), (&mut sold, prints.sold, false)] {
            let Some((low, high)) = range.map(|(low, high)| (scale.at(low as f64), scale.at(high as f64))) else {
                continue;
            };
            path.triangle(x, low, points_up);
            if high != low {
                path.triangle(x, high, points_up);
            }
        }
    }
    html! {
        path.bought d=(bought.into_text()) {}
        path.sold d=(sold.into_text()) {}
    }
}

/// A value that holds until it changes: in each step a line through all values in force, then the last one goes on.
fn steps(cells: &[Cell], time: &TimeAxis, y: &impl Fn(i64) -> i32) -> String {
    let mut path = Path::default();
    for (step, cell) in cells.iter().enumerate() {
        let Some((low, high)) = cell.range else {
            path.lift();
            continue;
        };
        if !path.is_down() {
            path.start(time.step(step), y(low));
        }
        path.upright(y(low));
        path.upright(y(high));
        match cell.last {
            Some(last) => {
                path.upright(y(last));
                path.across(time.step(step + 1));
            }
            None => path.lift(),
        }
    }
    path.into_text()
}
