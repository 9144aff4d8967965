//! How delays lie: curves over percentiles, the rare ones stretched out.

use super::frame::point;
use super::path::Path;
use super::scale::Scale;
use crate::report::spread::Spread;
use crate::report::units::duration;
use maud::{Markup, html};

const WIDTH: i32 = 590;
const LEFT: i32 = 720;
const RIGHT: i32 = 5_560;
const TOP: i32 = 60;
const BOTTOM: i32 = 2_300;
/// Percentiles that the axis names: one of how many values lies beyond.
const NAMED: [(f64, &str); 7] = [
    (1.0, "0 %"),
    (2.0, "50 %"),
    (10.0, "90 %"),
    (100.0, "99 %"),
    (1_000.0, "99.9 %"),
    (10_000.0, "99.99 %"),
    (100_000.0, "99.999 %"),
];

/// Delays that are drawn as one curve.
pub struct Curve<'a> {
    /// The class of the style sheet that colours it.
    pub class: &'a str,
    /// The delays.
    pub spread: &'a Spread,
}

/// Curves on one pair of axes; none when there is nothing to draw. Values below `floor_ns` lie at the bottom.
#[must_use]
pub fn curves(label: &str, all: &[Curve<'_>], floor_ns: i64) -> Option<Markup> {
    let drawn: Vec<_> = all.iter().filter_map(|curve| Some((curve, curve.spread.percentiles()?))).collect();
    let ranges = drawn.iter().map(|(_, told)| (told.min_ns, told.max_ns));
    let (min, max) = ranges.reduce(|all, range| (all.0.min(range.0), all.1.max(range.1)))?;
    let tens = drawn.iter().map(|(curve, _)| curve.spread.tens()).fold(1.0, f64::max);
    let across = Scale::linear((0.0, tens * 1.02), (LEFT, RIGHT));
    let up = Scale::fitting((min.max(floor_ns) as f64, max as f64), (BOTTOM, TOP));
    let left: Vec<_> = up.ticks(6).values.into_iter().map(|ns| (up.at(ns), duration(ns as i64))).collect();
    let named = NAMED.into_iter().map(|(of, name)| (of.log10(), name)).filter(|(at, _)| *at <= tens);
    let below: Vec<_> = named.map(|(at, name)| (across.at(at), name)).collect();
    let mut lines = Path::default();
    left.iter().for_each(|(y, _)| {
        lines.start(LEFT, *y);
        lines.across(RIGHT);
    });
    below.iter().for_each(|(x, _)| {
        lines.start(*x, TOP);
        lines.upright(BOTTOM);
    });
    let mut edge = Path::default();
    edge.rect((LEFT, RIGHT), (TOP, BOTTOM));
    Some(html! {
        svg.curves viewBox=(format!("0 0 {WIDTH} 252")) role="img" aria-label=(label) {
            path.lines d=(lines.into_text()) {}
            @for (curve, _) in &drawn { (draw(curve, &across, &up)) }
            path.edge d=(edge.into_text()) {}
            @for (y, name) in &left { text.left x=(point(LEFT - 60)) y=(point(y + 38)) { (name) } }
            @for (x, name) in &below { text.below x=(point(*x)) y=(point(BOTTOM + 160)) { (name) } }
        }
    })
}

/// The curve as far as percentiles are told, and the greatest value by itself.
fn draw(curve: &Curve<'_>, across: &Scale, up: &Scale) -> Markup {
    let mut path = Path::default();
    for (tens, ns) in curve.spread.curve() {
        path.line(across.at(tens), up.at(ns as f64));
    }
    let max = curve.spread.percentiles().map(|told| (across.at(curve.spread.tens()), up.at(told.max_ns as f64)));
    html! {
        path.curve.(curve.class) d=(path.into_text()) {}
        @if let Some((x, y)) = max { circle.(curve.class) cx=(point(x)) cy=(point(y)) r="4" {} }
    }
}
