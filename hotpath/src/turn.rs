//! One input, from record to record: what live, paper, backtest, replay, fuzzer and bench all call.
//!
//! [`Core::turn`] writes the input to the diary before it acts, decodes it if it is a frame, steps the
//! engine over the events and writes what came of it. Rotation and checkpoints are decided here, from
//! the records alone.

use crate::checkpoint;
use crate::config::Config;
use crate::diary::Diary;
use crate::engine::Engine;
use crate::halt::{Halt, ensure};
use crate::input::Input;
use crate::lines::{EVENT_LINES, Lines, OUTPUT_LINES, Place};
use crate::probe::{Mark, Probe};
use crate::progress::{DAY_NS, Progress};
use crate::record::{
    Checkpoint, FRAME_BYTES_MAX, HaltBody, Idle, Ignored, LINE_BYTES, Line, NO_CONNECTION, NO_INSTRUMENT,
    PAYLOAD_BYTES_MAX, Refused as RefusedBody, Request, body_of, flag, head_of,
};
use crate::session::REQUESTS_MAX;
use crate::venue::{Frame, Reason, Refused, Venue, Wanted};
use bytemuck::Zeroable;

/// Memory that a turn writes into, lent by the shell.
#[derive(Debug)]
pub struct Buffers<'a> {
    /// Events of one frame: [`crate::lines::EVENT_LINES`].
    pub events: Lines<'a>,
    /// Outputs of one step: [`crate::lines::OUTPUT_LINES`].
    pub outputs: Lines<'a>,
    /// A checkpoint's state: [`checkpoint::STATE_LINES`].
    pub state: &'a mut [Line],
}

/// The engine behind one venue's codec, and how far it has come.
///
/// `P` is told what each step has done: see [`crate::probe`].
pub struct Core<'a, V, P = ()> {
    venue: V,
    probe: P,
    engine: &'a mut Engine,
    progress: Progress,
    buffers: Buffers<'a>,
    asked: Asked,
}

/// What the last turn wants of connections.
#[derive(Clone, Copy)]
struct Asked {
    requests: [Wanted; REQUESTS_MAX],
    count: usize,
}

impl<'a, V: Venue> Core<'a, V> {
    /// An engine at the start of a run. Call [`Core::open`] next.
    ///
    /// # Errors
    /// [`Halt::Config`] when the configuration breaks a bound.
    pub fn start(venue: V, config: &Config, engine: &'a mut Engine, buffers: Buffers<'a>) -> Result<Self, Halt> {
        engine.start(config)?;
        Ok(Self { venue, probe: (), engine, progress: Progress::zeroed(), buffers, asked: Asked::NOTHING })
    }

    /// An engine with the state of a checkpoint.
    ///
    /// # Errors
    /// As [`checkpoint::decode`].
    pub fn resume(venue: V, state: &[u8], engine: &'a mut Engine, buffers: Buffers<'a>) -> Result<Self, Halt> {
        let progress = checkpoint::decode(state, engine)?;
        Ok(Self { venue, probe: (), engine, progress, buffers, asked: Asked::NOTHING })
    }

    /// The same, which tells `probe` what its steps have done.
    #[must_use]
    pub fn probed<P: Probe>(self, probe: P) -> Core<'a, V, P> {
        let Self { venue, engine, progress, buffers, asked, .. } = self;
        Core { venue, probe, engine, progress, buffers, asked }
    }
}

