//! The frames of a recording or of a journal, one after the other, as they came off the wire.

use crate::files::journal_files;
use crate::import::recording::Recording;
use anyhow::{Result, anyhow, bail};
use hotpath::record::{Frame, Kind, body_of, flag, payload_of};
use journal::{Item, Items, Record, Segment};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taped {
    /// Nanoseconds since the frame before it was received; 0 for the first of a run, and where a clock ran
    /// back.
    pub gap_ns: u64,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Frames until the end, or an error and no more.
pub type Frames = Box<dyn Iterator<Item = Result<Taped>> + Send>;

/// What is played.
pub struct Playback {
    /// The market, when the recording names it.
    pub symbol: Option<String>,
    /// Its frames, read as they are asked for.
    pub frames: Frames,
}

/// Opens a recording, a journal, or a folder of journals.
///
/// # Errors
/// When the file is neither, or cannot be read.
pub fn open(path: &Path) -> Result<Playback> {
    if path.is_dir() || !Recording::is_at(path)? {
        return open_journal(path);
    }
    let recording = Recording::open(path)?;
    let symbol = recording.header().map(|header| header.symbol.clone());
    let frames = Messages { path: path.to_owned(), recording, last_ns: None };
    Ok(Playback { symbol, frames: Box::new(frames) })
}

fn open_journal(path: &Path) -> Result<Playback> {
    let files = journal_files(&[path.to_owned()])?;
    let mut frames = Journals { files: files.into(), reader: None, last: None, is_broken: false };
    // What cannot be played at all is told now.
    frames.open_next()?;
    Ok(Playback { symbol: None, frames: Box::new(frames) })
}

/// What a recording heard over a socket, and what it fetched.
struct Messages {
    path: PathBuf,
    recording: Recording,
    last_ns: Option<u64>,
}

impl Iterator for Messages {
    type Item = Result<Taped>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = match self.recording.next()? {
            Ok(message) => message,
            Err(broken) => return Some(Err(anyhow!("{}: {broken}: it is played up to there", self.path.display()))),
        };
        let gap_ns = self.last_ns.map_or(0, |last_ns| message.recv_ns.saturating_sub(last_ns));
        self.last_ns = Some(message.recv_ns);
        Some(Ok(Taped { gap_ns, bytes: message.bytes }))
    }
}

/// The frames of journals, file after file.
struct Journals {
    files: VecDeque<PathBuf>,
    reader: Option<Reader>,
    /// Run and receive time of the last frame.
    last: Option<(u64, u64)>,
    is_broken: bool,
}

/// One segment and the place in it.
struct Reader {
    path: PathBuf,
    segment: Segment,
    offset: u64,
    seq: u64,
}

impl Journals {
    /// Opens the next file; false when there is none.
    fn open_next(&mut self) -> Result<bool> {
        let Some(path) = self.files.pop_front() else { return Ok(false) };
        let segment = Segment::open(&path)?;
        let (offset, seq) = (journal::RECORDS_AT as u64, segment.header().first_seq);
        self.reader = Some(Reader { path, segment, offset, seq });
        Ok(true)
    }

    fn frame(&mut self) -> Result<Option<Taped>> {
        loop {
            if let Some(reader) = &mut self.reader {
                let run = reader.segment.header().run_id;
                if let Some((recv_ns, bytes)) = reader.frame()? {
                    let last_ns = self.last.filter(|(last_run, _)| *last_run == run).map(|(_, last_ns)| last_ns);
                    self.last = Some((run, recv_ns));
                    let gap_ns = last_ns.map_or(0, |last_ns| recv_ns.saturating_sub(last_ns));
                    return Ok(Some(Taped { gap_ns, bytes }));
                }
            }
            if !self.open_next()? {
                return Ok(None);
            }
        }
    }
}

impl Iterator for Journals {
    type Item = Result<Taped>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let frame = self.frame().transpose();
        self.is_broken = matches!(frame, Some(Err(_)));
        frame
    }
}

impl Reader {
    /// The next frame, put together from its records: receive time and bytes.
    fn frame(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        let mut message = Vec::new();
        while let Some(record) = self.record()? {
            let (Some(body), Some(payload)) = (body_of::<Frame>(record.bytes), payload_of(record.bytes)) else {
                continue;
            };
            message.extend_from_slice(payload);
            if !record.head.has(flag::CONTINUES) {
                return Ok(Some((body.recv_ns, message)));
            }
        }
        Ok(None)
    }

    fn record(&mut self) -> Result<Option<Record<'_>>> {
        let Self { path, segment, offset, seq } = self;
        match Items::starting_at(segment.bytes(), segment.header(), *offset, *seq).next() {
            None => Ok(None),
            // The index is no part of the stream, and nothing follows it.
            Some(Item::Record(record)) if record.head.kind == Kind::INDEX => Ok(None),
            Some(Item::Record(record)) => {
                *offset = (record.offset + record.bytes.len()) as u64;
                *seq = record.next_seq();
                Ok(Some(record))
            }
            Some(Item::Damage(damage)) => {
                bail!(
                    "{}: damaged at byte {}: it is played up to there; `journal recover` it",
                    path.display(),
                    damage.offset
                )
            }
        }
    }
}
