//! What the typed keys of the journal's upkeep mean. They are not the engine's: no checkpoint holds them.

use super::typed::Journal;

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_DAY: u64 = 86_400_000_000_000;
const BYTES_PER_MIB: u64 = 1 << 20;

/// How the journal is handed over, synced and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiaryConfig {
    /// Lines of 64 bytes in the ring between hot thread and journaling thread, a power of two.
    pub ring_lines: u32,
    /// Time between two syncs to the disk, nanoseconds.
    pub sync_ns: u64,
    /// Age from which a sealed segment may be removed, nanoseconds; none: age removes nothing.
    pub keep_ns: Option<u64>,
    /// Bytes of sealed segments above which the oldest may be removed; none: size removes nothing.
    pub keep_bytes: Option<u64>,
    /// Program and arguments that a segment is handed to before it is removed, its path comes last; none
    /// when empty.
    pub archive: Vec<String>,
}

/// The keys as they are meant. `fault` is told key and sentence of each value that means nothing.
pub(super) fn diary(typed: &Journal, mut fault: impl FnMut(&str, &str)) -> DiaryConfig {
    if !typed.ring_lines.is_power_of_two() {
        let (below, above) = ((typed.ring_lines / 2 + 1).next_power_of_two(), typed.ring_lines.next_power_of_two());
        let what = format!("is {}; wanted: a power of two, {below} or {above}, say", typed.ring_lines);
        fault("journal.ring_lines", &what);
    }
    if typed.keep_mib.is_some_and(|mib| mib.saturating_mul(BYTES_PER_MIB) < typed.segment_bytes) {
        let what = format!(
            "is less than one segment (`journal.segment_bytes` is {}): only the newest would ever be kept",
            typed.segment_bytes
        );
        fault("journal.keep_mib", &what);
    }
    if typed.archive.first().is_some_and(String::is_empty) {
        fault("journal.archive", "names no program; wanted: program and arguments, or [] for none");
    }
    if !typed.archive.is_empty() && typed.keep_days.is_none() && typed.keep_mib.is_none() {
        let what = "is given, but `journal.keep_days` and `journal.keep_mib` are both \"off\": nothing would ever be \
                    archived; set one of them, or write []";
        fault("journal.archive", what);
    }
    DiaryConfig {
        ring_lines: typed.ring_lines,
        sync_ns: typed.sync_ms * NS_PER_MS,
        keep_ns: typed.keep_days.map(|days| days * NS_PER_DAY),
        keep_bytes: typed.keep_mib.map(|mib| mib.saturating_mul(BYTES_PER_MIB)),
        archive: typed.archive.clone(),
    }
}
