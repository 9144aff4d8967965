//! The hot path does not allocate once it runs: decoding, turns, appends and the way through the ring are counted.

#[expect(dead_code, reason = "no thread is looked at from another here")]
#[path = "support/counting.rs"]
mod counting;

use counting::calls;
use fathom::config::{Loaded, load};
use fathom::import::Recorded;
use fathom::import::recording::Recording;
use fathom::memory::Memory;
use fathom::run::{JournalDiary, RunError};
use hotpath::diary::Diary;
use hotpath::input::Input;
use hotpath::lines::{EVENT_LINES, Lines};
use hotpath::record::{Clock, Kind, Line, Link, Timer, head_of, link};
use hotpath::simd::Simd;
use hotpath::turn::Core;
use hotpath::venue::kraken::Kraken;
use hotpath::venue::{Frame, Venue};
use journal::{Feed, Folder, LiveSettings, Parts, Place, Refused, Retention, Run, Settings, Step, Writer};
use std::path::Path;

const FRAMES: usize = 25_000;
const TEXT: u16 = 1;

/// A diary that passes records on, and allocates at the records of one kind when it is told to.
struct Leaky<D> {
    diary: D,
    kind: Option<Kind>,
    records: u64,
}

impl<D: Diary> Leaky<D> {
    const fn new(diary: D, kind: Option<Kind>) -> Self {
        Self { diary, kind, records: 0 }
    }

    fn leak(&mut self, first: &Line) {
        self.records += 1;
        if head_of(&first.0).is_some_and(|head| Some(head.kind) == self.kind) {
            drop(std::hint::black_box(Box::new(self.records)));
        }
    }
}

impl<D: Diary> Diary for Leaky<D> {
    type Error = D::Error;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), D::Error> {
        self.leak(first);
        self.diary.append(first, payload)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), D::Error> {
        lines.first().into_iter().for_each(|first| self.leak(first));
        self.diary.append_lines(lines)
    }
}

fn loaded() -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/kraken-btc-eur.toml");
    // One segment: a new file has a new name, and a name is allocated.
    load(&path, &["journal.segment_bytes=1073741824".to_owned()]).expect("the shipped configuration")
}

/// A recording to drive, in memory.
fn recording(loaded: &Loaded) -> Vec<u8> {
    let mut bytes = Vec::new();
    fathom::sample::cbcap(1, FRAMES, loaded, &mut bytes).expect("memory takes everything");
    bytes
}

fn messages(bytes: &[u8]) -> Vec<Recorded> {
    Recording::read(bytes).expect("a recording").map(|message| message.expect("a whole one")).collect()
}

fn writer(folder: &Path) -> Writer {
    let run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let place = Place::Folder(folder.to_owned());
    Writer::create(Settings { place, run, capacity_bytes: 64 * 1024 * 1024 }).expect("a segment")
}

/// The whole recording as the importer drives it: opening, clock, link, then timers and frames.
/// Returns the frames taken.
fn drive<D: Diary<Error = RunError>>(
    core: &mut Core<'_, Kraken>,
    frames: &[Recorded],
    diary: &mut D,
) -> Result<u64, RunError> {
    let mut begun = false;
    for frame in frames {
        let recv_ns = frame.recv_ns;
        if !begun {
            begin(core, recv_ns, diary)?;
            begun = true;
        }
        while core.engine().deadline_ns() <= recv_ns {
            let due_ns = core.engine().deadline_ns();
            core.turn(due_ns, &Input::Timer(Timer { due_ns, spare: [0; 2] }), diary)?;
        }
        let frame = Frame::received(0, TEXT, &frame.bytes);
        core.turn(recv_ns, &Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true }, diary)?;
    }
    Ok(core.progress().frames)
}

fn begin<D: Diary>(core: &mut Core<'_, Kraken>, ns: u64, diary: &mut D) -> Result<(), D::Error> {
    core.open(ns, diary)?;
    core.turn(ns, &Input::Clock(Clock { mono_ns: ns, utc_ns: ns, ..bytemuck::Zeroable::zeroed() }), diary)?;
    let up = Link { up: 1, cause: link::CONNECTED, close_code: 0, spare: 0, recv_ns: ns, spare_tail: 0 };
    core.turn(ns, &Input::Link(0, up), diary)
}