impl<V: Venue, P: Probe> Core<'_, V, P> {
    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        self.engine
    }

    /// What is told of steps.
    #[must_use]
    pub const fn probe_mut(&mut self) -> &mut P {
        &mut self.probe
    }

    /// How far the run has come.
    #[must_use]
    pub const fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The venue's codec.
    #[must_use]
    pub const fn venue(&self) -> &V {
        &self.venue
    }

    /// What the last turn wants of connections, in order; the shell carries it out.
    #[must_use]
    pub fn requests(&self) -> &[Wanted] {
        self.asked.requests.get(..self.asked.count).unwrap_or_default()
    }

    /// Writes the pair of checkpoints that opens a segment.
    ///
    /// # Errors
    /// A halt, or what the diary says.
    pub fn open<D: Diary>(&mut self, taken_ns: u64, diary: &mut D) -> Result<(), D::Error> {
        self.progress.taken_ns = self.progress.taken_ns.max(taken_ns);
        self.progress.segment_bytes = 0;
        self.progress.checkpoint_ns = self.progress.taken_ns;
        self.progress.utc_day = self.progress.utc_day.max(self.progress.utc_ns(taken_ns) / DAY_NS);
        self.buffers.outputs.begin(self.progress.seq, self.progress.taken_ns, NO_CONNECTION);
        let state_bytes = checkpoint::encode(self.engine, &self.progress, self.buffers.state)?;
        self.push_checkpoint(flag::OPENING, state_bytes)?;
        self.push_checkpoint(flag::OPENING | flag::TWIN, state_bytes)?;
        self.progress.seq = self.buffers.outputs.next_seq();
        diary.append_lines(self.buffers.outputs.as_lines())
    }

    /// Writes the checkpoint that stands at this place of a run. Replay that starts in the middle of a
    /// segment begins with it.
    ///
    /// # Errors
    /// A halt, or what the diary says.
    pub fn stand<D: Diary>(&mut self, diary: &mut D) -> Result<(), D::Error> {
        self.buffers.outputs.begin(self.progress.seq, self.progress.taken_ns, NO_CONNECTION);
        let state_bytes = checkpoint::encode(self.engine, &self.progress, self.buffers.state)?;
        self.push_checkpoint(0, state_bytes)?;
        self.count(self.buffers.outputs.next_seq(), self.buffers.outputs.len());
        diary.append_lines(self.buffers.outputs.as_lines())
    }

    /// Takes one input. When the step breaks an invariant the diary gets a HALT record in place of what
    /// the step decided, and the run is over.
    ///
    /// # Errors
    /// That halt; [`Halt::TimeWentBack`] or [`Halt::OversizedFrame`] for an input that the caller may not
    /// hand in, of which nothing is recorded; or what the diary says.
    pub fn turn<D: Diary>(&mut self, taken_ns: u64, input: &Input<'_>, diary: &mut D) -> Result<(), D::Error> {
        ensure(taken_ns >= self.progress.taken_ns, Halt::TimeWentBack)?;
        self.asked.count = 0;
        if self.is_rotation_due(taken_ns) {
            self.open(taken_ns, diary)?;
        }
        self.progress.taken_ns = taken_ns;
        let input_seq = self.progress.seq;
        // The event buffer is empty between turns; it holds the input until the engine has seen it.
        let recorded = input.record(input_seq, taken_ns, &mut self.buffers.events, diary)?;
        self.count(recorded.next_seq, recorded.lines);
        if matches!(input, Input::Frame { .. }) {
            self.progress.frames = self.progress.frames.saturating_add(1);
        }
        let stepped = self.step(input).and_then(|()| self.asked.collect(&self.buffers.outputs));
        if let Err(halt) = stepped {
            self.halted(halt, input_seq);
        }
        let Buffers { events, outputs, .. } = &self.buffers;
        let (next_seq, lines) = (outputs.next_seq(), events.len().wrapping_add(outputs.len()));
        diary.append_lines(self.buffers.events.as_lines())?;
        diary.append_lines(self.buffers.outputs.as_lines())?;
        self.count(next_seq, lines);
        stepped?;
        if self.is_checkpoint_due(input) { self.checkpoint(diary) } else { Ok(()) }
    }

    /// Whether the next input at `taken_ns` belongs to a new segment: enough bytes, or a new UTC day.
    #[must_use]
    pub const fn is_rotation_due(&self, taken_ns: u64) -> bool {
        let day = self.progress.utc_ns(taken_ns) / DAY_NS;
        let new_day = self.progress.utc_day != 0 && day > self.progress.utc_day;
        new_day || self.progress.segment_bytes >= self.engine.config.journal.segment_bytes
    }

    /// Decodes and decides. What came of it lies in the buffers.
    fn step(&mut self, input: &Input<'_>) -> Result<(), Halt> {
        let Progress { seq, taken_ns, .. } = self.progress;
        if let Input::Clock(clock) = input {
            self.progress.clock_mono_ns = clock.mono_ns;
            self.progress.clock_utc_ns = clock.utc_ns;
            if self.progress.utc_day == 0 {
                self.progress.utc_day = self.progress.utc_ns(taken_ns) / DAY_NS;
            }
        }
        let Buffers { events, outputs, .. } = &mut self.buffers;
        self.probe.mark(Mark::Recorded);
        if let Input::Frame { frame, end_of_read, .. } = input {
            events.begin(seq, taken_ns, frame.connection);
            decode(&self.venue, self.engine, *frame, events)?;
            self.probe.mark(Mark::Decoded);
            if *end_of_read {
                events.flag_last(flag::END_OF_READ);
            }
            outputs.begin(events.next_seq(), taken_ns, frame.connection);
            self.engine.observe_time(taken_ns, outputs)?;
            for record in records(events.as_lines()) {
                self.engine.step_marked(record, &mut self.probe, outputs)?;
            }
            self.probe.mark(Mark::Applied);
            self.engine.act(taken_ns, outputs)?;
            self.probe.mark(Mark::Acted);
        } else {
            let plain = records(events.as_lines()).next().ok_or(Halt::MalformedRecord)?;
            outputs.begin(seq, taken_ns, head_of(plain).map_or(NO_CONNECTION, |head| head.connection));
            self.engine.observe_time(taken_ns, outputs)?;
            self.engine.step(plain, outputs)?;
            self.engine.act(taken_ns, outputs)?;
            // The input itself is in the diary already.
            events.begin(seq, taken_ns, NO_CONNECTION);
        }
        if outputs.is_empty() && events.is_empty() {
            outputs.push(WHOLE, &Idle::zeroed())?;
        }
        let last = if outputs.is_empty() { events } else { outputs };
        last.flag_last(flag::END_OF_STEP);
        Ok(())
    }

    /// Replaces what the broken step decided by one HALT record.
    fn halted(&mut self, halt: Halt, input_seq: u64) {
        let Buffers { events, outputs, .. } = &mut self.buffers;
        events.begin(self.progress.seq, self.progress.taken_ns, NO_CONNECTION);
        outputs.begin(self.progress.seq, self.progress.taken_ns, NO_CONNECTION);
        let body = HaltBody { code: halt as u16, spare: [0; 3], input_seq, spare_tail: 0 };
        // The buffer was just emptied, so there is room.
        let _ = outputs.push(Place { flags: flag::END_OF_STEP, ..WHOLE }, &body);
    }

    /// After a decision: a gap closed, or enough time passed.
    fn is_checkpoint_due(&mut self, input: &Input<'_>) -> bool {
        if matches!(input, Input::Frame { end_of_read: false, .. } | Input::Close(_)) {
            return false;
        }
        let age_ns = self.progress.taken_ns.saturating_sub(self.progress.checkpoint_ns);
        self.engine.take_regained() || age_ns >= self.engine.config.journal.checkpoint_ns
    }

    fn checkpoint<D: Diary>(&mut self, diary: &mut D) -> Result<(), D::Error> {
        self.progress.checkpoint_ns = self.progress.taken_ns;
        self.stand(diary)
    }

    fn push_checkpoint(&mut self, flags: u16, state_bytes: usize) -> Result<(), Halt> {
        let body = Checkpoint {
            payload_bytes: 0,
            engine_version: crate::ENGINE_VERSION,
            state_bytes: u32::try_from(state_bytes).map_err(|_| Halt::OutputsFull)?,
            state_offset: 0,
            markets: self.engine.config.market_count,
            spare: [0; 3],
        };
        let Buffers { outputs, state, .. } = &mut self.buffers;
        outputs.push_checkpoint(flags, body, state, state_bytes)?;
        outputs.flag_last(flag::END_OF_STEP);
        Ok(())
    }

    const fn count(&mut self, next_seq: u64, lines: usize) {
        self.progress.seq = next_seq;
        let bytes = (lines as u64).saturating_mul(LINE_BYTES as u64);
        self.progress.segment_bytes = self.progress.segment_bytes.saturating_add(bytes);
    }
}

