//! What whole-system tests share.
#![expect(dead_code, reason = "each test program uses a part of it")]

use fathom::config::{Loaded, load};
use fathom::import::recording::Recording;
use fathom::import::{Imported, Source, import};
use std::path::{Path, PathBuf};

/// A recording of the data collection, or `None` with a word when it is not at hand.
pub fn recording(name: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("FATHOM_DATA") else {
        assert!(std::env::var_os("FATHOM_DATA_REQUIRED").is_none(), "FATHOM_DATA_REQUIRED is set, FATHOM_DATA is not");
        println!("skipped: set FATHOM_DATA to the folder of recordings");
        return None;
    };
    Some(Path::new(&folder).join(name))
}

/// A shipped configuration with some keys changed.
pub fn config(name: &str, sets: &[&str]) -> Loaded {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name);
    let sets: Vec<_> = sets.iter().map(|set| (*set).to_owned()).collect();
    load(&path, &sets).expect("a shipped configuration loads")
}

/// Imports a recording into a new folder and returns the journal's files.
pub fn imported(recording: &Path, loaded: &Loaded) -> (tempfile::TempDir, Imported) {
    let folder = tempfile::tempdir().expect("a folder");
    let imported = import(&[Source::own(recording)], loaded, &folder.path().join("journal.bin")).expect("an import");
    (folder, imported)
}

/// The synthetic recording as bytes.
pub fn synthetic(seed: u64, frames: usize, loaded: &Loaded) -> Vec<u8> {
    let mut bytes = Vec::new();
    fathom::sample::cbcap(seed, frames, loaded, &mut bytes).expect("a recording");
    bytes
}

/// Writes a recording and imports it.
pub fn imported_bytes(bytes: &[u8], loaded: &Loaded) -> (tempfile::TempDir, Imported) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.cbcap");
    std::fs::write(&path, bytes).expect("a file");
    let imported = import(&[Source::own(&path)], loaded, &folder.path().join("journal.bin")).expect("an import");
    (folder, imported)
}

/// Receive times and payloads of a recording.
pub fn frames(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let frames = Recording::read(bytes).expect("a recording");
    frames.map(|frame| frame.expect("a whole frame")).map(|frame| (frame.recv_ns, frame.bytes)).collect()
}
