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
mod identity;
mod item;
mod leap;
mod session;
mod staging;
mod text;

pub use item::{Broken, LINE_BYTES_MAX, Recorded};
pub use leap::{Leap, Spot};

use crate::config::Loaded;
use crate::memory::Memory;
use crate::run::{RunError, STEP_BYTES_MAX};
use crate::venue::market_names;
use anyhow::{Result, bail};
use cbcap::Header;
use hotpath::config::{Config, MarketConfig, snapshot_rule};
use hotpath::halt::Halt;
use hotpath::market::{Counts, Market};
use hotpath::venue::every::Every;
use identity::Identity;
use journal::{Place, Run, Settings, Writer, origin};
use merge::Merged;
use session::Session;
use staging::{publish, staging_folder};
use std::path::{Path, PathBuf};

/// A recording, and the connection whose messages it holds.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// The connection.
    pub connection: u16,
}

impl Source {
    /// A recording of the venue that trades.
    #[must_use]
    pub fn own(path: &Path) -> Self {
        Self { path: path.to_owned(), connection: 0 }
    }
}

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// Frames taken over.
    pub frames: u64,
    /// The journal's files, in order.
    pub segments: Vec<PathBuf>,
    /// Frames that were refused.
    pub refused: u64,
    /// By market, in the order of the configuration.
    pub markets: Vec<MarketSum>,
    /// Receive times that run back: such messages are taken at the latest time before them.
    pub setback: Setback,
    /// Recordings whose last messages have receive times far ahead of all before them.
    pub leaps: Vec<(PathBuf, Leap)>,
    /// Recordings that broke off, and where.
    pub broken: Vec<(PathBuf, Broken)>,
    /// The halt that ended the run early, if one did; the journal holds all up to it.
    pub halt: Option<Halt>,
}

/// What came of one market.
#[derive(Clone, Debug)]
pub struct MarketSum {
    /// Its symbol, behind the venue where several have the same one.
    pub symbol: String,
    /// What was seen.
    pub counts: Counts,
    /// Gaps that opened.
    pub gaps: u32,
    /// Depth in force at the end: what the exchange confirmed, or else the configured one.
    pub depth: u32,
    /// Whether the book is trusted at the end.
    pub is_trusted: bool,
    /// Whether it ever was.
    pub was_trusted: bool,
    /// Whether a recording of its connection was given.
    pub is_recorded: bool,
}

/// Messages whose receive time is before that of a message before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Setback {
    /// How many.
    pub frames: u64,
    /// How far back the farthest lies, nanoseconds.
    pub longest_ns: u64,
    /// The frame behind which the receive times lie back, from 0: of the farthest.
    pub behind_frame: u64,
}

/// Imports recordings into `out`: one file, or a folder when several segments result. A recording that does not name
/// its market is taken to be of its connection's.
///
/// # Errors
/// When a recording is of another market, `out` is somebody's file, or a file cannot be read or written.
pub fn import(sources: &[Source], loaded: &Loaded, out: &Path) -> Result<Imported> {
    let mut opened = Vec::new();
    let mut identities: Vec<Identity> = Vec::new();
    for source in sources {
        let (recording, identity) = identity::open(&source.path)?;
        if let Some(same) = identities.iter().position(|other| identity.is_of(other)) {
            let (path, other) = (source.path.display(), sources[same].path.display());
            if identities[same].hash == identity.hash {
                bail!("{path}: the same recording as {other}: every message would count twice; give it once");
            }
            bail!(
                "{path}: the same recording as {other} by the messages that it begins with, which would count twice; give the \
                 one that goes on longer"
            );
        }
        check_market(source, recording.header(), loaded)?;
        if recording.header().is_none() && carries_fetched(loaded, source.connection) > 1 {
            let path = source.path.display();
            bail!("{path}: a snapshot in it would not name its pair, and the connection has several: import one pair");
        }
        opened.push((source.connection, recording));
        identities.push(identity);
    }
    // Stamps of a single recording stay as they are, whatever its clock.
    let recorded_utc_ns = opened.first().and_then(|(_, recording)| recording.header()).map(|header| header.unix_ns);
    let is_alone = opened.len() == 1;
    let messages = if is_alone { Merged::new(opened) } else { Merged::in_utc(opened) };
    // Other dialects stamp their messages in UTC.
    let utc_ns = recorded_utc_ns.filter(|_| is_alone).or(messages.first_ns()).unwrap_or(0);
    let run = run_of(&joined(&identities), utc_ns, &loaded.config);
    let folder = staging_folder(out)?;
    let place = Place::Folder(folder.path().to_owned());
    let capacity_bytes = loaded.config.journal.segment_bytes + STEP_BYTES_MAX;
    let writer = Writer::create(Settings { place, run, capacity_bytes })?;
    let mut memory = Memory::new();
    let core = memory.start(Every, &loaded.config).map_err(RunError::Halt)?;
    let mut ended = carry_out(Session::new(core, writer, &loaded.config), messages, utc_ns, sources)?;
    ended.segments = publish(folder, out)?;
    Ok(ended)
}

