//! Gates: may the next stage begin? Each is a table of checks over journals; all must hold.

mod beats;
mod books;
mod capture;
mod data;
mod faults;
mod ledger;
mod links;
mod proof;
mod uptime;

pub use capture::{Wanted, capture};
pub use data::data;
pub(crate) use ledger::Ledger;
pub use uptime::Shares;

use faults::Faults;
use serde::Serialize;

/// One row of a gate's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is checked.
    pub name: &'static str,
    /// What must be.
    pub wanted: String,
    /// What is.
    pub found: String,
    /// Whether it holds.
    pub holds: bool,
}

impl Check {
    fn new(name: &'static str, wanted: impl Into<String>, found: impl Into<String>, holds: bool) -> Self {
        Self { name, wanted: wanted.into(), found: found.into(), holds }
    }

    /// A check that things agree: what was counted, and the first place where they do not.
    fn agreement(name: &'static str, wanted: &str, counted: String, faults: &Faults) -> Self {
        let found = match &faults.first {
            None => counted,
            Some(first) => format!("{counted}; {} do not fit, the first: {first}", faults.count),
        };
        Self::new(name, wanted, found, faults.count == 0)
    }
}

/// Whether all checks hold.
#[must_use]
pub fn holds(checks: &[Check]) -> bool {
    checks.iter().all(|check| check.holds)
}

#[cfg(test)]
mod tests;
