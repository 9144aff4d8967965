//! What goes wrong in a simulation, and when: chance from one seed.

use crate::market::Random;
use hotpath::record::link;
use serde::Serialize;
use std::fmt::{Display, Formatter};

const MS: u64 = 1_000_000;
const S: u64 = 1_000 * MS;
/// One connect of so many fails, while the weather is bad.
const FAILS_ONE_OF: u64 = 6;

/// What happened to the ends of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// The hot thread did not run for a time.
    pub host_stalls: u64,
    /// The journaling thread did not.
    pub scribe_stalls: u64,
    /// The housekeeping thread did not.
    pub keeper_stalls: u64,
    /// The disk was nearly full for a time.
    pub disk_shortages: u64,
    /// UTC was set forward or back.
    pub utc_steps: u64,
    /// A connection broke off.
    pub cuts: u64,
    /// Nothing that was sent over a connection arrived for a time, and nobody was told.
    pub freezes: u64,
    /// A connection became slower for a time.
    pub slowdowns: u64,
    /// A connection could not be made.
    pub failed_connects: u64,
}

impl Display for Happened {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        let Self { host_stalls, scribe_stalls, keeper_stalls, disk_shortages, utc_steps, .. } = self;
        let Self { cuts, freezes, slowdowns, failed_connects, .. } = self;
        write!(
            out,
            "{cuts} cut, {freezes} stuck, {slowdowns} slow, {failed_connects} not made; {host_stalls} stalls of the engine, "
        )?;
        write!(
            out,
            "{scribe_stalls} of the journal, {keeper_stalls} of its keeper; {disk_shortages} full disks, {utc_steps} steps of UTC"
        )
    }
}

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The hot thread does not run for so long, nanoseconds.
    Host(u64),
    /// The journaling thread.
    Scribe(u64),
    /// The housekeeping thread.
    Keeper(u64),
    /// The disk is nearly full for so long.
    Disk(u64),
    /// UTC is set by so much.
    Utc(i64),
    /// The connection breaks off.
    Cut,
    /// Nothing arrives for so long.
    Freeze(u64),
    /// It is slower by the first for the second.
    Slow(u64, u64),
}

/// Kinds of what goes wrong.
const KINDS: i64 = 8;

/// The weather of a run.
#[derive(Debug)]
pub struct Weather {
    /// All chance of the run, but the market's and the cables'.
    pub random: Random,
    /// Mean time between two faults, nanoseconds; none in calm weather.
    mean_ns: Option<u64>,
    due_ns: u64,
    /// From then on nothing goes wrong any more.
    until_ns: u64,
    /// What happened so far.
    pub happened: Happened,
}

impl Weather {
    /// Weather that is bad until `until_ns`, with a fault each `mean_ns` on average; none: calm.
    pub fn new(seed: u64, mean_ns: Option<u64>, until_ns: u64) -> Self {
        let mut random = Random::new(seed);
        let due_ns = mean_ns.map_or(u64::MAX, |mean_ns| random.exponential(mean_ns));
        Self { random, mean_ns, due_ns, until_ns, happened: Happened::default() }
    }

    /// When the next thing goes wrong.
    pub const fn due_ns(&self) -> u64 {
        if self.due_ns < self.until_ns { self.due_ns } else { u64::MAX }
    }

    /// What goes wrong now, if anything.
    pub fn next(&mut self, now_ns: u64) -> Option<Fault> {
        let mean_ns = self.mean_ns.filter(|_| now_ns >= self.due_ns())?;
        self.due_ns = now_ns + self.random.exponential(mean_ns);
        let happened = &mut self.happened;
        let mut upto = |low, high| self.random.between(low, high).unsigned_abs();
        Some(match upto(0, KINDS - 1) {
            0 => {
                happened.host_stalls += 1;
                // Now and then longer than any silence that is borne.
                let most = if upto(0, 3) == 0 { 12_000 } else { 400 };
                Fault::Host(upto(5, most) * MS)
            }
            1 => {
                happened.scribe_stalls += 1;
                Fault::Scribe(upto(50, 3_000) * MS)
            }
            2 => {
                happened.keeper_stalls += 1;
                Fault::Keeper(upto(100, 5_000) * MS)
            }
            3 => {
                happened.utc_steps += 1;
                let by_ns = (upto(50, 5_000) * MS).cast_signed();
                Fault::Utc(if upto(0, 1) == 0 { by_ns } else { -by_ns })
            }
            4 => {
                happened.cuts += 1;
                Fault::Cut
            }
            5 => {
                happened.freezes += 1;
                Fault::Freeze(upto(1, 60) * S)
            }
            6 => {
                happened.disk_shortages += 1;
                Fault::Disk(upto(1, 20) * S)
            }
            _ => {
                happened.slowdowns += 1;
                Fault::Slow(upto(20, 2_000) * MS, upto(1, 30) * S)
            }
        })
    }

    /// Why the connect that begins now fails, if it does: cause and code.
    pub fn connect_failure(&mut self, now_ns: u64) -> Option<(u16, u16)> {
        const FAILURES: [(u16, u16); 6] = [
            (link::NOT_RESOLVED, 0),
            (link::NOT_REACHED, 0),
            (link::NO_ANSWER, 0),
            (link::TLS, 0),
            (link::NOT_UPGRADED, 429),
            (link::NOT_UPGRADED, 503),
        ];
        if self.mean_ns.is_none() || now_ns >= self.until_ns || self.random.below(FAILS_ONE_OF) != 0 {
            return None;
        }
        self.happened.failed_connects += 1;
        Some(FAILURES[self.random.below(FAILURES.len() as u64) as usize])
    }
}
