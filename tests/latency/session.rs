//! A live session without a network, whose every message takes a way that is known beforehand.

use super::support::{config, frames, synthetic};
use bytemuck::Zeroable;
use fathom::memory::Memory;
use fathom::run::{JournalDiary, RunError};
use hotpath::diary::Diary;
use hotpath::input::Input;
use hotpath::record::{Clock, Close, Frame as FrameBody, Line, Link, STAMPED, Stamps, body_of, close, head_of, link};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use journal::{Run, Settings, Writer, origin};
use std::path::Path;

const MS: u64 = 1_000_000;
/// UTC of the session's monotonic zero: twenty seconds before midnight.
pub const START_UTC_NS: u64 = 1_785_542_380_000_000_000;

/// How long a message takes, stage by stage, nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    pub connection: u16,
    /// Since the message before it.
    pub gap_ns: u64,
    /// None: the kernel gave no stamp. Negative: its stamp lies behind our read.
    pub kernel_ns: Option<i64>,
    pub read_ns: u64,
    pub decided_ns: u32,
    pub pushed_ns: u32,
    pub committed_ns: u32,
    /// Whether a STAMPS tells of it.
    pub is_told: bool,
}

/// A journal that remembers where the last frame begins.
struct Placed {
    journal: JournalDiary,
    frame_seq: u64,
}

impl Diary for Placed {
    type Error = RunError;

    fn append(&mut self, first: &Line, payload: &[u8]) -> Result<(), RunError> {
        if body_of::<FrameBody>(&first.0).is_some_and(|frame| frame.chunk == 0) {
            self.frame_seq = head_of(&first.0).expect("a head").seq;
        }
        self.journal.append(first, payload)
    }

    fn append_lines(&mut self, lines: &[Line]) -> Result<(), RunError> {
        self.journal.append_lines(lines)
    }
}

struct Session<'a> {
    core: Core<'a, Every>,
    diary: Placed,
    now_ns: u64,
    past: Vec<(u64, Way)>,
}

impl Session<'_> {
    fn take(&mut self, input: &Input<'_>) {
        self.core.turn(self.now_ns, input, &mut self.diary).expect("a turn");
    }

    fn hear(&mut self, payload: &[u8], way: Way) {
        // At the right time, as a live run does.
        let taken_ns = self.now_ns + way.gap_ns;
        while self.core.engine().deadline_ns() < taken_ns {
            self.now_ns = self.core.engine().deadline_ns().max(self.now_ns);
            self.take(&Input::Timer(hotpath::record::Timer { due_ns: self.now_ns, spare: [0; 2] }));
        }
        self.now_ns = taken_ns;
        let recv_ns = taken_ns - way.read_ns;
        let frame = Frame::received(way.connection, 1, payload);
        let kernel_utc_ns = way.kernel_ns.map_or(0, |ns| (START_UTC_NS + recv_ns).saturating_add_signed(-ns));
        self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns, end_of_read: true });
        if way.is_told {
            self.past.push((self.diary.frame_seq, way));
        }
    }

    /// Tells of up to five messages.
    fn tell(&mut self) {
        if self.past.is_empty() || self.core.is_rotation_due(self.now_ns) {
            return;
        }
        let seq = self.core.progress().seq;
        let mut stamps = Stamps { lost: 2, ..Stamps::zeroed() };
        for (place, (of, way)) in self.past.drain(..self.past.len().min(STAMPED)).enumerate() {
            stamps.count += 1;
            stamps.behind[place] = (seq - of) as u32;
            stamps.decided_ns[place] = way.decided_ns;
            stamps.pushed_ns[place] = way.pushed_ns;
            stamps.committed_ns[place] = way.committed_ns;
        }
        self.take(&Input::Stamps(stamps));
    }
}

/// A run in `folder` that hears messages, each in its way. Between them stand pings, which are no messages.
pub fn session(folder: &Path, name: &str, sets: &[&str], ways: &[Way]) {
    let loaded = config(name, sets);
    let run = run_of(0xabcd, loaded.config.market_count);
    let place = journal::Place::Folder(folder.to_owned());
    let writer = Writer::create(Settings { place, run, capacity_bytes: 64 << 20 }).expect("a journal");
    let mut memory = Memory::new();
    let core = memory.start(Every, &loaded.config).expect("a core");
    let diary = Placed { journal: JournalDiary(writer), frame_seq: 0 };
    let mut session = Session { core, diary, now_ns: 10 * MS, past: Vec::new() };
    session.core.open(session.now_ns, &mut session.diary).expect("an opening");
    let clock = Clock { mono_ns: 10 * MS, utc_ns: START_UTC_NS + 10 * MS, uncertainty_ns: 85, ..Clock::zeroed() };
    session.take(&Input::Clock(clock));
    for connection in 0..loaded.config.market_count {
        let rose = Link { up: 1, cause: link::CONNECTED, recv_ns: session.now_ns, ..Link::zeroed() };
        session.take(&Input::Link(connection, rose));
    }
    let heard = frames(&synthetic(8, ways.len().max(500), &config("kraken-btc-eur.toml", &[])));
    let mut heard = heard.iter().map(|(_, payload)| &payload[..]);
    for (number, way) in ways.iter().enumerate() {
        let own = (way.connection == 0).then(|| heard.next()).flatten();
        let payload = own.unwrap_or(b"{\"stream\":\"none\"}");
        session.hear(payload, *way);
        if number % 50 == 49 {
            let (frame, recv_ns) = (Frame::received(0, 9, b"ping"), session.now_ns);
            session.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
        }
        if session.past.len() >= STAMPED && number % 3 == 0 {
            session.tell();
        }
    }
    while !session.past.is_empty() {
        session.tell();
    }
    session.take(&Input::Close(Close { cause: close::STOPPED, spare: [0; 11] }));
    session.diary.journal.0.close().expect("a closed journal");
}

/// The next run in a folder, which has only begun; its writer holds the file.
pub fn begun(folder: &Path) -> JournalDiary {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let run = Run { segment: 1, ..run_of(2, loaded.config.market_count) };
    let place = journal::Place::Folder(folder.to_owned());
    let mut diary = JournalDiary(Writer::create(Settings { place, run, capacity_bytes: 64 << 20 }).expect("a journal"));
    let mut memory = Memory::new();
    memory.start(Every, &loaded.config).expect("a core").open(MS, &mut diary).expect("an opening");
    diary
}

fn run_of(run_id: u64, markets: u16) -> Run {
    Run { run_id, salt: 9, created_utc_ns: START_UTC_NS, markets, origin: origin::LIVE, segment: 0, first_seq: 0 }
}
