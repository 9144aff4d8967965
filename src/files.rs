//! Which files a command means.

use anyhow::{Context, Result, anyhow, bail};
use journal::{Segment, is_unbegun, segments};
use std::fs::{File, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How a compressed journal is called, behind the name of the original.
const COMPRESSED: &str = ".zst";

/// Makes sure that writing to `path` destroys nothing: there is no file, an empty one, or one that begins with `mark`, as
/// those of the same kind do.
///
/// # Errors
/// When somebody's file is there, or something that is no file.
pub fn ensure_writable(path: &Path, mark: &[u8]) -> Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(anyhow!("{}: cannot be written over: {error}", path.display())),
    };
    let mut held = Vec::new();
    let read = file.take(mark.len() as u64).read_to_end(&mut held);
    if read.is_err() || !(held.is_empty() || held == mark) {
        bail!("{} is there already, holds something else, and stays as it is: name another file", path.display());
    }
    Ok(())
}

/// Writes a file as a whole, over an empty one or one that begins with `mark`: whoever reads it sees the old or the new.
///
/// # Errors
/// As [`ensure_writable`]; or when it cannot be written.
pub fn write_over(path: &Path, mark: &[u8], bytes: &[u8]) -> Result<()> {
    ensure_writable(path, mark)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot = || format!("cannot write {}", path.display());
    if !parent.is_dir() {
        bail!("{}: there is no folder {}: make it first, or name another", cannot(), parent.display());
    }
    let readable = Permissions::from_mode(0o644);
    let file = tempfile::Builder::new().permissions(readable).tempfile_in(parent);
    // Its own words name a file that nobody asked for.
    let mut file = file.map_err(|error| anyhow!("{}: {}", cannot(), error.kind()))?;
    file.write_all(bytes).with_context(cannot)?;
    file.persist(path).map_err(|error| error.error).with_context(cannot)?;
    Ok(())
}

/// Files as given; a folder stands for the journals in it, compressed ones too, in order.
///
/// # Errors
/// When a folder cannot be read or holds none, or a journal is there twice, compressed and not.
pub fn journal_files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let files = files(given)?;
    for path in &files {
        let original = path.as_os_str().as_encoded_bytes().strip_suffix(COMPRESSED.as_bytes());
        let beside = |other: &&PathBuf| Some(other.as_os_str().as_encoded_bytes()) == original;
        if let Some(original) = files.iter().find(beside) {
            let (original, path) = (original.display(), path.display());
            bail!("{original} and {path} have the same number: keep one of them in another folder, or name one file");
        }
    }
    Ok(files)
}

/// As [`journal_files`], and apart from them those in folders that a writer still holds: a run goes on there.
///
/// # Errors
/// As [`journal_files`]; or when a writer holds all that there is.
pub fn closed_files(given: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    // A file that was named is meant, and refused with a word.
    let is_out = |path: &PathBuf| !given.contains(path) && is_held(path);
    let (held, closed): (Vec<_>, Vec<_>) = journal_files(given)?.into_iter().partition(is_out);
    if let Some(path) = held.first().filter(|_| closed.is_empty()) {
        let folder = path.parent().unwrap_or(Path::new(".")).display();
        bail!(
            "{}: a writer still holds it, and no segment of {folder} is closed yet: look at the run with `journal cat --follow \
             {folder}` and `fathom ctl status --out {folder}`, or wait for the next segment",
            path.display()
        );
    }
    Ok((closed, held))
}

/// Whether a writer holds a journal: a run goes on there.
#[must_use]
pub fn is_held(path: &Path) -> bool {
    !is_compressed(path) && matches!(Segment::open(path), Err(journal::Error::Live { .. }))
}

/// The segments of one run in a folder that may hold those of others.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn files_of_run(folder: &Path, run_id: u64) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (_, path) in segments(folder)? {
        if !is_unbegun(&path)? && Segment::open(&path)?.header().run_id == run_id {
            files.push(path);
        }
    }
    Ok(files)
}

/// Journals that are not compressed, and those that are: files as given, where one that is gone stands for the compressed one
/// beside it; a folder stands for the journals in it, in order.
///
/// # Errors
/// When a folder cannot be read or holds none, or a compressed file that was named cannot be opened as a journal.
pub fn files_to_compress(given: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let mut named = Vec::new();
    for path in given {
        let mut beside = path.clone().into_os_string();
        beside.push(COMPRESSED);
        let beside = PathBuf::from(beside);
        let path = if !path.exists() && beside.exists() { beside } else { path.clone() };
        if !path.is_dir() && is_compressed(&path) {
            Segment::open(&path)?;
        }
        named.push(path);
    }
    Ok(files(&named)?.into_iter().partition(|path| !is_compressed(path)))
}

fn is_compressed(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(COMPRESSED.as_bytes())
}

fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in given {
        if path.is_dir() {
            files.extend(journals_in(path)?);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

fn journals_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let endings = [".bin", ".bin.zst"];
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    let is_journal = |name: &[u8]| endings.iter().any(|ending| name.ends_with(ending.as_bytes()));
    let mut files: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|path| is_journal(path.as_os_str().as_encoded_bytes()) && !was_never_begun(path));
    files.sort();
    if files.is_empty() {
        bail!("{} holds no {} file: name a journal", folder.display(), endings.join(" or "));
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
    let name = path.file_name().ok_or_else(|| anyhow!("{} has no file name", path.display()))?;
    Ok(if is_compressed(path) { Path::new(name).with_extension("") } else { PathBuf::from(name) })
}

#[cfg(test)]
mod writable {
    use super::ensure_writable;

    /// A recording was once emptied for being named twice on one command line.
    #[test]
    fn only_what_is_empty_or_of_the_same_kind_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("file");
        assert!(ensure_writable(&path, b"mark").is_ok());
        for (held, may) in [(&b""[..], true), (b"mark and more", true), (b"mar", false), (b"CBCAP1 kraken", false)] {
            std::fs::write(&path, held).expect("a file");
            assert_eq!(ensure_writable(&path, b"mark").is_ok(), may, "{held:?}");
            assert_eq!(std::fs::read(&path).expect("it"), held);
        }
        assert!(ensure_writable(folder.path(), b"mark").is_err(), "a folder is no file");
    }
}
