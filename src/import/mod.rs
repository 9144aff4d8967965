//! Recordings become journals: the live loop with a file for a socket.
//!
//! The importer stands where the hot thread stands: it stamps `taken_ns` from the recorded receive
//! times (never backwards), fires the timers that the engine asks for in between, and writes every
//! input before the engine acts on it.

pub mod cbcap;
pub mod merge;
pub mod recording;

mod collector;
mod cryptofeed;
mod item;
mod text;

pub use item::{Broken, LINE_BYTES_MAX, Recorded};

use crate::config::Loaded;
use crate::memory::Memory;
use crate::replay::target::is_replaceable;
use crate::run::{JournalDiary, RunError, STEP_BYTES_MAX};
use anyhow::{Context, Result, bail};
use cbcap::Header;
use hotpath::config::Config;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Clock, Close, FRAME_BYTES_MAX, Link, Timer, close, link};
use hotpath::turn::Core;
use hotpath::venue::{Every, Frame};
use journal::{Place, Run, Settings, Writer, origin, segment_path};
use merge::{Heard, Merged};
use recording::Recording;
use std::fs::File;
use std::io::Seek;
use std::path::{Path, PathBuf};

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Frames taken over.
    pub frames: u64,
    /// The journal's files, in order.
    pub segments: Vec<PathBuf>,
    /// Frames that were refused.
    pub refused: u64,
    /// Exchange checksums that hold, and that do not.
    pub checksums: (u64, u64),
    /// Gaps that opened.
    pub gaps: u64,
    /// Depth that cut the book at the end: what the exchange confirmed, or else the configured one.
    pub depth: u32,
    /// Where the recording broke off, if it did.
    pub broken: Option<Broken>,
    /// The halt that ended the run early, if one did; the journal holds all up to it.
    pub halt: Option<Halt>,
}

/// Imports a recording into `out`: one file, or a folder when several segments result. A recording that does not name
/// its market is taken to be of the configuration's.
///
/// # Errors
/// When the recording is of another market, `out` is somebody's file, or a file cannot be written.
pub fn import(path: &Path, loaded: &Loaded, out: &Path) -> Result<Imported> {
    let (recording, hash) = open(path)?;
    check_market(path, recording.header(), loaded)?;
    let recorded_utc_ns = recording.header().map(|header| header.unix_ns);
    let messages = Merged::new([(CONNECTION, recording)]);
    // Other dialects stamp their messages in UTC.
    let utc_ns = recorded_utc_ns.or(messages.first_ns()).unwrap_or(0);
    let run = run_of(&hash, utc_ns, &loaded.config);
    let folder = staging_folder(out)?;
    let place = Place::Folder(folder.path().to_owned());
    let capacity_bytes = loaded.config.journal.segment_bytes + STEP_BYTES_MAX;
    let writer = Writer::create(Settings { place, run, capacity_bytes })?;
    let mut memory = Memory::new();
    let core = memory.start(Every, &loaded.config).map_err(RunError::Halt)?;
    let ended = carry_out(Session { core, diary: JournalDiary(writer), taken_ns: 0 }, messages, utc_ns)?;
    let segments = publish(folder, out)?;
    Ok(Imported { segments, ..ended })
}

/// Opens a recording that was read once for its hash.
fn open(path: &Path) -> Result<(Recording, blake3::Hash)> {
    let cannot_read = || format!("cannot read the recording {}", path.display());
    let mut file = File::open(path).with_context(cannot_read)?;
    let hash = blake3::Hasher::new().update_reader(&file).with_context(cannot_read)?.finalize();
    let again = || format!("{}: a recording is read twice: copy it into a file", path.display());
    file.rewind().with_context(again)?;
    Ok((Recording::of_file(file, path)?, hash))
}

/// Whether a recording is of the configuration's market, by what it says of it.
///
/// # Errors
/// When it is of another.
pub fn check_market(recording: &Path, header: Option<&Header>, loaded: &Loaded) -> Result<()> {
    let Some(header) = header else { return Ok(()) };
    if header.venue == loaded.feed().venue.name && header.symbol == loaded.symbol {
        return Ok(());
    }
    bail!(
        "{} is a recording of {} {}, the configuration is for {} {}: give the --config of that market",
        recording.display(),
        header.venue,
        header.symbol,
        loaded.feed().venue.name,
        loaded.symbol
    )
}

/// Everything that names the run follows from the recording and the configuration, so the same import
/// gives the same bytes.
fn run_of(recording: &blake3::Hash, created_utc_ns: u64, config: &Config) -> Run {
    let both = blake3::Hasher::new().update(recording.as_bytes()).update(bytemuck::bytes_of(config)).finalize();
    let number = |hash: &blake3::Hash| u64::from_le_bytes(std::array::from_fn(|index| hash.as_bytes()[index]));
    Run {
        run_id: number(recording),
        salt: number(&both) as u32,
        created_utc_ns,
        markets: config.market_count,
        origin: origin::RECORDING,
        segment: 0,
        first_seq: 0,
    }
}

