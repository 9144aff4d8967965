//! The engine over a recording that was tampered with, as the importer drives it.

use fathom::import::Recorded;
use fathom::memory::Memory;
use hotpath::book::{Book, Level};
use hotpath::config::Config;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Clock, GapOpen, Kind, Line, Link, Refused, Timer, body_of, head_of, link};
use hotpath::turn::{Core, records};
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use std::collections::BTreeMap;

const TEXT: u16 = 1;

/// What happens next.
#[derive(Clone, Copy)]
pub enum Step<'a> {
    /// A recorded message, or one that is like it.
    Message(&'a Recorded),
    /// The same at another time.
    Later(&'a Recorded, u64),
    /// Bytes with an opcode, at the time of the step before.
    Bytes(u16, &'a [u8]),
    /// The connection goes down and another one comes up.
    Reconnect,
}

/// What is seen of the first market after a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub is_trusted: bool,
    /// Whether the step told of the book.
    pub is_book: bool,
    /// Whether it did so as an update.
    pub is_update: bool,
    /// Digest of the ten best levels of each side.
    pub best: u64,
    /// Digest of all levels.
    pub all: u64,
}

/// What the diary got, counted.
#[derive(Default)]
pub struct Told {
    pub kinds: BTreeMap<Kind, usize>,
    /// Causes of gaps, in order.
    pub gaps: Vec<u16>,
    /// Causes of refusals, in order.
    pub refused: Vec<u16>,
}

impl Diary for Told {
    type Error = Halt;

    fn append(&mut self, first: &Line, _: &[u8]) -> Result<(), Halt> {
        let head = head_of(&first.0).expect("a record");
        *self.kinds.entry(head.kind).or_default() += 1;
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), Halt> {
        for record in records(lines) {
            let head = head_of(record).expect("a record");
            *self.kinds.entry(head.kind).or_default() += 1;
            self.gaps.extend(body_of::<GapOpen>(record).map(|gap| gap.cause));
            self.refused.extend(body_of::<Refused>(record).map(|refused| refused.cause));
        }
        Ok(())
    }
}

/// What came of a run.
pub struct Outcome {
    /// One a step.
    pub views: Vec<View>,
    pub told: Told,
}

/// Runs steps; no run may halt.
pub fn run(config: &Config, steps: &[Step<'_>]) -> Outcome {
    run_and(config, steps, |_| {})
}

/// As [`run`], with a look at the core when it is over.
pub fn run_and(config: &Config, steps: &[Step<'_>], look: impl FnOnce(&Core<'_, Every>)) -> Outcome {
    let mut memory = Memory::new();
    let core = memory.start(Every, config).expect("a configuration");
    let mut driver = Driver { core, diary: Told::default(), now_ns: first_ns(steps) };
    driver.begin().expect("no halt");
    let views = steps.iter().map(|step| driver.see(step).expect("no halt")).collect();
    look(&driver.core);
    Outcome { views, told: driver.diary }
}

fn first_ns(steps: &[Step<'_>]) -> u64 {
    let times = steps.iter().filter_map(|step| match step {
        Step::Message(message) => Some(message.recv_ns),
        _ => None,
    });
    times.min().unwrap_or(0)
}

/// The hot thread's place.
pub struct Driver<'a, D> {
    pub core: Core<'a, Every>,
    pub diary: D,
    pub now_ns: u64,
}

impl<D: Diary> Driver<'_, D> {
    pub fn begin(&mut self) -> Result<(), D::Error> {
        let now_ns = self.now_ns;
        self.core.open(now_ns, &mut self.diary)?;
        let clock = Clock { mono_ns: now_ns, utc_ns: now_ns, ..bytemuck::Zeroable::zeroed() };
        self.core.turn(now_ns, &Input::Clock(clock), &mut self.diary)?;
        self.link(1)
    }

    fn link(&mut self, up: u16) -> Result<(), D::Error> {
        let cause = if up == 0 { link::BROKEN } else { link::CONNECTED };
        let body = Link { up, cause, close_code: 0, spare: 0, recv_ns: self.now_ns, spare_tail: 0 };
        self.core.turn(self.now_ns, &Input::Link(0, body), &mut self.diary)
    }

    /// Takes a step.
    pub fn take(&mut self, step: &Step<'_>) -> Result<(), D::Error> {
        match *step {
            Step::Message(message) => self.message(message, message.recv_ns),
            Step::Later(message, later_ns) => self.message(message, message.recv_ns + later_ns),
            Step::Bytes(opcode, bytes) => self.frame(Frame::received(0, opcode, bytes)),
            Step::Reconnect => {
                self.link(0)?;
                self.link(1)
            }
        }
    }

    fn message(&mut self, message: &Recorded, recv_ns: u64) -> Result<(), D::Error> {
        loop {
            let due_ns = self.core.engine().deadline_ns();
            if due_ns > recv_ns {
                break;
            }
            self.now_ns = self.now_ns.max(due_ns);
            self.core.turn(self.now_ns, &Input::Timer(Timer { due_ns, spare: [0; 2] }), &mut self.diary)?;
        }
        self.now_ns = self.now_ns.max(recv_ns);
        let bytes = &message.bytes[..];
        self.frame(if message.is_fetched { Frame::fetched(0, bytes) } else { Frame::received(0, TEXT, bytes) })
    }

    fn frame(&mut self, frame: Frame<'_>) -> Result<(), D::Error> {
        let input = Input::Frame { frame, recv_ns: self.now_ns, kernel_utc_ns: 0, end_of_read: true };
        self.core.turn(self.now_ns, &input, &mut self.diary)
    }

    /// Takes a step and looks at the first market.
    fn see(&mut self, step: &Step<'_>) -> Result<View, D::Error> {
        let counts = |core: &Core<'_, Every>| {
            let counts = core.engine().markets()[0].state.counts;
            (counts.snapshots, counts.updates)
        };
        let before = counts(&self.core);
        self.take(step)?;
        let after = counts(&self.core);
        let market = &self.core.engine().markets()[0];
        let is_book = after != before;
        let Book { bids, asks } = &market.book;
        let digest = |count| digest(asks.best_first().take(count), digest(bids.best_first().take(count), 7));
        Ok(View {
            is_trusted: market.state.trust.is_trusted(),
            is_book,
            is_update: after.1 != before.1,
            best: if is_book { digest(10) } else { 0 },
            all: if is_book { digest(usize::MAX) } else { 0 },
        })
    }
}

fn digest<'a>(levels: impl Iterator<Item = &'a Level>, hash: u64) -> u64 {
    let mix = |hash: u64, number: i64| (hash ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let end = mix(hash, -1);
    levels.fold(end, |hash, level| mix(mix(hash, level.price_ticks), level.qty_lots))
}
