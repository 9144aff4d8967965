//! What does not fit in a journal, and where.

use std::fmt::{Display, Formatter};
use std::path::Path;

/// What does not fit together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Faults {
    pub(super) count: u64,
    pub(super) first: Option<String>,
}

impl Faults {
    pub(super) fn note(&mut self, fault: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(fault);
    }
}

/// Where a record is.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    path: &'a Path,
    offset: usize,
}

impl<'a> At<'a> {
    pub(super) const fn new(path: &'a Path, offset: usize) -> Self {
        Self { path, offset }
    }
}

impl Display for At<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}, byte {}", self.path.display(), self.offset)
    }
}
