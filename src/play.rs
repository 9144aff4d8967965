//! A recording played at its own pace into a folder of runs: the live loop with a file for a socket.
//!
//! Everything around the engine is as it is live: the clock, timers that fire when they are due, samples of
//! load, the ring, the two threads behind it. Only the frames come from a file.

use crate::clock::{Clock, Time};
use crate::config::Loaded;
use crate::import::recording::Recording;
use crate::import::{Broken, Recorded, Source, check_market};
use crate::live::{Due, Hot, Load, Seat, settings, spins};
use crate::memory::Memory;
use crate::run::RunError;
use anyhow::{Context, Result};
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{FRAME_BYTES_MAX, Found, Link, close, link};
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use hotpath::websocket::TEXT;
use journal::{Caveat, Event, Folder, Live, Parts, Role, Totals};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;

const CONNECTION: u16 = 0;
/// The market that a recording's fetched bodies are of.
const MARKET: u16 = 0;

/// How a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// So many times as fast as it was recorded.
    Times(f64),
    /// As fast as the engine and the journal go.
    Max,
}

/// What is known before the first frame.
#[derive(Debug)]
pub struct Begun {
    /// Promises that the folder's file system cannot keep.
    pub caveats: Vec<Caveat>,
    /// What the last run left in the folder.
    pub found: Option<Found>,
    /// Whether threads spin; otherwise they yield their cores.
    pub spins: bool,
}

/// What a play came to.
#[derive(Debug)]
pub struct Played {
    /// Frames taken.
    pub frames: u64,
    /// Records in the journal.
    pub records: u64,
    /// Frames of the recording that were not taken: it was stopped, halted, or broken there.
    pub is_cut: bool,
    /// The halt that ended the run early, if one did.
    pub halt: Option<Halt>,
    /// What samples of load came to.
    pub load: Load,
    /// Time from the first frame to the last, nanoseconds.
    pub took_ns: u64,
    /// Segments, bytes and syncs.
    pub totals: Totals,
}

/// Plays `recording` into `folder`. `stop` ends the run in order at the next frame. `begun` is told before
/// the first frame, `event` what housekeeping does meanwhile.
///
/// # Errors
/// When the recording is of another market, another writer has the folder, or the journal fails.
pub fn play(
    recording: &Path,
    loaded: &Loaded,
    folder: &Path,
    pace: Pace,
    stop: &AtomicBool,
    begun: impl FnOnce(&Begun),
    event: impl Fn(Event) + Send + 'static,
) -> Result<Played> {
    let opened = Recording::open(recording)?;
    check_market(&Source::own(recording), opened.header(), loaded)?;
    // All of it first: while it is played, no file is read.
    let messages: Vec<_> = opened.collect();
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let folder = Folder::take(folder)?;
    let clock = Clock::start();
    let spins = spins(0);
    let settings = settings(loaded, &clock)?;
    let Parts { feed, scribe, keeper, events, found, caveats } = Parts::begin(folder, settings)?;
    let told = Begun { caveats, found, spins };
    begun(&told);
    let live = Live::start(scribe, keeper, spins, |_: Role| {}, move || clock.now_ns())?;
    let telling = thread::spawn(move || tell(&events, &event));
    let mut memory = Memory::new();
    let Begun { found, spins, .. } = told;
    let core = memory.start(Every, &loaded.config).map_err(RunError::Halt)?;
    let mut player = Player { hot: Hot::new(core, feed, clock, spins), stop };
    let outcome = player.play(&messages, pace, found);
    let closed = live.close(player.hot.into_feed());
    // The keeper is gone, and with it the other end of what is told.
    let _ = telling.join();
    let totals = closed?;
    Ok(Played { totals, ..outcome? })
}

fn tell(events: &Receiver<Event>, event: &impl Fn(Event)) {
    events.iter().for_each(event);
}

/// The live loop with a recording for a socket.
struct Player<'a> {
    hot: Hot<'a, Every>,
    stop: &'a AtomicBool,
}

impl Player<'_> {
    fn play(&mut self, messages: &[Result<Recorded, Broken>], pace: Pace, found: Option<Found>) -> Result<Played> {
        self.hot.begin(found)?;
        self.link(1, link::CONNECTED)?;
        let start_ns = self.hot.now_ns();
        let (is_cut, halt) = match self.play_messages(messages, pace, start_ns) {
            Ok(is_cut) => (is_cut, None),
            Err(RunError::Halt(halt)) => (true, Some(halt)),
            Err(error) => return Err(error.into()),
        };
        let took_ns = self.hot.now_ns() - start_ns;
        if halt.is_none() {
            self.hot.close(if is_cut { close::STOPPED } else { close::END_OF_RECORDING })?;
        }
        let progress = self.hot.core().progress();
        Ok(Played {
            frames: progress.frames,
            records: progress.seq,
            is_cut,
            halt,
            load: self.hot.load(),
            took_ns,
            totals: Totals::default(),
        })
    }

    /// Plays the messages; true when it was stopped or the recording broke off.
    fn play_messages(
        &mut self,
        messages: &[Result<Recorded, Broken>],
        pace: Pace,
        start_ns: u64,
    ) -> Result<bool, RunError> {
        let mut first_ns = None;
        for message in messages {
            let Ok(message) = message else { return Ok(true) };
            let recorded_ns = message.recv_ns.saturating_sub(*first_ns.get_or_insert(message.recv_ns));
            let due_ns = match pace {
                Pace::Times(times) => start_ns.saturating_add((recorded_ns as f64 / times) as u64),
                Pace::Max => 0,
            };
            if !self.wait(due_ns)? {
                return Ok(true);
            }
            if message.bytes.len() > FRAME_BYTES_MAX {
                self.link(0, link::OVERSIZED)?;
                self.link(1, link::CONNECTED)?;
                continue;
            }
            let recv_ns = self.hot.now_ns();
            let frame = if message.is_fetched {
                Frame::fetched(MARKET, &message.bytes)
            } else {
                Frame::received(CONNECTION, TEXT, &message.bytes)
            };
            self.hot.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
        }
        Ok(false)
    }

    /// Does what is due until `due_ns` is reached and the ring has room for any turn; false when the run
    /// is to stop.
    fn wait(&mut self, due_ns: u64) -> Result<bool, RunError> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            match self.hot.due()? {
                Due::Done => {}
                Due::Nothing if self.hot.now_ns() >= due_ns => return Ok(true),
                Due::Nothing if self.hot.catch_up()? => {}
                Due::Nothing | Due::Full => self.hot.rest(),
            }
        }
    }

    fn link(&mut self, up: u16, cause: u16) -> Result<(), RunError> {
        let recv_ns = self.hot.now_ns();
        self.hot.take(&Input::Link(CONNECTION, Link { up, cause, close_code: 0, spare: 0, recv_ns, spare_tail: 0 }))
    }
}
