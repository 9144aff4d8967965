//! Names of files that outlive power loss.

use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the names in the folder of `path` lie on the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|source| Error::io(path, 0, "flush the folder", source))
}
