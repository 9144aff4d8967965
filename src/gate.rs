//! Gates: may the next stage begin? Each is a table of checks over journals; all must hold.

mod beats;
mod books;
mod capture;
mod data;
mod faults;
mod ledger;
mod links;
mod lost;
mod proof;
mod uptime;

pub use capture::{Wanted, capture};
pub use data::data;
pub(crate) use ledger::Ledger;
pub use uptime::Shares;

use crate::cli::counted;
use crate::files::closed_files;
use anyhow::Result;
use faults::Faults;
use serde::Serialize;
use std::path::PathBuf;

/// What a gate judges.
#[derive(Clone, Debug)]
pub struct Given {
    /// The journals.
    pub files: Vec<PathBuf>,
    /// Folders that were given as a whole: what follows on their last file must be there too.
    pub folders: Vec<PathBuf>,
    /// Journals in them that a writer still holds, which are not judged.
    pub held: Vec<PathBuf>,
}

impl Given {
    /// Files and folders as an operator names them.
    ///
    /// # Errors
    /// When a folder cannot be read or holds none, a journal is there twice, or a writer holds all that there is.
    pub fn of(named: &[PathBuf]) -> Result<Self> {
        let (files, held) = closed_files(named)?;
        Ok(Self { files, folders: named.iter().filter(|path| path.is_dir()).cloned().collect(), held })
    }

    /// A word where a run goes on: the verdict is on what was closed, not on now.
    fn live(&self) -> Option<Check> {
        let held = (!self.held.is_empty()).then(|| counted(self.held.len() as u64, "file", "files"))?;
        Some(Check::new(
            "live",
            "what is still held is judged later",
            format!("{held} that a writer still holds, not judged"),
            true,
        ))
    }
}

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
