//! The delay from the exchange to our read over time.

use super::frame::{Panel, nothing};
use super::path::Path;
use super::scale::Scale;
use super::time::TimeAxis;
use crate::report::series::{Band, Lane};
use crate::report::units::duration;
use maud::{Markup, html};

const HEIGHT: i32 = 130;

/// From the least to the greatest delay of each step, and the middle one.
#[must_use]
pub fn delay(band: &Band, trust: &Lane, time: &TimeAxis) -> Markup {
    let spots = || band.cells().iter().enumerate().filter_map(|(step, spot)| Some((step, (*spot)?)));
    let range = spots().map(|(_, spot)| (spot.min, spot.max));
    let range = range.reduce(|all, range| (all.0.min(range.0), all.1.max(range.1)));
    let panel = |left| Panel { label: "Delay over time", height: HEIGHT, left, right: Vec::new() };
    let Some((min, max)) = range else {
        let why = "no update of the book with the exchange's time on it was read";
        return panel(Vec::new()).draw(time, Some(trust), &nothing(HEIGHT, why));
    };
    let (top, bottom) = Panel::place(HEIGHT);
    let scale = Scale::fitting((min as f64, max as f64), (bottom, top));
    let [mut area, mut median] = [Path::default(), Path::default()];
    for (step, spot) in spots() {
        let (left, right) = (time.step(step), time.step(step + 1));
        // A band of one value is still seen.
        let (high, low) = (scale.at(spot.max as f64), scale.at(spot.min as f64));
        area.rect((left, right), (high.min(low - 8), low));
        median.start(left, scale.at(spot.median as f64));
        median.across(right);
    }
    let content = html! {
        path.range d=(area.into_text()) {}
        path.median d=(median.into_text()) {}
    };
    let left = scale.ticks(5).values.into_iter().map(|ns| (scale.at(ns), duration(ns as i64))).collect();
    panel(left).draw(time, Some(trust), &content)
}
