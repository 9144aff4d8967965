//! A recording played at its own pace into a folder of runs: the live loop with a file for a socket.
//!
//! Everything around the engine is as it is live: the clock, timers that fire when they are due, samples of
//! load, the ring, the two threads behind it. Only the frames come from a file.

use crate::clock::Clock;
use crate::config::Loaded;
use crate::import::cbcap::Recording;
use crate::import::check_market;
use crate::memory::Memory;
use crate::run::{RESERVED_LINES, RingDiary, RunError, STEP_BYTES_MAX};
use crate::venue::{Job, with_codec};
use anyhow::{Context, Result, anyhow};
use hotpath::config::Config;
use hotpath::halt::Halt;
use hotpath::record::{Close, FRAME_BYTES_MAX, Found, Health, Link, Timer, close, link};
use hotpath::turn::{Core, Input, TURN_LINES_MAX};
use hotpath::venue::{Frame, Venue};
use journal::{Caveat, Event, Feed, Folder, Live, LiveSettings, Parts, Retention, Role, Run, Totals, origin};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::thread;

/// Time between samples of load, nanoseconds.
const HEALTH_NS: u64 = 1_000_000_000;
/// Time between readings of the clocks, nanoseconds.
const CLOCK_NS: u64 = 60_000_000_000;
/// Free cores from which on threads spin instead of yielding: one for each thread.
const SPINNING_CORES: usize = 3;
const CONNECTION: u16 = 0;
/// WebSocket's opcode of a text message: recordings hold nothing else.
const TEXT: u16 = 1;

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
    /// Fewest free lines of the ring at a sample of load.
    pub ring_lines_free_min: u64,
    /// Longest lag of the commit cursor at a sample of load, nanoseconds.
    pub lag_ns_max: u64,
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
    let bytes =
        std::fs::read(recording).with_context(|| format!("cannot read the recording {}", recording.display()))?;
    let (header, frames) = Recording::open(&bytes)
        .map_err(|broken| anyhow!("{}: not a CBCAP recording: {broken}", recording.display()))?;
    check_market(recording, &header, loaded)?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let folder = Folder::take(folder)?;
    let clock = Clock::start();
    let spins = thread::available_parallelism().is_ok_and(|cores| cores.get() >= SPINNING_CORES);
    let settings = settings(loaded, &clock)?;
    let Parts { feed, scribe, keeper, events, found, caveats } = Parts::begin(folder, settings)?;
    let told = Begun { caveats, found, spins };
    begun(&told);
    let live = Live::start(scribe, keeper, spins, |_: Role| {})?;
    let telling = thread::spawn(move || tell(&events, &event));
    let mut memory = Memory::new();
    let Begun { found, spins, .. } = told;
    let job = PlayJob { config: &loaded.config, memory: &mut memory, feed, frames, pace, clock, found, spins, stop };
    let (outcome, feed) = with_codec(&loaded.config, job)??;
    let closed = live.close(feed);
    // The keeper is gone, and with it the other end of what is told.
    let _ = telling.join();
    let totals = closed?;
    Ok(Played { totals, ..outcome? })
}

/// The journal's settings. Run number and salt are drawn at random, so that nothing from outside can pass
/// for a record of this run.
fn settings(loaded: &Loaded, clock: &Clock) -> Result<LiveSettings> {
    let mut random = [0; 12];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut random))
        .context("cannot read /dev/urandom for the run's number")?;
    let (run_id, salt) = random.split_at(8);
    let run = Run {
        run_id: bytemuck::pod_read_unaligned(run_id),
        salt: bytemuck::pod_read_unaligned(salt),
        created_utc_ns: clock.read().utc_ns,
        markets: loaded.config.market_count,
        // Its times are its own: no import gives this journal again.
        origin: origin::LIVE,
        segment: 0,
        first_seq: 0,
    };
    let diary = &loaded.diary;
    let retention = Retention { keep_ns: diary.keep_ns, keep_bytes: diary.keep_bytes, archive: diary.archive.clone() };
    Ok(LiveSettings {
        run,
        capacity_bytes: loaded.config.journal.segment_bytes + STEP_BYTES_MAX,
        ring_lines: diary.ring_lines as usize,
        reserved_lines: RESERVED_LINES,
        sync_ns: diary.sync_ns,
        retention,
    })
}

fn tell(events: &Receiver<Event>, event: &impl Fn(Event)) {
    events.iter().for_each(event);
}

struct PlayJob<'a> {
    config: &'a Config,
    memory: &'a mut Memory,
    feed: Feed,
    frames: Recording<'a>,
    pace: Pace,
    clock: Clock,
    found: Option<Found>,
    spins: bool,
    stop: &'a AtomicBool,
}

impl Job for PlayJob<'_> {
    /// The feed comes back in any case: closing it lets the threads end.
    type Output = Result<(Result<Played>, Feed)>;

    fn run<V: Venue + Copy + Sync>(self, venue: V) -> Self::Output {
        let Self { config, memory, feed, frames, pace, clock, found, spins, stop } = self;
        let core = memory.start(venue, config).map_err(RunError::Halt)?;
        let mut player = Player {
            core,
            diary: RingDiary::new(feed),
            clock,
            spins,
            stop,
            health_due_ns: 0,
            clock_due_ns: CLOCK_NS,
            ring_lines_free_min: u64::MAX,
            lag_ns_max: 0,
        };
        let outcome = player.play(frames, pace, found);
        Ok((outcome, player.diary.into_feed()))
    }
}

