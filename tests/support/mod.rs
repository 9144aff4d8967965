//! What whole-system tests share.
#![expect(dead_code, reason = "each test program uses a part of it")]

use fathom::config::{Loaded, load};
use fathom::exchange::Truth;
use fathom::import::recording::Recording;
use fathom::import::{Imported, Source, import};
use hotpath::book::{Book, Level};
use hotpath::record::{Head, Kind};
use journal::{Item, Segment};
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

/// Bids and asks as text, best first.
pub type Sides = [Vec<[String; 2]>; 2];

/// The engine's book and the exchange's, `most` levels a side, with so many decimals of prices and sizes.
pub fn sides(book: &Book, truth: &Truth, most: usize, (price, qty): (usize, usize)) -> (Sides, Sides) {
    let row = |level: &Level| [decimal(level.price_ticks, price), decimal(level.qty_lots, qty)];
    let told = |rows: &[[String; 2]]| -> Vec<[String; 2]> {
        rows.iter().take(most).map(|[at, size]| [unpadded(at, price), unpadded(size, qty)]).collect()
    };
    let held =
        [book.bids.best_first().take(most).map(row).collect(), book.asks.best_first().take(most).map(row).collect()];
    (held, [told(&truth.bids), told(&truth.asks)])
}

/// Some exchanges write more decimals than a number has.
fn unpadded(text: &str, decimals: usize) -> String {
    let end = text.find('.').map_or(text.len(), |point| point + 1 + decimals).min(text.len());
    let (kept, rest) = text.split_at(end);
    assert!(rest.bytes().all(|byte| byte == b'0'), "{text} has more than {decimals} decimals");
    kept.to_owned()
}

fn decimal(value: i64, precision: usize) -> String {
    let digits = format!("{value:0width$}", width = precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    format!("{whole}.{fraction}")
}

/// Every record of the stream, files in order.
pub fn records(files: &[PathBuf]) -> Vec<(Head, Vec<u8>)> {
    let mut all = Vec::new();
    for file in files {
        let segment = Segment::open(file).expect("a journal");
        all.extend(segment.items().filter_map(|item| match item {
            Item::Record(record) if record.head.kind != Kind::INDEX => Some((record.head, record.bytes.to_vec())),
            _ => None,
        }));
    }
    all
}
