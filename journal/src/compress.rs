//! Compressed segments: a closed file as one zstd frame, `000003.bin.zst` for `000003.bin`.

use crate::draft::{Draft, sync_folder};
use crate::error::{Error, Result};
use crate::expand::CHUNK_BYTES;
use crate::file::Segment;
use crate::index::index_holds;
use crate::reader::{End, Item};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zstd::stream::{read::Decoder, write::Encoder};

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
    let stands = File::open(&path).and_then(|file| prove(&file, bytes)).is_ok();
    if !stands {
        let draft = Draft::create(&path)?;
        let failed = |action| move |fault| Error::io(source, 0, action, fault);
        write(draft.file(), bytes, level).map_err(failed("compress the file"))?;
        draft.sync()?;
        prove(draft.file(), bytes).map_err(failed("read the compressed file back"))?;
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
    let mut encoder = Encoder::new(BufWriter::new(file), level)?;
    encoder.include_checksum(true)?;
    encoder.include_contentsize(true)?;
    encoder.set_pledged_src_size(Some(bytes.len() as u64))?;
    encoder.write_all(bytes)?;
    encoder.finish()?.flush()
}

/// Reads a compressed file from its start and compares every byte.
fn prove(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    let mut decoder = Decoder::with_buffer(BufReader::new(file))?.single_frame();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut rest = bytes;
    loop {
        let got = decoder.read(&mut chunk)?;
        rest = rest.strip_prefix(&chunk[..got]).ok_or(io::ErrorKind::InvalidData)?;
        if got == 0 {
            let behind = decoder.finish().read(&mut chunk)?;
            return if rest.is_empty() && behind == 0 { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) };
        }
    }
}
