//! `--rerun`: the finer stages, by running a journal's inputs through the engine once more, on this machine.
//!
//! What the run itself noted has no place for them: a look at the clock between two of them would cost more than some
//! of them last. Here a probe looks at each mark of [`hotpath::probe`]. Another machine, another time, warm caches and no
//! socket: these figures tell how the stages compare, and are no part of any sum.

mod wire;

use super::split::Place;
use super::spreads::Spreads;
use super::stage::Stage;
use crate::memory::Memory;
use crate::replay::inputs::{Inputs, begin};
use crate::replay::scan::{Scan, Span, records, state_at};
use crate::report::Spread;
use crate::venue;
use anyhow::{Result, anyhow};
use hotpath::checkpoint::decode_config;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::probe::{Mark, Probe};
use hotpath::record::{Frame, Head, Kind, Line, body_of, flag, head_of, payload_of};
use hotpath::regime::AXES;
use hotpath::turn::Core;
use hotpath::venue::every::Every;
use hotpath::websocket::{BINARY, TEXT};
use journal::Segment;
use std::path::{Path, PathBuf};
use std::time::Instant;
use wire::Wire;

/// Looks at the clock to learn what a look costs.
const LOOKS: usize = 10_000;

/// What a re-run measured.
pub struct Rerun {
    /// How the times lie.
    pub spreads: Spreads,
    /// Messages that were run.
    pub messages: u64,
    /// What two looks at the clock one after the other tell, the middle one of many, nanoseconds: it is in every stage.
    pub clock_ns: i64,
    /// What sealed the messages.
    pub tls: String,
}

impl Rerun {
    /// Runs journals, in the order given; each file begins with a state of its own.
    ///
    /// # Errors
    /// When a file does not open, or was written by another version of the engine.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        let mut wire = Wire::new()?;
        let mut all = Self { spreads: Spreads::default(), messages: 0, clock_ns: clock_ns(), tls: wire.name() };
        let mut memory = Memory::new();
        for path in paths {
            let segment = Segment::open(path)?;
            for span in &Scan::of(&segment).spans {
                all.span(&mut memory, &mut wire, (path, &segment), span)?;
            }
        }
        Ok(all)
    }

    fn span(
        &mut self,
        memory: &mut Memory,
        wire: &mut Wire,
        (path, segment): (&Path, &Segment),
        span: &Span,
    ) -> Result<()> {
        let state = state_at(segment.bytes(), span.bytes.clone());
        let other = |halt: Halt| {
            let name = path.display();
            anyhow!(
                "{name}: a checkpoint does not fit this program ({halt:?}): re-run it with the version that wrote it"
            )
        };
        venue::check(&decode_config(&state).map_err(other)?)?;
        let mut core = memory.resume(Every, &state).map_err(other)?.probed(Stopwatch::default());
        let first = segment.bytes().get(span.bytes.start..).and_then(head_of);
        begin(&mut core, first, &mut Nowhere).map_err(other)?;
        let (mut inputs, mut message) = (Inputs::default(), Vec::new());
        for (_, record) in records(segment.bytes(), span.bytes.clone()) {
            let Some(head) = head_of(record).filter(|head| head.kind.is_input()) else { continue };
            let place = place(&core, &head);
            core.probe_mut().begin();
            if inputs.take(&mut core, &head, record, &mut Nowhere).is_err() {
                // A halt ends a run, and `replay` says whether it is the recorded one.
                return Ok(());
            }
            if let Some(opcode) = message_of(&head, record, &mut message) {
                self.messages += 1;
                core.probe_mut().times().for_each(|(stage, ns)| self.spreads.add(&place, stage, ns));
                wire.times(opcode, &message)?.into_iter().for_each(|(stage, ns)| self.spreads.add(&place, stage, ns));
            }
        }
        Ok(())
    }
}

/// The kind of the input that comes next.
fn place(core: &Core<'_, Every, Stopwatch>, head: &Head) -> Place {
    let market = core.engine().markets().first();
    let levels = AXES.map(|axis| market.map(|market| market.state.regimes.level(axis)));
    let progress = core.progress();
    let utc_ns = (progress.clock_utc_ns != 0).then(|| progress.utc_ns(head.taken_ns));
    Place { connection: head.connection, levels, utc_ns }
}

