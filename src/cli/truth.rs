//! The file of `exchange --truth`.

use crate::exchange::{Truth, Witness};
use crate::files::ensure_writable;
use anyhow::{Context, Result, anyhow};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What a file of truths begins with.
const MARK: &[u8] = b"{\"connection\":";

/// A file that grows by a line for each message of a book.
pub(super) struct TruthFile {
    path: PathBuf,
    /// The first failure is kept and told at the end.
    writer: Arc<Mutex<(BufWriter<File>, std::io::Result<()>)>>,
}

impl TruthFile {
    /// Makes the file, or empties an older one of its kind.
    ///
    /// # Errors
    /// When it cannot be written, or is somebody's file.
    pub fn create(path: &Path) -> Result<Self> {
        ensure_writable(path, MARK)?;
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let writer = Arc::new(Mutex::new((BufWriter::new(file), Ok(()))));
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Who writes the lines.
    pub fn witness(&self) -> Witness {
        let writer = Arc::clone(&self.writer);
        Box::new(move |truth: &Truth| {
            if let Ok(mut writer) = writer.lock()
                && writer.1.is_ok()
            {
                writer.1 = write_line(&mut writer.0, truth);
            }
        })
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When a line could not be written.
    pub fn finish(self) -> Result<()> {
        let mut writer = self.writer.lock().map_err(|_| anyhow!("the truth was not written to its end"))?;
        let (file, outcome) = &mut *writer;
        std::mem::replace(outcome, Ok(()))
            .and_then(|()| file.flush())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn write_line(file: &mut BufWriter<File>, truth: &Truth) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, truth)?;
    file.write_all(b"\n")
}