impl Asked {
    const NOTHING: Self = Self {
        requests: [Wanted {
            connection: 0,
            instrument: 0,
            request: Request { req_id: 0, depth: 0, attempt: 0, action: 0, channel: 0, spare: 0 },
        }; REQUESTS_MAX],
        count: 0,
    };

    /// Copies the requests among the outputs of a step: a checkpoint may take their place in the buffer.
    fn collect(&mut self, outputs: &Lines<'_>) -> Result<(), Halt> {
        for record in records(outputs.as_lines()) {
            let (Some(request), Some(head)) = (body_of(record), head_of(record)) else { continue };
            let place = self.requests.get_mut(self.count).ok_or(Halt::OutputsFull)?;
            *place = Wanted { connection: head.connection, instrument: head.instrument, request };
            self.count = self.count.wrapping_add(1);
        }
        Ok(())
    }
}

// An opening pair with all books full, each with a first line for every 64 KiB, and what a frame's
// events can make an engine say.
const _: () = assert!(OUTPUT_LINES >= 2 * (checkpoint::STATE_LINES + 64) + 2 * EVENT_LINES);

/// Most lines that one turn gives its diary: a segment's opening pair, the largest frame, its events, the
/// outputs, a checkpoint. With room for so many a turn never ends in its middle.
pub const TURN_LINES_MAX: usize = {
    let checkpoint = checkpoint::STATE_LINES + 64;
    let frame = FRAME_BYTES_MAX / LINE_BYTES + FRAME_BYTES_MAX / PAYLOAD_BYTES_MAX;
    3 * checkpoint + frame + EVENT_LINES + OUTPUT_LINES
};

