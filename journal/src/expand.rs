//! Reads compressed segments: one zstd frame each.

use crate::draft::nameless;
use crate::error::{Error, Result};
use crate::index;
use crate::segment::{CAPACITY_BYTES_MAX, Header, RECORDS_AT};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use zstd::stream::read::Decoder;

/// How a zstd frame begins.
const MAGIC: [u8; 4] = 0xfd2f_b528_u32.to_le_bytes();
/// Memory that a frame may ask for, as a power of two: what the highest level needs.
const WINDOW_LOG_MAX: u32 = 27;
/// Bytes that are decompressed at once.
pub(crate) const CHUNK_BYTES: usize = 128 * 1024;

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
