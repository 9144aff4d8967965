//! What the system counts of a thread, read from outside: the thread itself makes no call for it.

use anyhow::{Context, Result};
use serde::Serialize;
use std::ops::Sub;

/// Counts since a thread's start, or between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// Page faults without the disk.
    pub minor_faults: u64,
    /// Page faults that waited for the disk.
    pub major_faults: u64,
    /// Times that it waited.
    pub voluntary_switches: u64,
    /// Times that another thread took its core.
    pub involuntary_switches: u64,
}

impl Sub for Facts {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self {
            minor_faults: self.minor_faults - earlier.minor_faults,
            major_faults: self.major_faults - earlier.major_faults,
            voluntary_switches: self.voluntary_switches - earlier.voluntary_switches,
            involuntary_switches: self.involuntary_switches - earlier.involuntary_switches,
        }
    }
}

/// A thread of this process.
#[derive(Clone, Debug)]
pub struct Thread {
    folder: String,
}

impl Thread {
    /// The thread that calls this.
    ///
    /// # Errors
    /// Where there is no `/proc`.
    pub fn this() -> Result<Self> {
        let link = std::fs::read_link("/proc/thread-self").context("cannot read /proc/thread-self")?;
        Ok(Self { folder: format!("/proc/{}", link.display()) })
    }

    /// Its counts now; zeros once it has ended.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let read = |name| std::fs::read_to_string(format!("{}/{name}", self.folder)).unwrap_or_default();
        parsed(&read("stat"), &read("status"))
    }
}

/// Time that the host took from the machine, in ticks of 10 ms, all processors together.
#[must_use]
pub fn steal_ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    stat.split_whitespace().nth(8).and_then(|field| field.parse().ok()).unwrap_or(0)
}

fn parsed(stat: &str, status: &str) -> Facts {
    // The name may hold anything but ends with the last bracket; the state follows as field 3.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let field = |number: usize| number_of(after_name.split_whitespace().nth(number - 3));
    let line = |name: &str| number_of(status.lines().find_map(|line| line.strip_prefix(name)));
    Facts {
        minor_faults: field(10),
        major_faults: field(12),
        voluntary_switches: line("voluntary_ctxt_switches:"),
        involuntary_switches: line("nonvoluntary_ctxt_switches:"),
    }
}

fn number_of(text: Option<&str>) -> u64 {
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_those_of_the_manual() {
        let stat = "17 (a) b) S 3 4 5 6 7 8 10 11 12 13 14";
        let status = "Name:\ta\nvoluntary_ctxt_switches:\t21\nnonvoluntary_ctxt_switches:\t22\n";
        let facts = Facts { minor_faults: 10, major_faults: 12, voluntary_switches: 21, involuntary_switches: 22 };
        assert_eq!(parsed(stat, status), facts);
        assert_eq!(facts - facts, Facts::default());
    }
}