/// One hash for all recordings.
fn joined(identities: &[Identity]) -> blake3::Hash {
    if let [alone] = identities {
        return alone.hash;
    }
    let mut hasher = blake3::Hasher::new();
    for identity in identities {
        hasher.update(identity.hash.as_bytes());
    }
    hasher.finalize()
}

/// Markets of a connection whose snapshots are fetched.
fn carries_fetched(loaded: &Loaded, connection: u16) -> usize {
    let is_fetched = |row: &&MarketConfig| row.connection == connection && row.snapshot_rule == snapshot_rule::FETCHED;
    loaded.config.markets().iter().filter(is_fetched).count()
}

/// Whether a recording is of a market of its connection, by what it says of it.
///
/// # Errors
/// When it is of another.
pub fn check_market(source: &Source, header: Option<&Header>, loaded: &Loaded) -> Result<()> {
    let Some(header) = header else { return Ok(()) };
    let Some(feed) = loaded.feeds.iter().find(|feed| feed.connection == source.connection) else {
        bail!("{}: the configuration has no connection {}", source.path.display(), source.connection);
    };
    let rows = || loaded.config.markets().iter().filter(|row| row.connection == source.connection);
    if header.venue == feed.venue.name && rows().any(|row| row.symbol.as_bytes() == header.symbol.as_bytes()) {
        return Ok(());
    }
    let symbols: Vec<_> = rows().map(|row| String::from_utf8_lossy(row.symbol.as_bytes())).collect();
    bail!(
        "{} is a recording of {} {}, the configuration is for {} {}: give the --config of that market",
        source.path.display(),
        header.venue,
        header.symbol,
        feed.venue.name,
        symbols.join(", ")
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

/// Runs the engine over the messages, and closes the journal.
fn carry_out(mut session: Session<'_>, mut messages: Merged, utc_ns: u64, sources: &[Source]) -> Result<Imported> {
    let (cuts, halt) = match session.play(&mut messages, utc_ns) {
        Ok(cuts) => (cuts, None),
        Err(RunError::Halt(halt)) => (Vec::new(), Some(halt)),
        Err(error) => return Err(error.into()),
    };
    let engine = session.core().engine();
    let sum = |(index, (symbol, market)): (usize, (String, &Market))| MarketSum {
        symbol,
        counts: market.state.counts,
        gaps: market.state.trust.gaps(),
        depth: market.state.depth(),
        is_trusted: market.state.trust.is_trusted(),
        was_trusted: session.was_trusted(index),
        is_recorded: sources.iter().any(|source| source.connection == engine.config().markets()[index].connection),
    };
    let imported = Imported {
        frames: session.core().progress().frames,
        segments: Vec::new(),
        refused: engine.state().refused,
        markets: market_names(engine.config().markets())
            .into_iter()
            .zip(engine.markets())
            .enumerate()
            .map(sum)
            .collect(),
        setback: session.setback(),
        leaps: messages.leaps().map(|(recording, leap)| (sources[recording].path.clone(), leap)).collect(),
        broken: cuts.into_iter().map(|cut| (sources[cut.recording].path.clone(), cut.broken)).collect(),
        halt,
    };
    session.close()?;
    Ok(imported)
}
