//! What a live run came to, as text and as JSON.

use super::LiveArgs;
use super::facts::Facts;
use crate::report::{PERCENTILES, Percentiles};
use journal::{Caveat, Totals};
use serde::Serialize;
use std::fmt;
use std::ops::Sub;

/// What is read of the threads and the machine at one time.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Counts {
    pub scribe: Facts,
    pub keeper: Facts,
    pub hot: Facts,
    pub steal_ticks: u64,
}

impl Sub for Counts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            scribe: self.scribe - earlier.scribe,
            keeper: self.keeper - earlier.keeper,
            hot: self.hot - earlier.hot,
            steal_ticks: self.steal_ticks.saturating_sub(earlier.steal_ticks),
        }
    }
}

/// The counts of the two parts of a run.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Threads {
    pub idle: Counts,
    pub writing: Counts,
}

/// What the hot side counted.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Tally {
    pub pushes: u64,
    /// Pushes that found the ring full at first.
    pub refused: u64,
    /// The most that a push came after it was due.
    pub late_ns_max: u64,
}

/// What the hot side pushed, and the delays from the push to the commit.
#[derive(Debug, Serialize)]
pub(super) struct Pushed {
    pub records: u64,
    pub tally: Tally,
    pub delays: Percentiles,
    pub slow: Vec<Slow>,
}

/// One of the slowest.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Slow {
    pub delay_ns: u64,
    /// Since the start, the idle time included.
    pub at_ns: u64,
    /// What is known of it; none where nothing was read.
    pub cause: Option<Cause>,
}

/// What was counted between the reading before a push and the one after its commit.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Cause {
    /// The segment was switched shortly before.
    Switch,
    /// Counts that could have delayed it.
    Counted { faults: u64, scribe_involuntary: u64, hot_involuntary: u64, steal_ticks: u64 },
}

impl Cause {
    pub const fn of(counts: Counts) -> Self {
        Self::Counted {
            faults: counts.scribe.minor_faults + counts.scribe.major_faults,
            scribe_involuntary: counts.scribe.involuntary_switches,
            hot_involuntary: counts.hot.involuntary_switches,
            steal_ticks: counts.steal_ticks,
        }
    }
}

/// A live run: `Display` prints it for people.
#[derive(Debug, Serialize)]
pub struct LiveReport {
    title: String,
    idle_seconds: f64,
    file_system: String,
    caveats: Vec<String>,
    scribe_spins: bool,
    elapsed_s: f64,
    load_after: String,
    pushed: Pushed,
    threads: Threads,
    segments: u64,
    bytes: u64,
    syncs: u64,
}

impl LiveReport {
    pub(super) fn new(
        args: &LiveArgs,
        (file_system, caveats, scribe_spins): (String, Vec<Caveat>, bool),
        pushed: Pushed,
        elapsed_s: f64,
        threads: Threads,
        totals: Totals,
    ) -> Self {
        let Totals { segments, bytes, syncs, .. } = totals;
        Self {
            title: args.title(),
            idle_seconds: args.idle_seconds,
            file_system,
            caveats: caveats.iter().map(|caveat| format!("{caveat:?}")).collect(),
            scribe_spins,
            elapsed_s,
            load_after: crate::machine::load(),
            pushed,
            threads,
            segments,
            bytes,
            syncs,
        }
    }

    fn faults(counts: &Counts) -> u64 {
        counts.scribe.minor_faults + counts.scribe.major_faults
    }
}

impl fmt::Display for LiveReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_setting(f)?;
        self.write_delays(f)?;
        self.write_threads(f)?;
        self.write_slow(f)?;
        self.write_verdict(f)
    }
}

