//! What a run says on standard error, in sentences.

use super::counted;
use anyhow::{Context, Result};
use hotpath::record::{Found, end};
use journal::{Caveat, Event};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A flag that the first interrupt sets, in place of ending the process; the second one ends it, with exit code 1.
pub(super) fn take_interrupts() -> Result<Arc<AtomicBool>> {
    const FAILED: i32 = 1;
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_shutdown(signal, FAILED, Arc::clone(&stop))
            .context("cannot take interrupts")?;
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot take interrupts")?;
    }
    Ok(stop)
}

/// Says one sentence on standard error. Nobody may be there to hear it; the run does not end for that.
pub(super) fn say(program: &str, text: impl fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{program}: {text}");
}

/// What is known before the first input, a sentence each.
pub(super) fn known_before(folder: &Path, caveats: &[Caveat], found: Option<&Found>, spins: bool) -> Vec<String> {
    let mut sentences: Vec<_> = caveats.iter().map(|caveat| format!("{}: {caveat}", folder.display())).collect();
    if !spins {
        sentences.push("fewer than three cores: threads yield instead of spinning".to_owned());
    }
    sentences.extend(found.map(what_was_found));
    sentences
}

fn what_was_found(found: &Found) -> String {
    let Found { segment, run_id, records, last_seq, .. } = *found;
    let end = end::name(found.end).unwrap_or("unknown");
    let records = counted(records, "record", "records");
    let held = format!("segment {segment} of run {run_id:016x} holds {records} up to seq {last_seq}");
    match found.end {
        end::SEALED => format!("{held}; closed"),
        _ => format!("{held}; not closed ({end}): this run goes on behind it, `journal recover` makes it whole"),
    }
}

/// What housekeeping did; none when it is the usual.
pub(super) fn sentence(event: Event) -> Option<String> {
    match event {
        Event::Sealed { .. } => None,
        Event::AgesDoubted => Some(
            "the clock lies further beyond the newest segment than `journal.keep_days`: nothing is removed for its age in this run; check the clock"
                .to_owned(),
        ),
        Event::Removed { path } => Some(format!("{}: surplus, removed", path.display())),
        Event::NotArchived { path, why } => {
            Some(format!("{}: the archive command failed ({why}): the segment stays, mend the command", path.display()))
        }
    }
}
