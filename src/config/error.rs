//! What is wrong with a configuration.

use std::fmt;

/// One fault: where it is, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// `file`, `file:line:column` or the override as typed.
    pub place: String,
    /// A sentence that names the key.
    pub what: String,
}

/// A configuration that was refused. Shown as one line for each fault: place, then sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<Fault>);

impl ConfigError {
    /// `Err` with the faults, `Ok` when there are none.
    pub(super) fn unless_empty(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.is_empty() { Ok(()) } else { Err(Self(faults)) }
    }
}

impl From<Fault> for ConfigError {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { place, what }) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(to, "{end}{place}: {what}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