impl LiveReport {
    fn write_setting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, idle_seconds, file_system, caveats, scribe_spins, load_after, .. } = self;
        writeln!(f, "### live: {title}, after {idle_seconds} s idle")?;
        writeln!(f)?;
        let waits = if *scribe_spins { "spins" } else { "yields its core after 64 empty looks" };
        writeln!(f, "{file_system}, caveats {caveats:?}; sync every 50 ms; the journaling thread {waits}.")?;
        writeln!(f, "Load over 1, 5 and 15 minutes at the end: {load_after}.")?;
        let Tally { pushes, refused, late_ns_max } = self.pushed.tally;
        let (records, seconds) = (self.pushed.records, self.elapsed_s);
        writeln!(
            f,
            "{records} records in {pushes} pushes over {seconds:.1} s: {:.0} records/s. The ring was full for {refused} \
             pushes; the latest began {:.1} us after it was due.",
            records as f64 / seconds,
            late_ns_max as f64 / 1e3
        )?;
        let Self { segments, bytes, syncs, .. } = self;
        writeln!(f, "{segments} segments of {bytes} bytes; {syncs} syncs. All records were found in the files.")?;
        writeln!(f)
    }

    fn write_delays(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Percentiles { count, .. } = self.pushed.delays;
        writeln!(f, "| from before the push to the commit seen, ns | pushes |{PERCENTILES}")?;
        writeln!(f, "|{}", "---|".repeat(8))?;
        writeln!(f, "| hot thread | {count} |{}", self.pushed.delays)?;
        writeln!(f)
    }

    fn write_threads(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| thread | while | minor faults | major faults | voluntary switches | involuntary switches |")?;
        writeln!(f, "|{}", "---|".repeat(6))?;
        for (phase, counts) in [("idle", &self.threads.idle), ("writing", &self.threads.writing)] {
            for (name, facts) in
                [("journaling", &counts.scribe), ("housekeeping", &counts.keeper), ("hot", &counts.hot)]
            {
                let Facts { minor_faults, major_faults, voluntary_switches, involuntary_switches } = facts;
                write!(f, "| {name} | {phase} | {minor_faults} | {major_faults} |")?;
                writeln!(f, " {voluntary_switches} | {involuntary_switches} |")?;
            }
        }
        writeln!(f)?;
        let steal_ms = (self.threads.idle.steal_ticks + self.threads.writing.steal_ticks) * 10;
        writeln!(f, "The host took {steal_ms} ms from the two processors together.")?;
        writeln!(f)
    }

    fn write_slow(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The slowest:")?;
        writeln!(f)?;
        for Slow { delay_ns, at_ns, cause } in &self.pushed.slow {
            let (delay_us, at_s) = (*delay_ns as f64 / 1e3, *at_ns as f64 / 1e9);
            write!(f, "- {delay_us:.1} us at {at_s:.3} s: ")?;
            match cause {
                Some(cause) => writeln!(f, "{cause}")?,
                None => writeln!(f, "not looked into at this rate")?,
            }
        }
        writeln!(f)
    }

    fn write_verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = Self::faults(&self.threads.writing) + Self::faults(&self.threads.idle);
        let told = if faults == 0 { "no page fault on the journaling thread" } else { "the journaling thread faulted" };
        let Percentiles { p9999, max, .. } = self.pushed.delays;
        write!(f, "Verdict: {told} ({faults}); every record is in the files; ")?;
        writeln!(f, "push to commit p99.99 {:.1} us, max {:.1} us.", p9999 as f64 / 1e3, max as f64 / 1e3)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Counted { faults, scribe_involuntary, hot_involuntary, steal_ticks } = self else {
            return f.write_str("within 5 ms after a switch of segments");
        };
        let counts = [
            (*faults, "page faults of the journaling thread"),
            (*scribe_involuntary, "times another thread took its core"),
            (*hot_involuntary, "times another thread took the hot thread's core"),
            (*steal_ticks, "ticks of 10 ms taken by the host"),
        ];
        let counted: Vec<_> = counts.iter().filter(|(count, _)| *count > 0).collect();
        if counted.is_empty() {
            return f.write_str("nothing that was counted; a core can be away for less than is counted");
        }
        let counted: Vec<_> = counted.iter().map(|(count, what)| format!("{count} {what}")).collect();
        f.write_str(&counted.join(", "))
    }
}
