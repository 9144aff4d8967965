//! Decompresses segments, damaged ones as far as they go.

use crate::draft::nameless;
use crate::error::{Error, Result};
use crate::frames::{Frame, frames, header_of};
use crate::index;
use crate::segment::{CAPACITY_BYTES_MAX, Header, RECORDS_AT};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use zstd::stream::read::Decoder;

/// Memory that a frame may ask for, as a power of two: what the highest level needs.
const WINDOW_LOG_MAX: u32 = 27;
/// Bytes that are decompressed at once.
const CHUNK_BYTES: usize = 128 * 1024;
/// Most bytes that all frames of a file may stand for.
const MOST_BYTES: u64 = CAPACITY_BYTES_MAX + index::bytes_max(CAPACITY_BYTES_MAX as usize) as u64;

/// A file without a name that holds what the compressed bytes of the file `path` stand for.
///
/// What a damaged frame gives before its damage is kept, zeros stand for the rest: the reader of records
/// finds out which are whole. Nothing is written when the frames announce more than a segment can have;
/// never more is written than they announce.
pub(crate) fn decompressed(compressed: &[u8], path: &Path) -> Result<File> {
    let corrupt = |why: &str| Error::Compressed { path: path.to_owned(), source: io::Error::other(why.to_owned()) };
    let frames = frames(compressed);
    let parts = frames.iter().map(part_bytes).collect::<Option<Vec<_>>>();
    let parts = parts.ok_or_else(|| corrupt("a frame does not say how many bytes it holds"))?;
    let length = parts.iter().fold(0_u64, |sum, part| sum.saturating_add(*part));
    if length > MOST_BYTES {
        return Err(corrupt("it announces more bytes than a segment can have"));
    }
    let refused = |source| Error::io(path, 0, "decompress the file", source);
    let file = nameless(path).map_err(refused)?;
    let mut at = 0;
    for (frame, part) in frames.iter().zip(parts) {
        // The header of a segment, or nothing: a frame of something else is not unpacked to the end.
        if at == 0 && header_of(compressed).is_none() {
            check_opening(frame, path)?;
        }
        expand(frame, part, &file, at).map_err(refused)?;
        at += part;
    }
    mend_header(compressed, &file).map_err(refused)?;
    Ok(file)
}

/// Bytes that a frame stands for. Where frame and table differ one of them is damaged: a frame that
/// decompresses to what it announces is not.
fn part_bytes(frame: &Frame<'_>) -> Option<u64> {
    let Frame { announced, tabled, .. } = *frame;
    let holds = |bytes: u64| {
        let limited = decoder(frame).map(|decoder| decoder.take(bytes.saturating_add(1)));
        limited.and_then(|mut limited| io::copy(&mut limited, &mut io::sink())).is_ok_and(|held| held == bytes)
    };
    match (announced, tabled) {
        (Some(said), Some(other)) if said != other && !holds(said) => tabled,
        _ => announced.or(tabled),
    }
}

/// Writes what a frame stands for to `file` at `offset`, as far as it decompresses.
fn expand(frame: &Frame<'_>, part_bytes: u64, file: &File, offset: u64) -> io::Result<()> {
    file.set_len(offset + part_bytes)?;
    let Ok(mut decoder) = decoder(frame) else { return Ok(()) };
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut at, mut left) = (offset, part_bytes);
    while left > 0 {
        let wanted = chunk.len().min(left as usize);
        let Ok(got) = decoder.read(&mut chunk[..wanted]) else { return Ok(()) };
        if got == 0 {
            return Ok(());
        }
        file.write_all_at(&chunk[..got], at)?;
        (at, left) = (at + got as u64, left - got as u64);
    }
    Ok(())
}

fn check_opening(frame: &Frame<'_>, path: &Path) -> Result<()> {
    let mut opening = [0; RECORDS_AT];
    let read = decoder(frame).and_then(|mut decoder| decoder.read_exact(&mut opening));
    read.map_err(|source| Error::Compressed { path: path.to_owned(), source })?;
    Header::read(&opening).map_err(|fault| Error::Header { path: path.to_owned(), fault })?;
    Ok(())
}

/// Puts the header that stands before the frames in place of one that did not come out whole.
fn mend_header(compressed: &[u8], file: &File) -> io::Result<()> {
    let Some(header) = header_of(compressed) else { return Ok(()) };
    let mut opening = [0; RECORDS_AT];
    let is_there = file.read_exact_at(&mut opening, 0).is_ok();
    if !is_there || Header::read(&opening).is_err() {
        file.write_all_at(header, 0)?;
    }
    Ok(())
}

fn decoder<'a>(frame: &Frame<'a>) -> io::Result<Decoder<'a, &'a [u8]>> {
    let mut decoder = Decoder::with_buffer(frame.bytes)?.single_frame();
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(decoder)
}
