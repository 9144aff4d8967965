//! A file that grows by a JSON line for each thing that an exchange tells of itself.

use crate::files::ensure_writable;
use anyhow::{Context, Result, anyhow};
use serde::Serialize;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The file.
pub(super) struct LineFile {
    path: PathBuf,
    /// The first failure is kept and told at the end.
    writer: Arc<Mutex<(BufWriter<File>, std::io::Result<()>)>>,
}

impl LineFile {
    /// Makes the file, or empties an older one that begins with `mark`.
    ///
    /// # Errors
    /// When it cannot be written, or is somebody's file.
    pub fn create(path: &Path, mark: &[u8]) -> Result<Self> {
        ensure_writable(path, mark)?;
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let writer = Arc::new(Mutex::new((BufWriter::new(file), Ok(()))));
        Ok(Self { path: path.to_owned(), writer })
    }

    /// Who writes a line.
    pub fn writer<T: Serialize>(&self) -> impl FnMut(&T) + Send + 'static {
        let writer = Arc::clone(&self.writer);
        move |line: &T| {
            if let Ok(mut writer) = writer.lock()
                && writer.1.is_ok()
            {
                writer.1 = write_line(&mut writer.0, line);
            }
        }
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When a line could not be written.
    pub fn finish(self) -> Result<()> {
        let mut writer = self.writer.lock().map_err(|_| anyhow!("the lines were not written to their end"))?;
        let (file, outcome) = &mut *writer;
        std::mem::replace(outcome, Ok(()))
            .and_then(|()| file.flush())
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn write_line(file: &mut BufWriter<File>, line: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *file, line)?;
    file.write_all(b"\n")?;
    // Whoever looks meanwhile sees whole lines, and a process that is killed loses none.
    file.flush()
}
