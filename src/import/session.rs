//! The hot thread's place with recorded time: timers in between, every input journaled before the engine acts on it.

use super::Setback;
use super::merge::{Cut, Heard, Merged};
use crate::run::{JournalDiary, RunError};
use hotpath::config::Config;
use hotpath::input::Input;
use hotpath::record::{Clock, Close, FRAME_BYTES_MAX, Link, Timer, close, link};
use hotpath::turn::Core;
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use journal::Writer;
use std::collections::BTreeSet;

/// The hot thread's place, with recorded time.
pub(super) struct Session<'a> {
    core: Core<'a, Every>,
    diary: JournalDiary,
    taken_ns: u64,
    config: &'a Config,
    /// Which markets were ever trusted, by index.
    trusted: BTreeSet<usize>,
    setback: Setback,
    /// The frame of the latest receive time.
    latest_frame: u64,
}

/// WebSocket's opcode of a text message: recordings hold nothing else.
const TEXT: u16 = 1;

impl<'a> Session<'a> {
    /// The place of a core that starts.
    pub(super) fn new(core: Core<'a, Every>, writer: Writer, config: &'a Config) -> Self {
        let (trusted, setback) = (BTreeSet::new(), Setback::default());
        Self { core, diary: JournalDiary(writer), taken_ns: 0, config, trusted, setback, latest_frame: 0 }
    }

    /// The engine behind its codecs.
    pub(super) const fn core(&self) -> &Core<'a, Every> {
        &self.core
    }

    /// Whether the book of a market was ever trusted.
    pub(super) fn was_trusted(&self, index: usize) -> bool {
        self.trusted.contains(&index)
    }

    /// What was wrong with the receive times.
    pub(super) const fn setback(&self) -> Setback {
        self.setback
    }

    /// Closes the journal.
    pub(super) fn close(self) -> Result<(), journal::Error> {
        self.diary.0.close().map(drop)
    }

    /// Plays the messages, and gives back where recordings broke off.
    pub(super) fn play(&mut self, messages: &mut Merged, utc_ns: u64) -> Result<Vec<Cut>, RunError> {
        let mut cuts = Vec::new();
        let mut begun = false;
        for heard in messages {
            let Heard { connection, message } = match heard {
                Ok(heard) => heard,
                Err(cut) => {
                    cuts.push(cut);
                    continue;
                }
            };
            let recv_ns = message.recv_ns;
            if !begun {
                self.begin(recv_ns, utc_ns)?;
                begun = true;
            }
            self.fire_timers(recv_ns)?;
            self.compare(recv_ns);
            if message.bytes.len() > FRAME_BYTES_MAX {
                self.reconnect(connection, recv_ns)?;
                continue;
            }
            let fetched_for = message.is_fetched.then(|| market_of(self.config, connection)).flatten();
            let frame = match fetched_for {
                Some(market) => Frame::fetched(market, &message.bytes),
                None => Frame::received(connection, TEXT, &message.bytes),
            };
            self.take(recv_ns, &Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true })?;
        }
        if !begun {
            self.begin(0, utc_ns)?;
        }
        let end = Close { cause: close::END_OF_RECORDING, spare: [0; 11] };
        self.take(0, &Input::Close(end))?;
        Ok(cuts)
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
        let connections: BTreeSet<_> = self.config.markets().iter().map(|row| row.connection).collect();
        connections.iter().try_for_each(|connection| self.take(recv_ns, &Input::Link(*connection, up)))
    }

    /// A connection that sends more than a frame may hold is dropped, live as here: what the recording
    /// has after it is taken as a new connection's.
    fn reconnect(&mut self, connection: u16, recv_ns: u64) -> Result<(), RunError> {
        let down = Link { up: 0, cause: link::OVERSIZED, close_code: 0, spare: 0, recv_ns, spare_tail: 0 };
        let up = Link { up: 1, cause: link::CONNECTED, ..down };
        self.take(recv_ns, &Input::Link(connection, down))?;
        self.take(recv_ns, &Input::Link(connection, up))
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

    /// Notes a receive time that runs back.
    fn compare(&mut self, recv_ns: u64) {
        if recv_ns >= self.taken_ns {
            self.latest_frame = self.core.progress().frames;
            return;
        }
        self.setback.frames += 1;
        let back_ns = self.taken_ns - recv_ns;
        if back_ns > self.setback.longest_ns {
            (self.setback.longest_ns, self.setback.behind_frame) = (back_ns, self.latest_frame);
        }
    }

    fn take(&mut self, ns: u64, input: &Input<'_>) -> Result<(), RunError> {
        self.taken_ns = self.taken_ns.max(ns);
        self.core.turn(self.taken_ns, input, &mut self.diary)?;
        for (index, market) in self.core.engine().markets().iter().enumerate() {
            if market.state.trust.is_trusted() {
                self.trusted.insert(index);
            }
        }
        Ok(())
    }
}

/// The market that a body fetched on a connection is of, when it can only be one.
fn market_of(config: &Config, connection: u16) -> Option<u16> {
    let mut carried =
        (0..).zip(config.markets()).filter(|(_, row)| row.connection == connection).map(|(index, _)| index);
    carried.next().filter(|_| carried.next().is_none())
}
