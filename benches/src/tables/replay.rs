//! A journal, frame by frame: ours regenerates and compares every record.

use super::DEPTH;
use crate::books::{Book, Glance, SortedBook, TreeBook};
use crate::client::Client;
use crate::decoders::{Decoder, SerdeFloat, SonicFloat};
use crate::harness::{Case, Table};
use crate::stream::loaded;
use anyhow::{Result, ensure};
use fathom::config::Loaded;
use fathom::import::{Source, import};
use fathom::replay::replay;
use fathom::sample::cbcap;
use hotpath::record::{Kind, head_of, payload_of};
use journal::{Item, RECORDS_AT, Segment};
use std::hint::black_box;
use std::num::NonZero;
use std::path::PathBuf;
use std::rc::Rc;
use tempfile::TempDir;

const FRAMES: usize = 50_000;
const SEED: u64 = 11;
const BOOK: &[u8] = br#"{"channel":"book""#;
const SNAPSHOT: &[u8] = br#"{"channel":"book","type":"snapshot""#;

/// Our replay, clients over the same frames, and the floors.
pub(super) fn table() -> Result<Table> {
    let journal = Rc::new(Journal::generated()?);
    let Journal { frames, records, bytes, .. } = *journal;
    let title = format!(
        "replay, one core: generated, {frames} frames, {:.2} records and {:.0} bytes a frame",
        records as f64 / frames as f64,
        bytes as f64 / frames as f64
    );
    let mut table = Table::new(title, "frame");
    table.add("ours: prove every CRC, decode, decide, compare every record, digest", Ours(Rc::clone(&journal)));
    table.add_peer(
        "serde_json f64, BTreeMap<i64>, checksum, floats; compares nothing",
        Peer::<SerdeFloat, TreeBook>::new(&journal),
    );
    table.add_peer(
        "sonic-rs f64, sorted Vec, checksum, floats; compares nothing",
        Peer::<SonicFloat, SortedBook>::new(&journal),
    );
    table.add("part of ours: map the file and prove every CRC", Proved(Rc::clone(&journal)));
    table.add("floor: map the file and add up one field of every record", Summed(Rc::clone(&journal)));
    table.add("ours again", Ours(journal));
    Ok(table)
}

/// A journal in a folder that goes when the last case does.
struct Journal {
    path: PathBuf,
    loaded: Loaded,
    frames: usize,
    records: usize,
    bytes: usize,
    _folder: TempDir,
}

impl Journal {
    fn generated() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let loaded = loaded("kraken-btc-eur.toml", &[format!("venue.depth={DEPTH}")])?;
        let recording = folder.path().join("recording.cbcap");
        cbcap(SEED, FRAMES, &loaded, &mut std::io::BufWriter::new(std::fs::File::create(&recording)?))?;
        let path = folder.path().join("journal.bin");
        let imported = import(&[Source::own(&recording)], &loaded, &path)?;
        ensure!(imported.segments.len() == 1, "the journal is one segment");
        let segment = Segment::open(&path)?;
        let (records, bytes) = (heads(&segment).count(), segment.bytes().len());
        Ok(Self { path, loaded, frames: FRAMES, records, bytes, _folder: folder })
    }

    fn open(&self) -> Segment {
        Segment::open(&self.path).expect("the journal that was just written")
    }
}

/// Records of a whole segment, by their lengths alone.
fn heads(segment: &Segment) -> impl Iterator<Item = &[u8]> {
    let mut rest = segment.bytes().get(RECORDS_AT..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (record, tail) =
            rest.split_at_checked(head_of(rest)?.len as usize).filter(|(record, _)| !record.is_empty())?;
        rest = tail;
        Some(record)
    })
}

struct Ours(Rc<Journal>);

impl Case for Ours {
    fn messages(&self) -> usize {
        1
    }

    fn units(&self) -> usize {
        self.0.frames
    }

    fn take(&mut self, _: usize) {
        let reports = replay(std::slice::from_ref(&self.0.path), None, NonZero::new(1)).expect("a readable journal");
        assert!(reports.iter().all(|report| report.is_match() && report.is_whole()), "every record is regenerated");
    }
}

struct Peer<D, B> {
    journal: Rc<Journal>,
    client: Client<D, B>,
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Peer<D, B> {
    fn new(journal: &Rc<Journal>) -> Self {
        Self { journal: Rc::clone(journal), client: Client::new(&journal.loaded.config) }
    }
}

impl<D: Decoder + Default, B: Book<i64> + Glance + Default> Case for Peer<D, B> {
    fn messages(&self) -> usize {
        1
    }

    fn units(&self) -> usize {
        self.journal.frames
    }

    fn take(&mut self, _: usize) {
        let segment = self.journal.open();
        for record in heads(&segment) {
            let Some(head) = head_of(record).filter(|head| head.kind == Kind::FRAME) else { continue };
            let frame = payload_of(record).expect("a whole record");
            if frame.starts_with(SNAPSHOT) {
                self.client.restart(frame);
            } else if frame.starts_with(BOOK) {
                black_box(self.client.take(frame, head.taken_ns));
            }
        }
    }
}

struct Proved(Rc<Journal>);

impl Case for Proved {
    fn messages(&self) -> usize {
        1
    }

    fn units(&self) -> usize {
        self.0.frames
    }

    fn take(&mut self, _: usize) {
        let whole = self.0.open().items().filter(|item| matches!(item, Item::Record(_))).count();
        assert!(whole >= self.0.frames, "nothing is damaged");
    }
}

struct Summed(Rc<Journal>);

impl Case for Summed {
    fn messages(&self) -> usize {
        1
    }

    fn units(&self) -> usize {
        self.0.frames
    }

    fn take(&mut self, _: usize) {
        let segment = self.0.open();
        let times = heads(&segment).filter_map(head_of).map(|head| head.exch_ns);
        black_box(times.fold(0, u64::wrapping_add));
    }
}
