//! The files of one run, in order, and the walk over what is whole in them.

use crate::left_out::Missing;
use crate::replay::scan::{Scan, records, state_at};
use anyhow::{Result, anyhow, bail};
use hotpath::record::{Head, head_of};
use journal::{Header, Segment};
use std::path::{Path, PathBuf};

/// One file of the run.
#[derive(Debug)]
pub struct Part {
    /// Where it lies.
    pub path: PathBuf,
    /// Its header.
    pub header: Header,
    /// What is whole in it.
    pub scan: Scan,
    /// Bytes up to the end of what is whole, decompressed.
    pub bytes: u64,
    /// BLAKE3 of the file, decompressed; none unless it is closed and complete.
    pub digest: Option<blake3::Hash>,
}

/// The files of one run.
#[derive(Debug)]
pub struct Source {
    /// In the order of the run.
    pub parts: Vec<Part>,
    /// Runs in the files that were given, this one included.
    pub runs: usize,
}

/// Something that walks over a run.
pub trait Visit {
    /// A part of a file that is whole begins with this state of the engine.
    fn state(&mut self, state: &[u8]);
    /// The next record of it.
    fn record(&mut self, head: &Head, record: &[u8]);
}

impl Source {
    /// The files of the run `run_id`, or of the latest one, among those given.
    ///
    /// # Errors
    /// When a file does not open as a journal or is given twice, or there is no such run.
    pub fn open(paths: &[PathBuf], run_id: Option<u64>) -> Result<Self> {
        let mut headers = Vec::new();
        for path in paths {
            headers.push((*Segment::open(path)?.header(), path));
        }
        headers.sort_by_key(|(header, _)| (header.created_utc_ns, header.run_id, header.first_seq));
        let latest = headers.last().ok_or_else(|| anyhow!("no journal is given: name a file or a folder"))?.0.run_id;
        let runs = headers.chunk_by(|one, next| one.0.run_id == next.0.run_id).count();
        let chosen = run_id.unwrap_or(latest);
        headers.retain(|(header, _)| header.run_id == chosen);
        if headers.is_empty() {
            bail!("no file given is of the run {chosen:016x}: `journal info` says which runs there are");
        }
        if let Some(pair) = headers.windows(2).find(|pair| pair[0].0.first_seq == pair[1].0.first_seq) {
            bail!("{} and {} are the same segment: name it once", pair[0].1.display(), pair[1].1.display());
        }
        let parts = headers.into_iter().map(|(_, path)| Part::read(path)).collect::<Result<_>>()?;
        Ok(Self { parts, runs })
    }

    /// The files.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.parts.iter().map(|part| part.path.clone()).collect()
    }

    /// Records that are missing between the files.
    #[must_use]
    pub fn missing_between(&self) -> u64 {
        let next_seq = |part: &Part| part.scan.last_seq.map_or(part.header.first_seq, |seq| seq.saturating_add(1));
        let pairs = self.parts.windows(2);
        pairs.map(|pair| pair[1].header.first_seq.saturating_sub(next_seq(&pair[0]))).sum()
    }

    /// Places of the files that are damaged.
    #[must_use]
    pub fn damage(&self) -> u64 {
        self.parts.iter().map(|part| part.scan.damage.len() as u64).sum()
    }

    /// What recoveries left out.
    pub fn left_out(&self) -> impl Iterator<Item = &Missing> {
        self.parts.iter().flat_map(|part| &part.scan.left_out)
    }

    /// Walks over every record that is whole, in order; one file is open at a time.
    ///
    /// # Errors
    /// When a file does not open any more.
    pub fn walk(&self, visitor: &mut impl Visit) -> Result<()> {
        for part in &self.parts {
            let segment = Segment::open(&part.path)?;
            for span in &part.scan.spans {
                visitor.state(&state_at(segment.bytes(), span.bytes.clone()));
                for (_, record) in records(segment.bytes(), span.bytes.clone()) {
                    if let Some(head) = head_of(record) {
                        visitor.record(&head, record);
                    }
                }
            }
        }
        Ok(())
    }
}

impl Part {
    fn read(path: &Path) -> Result<Self> {
        let segment = Segment::open(path)?;
        let scan = Scan::of(&segment);
        let whole = segment.bytes();
        let end = if scan.is_complete() { whole.len() } else { scan.spans.last().map_or(0, |span| span.bytes.end) };
        let digest = scan.is_complete().then(|| blake3::hash(whole));
        Ok(Self { path: path.to_owned(), header: *segment.header(), scan, bytes: end as u64, digest })
    }
}
