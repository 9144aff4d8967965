//! The state of a checkpoint: sections of plain data, one after another.
//!
//! A section is a [`SectionHead`] and its bytes. Only what is used is written (levels held, rows
//! configured), in an order that does not depend on how the state came about, so equal states give
//! equal bytes. `README.md` in this folder lays the sections out.

use crate::book::{Level, SIDE_LEVELS, Side};
use crate::chain::{HELD_LEVELS_MAX, HELD_UPDATES_MAX, Held, HeldUpdate};
use crate::config::{Config, MARKETS_MAX};
use crate::engine::{Engine, EngineState};
use crate::halt::{Halt, ensure};
use crate::market::MarketState;
use crate::progress::Progress;
use crate::record::{LINE_BYTES, Line, NO_INSTRUMENT};
use crate::session::Session;

use bytemuck::{Pod, Zeroable};

/// Version of the sections; a reader refuses another one.
pub const SECTION_VERSION: u16 = 4;

/// Section numbers.
pub mod section {
    /// [`crate::config::Config`].
    pub const CONFIG: u16 = 1;
    /// [`crate::progress::Progress`].
    pub const PROGRESS: u16 = 2;
    /// [`crate::engine::EngineState`].
    pub const ENGINE: u16 = 3;
    /// [`crate::market::MarketState`] of one market.
    pub const MARKET: u16 = 4;
    /// Bids of one market: `dropped_ticks`, then levels from the worst to the best.
    pub const BIDS: u16 = 5;
    /// Asks of one market, likewise.
    pub const ASKS: u16 = 6;
    /// [`crate::session::Session`].
    pub const SESSION: u16 = 7;
    /// [`crate::chain::Held`] of one market: the number of updates, the updates, their levels.
    pub const HELD: u16 = 8;
}

/// What opens a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SectionHead {
    /// One of [`section`].
    pub id: u16,
    /// [`SECTION_VERSION`].
    pub version: u16,
    /// The market, or [`NO_INSTRUMENT`].
    pub instrument: u16,
    /// Zero.
    pub spare: u16,
    /// Bytes that follow, a multiple of 8.
    pub bytes: u64,
}

/// Most bytes of a state: every market with full books.
pub const STATE_BYTES_MAX: usize = size_of::<Config>()
    + size_of::<Progress>()
    + size_of::<EngineState>()
    + size_of::<Session>()
    + MARKETS_MAX * (size_of::<MarketState>() + 2 * (size_of::<i64>() + SIDE_LEVELS * size_of::<Level>()))
    + MARKETS_MAX
        * (size_of::<u64>() + HELD_UPDATES_MAX * size_of::<HeldUpdate>() + HELD_LEVELS_MAX * size_of::<Level>())
    + (4 + 4 * MARKETS_MAX) * size_of::<SectionHead>();
/// The same in lines.
pub const STATE_LINES: usize = STATE_BYTES_MAX.div_ceil(LINE_BYTES);

/// Writes the state into `lines` and returns its bytes.
///
/// # Errors
/// [`Halt::OutputsFull`] when `lines` are fewer than [`STATE_LINES`] and do not suffice.
pub fn encode(engine: &Engine, progress: &Progress, lines: &mut [Line]) -> Result<usize, Halt> {
    let mut sink = Sink { bytes: bytemuck::cast_slice_mut(lines), used: 0 };
    sink.section(section::CONFIG, NO_INSTRUMENT, bytemuck::bytes_of(&engine.config))?;
    sink.section(section::PROGRESS, NO_INSTRUMENT, bytemuck::bytes_of(progress))?;
    sink.section(section::ENGINE, NO_INSTRUMENT, bytemuck::bytes_of(&engine.state))?;
    sink.section(section::SESSION, NO_INSTRUMENT, bytemuck::bytes_of(&engine.session))?;
    for (instrument, market) in (0..engine.config.market_count).zip(&engine.markets) {
        sink.section(section::MARKET, instrument, bytemuck::bytes_of(&market.state))?;
        sink.side(section::BIDS, instrument, &market.book.bids)?;
        sink.side(section::ASKS, instrument, &market.book.asks)?;
        sink.held(instrument, &market.held)?;
    }
    Ok(sink.used)
}

/// Reads a state into `engine`, whatever it held before, and returns the progress.
///
/// # Errors
/// [`Halt::MalformedCheckpoint`] when sections are missing, unknown or of another size or version;
/// [`Halt::Config`] when the configuration breaks a bound.
pub fn decode(bytes: &[u8], engine: &mut Engine) -> Result<Progress, Halt> {
    let mut rest = bytes;
    let config: Config = pod(take(&mut rest, section::CONFIG, NO_INSTRUMENT)?)?;
    let progress: Progress = pod(take(&mut rest, section::PROGRESS, NO_INSTRUMENT)?)?;
    engine.start(&config)?;
    engine.state = pod::<EngineState>(take(&mut rest, section::ENGINE, NO_INSTRUMENT)?)?;
    engine.session = pod::<Session>(take(&mut rest, section::SESSION, NO_INSTRUMENT)?)?;
    for instrument in 0..config.market_count {
        let market = engine.markets.get_mut(usize::from(instrument)).ok_or(Halt::MalformedCheckpoint)?;
        market.state = pod::<MarketState>(take(&mut rest, section::MARKET, instrument)?)?;
        load_side(take(&mut rest, section::BIDS, instrument)?, &mut market.book.bids)?;
        load_side(take(&mut rest, section::ASKS, instrument)?, &mut market.book.asks)?;
        load_held(take(&mut rest, section::HELD, instrument)?, &mut market.held)?;
    }
    ensure(rest.is_empty(), Halt::MalformedCheckpoint)?;
    Ok(progress)
}

