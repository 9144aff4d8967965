//! The values that the script reads out under the pointer.

use crate::report::Report;
use crate::report::series::{Held, Lane};
use serde_json::{Value, json};

/// Step by step: prices in ticks, delays in microseconds; null where there is none.
#[must_use]
pub fn steps(report: &Report) -> Value {
    let collected = &report.collected;
    let (grid, market, messages) = (&collected.grid, &collected.market, &collected.messages);
    let last = |held: &Held| held.cells().iter().map(|cell| cell.last).collect::<Vec<_>>();
    let delay = |cell: &Option<crate::report::series::Spot>| cell.map(|spot| spot.median / 1_000);
    json!({
        "start_ms": report.times.utc_ns(grid.start_ns).map(|ns| ns as f64 / 1e6),
        "step_ms": grid.step_ns as f64 / 1e6,
        "steps": grid.steps,
        "precision": report.precision(),
        "bid": last(&market.bid),
        "ask": last(&market.ask),
        "delay_us": collected.delays.band.cells().iter().map(delay).collect::<Vec<_>>(),
        "rate_step_ms": messages.grid().step_ns as f64 / 1e6,
        "messages": messages.bins().iter().map(|bin| bin.counts.total()).collect::<Vec<_>>(),
        "book": report.trust.first().map(states),
        "quote": states(&market.quoting),
        "told": collected.marks.iter().map(|(step, (_, what))| json!([step, what])).collect::<Vec<_>>(),
    })
}

/// Stretches as the step behind their last one, and what was the state.
fn states(lane: &Lane) -> Vec<Value> {
    lane.stretches().map(|(_, to, state)| json!([to, state.label])).collect()
}