const WHOLE: Place = Place { instrument: NO_INSTRUMENT, flags: 0, exch_ns: 0 };

/// The records that lie in `lines`, one after another.
pub fn records(lines: &[Line]) -> impl Iterator<Item = &[u8]> {
    let mut rest: &[u8] = bytemuck::cast_slice(lines);
    core::iter::from_fn(move || {
        let whole = usize::try_from(head_of(rest)?.len).ok()?.max(LINE_BYTES);
        let (record, tail) = rest.split_at_checked(whole)?;
        rest = tail;
        Some(record)
    })
}

/// Events of a frame; one REFUSED when nothing of it may be believed. A frame of the connection's own is no
/// message, but it is a sign of life, and it may end a read.
fn decode<V: Venue>(venue: &V, engine: &Engine, frame: Frame<'_>, events: &mut Lines<'_>) -> Result<(), Halt> {
    if !frame.is_message() {
        let frame_bytes = u32::try_from(frame.bytes.len()).unwrap_or(u32::MAX);
        return events.push(WHOLE, &Ignored { reason: Reason::Opcode as u16, frame_bytes, ..Ignored::zeroed() });
    }
    let seq = events.next_seq();
    let Err(Refused { cause, offset }) = venue.decode(&engine.config, frame, engine.simd, events) else {
        return Ok(());
    };
    events.rollback(0, seq);
    let narrow = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX);
    let body = RefusedBody {
        cause: cause as u16,
        spare: 0,
        frame_offset: narrow(offset),
        frame_bytes: narrow(frame.bytes.len()),
        spare_tail: [0; 6],
    };
    // One that was fetched is about its market.
    events.push(Place { instrument: frame.instrument, ..WHOLE }, &body)
}