/// A folder beside `out` in which the journal is written before it gets its name.
fn staging_folder(out: &Path) -> Result<tempfile::TempDir> {
    if out.as_os_str().as_encoded_bytes().ends_with(b"/") {
        std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    }
    if out.is_dir() {
        let foreign = std::fs::read_dir(out)?.flatten().find(|entry| !is_replaceable(&entry.path()));
        if let Some(entry) = foreign {
            let name = entry.file_name();
            bail!(
                "{} holds {}, which no import wrote: choose an empty folder for --out",
                out.display(),
                name.display()
            );
        }
    } else if out.exists() && !is_replaceable(out) {
        bail!("{} exists and no import wrote it: choose another --out", out.display());
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let staging = tempfile::Builder::new().prefix(".import-").tempdir_in(parent);
    staging.with_context(|| format!("cannot write in the folder {}", parent.display()))
}

/// Gives the finished segments their names.
fn publish(folder: tempfile::TempDir, out: &Path) -> Result<Vec<PathBuf>> {
    let count = std::fs::read_dir(folder.path())?.count();
    let numbers = (0..).map(|number| (segment_path(folder.path(), number), number)).take(count);
    let is_one_file = count == 1 && !out.is_dir();
    if out.is_dir() {
        for entry in std::fs::read_dir(out)? {
            std::fs::remove_file(entry?.path())?;
        }
    } else if !is_one_file {
        if out.exists() {
            std::fs::remove_file(out)?;
        }
        std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    }
    let mut segments = Vec::new();
    for (from, number) in numbers {
        let to = if is_one_file { out.to_owned() } else { segment_path(out, number) };
        std::fs::rename(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
        segments.push(to);
    }
    Ok(segments)
}

/// Runs the engine over the messages, and closes the journal.
fn carry_out(mut session: Session<'_>, messages: Merged, utc_ns: u64) -> Result<Imported> {
    let (broken, halt) = match session.play(messages, utc_ns) {
        Ok(broken) => (broken, None),
        Err(RunError::Halt(halt)) => (None, Some(halt)),
        Err(error) => return Err(error.into()),
    };
    let frames = session.core.progress().frames;
    let engine = session.core.engine();
    let refused = engine.state().refused;
    let market = &engine.markets()[0].state;
    let (counts, depth, gaps) = (market.counts, market.depth(), u64::from(market.trust.gaps()));
    let checksums = (counts.checksums_ok, counts.checksums_bad);
    session.diary.0.close()?;
    Ok(Imported { frames, segments: Vec::new(), refused, checksums, gaps, depth, broken, halt })
}

/// The hot thread's place, with recorded time.
struct Session<'a> {
    core: Core<'a, Every>,
    diary: JournalDiary,
    taken_ns: u64,
}

const CONNECTION: u16 = 0;
/// The market that a recording's fetched bodies are of.
const MARKET: u16 = 0;
/// WebSocket's opcode of a text message: recordings hold nothing else.
const TEXT: u16 = 1;

impl Session<'_> {
    fn play(&mut self, messages: Merged, utc_ns: u64) -> Result<Option<Broken>, RunError> {
        let mut broken = None;
        let mut begun = false;
        for heard in messages {
            let message = match heard {
                Ok(Heard { message, .. }) => message,
                Err(cut) => {
                    broken = Some(cut.broken);
                    continue;
                }
            };
            let recv_ns = message.recv_ns;
            if !begun {
                self.begin(recv_ns, utc_ns)?;
                begun = true;
            }
            self.fire_timers(recv_ns)?;
            if message.bytes.len() > FRAME_BYTES_MAX {
                self.reconnect(recv_ns)?;
                continue;
            }
            let frame = if message.is_fetched {
                Frame::fetched(MARKET, &message.bytes)
            } else {
                Frame::received(CONNECTION, TEXT, &message.bytes)
            };
            self.take(recv_ns, &Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
        }
        if !begun {
            self.begin(0, utc_ns)?;
        }
        let end = Close { cause: close::END_OF_RECORDING, spare: [0; 11] };
        self.take(0, &Input::Close(end))?;
        Ok(broken)
    }

    fn begin(&mut self, recv_ns: u64, utc_ns: u64) -> Result<(), RunError> {
        self.taken_ns = recv_ns;
        self.core.open(recv_ns, &mut self.diary)?;
        let clock = Clock {
            mono_ns: recv_ns,
            utc_ns,
            uncertainty_ns: 0,
            tsc: 0,
            tsc_multiplier: 0,
            tsc_shift: 0,
            spare: [0; 6],
        };
        self.take(recv_ns, &Input::Clock(clock))?;
        let up = Link { up: 1, cause: link::CONNECTED, close_code: 0, spare: 0, recv_ns, spare_tail: 0 };
        self.take(recv_ns, &Input::Link(CONNECTION, up))
    }

    /// A connection that sends more than a frame may hold is dropped, live as here: what the recording
    /// has after it is taken as a new connection's.
    fn reconnect(&mut self, recv_ns: u64) -> Result<(), RunError> {
        let down = Link { up: 0, cause: link::OVERSIZED, close_code: 0, spare: 0, recv_ns, spare_tail: 0 };
        let up = Link { up: 1, cause: link::CONNECTED, ..down };
        self.take(recv_ns, &Input::Link(CONNECTION, down))?;
        self.take(recv_ns, &Input::Link(CONNECTION, up))
    }

    /// Fires what the engine asked for up to `recv_ns`, as the hot thread would have.
    fn fire_timers(&mut self, recv_ns: u64) -> Result<(), RunError> {
        loop {
            let due_ns = self.core.engine().deadline_ns();
            // The end of time is what an engine without a wish says, even to a frame received then.
            if due_ns > recv_ns || due_ns == u64::MAX {
                return Ok(());
            }
            self.take(due_ns, &Input::Timer(Timer { due_ns, spare: [0; 2] }))?;
        }
    }

    fn take(&mut self, ns: u64, input: &Input<'_>) -> Result<(), RunError> {
        self.taken_ns = self.taken_ns.max(ns);
        self.core.turn(self.taken_ns, input, &mut self.diary)
    }
}
