//! Compressed segments: a closed file as one zstd frame, `000003.bin.zst` for `000003.bin`.

use crate::draft::{Draft, nameless, sync_folder};
use crate::error::{Error, Result};
use crate::file::Segment;
use crate::index::{self, index_holds};
use crate::reader::{End, Item};
use crate::segment::{CAPACITY_BYTES_MAX, Header, RECORDS_AT};
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use zstd::stream::{read::Decoder, write::Encoder};

/// How a zstd frame begins.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// Memory that a frame may ask for, as a power of two: what the highest level needs.
const WINDOW_LOG_MAX: u32 = 27;
/// Bytes that are decompressed at once.
const CHUNK_BYTES: usize = 128 * 1024;

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

/// Whether a file is compressed, by how it begins.
pub(crate) fn is_compressed(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// A file without a name that holds what the compressed `bytes` of the file `path` stand for.
///
/// Nothing is written before the frame has said a length that a segment can have, and its first bytes
/// are the header of one; never more is written than that length.
pub(crate) fn decompressed(bytes: &[u8], path: &Path) -> Result<File> {
    let corrupt = |offset: u64, source| Error::Compressed { path: path.to_owned(), offset, source };
    let length = announced_bytes(bytes).map_err(|why| corrupt(0, io::Error::other(why)))?;
    let failed = |source| corrupt(0, source);
    let mut decoder = Decoder::with_buffer(bytes).map_err(failed)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX).map_err(failed)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    decoder.read_exact(&mut chunk[..RECORDS_AT]).map_err(failed)?;
    Header::read(&chunk[..RECORDS_AT]).map_err(|fault| Error::Header { path: path.to_owned(), fault })?;
    let mut file = nameless(path).map_err(|source| Error::io(path, 0, "make room to decompress the file", source))?;
    let (mut at, mut got) = (0, RECORDS_AT);
    while got > 0 {
        file.write_all(&chunk[..got]).map_err(|source| Error::io(path, at, "decompress the file", source))?;
        at += got;
        got = decoder.read(&mut chunk).map_err(|source| corrupt(at as u64, source))?;
        if (at + got) as u64 > length {
            return Err(corrupt(at as u64, io::Error::other("more bytes than it announces")));
        }
    }
    if at as u64 != length || !decoder.finish().is_empty() {
        return Err(corrupt(at as u64, io::Error::other("bytes behind the frame, or fewer than it announces")));
    }
    Ok(file)
}

/// The length of what a frame holds, as its beginning says.
fn announced_bytes(frame: &[u8]) -> std::result::Result<u64, &'static str> {
    const MOST_BYTES: u64 = CAPACITY_BYTES_MAX + index::bytes_max(CAPACITY_BYTES_MAX as usize) as u64;
    match zstd::zstd_safe::get_frame_content_size(frame) {
        Ok(Some(length)) if length <= MOST_BYTES => Ok(length),
        Ok(Some(_)) => Err("it announces more bytes than a segment can have"),
        Ok(None) => Err("it does not say how many bytes it holds"),
        Err(_) => Err("its beginning is cut or corrupt"),
    }
}
