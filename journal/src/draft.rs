//! Files that get their name only when they are whole and on the disk.

use crate::error::{Error, Result};
use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file under another name, beside the place where it will stand.
#[derive(Debug)]
pub(crate) struct Draft {
    path: PathBuf,
    file: NamedTempFile,
}

impl Draft {
    /// Starts the file that will be `path`, where nothing stands yet, or an empty file.
    pub fn create(path: &Path) -> Result<Self> {
        if std::fs::symlink_metadata(path).is_ok_and(|facts| !facts.is_file() || facts.len() > 0) {
            return Err(Error::io(path, 0, "create the file", io::ErrorKind::AlreadyExists.into()));
        }
        // The mode that a file gets when it is created plainly; the process's mask applies.
        let readable = Permissions::from_mode(0o666);
        let file = tempfile::Builder::new().permissions(readable).tempfile_in(folder_of(path));
        let file = file.map_err(|source| Error::io(path, 0, "create the file", source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// The file as it is so far, to be written.
    pub fn file(&self) -> &File {
        self.file.as_file()
    }

    /// Where it is so far.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Waits until the bytes lie on the disk.
    pub fn sync(&self) -> Result<()> {
        self.file().sync_all().map_err(|source| Error::io(&self.path, 0, "flush the file", source))
    }

    /// Gives the file its name, and waits until the name lies on the disk. Bytes must be synced before.
    pub fn publish(self) -> Result<()> {
        let Self { path, file } = self;
        let named = if path.exists() { file.persist(&path) } else { file.persist_noclobber(&path) };
        named.map_err(|refused| Error::io(&path, 0, "name the file", refused.error))?;
        sync_folder(&path)
    }
}

/// A file without a name beside `path`, or in the system's folder where that cannot be written.
pub(crate) fn nameless(path: &Path) -> io::Result<File> {
    tempfile::tempfile_in(folder_of(path)).or_else(|_| tempfile::tempfile())
}

/// The folder of a file.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Waits until the names in the folder of `path` lie on the disk.
pub(crate) fn sync_folder(path: &Path) -> Result<()> {
    let synced = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    synced.map_err(|source| Error::io(path, 0, "flush the folder", source))
}
