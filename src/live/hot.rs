//! The hot thread's place, live and in rehearsal: the engine, its journal, and what time brings.

use super::seat::{Due, Seat};
use super::stamps::{PastFrames, StampedDiary};
use crate::clock::{Clock, Time};
use crate::run::{RingDiary, RunError};
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Close, Found, Health, NO_CONNECTION, Timer, close};
use hotpath::session::{LinkState, REQUESTS_MAX};
use hotpath::turn::{Core, TURN_LINES_MAX};
use hotpath::venue::{Venue, Wanted};
use journal::Feed;
use std::collections::VecDeque;

/// Time between samples of load, nanoseconds.
const HEALTH_NS: u64 = 1_000_000_000;
/// Time between readings of the clocks, nanoseconds.
const CLOCK_NS: u64 = 10_000_000_000;
/// Requests that wait to be carried out, at most: those of a few turns.
const WANTED_MAX: usize = 4 * REQUESTS_MAX;

/// What the samples of load came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Fewest free lines of the ring.
    pub ring_lines_free_min: u64,
    /// Longest lag of the commit cursor, nanoseconds.
    pub lag_ns_max: u64,
}

/// Engine, journal and clock of the hot thread.
pub struct Hot<'a, V, T = Clock> {
    core: Core<'a, V>,
    diary: StampedDiary<T>,
    past: PastFrames,
    clock: T,
    /// Whether the thread has its core for itself; otherwise it yields it.
    spins: bool,
    health_due_ns: u64,
    clock_due_ns: u64,
    load: Load,
    wanted: VecDeque<Wanted>,
}

impl<'a, V: Venue, T: Time> Hot<'a, V, T> {
    /// The place of a core that starts.
    #[must_use]
    pub fn new(core: Core<'a, V>, feed: Feed, clock: T, spins: bool) -> Self {
        Self {
            core,
            diary: StampedDiary::new(RingDiary::new(feed), clock.clone()),
            past: PastFrames::new(),
            clock,
            spins,
            health_due_ns: 0,
            clock_due_ns: CLOCK_NS,
            load: Load { ring_lines_free_min: u64::MAX, lag_ns_max: 0 },
            wanted: VecDeque::with_capacity(WANTED_MAX),
        }
    }

    /// The engine behind its codec.
    #[must_use]
    pub const fn core(&self) -> &Core<'a, V> {
        &self.core
    }

    /// What samples of load came to.
    #[must_use]
    pub const fn load(&self) -> Load {
        self.load
    }

    /// Monotonic nanoseconds now.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    /// The hot side of the journal, at the end.
    #[must_use]
    pub fn into_feed(self) -> Feed {
        self.diary.into_ring().into_feed()
    }

    /// The first records of a run: the opening, what was found, the clocks.
    ///
    /// # Errors
    /// As [`Seat::take`].
    pub fn begin(&mut self, found: Option<Found>) -> Result<(), RunError> {
        let now_ns = self.clock.now_ns();
        self.core.open(now_ns, &mut self.diary)?;
        if let Some(found) = found {
            self.take(&Input::Found(found))?;
        }
        self.take(&Input::Clock(self.clock.read()))
    }

    /// Load as the engine is to see it. It may use the reserve: this is how quotes are withdrawn when the
    /// journal lags.
    fn sample(&mut self, now_ns: u64) -> Result<(), RunError> {
        self.health_due_ns = now_ns + HEALTH_NS;
        let feed = self.diary.ring().feed();
        let (lines, lag_ns) = (feed.lines_free() as u64, feed.lag_ns());
        let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        let market = self.core.engine().config().markets().first();
        let link = market.and_then(|market| self.core.engine().session().link(market.connection));
        let health = Health {
            ring_lines_free: narrow(lines),
            disk_mib_free: narrow(feed.disk_mib_free()),
            journal_lag_ns: lag_ns,
            round_trip_ns: link.map_or(0, |link| link.round_trip_ns()),
            spare: [0; 8],
        };
        self.load.ring_lines_free_min = self.load.ring_lines_free_min.min(lines);
        self.load.lag_ns_max = self.load.lag_ns_max.max(lag_ns);
        self.take_reserved(&Input::Health(health))
    }

    fn take_reserved(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        self.diary.ring_mut().use_reserve(true);
        let outcome = self.take(input);
        self.diary.ring_mut().use_reserve(false);
        outcome
    }

    fn now(&self) -> u64 {
        self.clock.now_ns().max(self.core.progress().taken_ns)
    }

    fn turn(&mut self, taken_ns: u64, input: &Input<'_>) -> Result<(), RunError> {
        self.core.turn(taken_ns, input, &mut self.diary)?;
        if let Some(turned) = self.diary.turned() {
            self.past.add(turned, taken_ns, self.clock.now_ns(), self.core.progress().seq);
        }
        let asked = self.core.requests();
        if self.wanted.len() + asked.len() > WANTED_MAX {
            return Err(Halt::OutputsFull.into());
        }
        self.wanted.extend(asked);
        Ok(())
    }

    /// Takes in how far the journaling thread has come.
    fn look_back(&mut self) {
        while let Some(commit) = self.diary.ring_mut().feed_mut().commit_told() {
            self.past.commit(commit);
        }
    }

    /// Tells of past frames, once; whether there was anything to tell. Not where a segment ends: the record names
    /// others by how far they lie before it.
    fn tell_of_past(&mut self) -> Result<bool, RunError> {
        let taken_ns = self.now();
        if self.room_is_short() || self.core.is_rotation_due(taken_ns) {
            return Ok(false);
        }
        let Some(stamps) = self.past.record(self.core.progress().seq) else { return Ok(false) };
        self.turn(taken_ns, &Input::Stamps(stamps))?;
        Ok(true)
    }
}