/// Puts the text of a frame together; returns its opcode when it is whole and a message.
fn message_of(head: &Head, record: &[u8], message: &mut Vec<u8>) -> Option<u16> {
    let frame: Frame = body_of(record).filter(|_| head.kind == Kind::FRAME)?;
    if frame.chunk == 0 {
        message.clear();
    }
    message.extend_from_slice(payload_of(record)?);
    let is_message = matches!(frame.opcode, TEXT | BINARY) && !head.has(flag::CONTINUES);
    is_message.then_some(frame.opcode)
}

/// Where records go that are made once more.
struct Nowhere;

impl Diary for Nowhere {
    type Error = Halt;

    fn append(&mut self, _: &Line, _: &[u8]) -> Result<(), Halt> {
        Ok(())
    }

    fn append_lines(&mut self, _: &[Line]) -> Result<(), Halt> {
        Ok(())
    }
}

/// Notes how long each part of a step took.
#[derive(Debug)]
struct Stopwatch {
    last: Instant,
    /// By stage of [`PARTS`], nanoseconds; none when it did not occur.
    parts_ns: [Option<u64>; PARTS.len()],
}

/// The mark that ends a part, and the stage that it is.
const PARTS: [(Mark, Stage); 5] = [
    (Mark::Decoded, Stage::Decode),
    (Mark::Applied, Stage::Book),
    (Mark::Valued, Stage::FairMid),
    (Mark::Decided, Stage::Decision),
    (Mark::Acted, Stage::Upkeep),
];

impl Default for Stopwatch {
    fn default() -> Self {
        Self { last: Instant::now(), parts_ns: [None; PARTS.len()] }
    }
}

impl Stopwatch {
    /// Another input comes.
    const fn begin(&mut self) {
        self.parts_ns = [None; PARTS.len()];
    }

    fn times(&self) -> impl Iterator<Item = (Stage, u64)> {
        PARTS.into_iter().zip(self.parts_ns).filter_map(|((_, stage), ns)| Some((stage, ns?)))
    }
}

impl Probe for Stopwatch {
    fn mark(&mut self, mark: Mark) {
        let now = Instant::now();
        let ns = nanoseconds(self.last, now);
        if let Some(place) = PARTS.iter().position(|(of, _)| *of == mark) {
            let part_ns = &mut self.parts_ns[place];
            *part_ns = Some(part_ns.unwrap_or(0).saturating_add(ns));
        }
        self.last = now;
    }
}

fn nanoseconds(from: Instant, to: Instant) -> u64 {
    u64::try_from(to.duration_since(from).as_nanos()).unwrap_or(u64::MAX)
}

/// What two looks at the clock tell, the middle one of many.
fn clock_ns() -> i64 {
    let mut spread = Spread::above(0);
    for _ in 0..LOOKS {
        let from = Instant::now();
        spread.add(i64::try_from(nanoseconds(from, Instant::now())).unwrap_or(i64::MAX));
    }
    spread.at(0.5).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_come_again_are_added_and_those_that_do_not_are_none() {
        let mut watch = Stopwatch::default();
        let marks = [Mark::Recorded, Mark::Decoded, Mark::Applied, Mark::Valued, Mark::Decided, Mark::Valued];
        marks.into_iter().for_each(|mark| watch.mark(mark));
        let stages: Vec<_> = watch.times().map(|(stage, _)| stage).collect();
        assert_eq!(stages, [Stage::Decode, Stage::Book, Stage::FairMid, Stage::Decision]);
        let of = |watch: &Stopwatch| watch.times().find(|(stage, _)| *stage == Stage::FairMid).expect("it").1;
        let before_ns = of(&watch);
        watch.mark(Mark::Valued);
        assert!(of(&watch) >= before_ns);
        watch.begin();
        assert_eq!(watch.times().count(), 0);
    }
}
