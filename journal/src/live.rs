//! A journal that is written while the hot thread goes on: the ring, and two threads behind it.

use crate::error::{Error, Result};
use crate::event::Event;
use crate::folder::Folder;
use crate::keeper::{self, Keeper, Rings, Tick, Totals};
use crate::map::Caveat;
use crate::ring::Feed;
use crate::scribe::{Scribe, Step};
use crate::segment::{Header, Run};
use crate::settings::LiveSettings;
use crate::status::Status;
use crate::writer::checked_capacity;
use hotpath::record::{Found, Line};
use rtrb::RingBuffer;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long the keeper rests when nothing is due. The kernel protects the page that is written about
/// twice a minute; the shorter this is, the less likely is a store before the keeper has seen to it.
const REST: Duration = Duration::from_micros(250);
/// Rounds of the journaling thread whose time the hot side has not taken in yet, at most.
const COMMITS: usize = 4096;
/// Looks at an empty ring before a thread that may not spin gives its core away.
const SPINS: u32 = 64;

/// Which of the journal's threads starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The journaling thread.
    Scribe,
    /// The housekeeping thread.
    Keeper,
}

/// The parts of a journal before its threads run: tests drive them by hand.
#[derive(Debug)]
pub struct Parts {
    /// The hot side.
    pub feed: Feed,
    /// The journaling thread's work.
    pub scribe: Scribe,
    /// The housekeeping thread's work.
    pub keeper: Keeper,
    /// What the keeper says.
    pub events: Receiver<Event>,
    /// What the last run left in the folder: the first input of this one, when there was one.
    pub found: Option<Found>,
    /// Promises that this file system cannot keep.
    pub caveats: Vec<Caveat>,
}

impl Parts {
    /// Takes the folder and begins its next segment.
    ///
    /// # Errors
    /// [`Error::Taken`] when another writer has the folder, [`Error::Capacity`], [`Error::Io`].
    pub fn begin(folder: Folder, settings: LiveSettings) -> Result<Self> {
        let found = folder.found()?;
        let segment = folder.next_segment()?;
        let capacity = checked_capacity(settings.capacity_bytes)?;
        let (ground, tail, blank) = keeper::prepare(&folder, segment, capacity)?;
        let caveats = ground.caveats()?;
        let run = Run { segment, ..settings.run };
        let open = blank.begin(Header::new(&run));
        let status = Arc::new(Status::new(run.first_seq));
        let (lines, drain) = touched_ring(settings.ring_lines);
        let (commits, told_commits) = RingBuffer::new(COMMITS);
        // One segment is open and one prepared; both can be on their way back.
        let (blanks, ready) = RingBuffer::new(1);
        let (finished, returned) = RingBuffer::new(2);
        let (events, told) = channel();
        let feed = Feed::new((lines, told_commits), settings.reserved_lines, Arc::clone(&status));
        let scribe = Scribe::new((drain, commits), open, ready, finished, Arc::clone(&status));
        let rings = Rings { blanks, finished: returned };
        let keeper = Keeper::new(folder, settings, (segment, ground, tail), rings, status, events)?;
        Ok(Self { feed, scribe, keeper, events: told, found, caveats })
    }
}

/// A ring whose pages were all written to once: no first lap faults.
fn touched_ring(lines: usize) -> (rtrb::Producer<Line>, rtrb::Consumer<Line>) {
    let (mut producer, mut consumer) = RingBuffer::new(lines);
    if let Ok(chunk) = producer.write_chunk_uninit(lines) {
        chunk.fill_from_iter(std::iter::repeat(Line::ZERO));
    }
    if let Ok(chunk) = consumer.read_chunk(lines) {
        chunk.commit_all();
    }
    (producer, consumer)
}

/// The two threads of a live journal.
#[derive(Debug)]
pub struct Live {
    scribe: JoinHandle<Result<()>>,
    keeper: JoinHandle<Result<Totals>>,
}

impl Live {
    /// Starts the threads. `on_start` runs first on each of them: it pins them to their cores. The
    /// journaling thread spins on an empty ring, or, on hosts with fewer free cores than threads, yields
    /// its core. `now_ns` is the clock that its commits are stamped by.
    ///
    /// # Errors
    /// [`Error::Thread`] when the system refuses one.
    pub fn start(
        scribe: Scribe,
        keeper: Keeper,
        spins: bool,
        on_start: impl Fn(Role) + Clone + Send + 'static,
        now_ns: impl Fn() -> u64 + Send + 'static,
    ) -> Result<Self> {
        let refused = |source| Error::Thread { source };
        let pin = on_start.clone();
        let keeper = thread::Builder::new().name("keeper".to_owned()).spawn(move || {
            pin(Role::Keeper);
            keep(keeper)
        });
        let scribe = thread::Builder::new().name("scribe".to_owned()).spawn(move || {
            on_start(Role::Scribe);
            write(scribe, spins, now_ns)
        });
        Ok(Self { keeper: keeper.map_err(refused)?, scribe: scribe.map_err(refused)? })
    }

    /// Waits until everything that was pushed lies in sealed segments. The hot side must be gone.
    ///
    /// # Errors
    /// What stopped the journal, if something did.
    pub fn close(self, feed: Feed) -> Result<Totals> {
        drop(feed);
        let written = self.scribe.join().unwrap_or(Err(Error::Stopped));
        let kept = self.keeper.join().unwrap_or(Err(Error::Stopped));
        // The keeper's complaint is the cause when both have one.
        let totals = kept?;
        written?;
        Ok(totals)
    }
}

/// Sets the journal to stopped when its thread ends, however it ends.
struct StopAtEnd(Arc<Status>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.stop();
    }
}

fn write(mut scribe: Scribe, spins: bool, now_ns: impl Fn() -> u64) -> Result<()> {
    let _stop = StopAtEnd(scribe.status());
    let mut idle = 0;
    loop {
        match scribe.step()? {
            Step::Wrote => {
                idle = 0;
                scribe.stamp(now_ns());
            }
            Step::Over => return Ok(()),
            Step::Empty | Step::Starved if spins || idle < SPINS => {
                idle += 1;
                std::hint::spin_loop();
            }
            Step::Empty | Step::Starved => thread::yield_now(),
        }
    }
}

fn keep(mut keeper: Keeper) -> Result<Totals> {
    let _stop = StopAtEnd(keeper.status());
    let start = Instant::now();
    loop {
        match keeper.tick(start.elapsed().as_nanos() as u64)? {
            Tick::Busy => {}
            Tick::Idle => thread::sleep(REST),
            Tick::Over => return Ok(*keeper.totals()),
        }
    }
}
