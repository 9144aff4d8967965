//! The engine as a process of its own: begun, asked how it gets on, watched, and stopped.

use crate::live::control;
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Serialize;
use serde_json::Value;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long it may take to end in order.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(50);
/// What anonymous memory may grow by between the two halves of a run, KiB: allocators keep some of what is freed.
const GROWTH_KIB_MAX: u64 = 1_024;

/// The process.
pub struct Engine {
    child: Child,
    folder: PathBuf,
    said: PathBuf,
    /// Anonymous memory, KiB, at each look.
    anonymous_kib: Vec<u64>,
}

/// How it is begun.
pub struct Begin<'a> {
    /// The program.
    pub program: &'a Path,
    /// The configuration.
    pub config: &'a Path,
    /// Keys of it, `KEY.PATH=VALUE`.
    pub sets: &'a [String],
    /// The folder of runs.
    pub folder: &'a Path,
    /// The file for what it says.
    pub said: &'a Path,
    /// When it ends by itself.
    pub lasts: Duration,
}

/// Anonymous memory of the engine's process, KiB: what is mapped of files is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryUse {
    /// The most in the first half of the run.
    pub first_half_kib: u64,
    /// The most in the second half.
    pub second_half_kib: u64,
}

impl MemoryUse {
    fn of(samples_kib: &[u64]) -> Self {
        let (first, second) = samples_kib.split_at(samples_kib.len() / 2);
        let most = |half: &[u64]| half.iter().copied().max().unwrap_or(0);
        Self { first_half_kib: most(first), second_half_kib: most(second) }
    }

    /// Whether it did not grow.
    #[must_use]
    pub const fn is_flat(&self) -> bool {
        self.second_half_kib.saturating_sub(self.first_half_kib) <= GROWTH_KIB_MAX
    }
}

impl Engine {
    /// Begins `fathom run` with a configuration and keys of it, in `folder`; what it says goes to the file `said`. After `lasts`
    /// it ends by itself, should nobody be left to stop it.
    ///
    /// # Errors
    /// When the process cannot be begun.
    pub fn begin(begin: &Begin<'_>) -> Result<Self> {
        let Begin { program, config, sets, folder, said, lasts } = *begin;
        let told = || format!("cannot write {}", said.display());
        let file = File::create(said).with_context(told)?;
        let mut command = Command::new(program);
        command.arg("run").arg(config).arg("--out").arg(folder).arg("--json");
        command.arg("--seconds").arg(lasts.as_secs().to_string());
        command.args(sets.iter().flat_map(|set| ["--set", set]));
        command.stdin(Stdio::null()).stdout(file.try_clone().with_context(told)?).stderr(file);
        let child = command.spawn().with_context(|| format!("cannot begin {}", program.display()))?;
        Ok(Self { child, folder: folder.to_owned(), said: said.to_owned(), anonymous_kib: Vec::new() })
    }

    /// How it gets on, as `fathom ctl status --json` says; nothing while it is not yet there.
    ///
    /// # Errors
    /// When it has ended.
    pub fn look(&mut self) -> Result<Option<Value>> {
        if let Some(status) = self.child.try_wait()? {
            bail!("the engine ended by itself ({status}): {} says why", self.said.display());
        }
        self.anonymous_kib.extend(anonymous_kib(self.child.id()));
        Ok(control::ask(&self.folder, "status").ok())
    }

    /// Anonymous memory at the last look, KiB.
    pub fn anonymous_kib(&self) -> u64 {
        self.anonymous_kib.last().copied().unwrap_or(0)
    }

    /// Ends it in order, as an operator does.
    ///
    /// # Errors
    /// When it does not end in time, or as one that failed.
    pub fn stop(mut self) -> Result<MemoryUse> {
        control::ask(&self.folder, "stop")?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            ensure!(begun.elapsed() < ENDS_WITHIN, "the engine did not stop within {} s", ENDS_WITHIN.as_secs());
            sleep(STEP);
        };
        ensure!(status.success(), "the engine ended with {status}: {} says why", self.said.display());
        ensure!(!self.anonymous_kib.is_empty(), "the engine's memory could not be read");
        Ok(MemoryUse::of(&self.anonymous_kib))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // One that was stopped has ended, and this does nothing.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the kernel says of a process that runs.
fn anonymous_kib(process: u32) -> Result<u64> {
    let path = format!("/proc/{process}/status");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    parsed_kib(&text).ok_or_else(|| anyhow!("{path} does not tell of anonymous memory"))
}

fn parsed_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{GROWTH_KIB_MAX, MemoryUse, anonymous_kib, parsed_kib};

    #[test]
    fn anonymous_memory_is_read_from_the_kernel() {
        assert_eq!(parsed_kib("VmRSS:\t  9 kB\nRssAnon:\t    1234 kB\nRssFile:\t 5 kB\n"), Some(1_234));
        assert_eq!(parsed_kib("RssAnon:\t12 MB\n"), None);
        let before = anonymous_kib(std::process::id()).expect("a number");
        let held = vec![1_u8; 64 << 20];
        let grown = anonymous_kib(std::process::id()).expect("a number").saturating_sub(before);
        assert!(grown > 60 << 10, "{grown} KiB more for {} bytes", held.len());
    }

    #[test]
    fn memory_is_flat_when_its_second_half_is_not_above_its_first() {
        assert!(MemoryUse::of(&[100, 900, 300, 900 + GROWTH_KIB_MAX]).is_flat());
        assert!(!MemoryUse::of(&[100, 900, 300, 901 + GROWTH_KIB_MAX]).is_flat());
        assert_eq!(MemoryUse::of(&[5, 7, 6]), MemoryUse { first_half_kib: 5, second_half_kib: 7 });
    }
}
