//! Second pass: the engine over the recorded inputs of one span.

use super::compare::{Compare, Divergence, Stop};
use super::inputs::{Inputs, begin};
use super::scan::{Span, records, state_at};
use crate::memory::Memory;
use hotpath::halt::Halt;
use hotpath::market::Counts;
use hotpath::record::{Checkpoint, Head, Kind, body_of, flag, head_of};
use hotpath::turn::Core;
use hotpath::venue::every::Every;
use journal::{Item, RECORDS_AT, Segment, Writer};

/// What a span's replay came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Bytes up to which every record was regenerated.
    pub proved_end: usize,
    /// Records regenerated.
    pub records: u64,
    /// Frames taken.
    pub frames: u64,
    /// Checksums that were ours, and that were not.
    pub checksums: (u64, u64),
    /// The first record that differs.
    pub divergence: Option<Divergence>,
    /// How the next segment's opening differs from the one that this engine would write.
    pub chain: Option<Divergence>,
    /// The state where it differs, for people.
    pub state: String,
    /// The halt that ended the run, if one did.
    pub halt: Option<Halt>,
}

/// Replays one span. `next` is the segment that follows in the run when this span is all of its own
/// segment: its opening pair is regenerated too.
///
/// # Errors
/// When the regenerated journal cannot be written.
pub fn replay(
    memory: &mut Memory,
    segment: &Segment,
    span: &Span,
    next: Option<&Segment>,
    out: Option<&mut Writer>,
) -> Result<Outcome, journal::Error> {
    let bytes = segment.bytes();
    let state = state_at(bytes, span.bytes.clone());
    let mut outcome = Outcome { proved_end: span.bytes.start, ..Outcome::default() };
    let mut core = match memory.resume(Every, &state) {
        Ok(core) => core,
        Err(halt) => {
            outcome.halt = Some(halt);
            outcome.divergence = Some(Compare::new(bytes, span.bytes.start, 0, None).extra());
            return Ok(outcome);
        }
    };
    let before = (totals(&core), core.progress().frames);
    let valid = bytes.get(..span.bytes.end).unwrap_or_default();
    let first = bytes.get(span.bytes.start..).and_then(head_of);
    let first_seq = first.map_or(0, |head| head.seq);
    let mut diary = Compare::new(valid, span.bytes.start, first_seq, out);
    let stopped = begin(&mut core, first, &mut diary).and_then(|()| drive(&mut core, valid, span, &mut diary));
    let stopped = match stopped {
        // A checkpoint is a step of its own: a span that was cut may lack the one at its end.
        Err(Stop::Diverged(divergence)) if !span.is_all && is_missing_checkpoint(&divergence) => Ok(()),
        stopped => stopped,
    };
    (outcome.proved_end, outcome.records) = (diary.at(), diary.records());
    if let (Ok(()), Some(next)) = (&stopped, next) {
        match chain(&mut core, next) {
            Err(Stop::Diverged(divergence)) => outcome.chain = Some(*divergence),
            Err(Stop::Halt(halt)) => outcome.halt = Some(halt),
            Err(Stop::Output(error)) => return Err(error),
            Ok(()) => {}
        }
    }
    let after = totals(&core);
    outcome.frames = core.progress().frames - before.1;
    outcome.checksums = (after.0 - before.0.0, after.1 - before.0.1);
    match stopped {
        Ok(()) => {}
        Err(Stop::Halt(halt)) => {
            outcome.halt = Some(halt);
            // A halt that was recorded is the end of the run; anything after it is not regenerated.
            outcome.divergence = (diary.at() < span.bytes.end).then(|| diary.extra());
        }
        Err(Stop::Diverged(divergence)) => {
            outcome.state = describe(&core);
            outcome.divergence = Some(*divergence);
        }
        Err(Stop::Output(error)) => return Err(error),
    }
    Ok(outcome)
}

/// Whether the engine makes a checkpoint where the valid part ends.
fn is_missing_checkpoint(divergence: &Divergence) -> bool {
    divergence.expected.is_empty() && head_of(&divergence.found).is_some_and(|head| head.kind == Kind::CHECKPOINT)
}

/// Feeds every input; outputs are read by the comparison alone.
fn drive(core: &mut Core<'_, Every>, valid: &[u8], span: &Span, diary: &mut Compare<'_>) -> Result<(), Stop> {
    let mut inputs = Inputs::default();
    for (offset, record) in records(valid, span.bytes.clone()) {
        if offset < diary.at() {
            continue;
        }
        let head = head_of(record).ok_or(Halt::MalformedRecord)?;
        if !head.kind.is_input() {
            return Err(Stop::Diverged(Box::new(diary.extra())));
        }
        inputs.take(core, &head, record, diary)?;
    }
    Ok(())
}

/// The head of a segment's opening when both its checkpoints are whole. A segment that was only just
/// begun has none, and of a damaged one its own report tells.
fn whole_opening(segment: &Segment) -> Option<Head> {
    let mut opening = None;
    let mut copies = 0;
    for item in segment.items() {
        let Item::Record(record) = item else { return None };
        if !record.head.has(flag::OPENING) {
            break;
        }
        opening.get_or_insert(record.head);
        copies += usize::from(!record.head.has(flag::CONTINUES));
    }
    opening.filter(|_| copies == 2)
}

/// The next segment must open where and as this engine would open it.
fn chain(core: &mut Core<'_, Every>, next: &Segment) -> Result<(), Stop> {
    let bytes = next.bytes();
    let Some(head) = whole_opening(next) else { return Ok(()) };
    let mut diary = Compare::new(bytes, RECORDS_AT, 0, None);
    if !core.is_rotation_due(head.taken_ns) || head.taken_ns < core.progress().taken_ns {
        return Err(Stop::Diverged(Box::new(diary.extra())));
    }
    core.open(head.taken_ns, &mut diary)
}

fn totals(core: &Core<'_, Every>) -> (u64, u64) {
    let sum =
        |count: fn(&Counts) -> u64| core.engine().markets().iter().map(|market| count(&market.state.counts)).sum();
    (sum(|counts| counts.checksums_ok), sum(|counts| counts.checksums_bad))
}

/// The engine's state in a few lines: what someone looks at first.
fn describe(core: &Core<'_, Every>) -> String {
    let mut text = format!("state at seq {}, taken_ns {}:", core.progress().seq, core.progress().taken_ns);
    for (index, market) in core.engine().markets().iter().enumerate() {
        let trust = &market.state.trust;
        text += &format!("\n  market {index}: trusted {}, gaps {}", trust.is_trusted(), trust.gaps());
        for (name, levels) in [
            ("asks", market.book.asks.best_first().take(3).collect::<Vec<_>>()),
            ("bids", market.book.bids.best_first().take(3).collect::<Vec<_>>()),
        ] {
            let levels: Vec<_> =
                levels.iter().map(|level| format!("{} x {}", level.price_ticks, level.qty_lots)).collect();
            text += &format!("\n    {name} (ticks x lots): {}", levels.join(", "));
        }
    }
    let desired = &core.engine().state().desired;
    text + &format!(
        "\n  desired: bid {} x {}, ask {} x {}, {}",
        desired.bid_ticks,
        desired.bid_lots,
        desired.ask_ticks,
        desired.ask_lots,
        hotpath::quote::reason_name(desired.reason)
    )
}

/// The engine version that wrote a span.
#[must_use]
pub fn engine_version(segment: &Segment, span: &Span) -> Option<u32> {
    body_of::<Checkpoint>(segment.bytes().get(span.bytes.start..)?).map(|body| body.engine_version)
}
