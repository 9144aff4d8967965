//! Percentiles of several sets of values beside each other: a row for each, on one axis.

use super::frame::{WIDTH, point};
use super::path::Path;
use super::scale::Scale;
use crate::cli::{counted, grouped};
use crate::report::units::duration;
use maud::{Markup, html};

const LEFT: i32 = 1_560;
const RIGHT: i32 = 10_900;
const TOP: i32 = 60;
/// Height of a row, tenths of a point.
const ROW: i32 = 240;
/// Half of the size of a mark.
const MARK: i32 = 45;

/// The percentiles of a row, nanoseconds; none where too few values lie beyond.
#[derive(Clone, Debug)]
pub struct Rung {
    /// What the row is one of.
    pub group: &'static str,
    /// Which one.
    pub name: String,
    /// Values.
    pub count: u64,
    /// Half of the values are at most this.
    pub p50_ns: Option<i64>,
    /// 99 of 100.
    pub p99_ns: Option<i64>,
    /// 999 of 1,000.
    pub p999_ns: Option<i64>,
    /// The greatest.
    pub max_ns: i64,
}

impl Rung {
    /// What is drawn of it, with the class that colours it and what it is called.
    fn marks(&self) -> impl Iterator<Item = (&'static str, &'static str, i64)> {
        let all = [("p50", "p50", self.p50_ns), ("p99", "p99", self.p99_ns), ("p999", "p99.9", self.p999_ns)];
        let max = ("max", "max", Some(self.max_ns));
        all.into_iter().chain([max]).filter_map(|(class, name, ns)| Some((class, name, ns?)))
    }

    fn words(&self) -> String {
        let marks: Vec<_> = self.marks().map(|(_, name, ns)| format!("{name} {}", duration(ns))).collect();
        let count = counted(self.count, "value", "values");
        format!("{} {}: {count}, {}", self.group, self.name, marks.join(", "))
    }
}

/// The rows, one below the other; none when there is none. Values below `floor_ns` lie at the left.
#[must_use]
pub fn rungs(label: &str, rows: &[Rung], floor_ns: i64) -> Option<Markup> {
    let values = || rows.iter().flat_map(|row| row.marks().map(|(.., ns)| ns.max(floor_ns)));
    let (min, max) = (values().min()?, values().max()?);
    let across = Scale::fitting((min as f64, max as f64), (LEFT, RIGHT));
    let bottom = TOP + rows.len() as i32 * ROW;
    let ticks: Vec<_> = across.ticks(8).values.into_iter().map(|ns| (across.at(ns), duration(ns as i64))).collect();
    let mut lines = Path::default();
    for (x, _) in &ticks {
        lines.start(*x, TOP);
        lines.upright(bottom);
    }
    let mut edges = Path::default();
    edges.rect((LEFT, RIGHT), (TOP, bottom));
    for (place, pair) in rows.windows(2).enumerate() {
        if pair[0].group != pair[1].group {
            edges.start(0, TOP + (place as i32 + 1) * ROW);
            edges.across(WIDTH * 10);
        }
    }
    Some(html! {
        svg.rungs viewBox=(format!("0 0 {WIDTH} {}", (bottom + 220) / 10)) role="img" aria-label=(label) {
            path.lines d=(lines.into_text()) {}
            path.edge d=(edges.into_text()) {}
            @for (place, row) in rows.iter().enumerate() { (draw(row, &across, TOP + place as i32 * ROW + ROW / 2)) }
            @for (x, name) in &ticks { text.below x=(point(*x)) y=(point(bottom + 160)) { (name) } }
        }
    })
}

fn draw(row: &Rung, across: &Scale, y: i32) -> Markup {
    let marks: Vec<_> = row.marks().map(|(class, _, ns)| (class, across.at(ns as f64))).collect();
    let mut bar = Path::default();
    if let (Some((_, from)), Some((_, to))) = (marks.first(), marks.iter().rfind(|(class, _)| *class != "max")) {
        bar.start(*from, y);
        bar.across(*to);
    }
    html! {
        g {
            title { (row.words()) }
            rect.hit x="0" y=(point(y - ROW / 2)) width=(WIDTH) height=(point(ROW)) {}
            text.left x=(point(LEFT - 60)) y=(point(y + 38)) { (row.group) " " tspan.beside { (row.name) } }
            text.right x=(point(RIGHT + 60)) y=(point(y + 38)) { (grouped(row.count)) }
            path.bar d=(bar.into_text()) {}
            @for (class, x) in marks.into_iter().rev() { path.(class) d=(shape(class, x, y)) {} }
        }
    }
}

/// Told apart without colour: a circle's place is taken by a shape of its own for each percentile.
fn shape(class: &str, x: i32, y: i32) -> String {
    let mut path = Path::default();
    match class {
        "p50" => path.rect((x - 15, x + 15), (y - 75, y + 75)),
        "p99" => {
            path.start(x - MARK - 15, y);
            for (x, y) in [(x, y - MARK - 15), (x + MARK + 15, y), (x, y + MARK + 15)] {
                path.line(x, y);
            }
        }
        "p999" => path.rect((x - MARK, x + MARK), (y - MARK, y + MARK)),
        _ => {
            path.start(x, y - MARK);
            path.upright(y + MARK);
        }
    }
    path.into_text()
}
