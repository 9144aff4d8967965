//! Where an import writes, so that a name never stands for half a journal or in the place of somebody's file.

use crate::replay::target::is_replaceable;
use anyhow::{Context, Result, bail};
use journal::segment_path;
use std::path::{Path, PathBuf};

/// A folder beside `out` in which the journal is written before it gets its name.
pub(super) fn staging_folder(out: &Path) -> Result<tempfile::TempDir> {
    if out.as_os_str().as_encoded_bytes().ends_with(b"/") {
        std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    }
    if out.is_dir() {
        let foreign = std::fs::read_dir(out)?.flatten().find(|entry| !is_replaceable(&entry.path()));
        if let Some(entry) = foreign {
            let name = entry.file_name();
            bail!(
                "{} holds {}, which no import wrote: choose an empty folder for --out",
                out.display(),
                name.display()
            );
        }
    } else if out.exists() && !is_replaceable(out) {
        bail!("{} exists and no import wrote it: choose another --out", out.display());
    }
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(parent).with_context(|| format!("cannot make the folder {}", parent.display()))?;
    let staging = tempfile::Builder::new().prefix(".import-").tempdir_in(parent);
    staging.with_context(|| format!("cannot write in the folder {}", parent.display()))
}

/// Gives the finished segments their names.
pub(super) fn publish(folder: tempfile::TempDir, out: &Path) -> Result<Vec<PathBuf>> {
    let count = std::fs::read_dir(folder.path())?.count();
    let numbers = (0..).map(|number| (segment_path(folder.path(), number), number)).take(count);
    let is_one_file = count == 1 && !out.is_dir();
    if out.is_dir() {
        for entry in std::fs::read_dir(out)? {
            std::fs::remove_file(entry?.path())?;
        }
    } else if !is_one_file {
        if out.exists() {
            std::fs::remove_file(out)?;
        }
        std::fs::create_dir_all(out).with_context(|| format!("cannot make the folder {}", out.display()))?;
    }
    let mut segments = Vec::new();
    for (from, number) in numbers {
        let to = if is_one_file { out.to_owned() } else { segment_path(out, number) };
        std::fs::rename(&from, &to).with_context(|| format!("cannot write {}", to.display()))?;
        segments.push(to);
    }
    Ok(segments)
}