impl<V: Venue, T: Time> Seat for Hot<'_, V, T> {
    type Time = T;

    fn clock(&self) -> &T {
        &self.clock
    }

    fn room_is_short(&self) -> bool {
        self.diary.ring().feed().room() < TURN_LINES_MAX
    }

    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError> {
        self.turn(self.now(), input)
    }

    fn wanted(&mut self) -> Option<Wanted> {
        self.wanted.pop_front()
    }

    fn encode(&self, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
        self.core.venue().encode(self.core.engine().config(), wanted, out)
    }

    /// A sample of load, a timer, a reading of the clocks.
    fn due(&mut self) -> Result<Due, RunError> {
        let now_ns = self.clock.now_ns();
        let timer_ns = self.core.engine().deadline_ns();
        self.look_back();
        if now_ns >= self.health_due_ns {
            self.sample(now_ns)?;
        } else if self.room_is_short() {
            self.diary.ring().ensure_running()?;
            return Ok(Due::Full);
        } else if now_ns >= timer_ns {
            self.take(&Input::Timer(Timer { due_ns: timer_ns, spare: [0; 2] }))?;
        } else if now_ns >= self.clock_due_ns {
            self.clock_due_ns = now_ns + CLOCK_NS;
            self.take(&Input::Clock(self.clock.read()))?;
        } else if self.past.is_pressing() {
            while self.past.is_ready(now_ns) && self.tell_of_past()? {}
        } else {
            return Ok(Due::Nothing);
        }
        Ok(Due::Done)
    }

    /// Tells how long past frames took.
    fn catch_up(&mut self) -> Result<bool, RunError> {
        if self.past.is_ready(self.clock.now_ns()) { self.tell_of_past() } else { Ok(false) }
    }

    /// When the connection of the market that trades will not be made again. Leaders may be lost.
    fn is_over(&self) -> Option<u16> {
        let engine = self.core.engine();
        let trades = engine.config().markets().first().map_or(NO_CONNECTION, |market| market.connection);
        engine.session().link(trades).is_some_and(LinkState::is_stopped).then_some(close::LINK_STOPPED)
    }

    /// What is left to tell of frames, the last sample of load and the last record.
    fn close(&mut self, cause: u16) -> Result<(), RunError> {
        self.look_back();
        self.past.give_up();
        while self.tell_of_past()? {}
        self.sample(self.clock.now_ns())?;
        self.take_reserved(&Input::Close(Close { cause, spare: [0; 11] }))
    }

    fn rest(&self) {
        self.clock.rest(self.spins);
    }
}
