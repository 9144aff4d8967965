//! The frame of a panel: grid lines, what the axes name, and what goes over all panels.

use super::path::Path;
use super::time::{PLOT_LEFT, PLOT_RIGHT, TimeAxis};
use crate::report::series::{Lane, Rank};
use maud::{Markup, html};

/// Width of a panel, points.
pub const WIDTH: i32 = 1_200;
/// Room above a plot and below it, tenths of a point.
const ABOVE: i32 = 60;
const BELOW: i32 = 220;

/// A panel over the axis of time.
#[derive(Debug)]
pub struct Panel<'a> {
    /// What it shows, for those who hear it.
    pub label: &'a str,
    /// Height of the plot, points.
    pub height: i32,
    /// Places on the left axis, tenths of a point, and their names.
    pub left: Vec<(i32, String)>,
    /// The same on the right.
    pub right: Vec<(i32, String)>,
}

impl Panel<'_> {
    /// Top and bottom of a plot of `height` points, tenths of a point.
    #[must_use]
    pub const fn place(height: i32) -> (i32, i32) {
        (ABOVE, ABOVE + height * 10)
    }

    /// The panel with its content, over the shading.
    #[must_use]
    pub fn draw(&self, time: &TimeAxis, shading: Option<&Lane>, content: &Markup) -> Markup {
        let (top, bottom) = Self::place(self.height);
        let ticks = time.ticks();
        let mut lines = Path::default();
        for (y, _) in &self.left {
            lines.start(PLOT_LEFT, *y);
            lines.across(PLOT_RIGHT);
        }
        for (x, _) in &ticks {
            lines.start(*x, top);
            lines.upright(bottom);
        }
        let mut edge = Path::default();
        edge.rect((PLOT_LEFT, PLOT_RIGHT), (top, bottom));
        html! {
            svg.plot viewBox=(format!("0 0 {WIDTH} {}", (bottom + BELOW) / 10)) role="img" aria-label=(self.label) {
                path.lines d=(lines.into_text()) {}
                @if let Some(lane) = shading { (shade(lane, time, top, bottom)) }
                (content)
                path.edge d=(edge.into_text()) {}
                path.cursor d=(format!("M0 {}V{}", point(top), point(bottom))) {}
                @for (y, name) in &self.left { text.left x=(point(PLOT_LEFT - 60)) y=(point(y + 38)) { (name) } }
                @for (y, name) in &self.right { text.right x=(point(PLOT_RIGHT + 60)) y=(point(y + 38)) { (name) } }
                @for (x, name) in &ticks { text.below x=(point(*x)) y=(point(bottom + 160)) { (name) } }
            }
        }
    }
}

/// Stretches in which the book was not believed.
fn shade(lane: &Lane, time: &TimeAxis, top: i32, bottom: i32) -> Markup {
    let [mut gaps, mut untried] = [Path::default(), Path::default()];
    for (from, to, state) in lane.stretches() {
        let path = match state.rank {
            Rank::Good => continue,
            Rank::Idle | Rank::Warm => &mut untried,
            Rank::Bad => &mut gaps,
        };
        path.rect((time.step(from), time.step(to)), (top, bottom));
    }
    html! {
        path.untried d=(untried.into_text()) {}
        path.gap d=(gaps.into_text()) {}
    }
}

/// Tenths of a point as a number of points.
#[must_use]
pub fn point(tenths: i32) -> String {
    format!("{}", f64::from(tenths) / 10.0)
}

/// A panel that has nothing to draw says why.
#[must_use]
pub fn nothing(height: i32, why: &str) -> Markup {
    let (top, bottom) = Panel::place(height);
    html! { text.nothing x=(WIDTH / 2) y=(point(i32::midpoint(top, bottom) + 40)) { (why) } }
}
