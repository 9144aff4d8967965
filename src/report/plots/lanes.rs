//! The health of the feed, and regimes: what was in force when, lane by lane.

use super::frame::{Panel, point};
use super::path::Path;
use super::time::TimeAxis;
use super::time::{PLOT_LEFT, PLOT_RIGHT};
use crate::report::series::{Lane, RANKS, Rank};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// Height of a lane, and of the bar in it, tenths of a point.
const LANE: i32 = 240;
const BAR: i32 = 160;
/// Width of a letter, tenths of a point, with some room.
const LETTER: i32 = 66;

/// What was told, by step: how bad and in one word.
pub type Marks = BTreeMap<usize, (Rank, &'static str)>;

/// Lanes with their names, and a last one with what was told, if anything was.
#[must_use]
pub fn lanes(label: &'static str, named: &[(String, &Lane)], marks: &Marks, time: &TimeAxis) -> Markup {
    let count = named.len() as i32 + i32::from(!marks.is_empty());
    let height = count * LANE / 10;
    let (top, _) = Panel::place(height);
    let at = |place: usize| top + place as i32 * LANE + (LANE - BAR) / 2;
    let left = |name: &str, y: i32| html! { text.left x=(point(PLOT_LEFT - 60)) y=(point(y + 118)) { (name) } };
    let content = html! {
        @for (place, (name, lane)) in named.iter().enumerate() {
            (left(name, at(place)))
            (bars(lane, time, at(place)))
        }
        @if !marks.is_empty() {
            (left("told", at(named.len())))
            (told(marks, time, at(named.len())))
        }
    };
    Panel { label, height, left: Vec::new(), right: Vec::new() }.draw(time, None, &content)
}

const fn class(rank: Rank) -> &'static str {
    match rank {
        Rank::Good => "good",
        Rank::Idle => "idle",
        Rank::Warm => "warm",
        Rank::Bad => "bad",
    }
}

fn bars(lane: &Lane, time: &TimeAxis, y: i32) -> Markup {
    let mut paths = RANKS.map(|rank| (rank, Path::default()));
    let mut labels = Vec::new();
    for (from, to, state) in lane.stretches() {
        let (left, right) = (time.step(from), time.step(to));
        if let Some((_, path)) = paths.iter_mut().find(|(rank, _)| *rank == state.rank) {
            path.rect((left, right), (y, y + BAR));
        }
        if right - left > LETTER * (state.label.len() as i32 + 1) {
            labels.push((i32::midpoint(left, right), state));
        }
    }
    html! {
        @for (rank, path) in paths { path class=(class(rank)) d=(path.into_text()) {} }
        @for (x, state) in labels {
            text.within.(class(state.rank)) x=(point(x)) y=(point(y + 118)) { (state.label) }
        }
    }
}

/// A mark for each step in which something was told; named where there is room to the right.
fn told(marks: &Marks, time: &TimeAxis, y: i32) -> Markup {
    let middle = |step: usize| i32::midpoint(time.step(step), time.step(step + 1));
    let mut paths = RANKS.map(|rank| (rank, Path::default()));
    let mut labels = Vec::new();
    let mut next = marks.keys().skip(1).map(|step| middle(*step));
    for (step, (rank, label)) in marks {
        let x = middle(*step);
        if let Some((_, path)) = paths.iter_mut().find(|(of, _)| of == rank) {
            path.rect((x - 15, x + 15), (y, y + BAR));
        }
        let end = next.next().unwrap_or(PLOT_RIGHT);
        if end - x > LETTER * (label.len() as i32 + 1) {
            labels.push((x + 50, *label));
        }
    }
    html! {
        @for (rank, path) in paths { path class=(class(rank)) d=(path.into_text()) {} }
        @for (x, label) in labels { text.beside x=(point(x)) y=(point(y + 118)) { (label) } }
    }
}
