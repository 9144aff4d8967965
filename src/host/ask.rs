//! What a live run asks of the host, and what it was granted.

use super::system::run_in_fifo;
use crate::config::HostConfig;
use core_affinity::CoreId;
use hotpath::record::{Host, host};
use nix::sys::mman::{MlockAllFlags, mlockall};
use std::io;

/// Asks for everything that the configuration names, for the calling thread; memory for the whole process. One row
/// for each.
#[must_use]
pub fn ask(config: &HostConfig) -> Vec<Host> {
    let mut rows = Vec::new();
    if config.lock_memory {
        let locked = mlockall(MlockAllFlags::MCL_CURRENT | MlockAllFlags::MCL_FUTURE).map_err(io::Error::from);
        let is_locked = locked.is_ok();
        rows.push(row(host::LOCK_MEMORY, locked, 1, is_locked.into(), is_locked));
    }
    if let Some(core) = config.core {
        let is_pinned = core_affinity::set_for_current(CoreId { id: core as usize });
        let pinned = if is_pinned { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EINVAL)) };
        rows.push(row(host::CORE, pinned, core.into(), core.into(), is_pinned));
    }
    if let Some(priority) = config.fifo {
        let set = run_in_fifo(priority.cast_signed());
        let is_set = set.is_ok();
        rows.push(row(host::FIFO, set, priority.into(), if is_set { priority.into() } else { 0 }, is_set));
    }
    rows
}

/// What was asked for and what is in force.
#[must_use]
pub fn row(option: u16, set: io::Result<()>, asked: u64, found: u64, is_found: bool) -> Host {
    let errno = set.as_ref().err().and_then(io::Error::raw_os_error).unwrap_or(0);
    Host {
        option,
        granted: (set.is_ok() && is_found).into(),
        errno: errno.unsigned_abs(),
        asked: asked.cast_signed(),
        found: found.cast_signed(),
    }
}

/// A sentence about an option that was refused; none for one that was granted.
#[must_use]
pub fn refusal(row: &Host) -> Option<String> {
    if row.granted != 0 {
        return None;
    }
    let name = host::name(row.option).unwrap_or("an option");
    let why = match row.errno {
        0 => format!("it is {} instead of {}", row.found, row.asked),
        errno => io::Error::from_raw_os_error(errno.cast_signed()).to_string(),
    };
    let advice = match row.option {
        host::CORE => "name a core of this host in `host.core`, or \"off\"",
        host::FIFO => "grant CAP_SYS_NICE or RLIMIT_RTPRIO, or set `host.fifo` to \"off\"",
        host::LOCK_MEMORY => "raise RLIMIT_MEMLOCK, or set `host.lock_memory` to false",
        host::RECEIVE_BUFFER => "raise net.core.rmem_max, or ask for less",
        host::BUSY_POLL => "grant CAP_NET_ADMIN, or set `link.busy_poll_us` to \"off\"",
        _ => "the run goes on without it",
    };
    Some(format!("{name} was refused ({why}): {advice}"))
}
