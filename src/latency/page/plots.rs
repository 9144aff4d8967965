//! The plots: percentiles by regime and by hour, curves by level of activity and by stage.

use crate::latency::figures::{Figures, Row};
use crate::latency::split::Split;
use crate::latency::stage::Stage;
use crate::latency::{Latency, table};
use crate::report::page::wide;
use crate::report::plots::{Curve, Rung, curves, rungs};
use hotpath::regime::{AXES, Axis};
use maud::{Markup, html};

/// Times are drawn from here on, nanoseconds: below it the clock itself is felt.
const FLOOR_NS: i64 = 100;
/// Delays from the exchange from here on: its stamps have milliseconds, or microseconds.
const EXCHANGE_FLOOR_NS: i64 = 10_000;

const fn floor_ns(stage: Stage) -> i64 {
    if matches!(stage, Stage::ExchangeToHost) { EXCHANGE_FLOOR_NS } else { FLOOR_NS }
}

/// How regimes move latency: our own, and that of what lies before us.
pub fn regimes(all: &Latency, figures: &Figures) -> Markup {
    let Some(shown) = table::shown(&own(all, figures)) else { return html! {} };
    let before = Some(Stage::ExchangeToHost).filter(|stage| *stage != shown);
    html! {
        section {
            h2 { "How regimes move latency" }
            @for stage in std::iter::once(shown).chain(before) {
                (panel(&format!("{}, by level of each regime", told(stage)), by_regime(all, figures, stage).as_ref()))
            }
            p.note {
                "A message belongs to the levels that were in force when it was taken, before it acted. At the right: messages. "
                "What is not drawn has too few values beyond it."
            }
        }
    }
}

fn by_regime(all: &Latency, figures: &Figures, stage: Stage) -> Option<Markup> {
    let of_axis = |axis: Axis| (0..axis.levels().len() as u16).map(move |level| Split::Level(axis, level));
    let splits = std::iter::once(Split::All).chain(AXES.into_iter().flat_map(of_axis));
    let drawn = splits.filter_map(|split| Some(rung(figures.row(all.own, split, stage)?, split)));
    rungs("Percentiles by regime", &drawn.collect::<Vec<_>>(), floor_ns(stage))
}

/// The whole way by hour of UTC.
pub fn hours(all: &Latency, figures: &Figures) -> Markup {
    let rows = own(all, figures);
    let Some(stage) = table::shown(&rows) else { return html! {} };
    let splits = (0..24).map(Split::Hour);
    let drawn: Vec<_> = splits.filter_map(|split| Some(rung(figures.row(all.own, split, stage)?, split))).collect();
    let plot = rungs("Percentiles by hour", &drawn, floor_ns(stage));
    html! {
        section {
            h2 { "By hour" }
            (panel(&format!("{}, by hour of UTC", told(stage)), plot.as_ref()))
        }
    }
}

fn panel(title: &str, plot: Option<&Markup>) -> Markup {
    html! {
        @if let Some(plot) = plot {
            figure.rungs-of {
                figcaption {
                    h3 { (title) }
                    span.key.p50 { "❙ p50" } span.key.p99 { "◆ p99" } span.key.p999 { "■ p99.9" } span.key.max { "| max" }
                }
                (wide(plot))
            }
        }
    }
}

/// Curves by level of activity and by stage.
pub fn stages(all: &Latency) -> Markup {
    let spreads = &all.periods.whole.spreads;
    let stage = [Stage::Total, Stage::ReadToTaken, Stage::ExchangeToHost];
    let has = |stage: &Stage| spreads.get(all.own, Split::All, *stage).is_some();
    let Some(stage) = stage.into_iter().find(has) else { return html! {} };
    let curve = |class, split, stage| Some(Curve { class, spread: spreads.get(all.own, split, stage)? });
    let levels = (0..).zip(Axis::Activity.levels());
    let by_level: Vec<_> =
        levels.filter_map(|(level, name)| curve(name, Split::Level(Axis::Activity, level), stage)).collect();
    let by_stage: Vec<_> = STAGES.into_iter().filter_map(|(class, stage)| curve(class, Split::All, stage)).collect();
    let of_stage = |class: &str| STAGES.into_iter().find(|(of, _)| *of == class).map_or("", |(_, stage)| stage.label());
    html! {
        section.delays {
            h2 { "Percentiles" }
            div.pair {
                @if let Some(plot) = curves("Percentiles by level of activity", &by_level, floor_ns(stage)) {
                    figure {
                        figcaption {
                            h3 { (told(stage)) }
                            @for curve in &by_level { span.key.(curve.class) { (curve.class) } }
                        }
                        (wide(&plot))
                    }
                }
                @if let Some(plot) = curves("Percentiles by stage", &by_stage, FLOOR_NS) {
                    figure {
                        figcaption {
                            h3 { "Stages" }
                            @for curve in &by_stage { span.key.(curve.class) { (of_stage(curve.class)) } }
                        }
                        (wide(&plot))
                    }
                }
            }
        }
    }
}

/// Stages with the class of the style sheet that colours them.
const STAGES: [(&str, Stage); 6] = [
    ("kernel", Stage::KernelToRead),
    ("taken", Stage::ReadToTaken),
    ("decided", Stage::TakenToDecided),
    ("pushed", Stage::DecidedToPushed),
    ("committed", Stage::PushedToCommitted),
    ("total", Stage::Total),
];

/// What a stage is, in full.
pub const fn told(stage: Stage) -> &'static str {
    match stage {
        Stage::Total => "Kernel (or read) to committed",
        Stage::ExchangeToHost => "Exchange to host, above the least",
        _ => "Read to taken",
    }
}

fn own(all: &Latency, figures: &Figures) -> Vec<Row> {
    figures.latency.iter().filter(|row| row.connection == all.own).cloned().collect()
}

fn rung(row: &Row, split: Split) -> Rung {
    let group = if split == Split::All { "" } else { split.name() };
    let told = &row.quantiles;
    let (p50_ns, p99_ns, p999_ns) = (told.p50_ns, told.p99_ns, told.p999_ns);
    Rung { group, name: row.level.clone(), count: told.count, p50_ns, p99_ns, p999_ns, max_ns: told.max_ns }
}
