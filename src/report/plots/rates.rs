//! Messages a second, and how they bunch.

use super::frame::{Panel, nothing};
use super::path::Path;
use super::scale::Scale;
use super::time::TimeAxis;
use crate::report::messages::{Bin, Messages};
use crate::report::series::Lane;
use maud::{Markup, html};

const RATE_HEIGHT: i32 = 90;
const BURST_HEIGHT: i32 = 60;

/// Messages a second: the book's, trades and others, one upon the other.
#[must_use]
pub fn rates(messages: &Messages, trust: &Lane, time: &TimeAxis) -> Markup {
    let step_s = messages.grid().step_ns as f64 / 1e9;
    let rate = |count: u64| count as f64 / step_s;
    let most = messages.bins().iter().map(|bin| bin.counts.total()).max().unwrap_or(0);
    let scale = scale_to(rate(most), RATE_HEIGHT);
    let [mut book, mut trade, mut other] = [Path::default(), Path::default(), Path::default()];
    for (step, bin) in messages.bins().iter().enumerate() {
        let counts = bin.counts;
        let mut below = 0;
        for (path, count) in [(&mut book, counts.book), (&mut trade, counts.trade), (&mut other, counts.other)] {
            if count > 0 {
                let places = (scale.at(rate(below + count)), scale.at(rate(below)));
                path.rect(sides(messages, time, step), places);
            }
            below += count;
        }
    }
    let content = html! {
        path.of-book d=(book.into_text()) {}
        path.of-trade d=(trade.into_text()) {}
        path.of-other d=(other.into_text()) {}
    };
    let content = or_nothing(messages, RATE_HEIGHT, content);
    draw("Messages a second over time", RATE_HEIGHT, &scale, trust, time, &content)
}

/// Most messages in any 100 ms, step by step.
#[must_use]
pub fn bursts(messages: &Messages, trust: &Lane, time: &TimeAxis) -> Markup {
    let scale = scale_to(messages.bursts().1 as f64, BURST_HEIGHT);
    let mut bars = Path::default();
    for (step, Bin { burst, .. }) in messages.bins().iter().enumerate().filter(|(_, bin)| bin.burst > 0) {
        bars.rect(sides(messages, time, step), (scale.at(*burst as f64), scale.at(0.0)));
    }
    let content = or_nothing(messages, BURST_HEIGHT, html! { path.burst d=(bars.into_text()) {} });
    draw("Most messages in 100 ms over time", BURST_HEIGHT, &scale, trust, time, &content)
}

fn or_nothing(messages: &Messages, height: i32, content: Markup) -> Markup {
    if messages.bursts().1 > 0 { content } else { nothing(height, "no message came") }
}

fn scale_to(most: f64, height: i32) -> Scale {
    let (top, bottom) = Panel::place(height);
    Scale::linear((0.0, (most * 1.08).max(1.0)), (bottom, top))
}

fn sides(messages: &Messages, time: &TimeAxis, step: usize) -> (i32, i32) {
    let grid = messages.grid();
    let at = |step: usize| time.at(grid.start_ns.saturating_add(grid.step_ns.saturating_mul(step as u64)));
    (at(step), at(step + 1))
}

fn draw(label: &str, height: i32, scale: &Scale, trust: &Lane, time: &TimeAxis, content: &Markup) -> Markup {
    let left = scale.whole_ticks(4).values.into_iter().map(|value| (scale.at(value), format!("{value:.0}"))).collect();
    Panel { label, height, left, right: Vec::new() }.draw(time, Some(trust), content)
}
