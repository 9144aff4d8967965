//! What the programs share: exit codes, output, progress.

pub mod cat;
mod check;
mod ctl;
mod demo;
pub mod exchange;
pub mod fathom;
mod faults;
mod follow;
mod gaps;
mod gate;
pub mod import;
mod init;
pub mod journal;
mod latency;
mod lines;
pub mod play;
mod printer;
mod recording;
pub mod recover;
pub mod replay;
pub mod report;
mod run;
pub mod seal;
mod soak;
mod teller;
mod told;
mod truth;

use crate::files::closed_files;
use anyhow::Result;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// The journals that a command is about.
#[derive(Debug, clap::Args)]
struct FilesArgs {
    /// Journals, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Done, and what was checked holds.
    Ok,
    /// The check failed.
    Failed,
}

/// Exit code 0 when it holds, 1 when the check failed, 2 for bad usage, configuration or files.
#[must_use]
pub fn exit(program: &str, ended: Result<Ended>) -> ExitCode {
    match ended {
        Ok(Ended::Ok) => ExitCode::SUCCESS,
        Ok(Ended::Failed) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Whoever read our output has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// The journals that are meant. Of a folder in which a run goes on those that are closed: what is left out is told.
///
/// # Errors
/// As [`closed_files`].
fn closed_journals(program: &str, given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let (closed, held) = closed_files(given)?;
    tell_held(program, &held);
    Ok(closed)
}

/// Says in one line which files are left out: the one that a writer fills, and the one that it made ahead.
fn tell_held(program: &str, held: &[PathBuf]) {
    let names: Vec<_> = held.iter().map(|path| path.display().to_string()).collect();
    let (them, are) = if names.len() == 1 { ("it", "it is") } else { ("them", "they are") };
    if !names.is_empty() {
        eprintln!("{program}: {}: a writer still holds {them}, so {are} left out", names.join(" and "));
    }
}

/// Prints one JSON value and a line feed on standard output.
///
/// # Errors
/// When standard output is closed.
pub fn print_json(value: &serde_json::Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    Ok(())
}

/// A line on standard error that says how long work goes on; only for people.
pub fn progress(text: &str) {
    let mut err = std::io::stderr();
    if err.is_terminal() {
        let _ = write!(err, "\r\x1b[2K{text}");
        let _ = err.flush();
    }
}

/// So many of something, for people: `1 gap`, `2 gaps`, `1,234 gaps`.
#[must_use]
pub fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A number with thousands separated, for people.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        let told = [0, 1, 2, 1_001].map(|number| counted(number, "gap", "gaps"));
        assert_eq!(told, ["0 gaps", "1 gap", "2 gaps", "1,001 gaps"]);
        assert_eq!(counted(1, "record is", "records are"), "1 record is");
    }
}