/// How often a run over the recording asks for memory, when its diary leaks at records of `kind`.
fn calls_of_run(loaded: &Loaded, bytes: &[u8], kind: Option<Kind>) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a legal configuration");
    let mut diary = Leaky::new(JournalDiary(writer(folder.path())), kind);
    let frames = messages(bytes);
    let mut taken = 0;
    let calls = calls(|| taken = drive(&mut core, &frames, &mut diary).expect("a run without a halt"));
    assert_eq!(taken, FRAMES as u64);
    assert!(core.engine().state().generation > 0, "the engine never quoted");
    assert!(core.engine().markets()[0].state.counts.checksums_ok > 20_000, "the book was not followed");
    diary.diary.0.close().expect("a clean close");
    calls
}

/// A diary that pushes, lets the journaling side drain at once, and counts what these two ask for. The keeper
/// may allocate; it has a thread of its own.
struct HandedOver {
    parts: Parts,
    calls: u64,
    records: u64,
}

impl HandedOver {
    fn hand_over(&mut self, push: impl FnOnce(&mut Feed) -> Result<(), Refused>) {
        let Parts { feed, scribe, keeper, .. } = &mut self.parts;
        self.calls += calls(|| {
            push(feed).expect("room");
            while scribe.step().expect("records that fit") == Step::Wrote {}
        });
        self.records += 1;
        if self.records.is_multiple_of(1_000) {
            keeper.tick(self.records).expect("a disk with room");
        }
    }
}

impl Diary for HandedOver {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        self.hand_over(|feed| feed.push(first, payload));
        Ok(())
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        self.hand_over(|feed| feed.push_lines(lines));
        Ok(())
    }
}

#[test]
fn handing_over_and_journaling_do_not_allocate() {
    let loaded = loaded();
    let bytes = recording(&loaded);
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let settings = LiveSettings {
        run,
        capacity_bytes: 64 * 1024 * 1024,
        ring_lines: 1 << 14,
        reserved_lines: 16,
        sync_ns: 1,
        retention: Retention::default(),
    };
    let taken = Folder::take(folder.path()).expect("nobody has it");
    let parts = Parts::begin(taken, settings).expect("a first segment");
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a legal configuration");
    let mut diary = HandedOver { parts, calls: 0, records: 0 };
    let frames = messages(&bytes);
    assert_eq!(drive(&mut core, &frames, &mut diary).expect("a run without a halt"), FRAMES as u64);
    assert_eq!(diary.calls, 0);
    assert!(diary.parts.feed.committed() > 2 * FRAMES as u64, "it was not drained");
    // The counter works here too.
    diary.hand_over(|_| {
        drop(std::hint::black_box(Box::new(1)));
        Ok(())
    });
    assert_eq!(diary.calls, 1);
}

#[test]
fn turns_and_appends_do_not_allocate() {
    let loaded = loaded();
    let bytes = recording(&loaded);
    assert_eq!(calls_of_run(&loaded, &bytes, None), 0);
    // The counter works: one allocation for each of the few records of a kind, and it tells how many.
    assert_eq!(calls_of_run(&loaded, &bytes, Some(Kind::LINK)), 1);
    assert!(calls_of_run(&loaded, &bytes, Some(Kind::FRAME)) >= FRAMES as u64);
}

#[test]
fn decoding_does_not_allocate() {
    let loaded = loaded();
    let bytes = recording(&loaded);
    // Spelled otherwise, every frame takes the general path.
    let spelled = |bytes: &[u8]| [b" ", bytes, b" "].concat();
    let frames = messages(&bytes);
    let frames: Vec<_> = frames.iter().map(|frame| &frame.bytes[..]).collect();
    let general: Vec<_> = frames.iter().map(|bytes| spelled(bytes)).collect();
    let refused: Vec<_> = frames.iter().map(|bytes| &bytes[..bytes.len() - 1]).collect();
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    let mut events = Lines::new(&mut memory);
    let simd = Simd::detect();
    let mut accepted = 0;
    let mut decode = |bytes: &[u8]| {
        events.begin(0, 0, 0);
        let verdict = Kraken.decode(&loaded.config, Frame::received(0, TEXT, bytes), simd, &mut events);
        accepted += usize::from(verdict.is_ok());
    };
    assert_eq!(calls(|| frames.iter().for_each(|bytes| decode(bytes))), 0, "frames as the exchange writes them");
    assert_eq!(calls(|| general.iter().for_each(|bytes| decode(bytes))), 0, "frames of the general path");
    assert_eq!(calls(|| refused.iter().for_each(|bytes| decode(bytes))), 0, "frames that are refused");
    let leaking = calls(|| frames.iter().for_each(|bytes| decode(&std::hint::black_box(bytes.to_vec()))));
    assert_eq!(leaking, FRAMES as u64, "the counter does not count");
    assert_eq!(accepted, 3 * FRAMES);
}
