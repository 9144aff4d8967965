//! Calls to the system that no safe crate of ours has.

use std::io;

/// Puts the calling thread in the class SCHED_FIFO, priority 1 to 99.
///
/// # Errors
/// The system's refusal.
pub(super) fn run_in_fifo(priority: i32) -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: priority };
    // SAFETY: the call reads one `sched_param`, which lives until it returns; 0 is the calling thread.
    let outcome = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameter) };
    if outcome == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Whether something keeps the system's clock in step, and the largest error it believes in, microseconds.
///
/// # Errors
/// The system's refusal.
pub(super) fn clock_discipline() -> io::Result<(bool, i64)> {
    let mut state = std::mem::MaybeUninit::<libc::timex>::zeroed();
    // SAFETY: the place is that of a whole `timex` of zeros, whose `modes` of 0 make the call change nothing.
    let code = unsafe { libc::adjtimex(state.as_mut_ptr()) };
    if code < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was all zeros, which is a legal `timex`, and the call has filled it.
    let state = unsafe { state.assume_init() };
    Ok((code != libc::TIME_ERROR && state.status & libc::STA_UNSYNC == 0, state.maxerror))
}

#[cfg(test)]
mod tests {
    use super::{clock_discipline, run_in_fifo};

    #[test]
    fn the_clock_can_be_asked() {
        let (is_kept, error_us) = clock_discipline().expect("every Linux answers");
        assert!(error_us >= 0);
        assert!(!is_kept || error_us < 16_000_000, "the kernel gives up at 16 s");
    }

    #[test]
    fn a_priority_that_is_none_is_refused() {
        let error = run_in_fifo(100).expect_err("99 is the highest");
        assert_eq!(error.raw_os_error(), Some(libc::EINVAL));
    }
}
