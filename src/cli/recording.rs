//! What a recording's first line says to a command.

use crate::import::recording::Recording;
use anyhow::{Context, Result, anyhow};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// The shipped configuration of the market that a recording names.
///
/// # Errors
/// When the file is no recording, names no market, or there is none for its market.
pub fn default_config(path: &Path) -> Result<PathBuf> {
    let recording = Recording::open(path)?;
    let header = recording.header();
    let header = header.ok_or_else(|| anyhow!("{} does not name its market: give --config", path.display()))?;
    let name = format!("{}-{}.toml", header.venue, header.symbol.replace('/', "-")).to_lowercase();
    let path = Path::new("configs").join(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(anyhow!("there is no {} for this recording's market: give --config", path.display()))
}

/// The first line of a recording, or as much of it as one may have.
///
/// # Errors
/// When the file cannot be read.
pub fn first_line(recording: &Path) -> Result<Vec<u8>> {
    let file = File::open(recording).with_context(|| format!("cannot read the recording {}", recording.display()))?;
    let mut line = Vec::new();
    BufReader::new(file.take(128)).read_until(b'\n', &mut line)?;
    Ok(line)
}
