//! The journal's two threads without threads: they get their turns when the simulation gives them.

use super::weather::Fault;
use anyhow::Result;
use journal::{Event, Feed, Keeper, Parts, Scribe, Step, Tick, Totals};
use std::path::PathBuf;
use std::sync::mpsc::Receiver;

/// How often housekeeping looks around, nanoseconds.
const KEEPER_NS: u64 = 250_000_000;
/// Turns in a row that housekeeping may be busy for: a bound for what never ends.
const KEEPER_TURNS_MAX: usize = 100_000;
/// What the disk says it has free, MiB: a run must not depend on this machine's.
const MIB_FREE: u64 = 100_000;
/// The same while it is nearly full.
const MIB_FREE_NEARLY_NONE: u64 = 16;

/// The journaling and the housekeeping thread.
pub struct Disk {
    scribe: Scribe,
    keeper: Keeper,
    events: Receiver<Event>,
    scribe_due_ns: u64,
    keeper_due_ns: u64,
    /// When the disk is no longer nearly full.
    clears_ns: u64,
}

impl Disk {
    /// The threads of a journal, and its hot side.
    ///
    /// # Errors
    /// As [`Disk::go_on`].
    pub fn of(parts: Parts) -> Result<(Self, Feed)> {
        let Parts { feed, scribe, mut keeper, events, .. } = parts;
        keeper.say_disk_mib_free(MIB_FREE);
        let mut disk = Self { scribe, keeper, events, scribe_due_ns: 0, keeper_due_ns: 0, clears_ns: u64::MAX };
        // The first sample of load comes before the world's first turn.
        disk.keep(0)?;
        Ok((disk, feed))
    }

    /// A thread does not run for a time.
    pub fn suffer(&mut self, fault: Fault, now_ns: u64) {
        match fault {
            Fault::Scribe(for_ns) => self.scribe_due_ns = now_ns + for_ns,
            Fault::Keeper(for_ns) => self.keeper_due_ns = now_ns + for_ns,
            Fault::Disk(for_ns) => {
                self.keeper.say_disk_mib_free(MIB_FREE_NEARLY_NONE);
                self.clears_ns = now_ns + for_ns;
            }
            _ => {}
        }
    }

    /// Both threads get their turns.
    ///
    /// # Errors
    /// What stops the journal.
    pub fn go_on(&mut self, now_ns: u64) -> Result<()> {
        if now_ns >= self.clears_ns {
            self.clears_ns = u64::MAX;
            self.keeper.say_disk_mib_free(MIB_FREE);
        }
        if now_ns >= self.scribe_due_ns {
            while self.write(now_ns)? {}
        }
        if now_ns >= self.keeper_due_ns {
            self.keep(now_ns)?;
            self.keeper_due_ns = now_ns + KEEPER_NS;
        }
        Ok(())
    }

    /// One turn of the journaling thread; whether there may be more to do.
    fn write(&mut self, now_ns: u64) -> Result<bool> {
        match self.scribe.step()? {
            Step::Wrote => {
                self.scribe.stamp(now_ns);
                Ok(true)
            }
            // Housekeeping is behind: it is looked after at its own time, or now when it is not held up.
            Step::Starved if now_ns >= self.keeper_due_ns.saturating_sub(KEEPER_NS) => {
                self.keep(now_ns)?;
                Ok(self.scribe.step()? == Step::Wrote)
            }
            Step::Starved | Step::Empty | Step::Over => Ok(false),
        }
    }

    fn keep(&mut self, now_ns: u64) -> Result<Tick> {
        for _ in 0..KEEPER_TURNS_MAX {
            match self.keeper.tick(now_ns)? {
                Tick::Busy => {}
                other => return Ok(other),
            }
        }
        anyhow::bail!("housekeeping does not come to an end")
    }

    /// Segments that were closed since the last look.
    pub fn sealed(&self) -> Vec<PathBuf> {
        let sealed = |event| if let Event::Sealed { path, .. } = event { Some(path) } else { None };
        self.events.try_iter().filter_map(sealed).collect()
    }

    /// The hot side is gone: everything is written and sealed.
    ///
    /// # Errors
    /// As [`Disk::go_on`].
    pub fn finish(&mut self, now_ns: u64) -> Result<Totals> {
        loop {
            let is_over = self.scribe.step()? == Step::Over;
            if self.keep(now_ns)? == Tick::Over {
                return Ok(*self.keeper.totals());
            }
            anyhow::ensure!(!is_over || self.keep(now_ns)? != Tick::Idle, "the journal does not come to an end");
        }
    }
}
