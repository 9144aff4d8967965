//! A message that comes after other work, as most do live: they are tens of milliseconds apart.

use crate::harness::Case;
use std::hint::black_box;

/// What other work has put into the near caches: more than the first holds.
const WALKED_BYTES: usize = 64 * 1024;
const LINE_BYTES: usize = 64;

/// A case before each of whose messages other memory is walked and a system call made, neither timed. A pass that is
/// timed as a whole is as warm as ever.
pub(super) struct Cold<C> {
    case: C,
    other: Vec<u8>,
}

impl<C: Case> Cold<C> {
    pub(super) fn new(case: C) -> Self {
        Self { case, other: vec![1; WALKED_BYTES] }
    }
}

impl<C: Case> Case for Cold<C> {
    fn messages(&self) -> usize {
        self.case.messages()
    }

    fn reset(&mut self) {
        self.case.reset();
    }

    fn ready(&mut self, index: usize) {
        self.case.ready(index);
        for byte in self.other.iter_mut().step_by(LINE_BYTES) {
            *byte = byte.wrapping_add(1);
        }
        black_box(&self.other);
        black_box(nix::unistd::getppid());
    }

    fn finish(&mut self) {
        self.case.finish();
    }

    fn take(&mut self, index: usize) {
        self.case.take(index);
    }
}