/// The hot thread's place.
struct Player<'a, V> {
    core: Core<'a, V>,
    diary: RingDiary,
    clock: Clock,
    spins: bool,
    stop: &'a AtomicBool,
    health_due_ns: u64,
    clock_due_ns: u64,
    ring_lines_free_min: u64,
    lag_ns_max: u64,
}

impl<V: Venue> Player<'_, V> {
    fn play(&mut self, frames: Recording<'_>, pace: Pace, found: Option<Found>) -> Result<Played> {
        self.begin(found)?;
        let start_ns = self.clock.now_ns();
        let (is_cut, halt) = match self.play_frames(frames, pace, start_ns) {
            Ok(is_cut) => (is_cut, None),
            Err(RunError::Halt(halt)) => (true, Some(halt)),
            Err(error) => return Err(error.into()),
        };
        let took_ns = self.clock.now_ns() - start_ns;
        if halt.is_none() {
            self.sample(self.clock.now_ns())?;
            let cause = if is_cut { close::STOPPED } else { close::END_OF_RECORDING };
            self.take_reserved(&Input::Close(Close { cause, spare: [0; 11] }))?;
        }
        let progress = self.core.progress();
        Ok(Played {
            frames: progress.frames,
            records: progress.seq,
            is_cut,
            halt,
            ring_lines_free_min: self.ring_lines_free_min,
            lag_ns_max: self.lag_ns_max,
            took_ns,
            totals: Totals::default(),
        })
    }

    fn begin(&mut self, found: Option<Found>) -> Result<(), RunError> {
        let now_ns = self.clock.now_ns();
        self.core.open(now_ns, &mut self.diary)?;
        if let Some(found) = found {
            self.take(&Input::Found(found))?;
        }
        self.take(&Input::Clock(self.clock.read()))?;
        self.link(1, link::CONNECTED)
    }

    /// Plays the frames; true when it was stopped or the recording broke off.
    fn play_frames(&mut self, frames: Recording<'_>, pace: Pace, start_ns: u64) -> Result<bool, RunError> {
        let mut first_ns = None;
        for frame in frames {
            let Ok(frame) = frame else { return Ok(true) };
            let recorded_ns = frame.recv_ns - *first_ns.get_or_insert(frame.recv_ns);
            let due_ns = match pace {
                Pace::Times(times) => start_ns.saturating_add((recorded_ns as f64 / times) as u64),
                Pace::Max => 0,
            };
            if !self.wait(due_ns)? {
                return Ok(true);
            }
            if frame.bytes.len() > FRAME_BYTES_MAX {
                self.link(0, link::OVERSIZED)?;
                self.link(1, link::CONNECTED)?;
                continue;
            }
            let recv_ns = self.clock.now_ns();
            let frame = Frame { connection: CONNECTION, opcode: TEXT, bytes: frame.bytes };
            self.take(&Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
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
            let now_ns = self.clock.now_ns();
            let timer_ns = self.core.engine().deadline_ns();
            if now_ns >= self.health_due_ns {
                self.sample(now_ns)?;
            } else if self.diary.feed().room() < TURN_LINES_MAX {
                self.diary.ensure_running()?;
                self.rest();
            } else if now_ns >= timer_ns {
                self.take(&Input::Timer(Timer { due_ns: timer_ns, spare: [0; 2] }))?;
            } else if now_ns >= self.clock_due_ns {
                self.clock_due_ns = now_ns + CLOCK_NS;
                self.take(&Input::Clock(self.clock.read()))?;
            } else if now_ns >= due_ns {
                return Ok(true);
            } else {
                self.rest();
            }
        }
    }

    /// Load as the engine is to see it. It may use the reserve: this is how quotes are withdrawn when the
    /// journal lags.
    fn sample(&mut self, now_ns: u64) -> Result<(), RunError> {
        self.health_due_ns = now_ns + HEALTH_NS;
        let feed = self.diary.feed();
        let (lines, lag_ns) = (feed.lines_free() as u64, feed.lag_ns());
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let health = Health {
            ring_lines_free: narrow(lines),
            disk_mib_free: narrow(feed.disk_mib_free()),
            journal_lag_ns: lag_ns,
            round_trip_ns: 0,
            spare: [0; 8],
        };
        self.ring_lines_free_min = self.ring_lines_free_min.min(lines);
        self.lag_ns_max = self.lag_ns_max.max(lag_ns);
        self.take_reserved(&Input::Health(health))
    }

    fn link(&mut self, up: u16, cause: u16) -> Result<(), RunError> {
        let recv_ns = self.clock.now_ns();
        self.take(&Input::Link(CONNECTION, Link { up, cause, close_code: 0, spare: 0, recv_ns, spare_tail: 0 }))
    }

    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        let taken_ns = self.clock.now_ns().max(self.core.progress().taken_ns);
        self.core.turn(taken_ns, input, &mut self.diary)
    }

    fn take_reserved(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        self.diary.use_reserve(true);
        let outcome = self.take(input);
        self.diary.use_reserve(false);
        outcome
    }

    fn rest(&self) {
        if self.spins {
            std::hint::spin_loop();
        } else {
            thread::yield_now();
        }
    }
}
