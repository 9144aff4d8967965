//! The journal of a live run, and whether its threads may spin.

use crate::clock::{Clock, Time};
use crate::config::Loaded;
use crate::run::{RESERVED_LINES, STEP_BYTES_MAX};
use anyhow::{Context, Result};
use journal::{LiveSettings, Retention, Run, origin};
use std::fs::File;
use std::io::Read;
use std::thread;

/// Free cores from which on threads spin instead of yielding: one for each thread.
const SPINNING_CORES: usize = 3;

/// Whether there is a core for each thread that spins, with so many leaders beside the others.
#[must_use]
pub fn spins(leaders: usize) -> bool {
    thread::available_parallelism().is_ok_and(|cores| cores.get() >= SPINNING_CORES + leaders)
}

/// Random bytes of the system.
///
/// # Errors
/// When it gives none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("cannot read /dev/urandom for the run's number")?;
    Ok(bytes)
}

/// The journal's settings. Run number and salt are drawn at random, so that nothing from outside can pass
/// for a record of this run.
///
/// # Errors
/// When the system gives no random bytes.
pub fn settings(loaded: &Loaded, clock: &Clock) -> Result<LiveSettings> {
    let random: [u8; 12] = random()?;
    let (run_id, salt) = random.split_at(8);
    let (run_id, salt) = (bytemuck::pod_read_unaligned(run_id), bytemuck::pod_read_unaligned(salt));
    Ok(journal_settings(loaded, clock.read().utc_ns, run_id, salt))
}

/// The same, of a run with this number and salt, which begins at `created_utc_ns`.
#[must_use]
pub fn journal_settings(loaded: &Loaded, created_utc_ns: u64, run_id: u64, salt: u32) -> LiveSettings {
    let run = Run {
        run_id,
        salt,
        created_utc_ns,
        markets: loaded.config.market_count,
        // Its times are its own: no import gives this journal again.
        origin: origin::LIVE,
        segment: 0,
        first_seq: 0,
    };
    let diary = &loaded.diary;
    let retention = Retention { keep_ns: diary.keep_ns, keep_bytes: diary.keep_bytes, archive: diary.archive.clone() };
    LiveSettings {
        run,
        capacity_bytes: loaded.config.journal.segment_bytes + STEP_BYTES_MAX,
        ring_lines: diary.ring_lines as usize,
        reserved_lines: RESERVED_LINES,
        sync_ns: diary.sync_ns,
        retention,
    }
}
