//! What journals take on the disk, by kind, plain and compressed.

use crate::place::Place;
use crate::stream::loaded;
use anyhow::{Context, Result, ensure};
use fathom::import::{Source, import};
use fathom::info::Info;
use fathom::sample::cbcap;
use journal::compress;
use serde::Serialize;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Frames of the sample.
const FRAMES: usize = 50_000;
const SEED: u64 = 1;
const LEVELS: [i32; 3] = [3, 9, 19];
/// Half of what FastMM writes for an event that it consumes, without the raw bytes.
const GOAL_BYTES: f64 = 113.0;
/// Kinds that a decoder makes of frames, in text.
const EVENTS: [&str; 12] = [
    "SNAPSHOT",
    "LEVEL",
    "BOOK_END",
    "TRADE",
    "TICKER",
    "INSTRUMENT",
    "STATUS",
    "HEARTBEAT",
    "PONG",
    "ACK",
    "REFUSED",
    "IGNORED",
];
/// Recordings below the folder of `FATHOM_DATA`, and their depths.
const RECORDINGS: [(&str, u32); 2] =
    [("kraken-v2/kraken_btcusd_sample.cbcap", 25), ("kraken-v2/kraken_btcusd_l2.cbcap", 10)];

/// One journal.
#[derive(Debug, Serialize)]
pub struct Size {
    title: String,
    bytes: u64,
    frames: u64,
    /// Records that are events.
    events: u64,
    kinds: Vec<KindSize>,
    compressed: Vec<CompressedSize>,
}

#[derive(Debug, Serialize)]
struct KindSize {
    name: String,
    records: u64,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct CompressedSize {
    level: i32,
    bytes: u64,
    /// To compress, to wait for the disk, and to read all of it back.
    seconds: f64,
}

/// The sample, and the recordings where they are at hand.
///
/// # Errors
/// When a journal cannot be made or compressed.
pub fn sizes(place: &Place) -> Result<Vec<Size>> {
    let mut sizes = vec![sample(place)?];
    if let Some(folder) = std::env::var_os("FATHOM_DATA") {
        for (name, depth) in RECORDINGS {
            sizes.push(recorded(place, &PathBuf::from(&folder).join(name), depth)?);
        }
    }
    Ok(sizes)
}

fn sample(place: &Place) -> Result<Size> {
    let folder = place.fresh()?;
    let loaded = loaded("kraken-btc-eur.toml", &[])?;
    let recording = folder.path().join("recording.cbcap");
    let mut out = BufWriter::new(File::create(&recording)?);
    cbcap(SEED, FRAMES, &loaded, &mut out)?;
    out.flush()?;
    let journal = folder.path().join("journal.bin");
    ensure!(import(&[Source::own(&recording)], &loaded, &journal)?.segments.len() == 1, "the journal is one segment");
    Size::of(format!("sample, BTC/EUR at depth {}", loaded.config.markets[0].depth), &journal)
}

fn recorded(place: &Place, recording: &Path, depth: u32) -> Result<Size> {
    let folder = place.fresh()?;
    let loaded = loaded("kraken-btc-usd.toml", &[format!("venue.depth={depth}")])?;
    let journal = folder.path().join("journal.bin");
    ensure!(import(&[Source::own(recording)], &loaded, &journal)?.segments.len() == 1, "the journal is one segment");
    let name = recording.file_name().unwrap_or_default().display();
    Size::of(format!("recorded, BTC/USD at depth {depth}, {name}"), &journal)
}

impl Size {
    fn of(title: String, journal: &Path) -> Result<Self> {
        let info = Info::of(journal)?.to_json();
        let number = |value: &serde_json::Value, name: &str| value[name].as_u64();
        let kinds = info["kinds"].as_object().context("no kinds")?;
        let size = |(name, value): (&String, &serde_json::Value)| {
            Some(KindSize { name: name.clone(), records: number(value, "records")?, bytes: number(value, "bytes")? })
        };
        let mut kinds = kinds.iter().map(size).collect::<Option<Vec<_>>>().context("a kind without its size")?;
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
        let events = kinds.iter().filter(|kind| EVENTS.contains(&kind.name.as_str())).map(|kind| kind.records).sum();
        let (bytes, frames) = number(&info, "bytes").zip(number(&info, "frames")).context("no size")?;
        let compressed = LEVELS.into_iter().map(|level| CompressedSize::of(journal, level)).collect::<Result<_>>()?;
        Ok(Self { title, bytes, frames, events, kinds, compressed })
    }

    fn per_frame(&self, bytes: u64) -> f64 {
        bytes as f64 / self.frames.max(1) as f64
    }

    fn per_event(&self, bytes: u64) -> f64 {
        bytes as f64 / self.events.max(1) as f64
    }

    fn write_row(&self, f: &mut fmt::Formatter<'_>, name: &str, bytes: u64, seconds: f64) -> fmt::Result {
        let (frame, event) = (self.per_frame(bytes), self.per_event(bytes));
        let share = bytes as f64 / self.bytes as f64 * 100.0;
        writeln!(f, "| {name} | {bytes} | {frame:.1} | {event:.1} | {share:.1} | {seconds:.2} |")
    }
}

impl CompressedSize {
    fn of(journal: &Path, level: i32) -> Result<Self> {
        let start = Instant::now();
        let compressed = compress(journal, level)?;
        let seconds = start.elapsed().as_secs_f64();
        // What stands there would be taken for the next level.
        std::fs::remove_file(&compressed.path)?;
        Ok(Self { level, bytes: compressed.compressed_bytes, seconds })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "### size: {}: {} frames, {} events\n", self.title, self.frames, self.events)?;
        writeln!(f, "| kind | records | bytes | bytes/frame |\n|---|---|---|---|")?;
        for KindSize { name, records, bytes } in &self.kinds {
            writeln!(f, "| {name} | {records} | {bytes} | {:.1} |", self.per_frame(*bytes))?;
        }
        writeln!(
            f,
            "\n| journal | bytes | bytes/frame | bytes/event | % of plain | seconds |\n|---|---|---|---|---|---|"
        )?;
        self.write_row(f, "plain", self.bytes, 0.0)?;
        for CompressedSize { level, bytes, seconds } in &self.compressed {
            self.write_row(f, &format!("zstd level {level}"), *bytes, *seconds)?;
        }
        let reached = self.compressed.iter().filter(|size| self.per_frame(size.bytes) <= GOAL_BYTES);
        let reached: Vec<_> = reached.map(|size| size.level.to_string()).collect();
        let levels = if reached.is_empty() { "none of these".to_owned() } else { reached.join(", ") };
        writeln!(f, "\nAt most {GOAL_BYTES} bytes a frame, compressed: reached at level {levels}.")
    }
}