/// Reads only the configuration of a state.
///
/// # Errors
/// As [`decode`].
pub fn decode_config(bytes: &[u8]) -> Result<Config, Halt> {
    let mut rest = bytes;
    let config: Config = pod(take(&mut rest, section::CONFIG, NO_INSTRUMENT)?)?;
    config.check()?;
    Ok(config)
}

/// Reads only how far the run has come.
///
/// # Errors
/// As [`decode`].
pub fn decode_progress(bytes: &[u8]) -> Result<Progress, Halt> {
    let mut rest = bytes;
    take(&mut rest, section::CONFIG, NO_INSTRUMENT)?;
    pod(take(&mut rest, section::PROGRESS, NO_INSTRUMENT)?)
}

struct Sink<'a> {
    bytes: &'a mut [u8],
    used: usize,
}

impl Sink<'_> {
    fn section(&mut self, id: u16, instrument: u16, body: &[u8]) -> Result<(), Halt> {
        self.head(id, instrument, body.len())?;
        self.put(body)
    }

    fn side<const ASK: bool>(&mut self, id: u16, instrument: u16, side: &Side<ASK>) -> Result<(), Halt> {
        let levels = side.len().saturating_mul(size_of::<Level>());
        self.head(id, instrument, levels.saturating_add(size_of::<i64>()))?;
        self.put(bytemuck::bytes_of(&side.complete_to_ticks().unwrap_or(0)))?;
        side.worst_first().try_for_each(|level| self.put(bytemuck::bytes_of(level)))
    }

    fn held(&mut self, instrument: u16, held: &Held) -> Result<(), Halt> {
        let count = (held.updates().len() as u64).to_le_bytes();
        let (updates, levels) = (bytemuck::must_cast_slice(held.updates()), bytemuck::must_cast_slice(held.levels()));
        let length = count.len().saturating_add(size_of_val(held.updates())).saturating_add(size_of_val(held.levels()));
        self.head(section::HELD, instrument, length)?;
        [&count[..], updates, levels].into_iter().try_for_each(|part| self.put(part))
    }

    fn head(&mut self, id: u16, instrument: u16, length: usize) -> Result<(), Halt> {
        let bytes = u64::try_from(length).map_err(|_| Halt::OutputsFull)?;
        self.put(bytemuck::bytes_of(&SectionHead { id, version: SECTION_VERSION, instrument, spare: 0, bytes }))
    }

    fn put(&mut self, part: &[u8]) -> Result<(), Halt> {
        let end = self.used.saturating_add(part.len());
        let place = self.bytes.get_mut(self.used..end).ok_or(Halt::OutputsFull)?;
        place.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        self.used = end;
        Ok(())
    }
}

fn take<'a>(rest: &mut &'a [u8], id: u16, instrument: u16) -> Result<&'a [u8], Halt> {
    let (head, tail) = rest.split_at_checked(size_of::<SectionHead>()).ok_or(Halt::MalformedCheckpoint)?;
    let head: SectionHead = pod(head)?;
    let expected = head.id == id && head.version == SECTION_VERSION && head.instrument == instrument && head.spare == 0;
    ensure(expected, Halt::MalformedCheckpoint)?;
    let length = usize::try_from(head.bytes).map_err(|_| Halt::MalformedCheckpoint)?;
    let (section, after) = tail.split_at_checked(length).ok_or(Halt::MalformedCheckpoint)?;
    *rest = after;
    Ok(section)
}

fn pod<T: Pod>(bytes: &[u8]) -> Result<T, Halt> {
    bytemuck::try_pod_read_unaligned(bytes).map_err(|_| Halt::MalformedCheckpoint)
}

fn load_side<const ASK: bool>(bytes: &[u8], side: &mut Side<ASK>) -> Result<(), Halt> {
    side.clear();
    let (dropped, levels) = bytes.split_at_checked(size_of::<i64>()).ok_or(Halt::MalformedCheckpoint)?;
    side.set_dropped_ticks(pod(dropped)?);
    let levels = levels.chunks_exact(size_of::<Level>());
    ensure(levels.remainder().is_empty(), Halt::MalformedCheckpoint)?;
    for level in levels {
        side.push_better(pod(level)?)?;
    }
    Ok(())
}

fn load_held(bytes: &[u8], held: &mut Held) -> Result<(), Halt> {
    let (count, rest) = bytes.split_at_checked(size_of::<u64>()).ok_or(Halt::MalformedCheckpoint)?;
    let count = usize::try_from(pod::<u64>(count)?).map_err(|_| Halt::MalformedCheckpoint)?;
    let bytes = count.checked_mul(size_of::<HeldUpdate>()).ok_or(Halt::MalformedCheckpoint)?;
    let (updates, levels) = rest.split_at_checked(bytes).ok_or(Halt::MalformedCheckpoint)?;
    held.clear();
    for update in updates.chunks_exact(size_of::<HeldUpdate>()) {
        held.load_update(pod(update)?)?;
    }
    let levels = levels.chunks_exact(size_of::<Level>());
    ensure(levels.remainder().is_empty(), Halt::MalformedCheckpoint)?;
    for level in levels {
        held.load_level(pod(level)?)?;
    }
    held.loaded()
}

// The sizes that the README of this folder lays out.
const _: () = assert!(size_of::<Config>() == 552 && size_of::<Progress>() == 64);
const _: () = assert!(size_of::<EngineState>() == 136 && size_of::<MarketState>() == 536);
const _: () = assert!(size_of::<Session>() == 896);
// Each checkpoint of a pair may take this many first lines beside its state (see `OUTPUT_LINES`).
const _: () = assert!(STATE_BYTES_MAX < 64 * crate::record::PAYLOAD_BYTES_MAX);
