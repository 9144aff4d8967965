//! Compresses closed segments: `000003.bin.zst` for `000003.bin`.

use crate::draft::{Draft, sync_folder};
use crate::error::{Error, Result};
use crate::expand::decompressed;
use crate::file::Segment;
use crate::frames::{self, PART_BYTES, Row};
use crate::index::index_holds;
use crate::map::ReadMap;
use crate::reader::{End, Item};
use crate::segment::RECORDS_AT;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use zstd::bulk::Compressor;

/// A segment that was compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compressed {
    /// The file that was compressed.
    pub source: PathBuf,
    /// The compressed file.
    pub path: PathBuf,
    /// Bytes of the segment.
    pub bytes: u64,
    /// Bytes of the compressed file.
    pub compressed_bytes: u64,
}

impl Compressed {
    /// Removes the file that was compressed, once the compressed one is proved.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn remove_source(&self) -> Result<()> {
        let removed = std::fs::remove_file(&self.source);
        removed.map_err(|source| Error::io(&self.source, 0, "remove the file", source))?;
        sync_folder(&self.source)
    }
}

/// Compresses the closed segment `source` to a file beside it that has `.zst` behind its name, at a zstd
/// level of 1 to 22. The file gets its name after all of it lies on the disk and was read back and
/// found to be, byte for byte, the segment. One that is there already and is proved so is taken as it is.
///
/// # Errors
/// [`Error::NotClosed`] for a file that is damaged or was not closed, [`Error::AlreadyCompressed`], those
/// of [`Segment::open`], [`Error::Io`] when another file has the name or writing fails.
pub fn compress(source: &Path, level: i32) -> Result<Compressed> {
    let segment = Segment::open(source)?;
    if segment.compressed_bytes().is_some() {
        return Err(Error::AlreadyCompressed { path: source.to_owned() });
    }
    if let Some(offset) = flaw(&segment) {
        return Err(Error::NotClosed { path: source.to_owned(), offset });
    }
    let mut name = OsString::from(source);
    name.push(".zst");
    let (path, bytes) = (PathBuf::from(name), segment.bytes());
    // A run that was stopped between naming this file and removing the other one.
    if !prove(&path, bytes).unwrap_or(false) {
        let draft = Draft::create(&path)?;
        let failed = |action| move |fault| Error::io(source, 0, action, fault);
        write(draft.file(), bytes, level).map_err(failed("compress the file"))?;
        // The segment's age stays: what is kept for how long counts from its sealing.
        let sealed = std::fs::metadata(source).and_then(|facts| facts.modified());
        sealed.and_then(|sealed| draft.file().set_modified(sealed)).map_err(failed("date the file"))?;
        draft.sync()?;
        if !prove(draft.path(), bytes)? {
            return Err(failed("read the compressed file back")(io::ErrorKind::InvalidData.into()));
        }
        draft.publish()?;
    }
    let facts = std::fs::metadata(&path).map_err(|fault| Error::io(&path, 0, "read the file", fault))?;
    Ok(Compressed { source: source.to_owned(), path, bytes: bytes.len() as u64, compressed_bytes: facts.len() })
}

/// Where a file shows that it is not closed, or damaged.
fn flaw(segment: &Segment) -> Option<u64> {
    if segment.header_copies() < 2 {
        return Some(0);
    }
    let mut items = segment.items();
    let damage = items.find_map(|item| match item {
        Item::Damage(damage) => Some(damage.offset as u64),
        Item::Record(_) => None,
    });
    let is_closed = items.end() == Some(End::Sealed) && index_holds(segment.bytes(), segment.header());
    damage.or((!is_closed).then_some(segment.bytes().len() as u64))
}

fn write(file: &File, bytes: &[u8], level: i32) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    let mut compressor = Compressor::new(level)?;
    compressor.include_checksum(true)?;
    compressor.include_contentsize(true)?;
    out.write_all(&frames::opening(bytes.get(..RECORDS_AT).unwrap_or(bytes)))?;
    let mut rows = Vec::new();
    for part in bytes.chunks(PART_BYTES) {
        let frame = compressor.compress(part)?;
        out.write_all(&frame)?;
        rows.push(Row { frame_bytes: frame.len() as u32, part_bytes: part.len() as u32 });
    }
    out.write_all(&frames::table(&rows))?;
    out.flush()
}

/// Reads a compressed file and compares every byte.
fn prove(path: &Path, bytes: &[u8]) -> Result<bool> {
    let compressed = ReadMap::open(path)?;
    let file = decompressed(compressed.bytes(), path)?;
    Ok(ReadMap::of(file, path)?.bytes() == bytes)
}
