//! The pace of what is played: when a market begins to run, and when a recorded frame is due.

use crate::market::Event;
use crate::playback::{Frames, Taped};
use anyhow::{Error, Result};
use std::collections::VecDeque;

/// A made-up market: the first event carries the whole starting book, and time does not run back.
pub type Events = Box<dyn Iterator<Item = Event> + Send>;

/// How long the market waits for a subscription to the book when only others were asked for, nanoseconds.
const WAIT_NS: u64 = 1_000_000_000;

/// When a market's time begins to run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Start {
    at_ns: Option<u64>,
}

impl Start {
    /// The book was subscribed to: time begins at once.
    pub fn at_once(&mut self, now_ns: u64) {
        self.no_later_than(now_ns);
    }

    /// Something else was: time begins in a moment, so that a client that asks for both in turn gets both from
    /// the beginning.
    pub fn in_a_moment(&mut self, now_ns: u64) {
        self.no_later_than(now_ns.saturating_add(WAIT_NS));
    }

    fn no_later_than(&mut self, at_ns: u64) {
        self.at_ns = Some(self.at_ns.map_or(at_ns, |known_ns| known_ns.min(at_ns)));
    }

    /// The instant; `None` before anybody subscribed.
    pub const fn at_ns(self) -> Option<u64> {
        self.at_ns
    }

    /// An instant of the market's own time on the server's clock; `None` before anybody subscribed.
    pub fn clock_ns(self, market_ns: u64, speed: f64) -> Option<u64> {
        // Beyond 2^53 ns, three months, the nanosecond is not the nearest: it is only waited for.
        Some(self.at_ns?.saturating_add((market_ns as f64 / speed) as u64))
    }
}

/// Recorded frames and their pace.
pub(super) struct Reel {
    pub start: Start,
    frames: Frames,
    /// What was read already; the first is the next.
    ahead: VecDeque<Taped>,
    /// Why there is nothing behind them, if that is no end.
    broken: Option<Error>,
    /// Recorded time from the first frame to the next one, nanoseconds.
    offset_ns: u64,
    /// How many times as fast as it was recorded; `None`: as fast as it is read.
    speed: Option<f64>,
}

impl Reel {
    /// A reel at its first frame.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn new(frames: Frames, speed: Option<f64>) -> Result<Self> {
        let mut reel =
            Self { start: Start::default(), frames, ahead: VecDeque::new(), broken: None, offset_ns: 0, speed };
        reel.wind()?;
        Ok(reel)
    }

    /// When the next frame is due on the server's clock; `None`: never, or not before somebody subscribes.
    pub fn due_ns(&self) -> Option<u64> {
        self.ahead.front()?;
        match self.speed {
            Some(speed) => self.start.clock_ns(self.offset_ns, speed),
            None => self.start.at_ns(),
        }
    }

    /// Whether it goes as fast as it is read.
    pub const fn is_unpaced(&self) -> bool {
        self.speed.is_none()
    }

    /// Takes the next frame; [`Reel::wind`] is to follow.
    pub fn take(&mut self) -> Option<Taped> {
        self.ahead.pop_front()
    }

    /// Reads the frame behind the one that was taken.
    ///
    /// # Errors
    /// When it cannot be read: then there is none.
    pub fn wind(&mut self) -> Result<()> {
        match self.look(0).map(|taped| taped.gap_ns) {
            Some(gap_ns) => self.offset_ns = self.offset_ns.saturating_add(gap_ns),
            None => return self.broken.take().map_or(Ok(()), Err),
        }
        Ok(())
    }

    /// The frame so many places behind the next one, read ahead of its time; `None` behind the last that can be read.
    pub fn look(&mut self, places: usize) -> Option<&Taped> {
        while self.ahead.len() <= places {
            match self.frames.next()? {
                Ok(taped) => self.ahead.push_back(taped),
                Err(error) => {
                    self.broken = Some(error);
                    return None;
                }
            }
        }
        self.ahead.get(places)
    }
}
