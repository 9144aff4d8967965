//! The commit gate: how long an order waits for its record, and what a look costs.

use crate::clock::Clock;
use crate::harness::{Case, Table};
use crate::pace::Pace;
use crate::place::{Place, RING_LINES, settings};
use crate::records::Template;
use crate::report::{Delays, Percentiles};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use hotpath::gate::{Gate, Release};
use journal::{Feed, Folder, Live, Parts};
use std::hint::black_box;
use tempfile::TempDir;

/// Looks of a pass.
const LOOKS: usize = 10_000;
/// Orders that the gate has room for.
const ORDERS: usize = 64;
/// No order is late here: its delay is what is measured.
const GATE_NS_MAX: u64 = 60_000_000_000;
const DELAY_NS_MAX: u64 = 60_000_000_000;
const SEED: u64 = 3;
/// A ring for cases that push nothing.
const RING_LINES_UNUSED: usize = 1_024;
/// Records a second, and for how many seconds.
const PACES: [(f64, f64); 2] = [(10_000.0, 4.0), (50.0, 20.0)];

type Orders = Gate<u64, ORDERS>;

/// From the push of an order's record to the look that lets it go.
///
/// # Errors
/// When the folder cannot be used or the journal stops.
pub(super) fn delays(place: &Place) -> Result<Delays> {
    let mut rows = Vec::new();
    for (template, what) in [(Template::line(), "1 line"), (Template::step(), "a step of 10 lines")] {
        for (rate, seconds) in PACES {
            for (spins, how) in [(true, "spins"), (false, "yields")] {
                let name = format!("{what}, {rate} a second at random, the journaling thread {how}");
                rows.push((name, measured(place, template.clone(), Pace::random(rate, seconds, SEED), spins)?));
            }
        }
    }
    let title = format!("gate: from before the push to the release, three threads, on {}", place.file_system());
    Ok(Delays { title, unit: "order", rows })
}

fn measured(place: &Place, mut template: Template, pace: Pace, spins: bool) -> Result<Percentiles> {
    let folder = place.fresh()?;
    let Parts { mut feed, scribe, keeper, .. } = Parts::begin(Folder::take(folder.path())?, settings(RING_LINES))?;
    let live = Live::start(scribe, keeper, spins, |_| {}, || 0)?;
    let clock = Clock::start();
    let mut gate = Orders::new(GATE_NS_MAX);
    let mut histogram = Histogram::new_with_bounds(1, DELAY_NS_MAX, 3)?;
    let mut next_seq = 0;
    for due_ns in pace {
        while clock.now_ns() < due_ns {
            std::hint::spin_loop();
        }
        let pushed_ns = clock.now_ns();
        next_seq = template.stamp(next_seq, pushed_ns);
        feed.push_lines(template.lines())?;
        let held = gate.hold(next_seq - 1, pushed_ns, pushed_ns);
        ensure!(held.is_ok(), "the gate takes one order at a time");
        histogram.saturating_record(released_ns(&mut gate, &feed, clock)? - pushed_ns);
    }
    live.close(feed)?;
    Ok(Percentiles::of(&histogram))
}

/// When the order that waits may leave.
fn released_ns(gate: &mut Orders, feed: &Feed, clock: Clock) -> Result<u64> {
    loop {
        match gate.next(feed.committed(), clock.now_ns()) {
            Some(Release::Leave(_)) => return Ok(clock.now_ns()),
            Some(_) => anyhow::bail!("the order was dropped"),
            None => ensure!(!feed.is_stopped(), "the journal has stopped"),
        }
    }
}

/// A look that gives nothing.
pub(super) fn looks(place: &Place) -> Result<Table> {
    let mut table = Table::new("gate: a look that gives nothing, back to back", "look");
    table.add("no order waits", Looks::new(place, false, false)?);
    table.add("an order waits", Looks::new(place, true, false)?);
    table.add("an order waits, and the clock is read", Looks::new(place, true, true)?);
    table.add("no order waits, again", Looks::new(place, false, false)?);
    Ok(table)
}

/// Looks at a gate whose orders wait for a record that never comes.
struct Looks {
    gate: Orders,
    parts: Parts,
    clock: Clock,
    reads_clock: bool,
    _folder: TempDir,
}

impl Looks {
    fn new(place: &Place, is_held: bool, reads_clock: bool) -> Result<Self> {
        let folder = place.fresh()?;
        let parts = Parts::begin(Folder::take(folder.path())?, settings(RING_LINES_UNUSED))?;
        let mut gate = Orders::new(GATE_NS_MAX);
        if is_held {
            ensure!(gate.hold(1, u64::MAX, 1).is_ok(), "an empty gate takes an order");
        }
        Ok(Self { gate, parts, clock: Clock::start(), reads_clock, _folder: folder })
    }
}

impl Case for Looks {
    fn messages(&self) -> usize {
        1
    }

    fn units(&self) -> usize {
        LOOKS
    }

    fn take(&mut self, _: usize) {
        for _ in 0..LOOKS {
            let now_ns = if self.reads_clock { self.clock.now_ns() } else { 0 };
            let released = self.gate.next(self.parts.feed.committed(), black_box(now_ns));
            assert!(black_box(released).is_none(), "nothing is committed");
        }
    }
}
