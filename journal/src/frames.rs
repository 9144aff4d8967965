//! How a compressed segment lies in its file: zstd frames of one part each, and a table of them.
//!
//! ```text
//! skippable frame: the segment's header as it is
//! zstd frame: bytes 0 to 1 MiB      zstd frame: the next MiB      ...
//! skippable frame: the table, as in the Zstandard seekable format
//! ```
//!
//! Any zstd program decompresses it. Damage costs the frame it is in: the table says where the next begins.

use crate::segment::RECORDS_AT;
use bytemuck::{Pod, Zeroable};

/// Bytes of the segment in each frame, but the last.
pub(crate) const PART_BYTES: usize = 1024 * 1024;
/// How a zstd frame begins.
const FRAME: u32 = 0xfd2f_b528;
/// How the skippable frame with the segment's header begins.
const HEADER_FRAME: u32 = 0x184d_2a50;
/// How the skippable frame with the table begins: the seekable format's number.
const TABLE_FRAME: u32 = 0x184d_2a5e;
/// How a file with a table ends.
const TABLE_END: u32 = 0x8f92_eab1;
/// Length and magic of a skippable frame.
const SKIPPABLE_BYTES: usize = 8;
/// Frames, a zero byte and the magic, at the end of the table.
const FOOTER_BYTES: usize = 9;

/// A frame's row in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Row {
    /// Bytes of the frame.
    pub frame_bytes: u32,
    /// Bytes that it stands for.
    pub part_bytes: u32,
}

/// Where a frame lies, and what it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame<'a> {
    pub bytes: &'a [u8],
    /// Bytes that it stands for, as it says itself.
    pub announced: Option<u64>,
    /// The same, as the table says.
    pub tabled: Option<u64>,
}

/// Whether a file is compressed, by how it begins or, should that be damaged, how it ends.
pub(crate) fn is_compressed(file: &[u8]) -> bool {
    let last = file.len().checked_sub(4).and_then(|at| word_at(file, at));
    matches!(word_at(file, 0), Some(FRAME | HEADER_FRAME)) || last == Some(TABLE_END)
}

/// What stands before the frames.
pub(crate) fn opening(header: &[u8]) -> Vec<u8> {
    skippable(HEADER_FRAME, header)
}

/// What stands behind the frames.
pub(crate) fn table(rows: &[Row]) -> Vec<u8> {
    let mut table = bytemuck::cast_slice(rows).to_vec();
    table.extend((rows.len() as u32).to_le_bytes());
    table.push(0);
    table.extend(TABLE_END.to_le_bytes());
    skippable(TABLE_FRAME, &table)
}

/// The segment's header as it stands before the frames.
pub(crate) fn header_of(file: &[u8]) -> Option<&[u8]> {
    let is_there = word_at(file, 0) == Some(HEADER_FRAME) && word_at(file, 4) == Some(RECORDS_AT as u32);
    file.get(SKIPPABLE_BYTES..SKIPPABLE_BYTES + RECORDS_AT).filter(|_| is_there)
}

/// The frames of a file: by its table, or, where that is damaged or missing, one behind the other.
pub(crate) fn frames(file: &[u8]) -> Vec<Frame<'_>> {
    let start = if word_at(file, 0) == Some(FRAME) { 0 } else { SKIPPABLE_BYTES + RECORDS_AT };
    let file = file.get(start..).unwrap_or_default();
    by_table(file).unwrap_or_else(|| by_walking(file))
}

fn by_table(file: &[u8]) -> Option<Vec<Frame<'_>>> {
    let footer_at = file.len().checked_sub(FOOTER_BYTES)?;
    let count = word_at(file, footer_at)? as usize;
    let rows_at = footer_at.checked_sub(count.checked_mul(size_of::<Row>())?)?;
    let table_at = rows_at.checked_sub(SKIPPABLE_BYTES)?;
    let is_table = word_at(file, table_at) == Some(TABLE_FRAME)
        && word_at(file, table_at + 4) == u32::try_from(file.len() - rows_at).ok()
        && word_at(file, footer_at + 5) == Some(TABLE_END);
    let rows = file.get(rows_at..footer_at).filter(|_| is_table)?;
    let (mut frames, mut at) = (Vec::with_capacity(count), 0_usize);
    for row in rows.chunks_exact(size_of::<Row>()).map(bytemuck::pod_read_unaligned::<Row>) {
        let end = at.checked_add(row.frame_bytes as usize)?;
        let bytes = file.get(at..end).filter(|_| end <= table_at)?;
        frames.push(Frame { bytes, announced: announced(bytes), tabled: Some(u64::from(row.part_bytes)) });
        at = end;
    }
    // A table that does not fill the space before it is damaged itself.
    (at == table_at).then_some(frames)
}

fn by_walking(file: &[u8]) -> Vec<Frame<'_>> {
    let mut frames = Vec::new();
    let mut rest = file;
    while let Some(start) = next_frame(rest) {
        rest = &rest[start..];
        let known = zstd::zstd_safe::find_frame_compressed_size(rest).ok().filter(|length| *length > 0);
        // Cut, or damaged: up to what looks like the next one.
        let length = known.or_else(|| next_frame(&rest[4..]).map(|next| next + 4)).unwrap_or(rest.len());
        let (bytes, behind) = rest.split_at(length.min(rest.len()));
        frames.push(Frame { bytes, announced: announced(bytes), tabled: None });
        rest = behind;
    }
    frames
}

/// Where the next frame with content begins.
fn next_frame(file: &[u8]) -> Option<usize> {
    file.windows(4).position(|word| word == FRAME.to_le_bytes())
}

fn announced(frame: &[u8]) -> Option<u64> {
    zstd::zstd_safe::get_frame_content_size(frame).ok().flatten()
}

fn skippable(magic: u32, content: &[u8]) -> Vec<u8> {
    [&magic.to_le_bytes()[..], &(content.len() as u32).to_le_bytes(), content].concat()
}

fn word_at(file: &[u8], at: usize) -> Option<u32> {
    file.get(at..at.checked_add(4)?).map(bytemuck::pod_read_unaligned)
}
