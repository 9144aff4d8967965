//! Places where a process may be killed: before every store into a segment and every call that changes
//! a file. Without the feature `faults` there is nothing here.

/// A place where the process dies when a test has armed it.
#[cfg(not(feature = "faults"))]
pub(crate) const fn point() {}

#[cfg(feature = "faults")]
pub(crate) use armed::point;
#[cfg(feature = "faults")]
pub use armed::{arm, passed};

#[cfg(feature = "faults")]
mod armed {
    use std::sync::atomic::{AtomicU64, Ordering};

    static PASSED: AtomicU64 = AtomicU64::new(0);
    static FATAL: AtomicU64 = AtomicU64::new(u64::MAX);

    /// Kills this process, as `kill -9` would, at the place with this number, counted from 0.
    pub fn arm(number: u64) {
        FATAL.store(number, Ordering::SeqCst);
    }

    /// Places passed so far.
    #[must_use]
    pub fn passed() -> u64 {
        PASSED.load(Ordering::SeqCst)
    }

    pub(crate) fn point() {
        if PASSED.fetch_add(1, Ordering::SeqCst) == FATAL.load(Ordering::SeqCst) {
            // Nothing runs after this signal: not even the answer of the call.
            let _ = signal_hook::low_level::raise(signal_hook::consts::SIGKILL);
        }
    }
}
