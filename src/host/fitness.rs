//! Whether a host is fit for a live run: what the kernel says of itself, and what to do about it.

use super::system::clock_discipline;
use crate::config::Loaded;
use crate::run::STEP_BYTES_MAX;
use hotpath::record::LINE_BYTES;
use journal::Caveat;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::sys::statfs::statfs;
use std::fs;
use std::path::Path;
use std::thread::available_parallelism;

/// Cores of a fit host: the hot thread's, the journaling thread's, and one for everything else.
const CORES_MIN: usize = 3;
/// Largest error of UTC that delays can still be told with, microseconds.
const CLOCK_ERROR_US_MAX: i64 = 10_000;
/// Memory of a run beside its ring and its journal's maps, bytes.
const OWN_BYTES: u64 = 64 << 20;
/// Segments that are mapped at a time: one written, one prepared, one on its way out.
const MAPPED_SEGMENTS: u64 = 3;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub found: String,
    /// Whether it is as it should be; none: it could not be told.
    pub is_fit: Option<bool>,
    /// Whether the configuration depends on it.
    pub is_wanted: bool,
    /// What to do when it is not.
    pub advice: &'static str,
}

/// Looks at everything that a live run of this configuration depends on.
#[must_use]
pub fn fitness(loaded: &Loaded) -> Vec<Finding> {
    let core = loaded.live.host.core;
    vec![
        cores(),
        isolated(core),
        governor(core),
        clock_source(),
        huge_pages(),
        locked_memory(loaded),
        clock(),
        files(loaded),
    ]
}

/// The text of a file of the kernel, if it has it.
fn told(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

fn finding(what: &'static str, found: Option<String>, is_fit: Option<bool>, advice: &'static str) -> Finding {
    let found = found.unwrap_or_else(|| "not known: the kernel has no such file".to_owned());
    Finding { what, found, is_fit, is_wanted: true, advice }
}

fn cores() -> Finding {
    let count = available_parallelism().ok().map(std::num::NonZero::get);
    let advice = "with fewer than three cores threads yield instead of spinning: choose a host with more";
    finding("cores", count.map(|count| count.to_string()), count.map(|count| count >= CORES_MIN), advice)
}

fn isolated(core: Option<u32>) -> Finding {
    let list = told("/sys/devices/system/cpu/isolated");
    let is_fit = list.as_ref().map(|list| match core {
        Some(core) => holds(list, core),
        None => !list.is_empty(),
    });
    let shown = list.map(|list| if list.is_empty() { "none".to_owned() } else { list });
    let advice = "boot with isolcpus=N nohz_full=N rcu_nocbs=N and set `host.core` to N";
    Finding { is_wanted: core.is_some(), ..finding("isolated cores", shown, is_fit, advice) }
}

/// Whether a list as `2-3,6` holds a number.
fn holds(list: &str, number: u32) -> bool {
    list.split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = first.trim().parse().ok().zip(last.trim().parse().ok());
        bounds.is_some_and(|(first, last): (u32, u32)| (first..=last).contains(&number))
    })
}

fn governor(core: Option<u32>) -> Finding {
    let path = format!("/sys/devices/system/cpu/cpu{}/cpufreq/scaling_governor", core.unwrap_or(0));
    let name = told(&path);
    let is_fit = name.as_ref().map(|name| name == "performance");
    finding("governor", name, is_fit, "cpupower frequency-set -g performance")
}

fn clock_source() -> Finding {
    let name = told("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    let is_fit = name.as_ref().map(|name| name == "tsc");
    let advice = "another source than tsc makes every look at the clock a call to the system: boot with tsc=reliable if the processor's is";
    finding("clock source", name, is_fit, advice)
}

fn huge_pages() -> Finding {
    let text = told("/sys/kernel/mm/transparent_hugepage/enabled");
    let chosen =
        text.as_ref().and_then(|text| text.split_once('[')?.1.split_once(']')).map(|(name, _)| name.to_owned());
    // `always` lets the kernel move pages of the ring while they are used.
    let is_fit = chosen.as_ref().map(|name| name != "always");
    finding("huge pages", chosen, is_fit, "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled")
}

/// Everything that is mapped later counts too, so a limit that is too low would end the run when the journal rotates.
fn locked_memory(loaded: &Loaded) -> Finding {
    let maps = MAPPED_SEGMENTS * (loaded.config.journal.segment_bytes + STEP_BYTES_MAX);
    let needed = maps + u64::from(loaded.diary.ring_lines) * LINE_BYTES as u64 + OWN_BYTES;
    let limit = getrlimit(Resource::RLIMIT_MEMLOCK).ok().map(|(soft, _)| soft);
    let shown = limit.map(|limit| {
        let held = if limit == RLIM_INFINITY { "unlimited".to_owned() } else { format!("{} MiB", limit >> 20) };
        format!("{held}, {} MiB wanted by `host.lock_memory`", needed >> 20)
    });
    let is_fit = limit.map(|limit| limit >= needed);
    let advice = "raise RLIMIT_MEMLOCK (ulimit -l) and set `host.lock_memory` to true; below that, leave it false";
    let is_wanted = loaded.live.host.lock_memory;
    Finding { is_wanted, ..finding("locked memory", shown, is_fit, advice) }
}

fn clock() -> Finding {
    let state = clock_discipline().ok();
    let shown =
        state.map(
            |(is_kept, error_us)| {
                if is_kept { format!("kept in step, within {error_us} us") } else { "not kept in step".to_owned() }
            },
        );
    let is_fit = state.map(|(is_kept, error_us)| is_kept && error_us <= CLOCK_ERROR_US_MAX);
    finding("UTC", shown, is_fit, "run chrony or another NTP client: delays are told by two clocks")
}

fn files(loaded: &Loaded) -> Finding {
    let folder = loaded.live.folder.ancestors().find(|path| path.exists() || path.as_os_str().is_empty());
    let folder = folder.filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let kind = statfs(folder).ok().map(|facts| facts.filesystem_type().0);
    let caveat = kind.and_then(Caveat::of_kind);
    let shown = kind.map(|_| caveat.map_or_else(|| format!("{}: fit", folder.display()), |caveat| caveat.to_string()));
    finding("file system", shown, kind.map(|_| caveat.is_none()), "choose a folder on ext4 or XFS for `run.folder`")
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn lists_of_cores_are_read() {
        for (list, number, expected) in [
            ("2-3,6", 3, true),
            ("2-3,6", 6, true),
            ("2-3,6", 5, false),
            ("", 0, false),
            ("0", 0, true),
            ("x", 1, false),
        ] {
            assert_eq!(holds(list, number), expected, "{list} {number}");
        }
    }
}
