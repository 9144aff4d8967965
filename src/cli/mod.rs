//! What the programs share: exit codes, output, progress.

pub mod cat;
mod follow;
pub mod journal;
pub mod play;
pub mod recover;
pub mod replay;
pub mod seal;

use ::journal::is_unbegun;
use anyhow::Result;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

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

/// How a compressed journal is called, behind the name of the original.
const COMPRESSED: &str = ".zst";

/// Files as given; a folder stands for the journals in it, compressed ones too, in order.
///
/// # Errors
/// When a folder cannot be read or holds none, or a journal is there twice, compressed and not.
pub fn journal_files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let files = files(given, &[".bin", ".bin.zst"])?;
    for path in &files {
        let original = path.as_os_str().as_encoded_bytes().strip_suffix(COMPRESSED.as_bytes());
        let beside = |other: &&PathBuf| Some(other.as_os_str().as_encoded_bytes()) == original;
        if let Some(original) = files.iter().find(beside) {
            let (original, path) = (original.display(), path.display());
            anyhow::bail!("{original} and {path} are the same journal: remove one, or name one file");
        }
    }
    Ok(files)
}

/// Files as given; a folder stands for the journals in it that are not compressed, in order.
///
/// # Errors
/// When a folder cannot be read or holds none.
pub fn bin_files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    files(given, &[".bin"])
}

fn files(given: &[PathBuf], endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if path.is_dir() {
            files.extend(journals_in(path, endings)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn journals_in(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let is_journal = |name: &[u8]| endings.iter().any(|ending| name.ends_with(ending.as_bytes()));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| is_journal(path.as_os_str().as_encoded_bytes()) && !was_never_begun(path));
    files.sort();
    if files.is_empty() {
        anyhow::bail!("{} holds no {} file: name a journal", folder.display(), endings.join(" or "));
    }
    Ok(files)
}

/// Whether a writer prepared the file and never began it, so that it holds nothing: not even what a tail
/// file beside it could bring back.
fn was_never_begun(path: &Path) -> bool {
    let is_plain = path.extension().is_some_and(|ending| ending == "bin");
    is_plain && is_unbegun(path).unwrap_or(false)
}

/// The name under which a journal is written anew: its own, without the ending of compressed ones.
///
/// # Errors
/// When the path names none.
pub fn plain_name(path: &Path) -> Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| anyhow::anyhow!("{} has no file name", path.display()))?;
    let is_compressed = name.as_encoded_bytes().ends_with(COMPRESSED.as_bytes());
    Ok(if is_compressed { Path::new(name).with_extension("") } else { PathBuf::from(name) })
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
