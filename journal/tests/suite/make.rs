//! Records, writers and small journals for tests.

use bytemuck::bytes_of;
use hotpath::record::{
    Body, BookEnd, Checkpoint, Close, Features, Frame, HEAD_BYTES, Head, Kind, LINE_BYTES, Level, Line, NO_CONNECTION,
    NO_INSTRUMENT, flag, padded,
};
use journal::{Index, Item, Items, Place, Recovered, Run, Segment, Settings, Writer, record_crc};
use std::path::Path;
use tempfile::TempDir;

pub const MIB: u64 = 1024 * 1024;
pub const RUN: Run =
    Run { run_id: 7, salt: 0x5eed_cafe, created_utc_ns: 0, markets: 2, origin: 0, segment: 0, first_seq: 0 };

/// The first line of a record whose body fits in it, and with it a second line for a wide one.
pub fn record<B: Body>(seq: u64, instrument: u16, flags: u16, body: &B) -> Vec<Line> {
    lines_of(&head(B::KIND, B::LINES * LINE_BYTES, seq, instrument, flags), bytes_of(body), &[])
}

/// A record with a payload whose body opens with the payload's length.
pub fn with_payload<B: Body>(seq: u64, flags: u16, body: &B, payload: &[u8]) -> Vec<Line> {
    let len = LINE_BYTES + padded(payload.len());
    lines_of(&head(B::KIND, len, seq, NO_INSTRUMENT, flags), bytes_of(body), payload)
}

pub fn frame(seq: u64, flags: u16, payload: &[u8]) -> Vec<Line> {
    let payload_bytes = payload.len() as u32;
    let body = Frame { payload_bytes, opcode: 1, chunk: 0, recv_ns: 900 + seq, kernel_utc_ns: 0 };
    with_payload(seq, flags | flag::END_OF_READ, &body, payload)
}

/// One record of a checkpoint whose state is `state_bytes` long.
pub fn checkpoint(seq: u64, flags: u16, offset: u32, payload: &[u8], state_bytes: u32) -> Vec<Line> {
    let payload_bytes = payload.len() as u32;
    let body =
        Checkpoint { payload_bytes, engine_version: 1, state_bytes, state_offset: offset, markets: 2, spare: [0; 3] };
    with_payload(seq, flags, &body, payload)
}

/// The pair that opens a segment.
pub fn opening(seq: u64) -> Vec<Line> {
    let flags = flag::OPENING | flag::END_OF_STEP;
    [checkpoint(seq, flags, 0, b"state", 5), checkpoint(seq + 1, flags | flag::TWIN, 0, b"state", 5)].concat()
}

pub fn level(seq: u64, flags: u16) -> Vec<Line> {
    record(seq, 0, flags, &Level { price_ticks: 5_000_000 + seq as i64, qty_lots: 12, spare: 0 })
}

pub fn features(seq: u64, flags: u16) -> Vec<Line> {
    let mut body = <Features as bytemuck::Zeroable>::zeroed();
    body.mid_q16 = seq as i64;
    record(seq, 1, flags, &body)
}

/// Three steps: the opening pair, a frame with its book, the end of the run.
pub fn small_run() -> Vec<Line> {
    let book_end = BookEnd { checksum: 3_310_070_434, levels: 1, update_id: 0, spare: 0 };
    [
        opening(0),
        frame(2, 0, br#"{"channel":"book","type":"update","data":[{"symbol":"BTC/EUR","asks":[]}]}"#),
        level(3, flag::ASK),
        record(4, 0, flag::CHECKSUM, &book_end),
        features(5, flag::END_OF_STEP),
        record(6, NO_INSTRUMENT, flag::END_OF_STEP, &Close { cause: 1, spare: [0; 11] }),
    ]
    .concat()
}

pub fn settings(folder: &Path) -> Settings {
    Settings { place: Place::Folder(folder.to_owned()), run: RUN, capacity_bytes: 4 * MIB }
}

pub fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

pub fn writer(folder: &TempDir) -> Writer {
    Writer::create(settings(folder.path())).expect("a first segment")
}

/// The file of a run of one segment, closed.
pub fn sealed(lines: &[Line]) -> Vec<u8> {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(lines).expect("records that fit");
    writer.close().expect("a clean close");
    first_file(&folder)
}

/// The file that a crash after these records leaves, without most of its zeros.
pub fn crashed(lines: &[Line]) -> Vec<u8> {
    let folder = folder();
    let mut writer = writer(&folder);
    writer.append_lines(lines).expect("records that fit");
    let used = writer.offset() as usize;
    drop(writer);
    let mut bytes = first_file(&folder);
    bytes.truncate(used + 1024);
    bytes
}

pub fn first_file(folder: &TempDir) -> Vec<u8> {
    std::fs::read(journal::segment_path(folder.path(), 0)).expect("the first segment")
}

/// Gives the record at `offset` the CRC that it should have.
pub fn mend(bytes: &mut [u8], offset: usize) {
    let len = u32::from_le_bytes(bytes[offset..offset + 4].try_into().expect("four bytes")) as usize;
    let record = &bytes[offset..offset + len];
    let crc = record_crc(RUN.salt, &record[..LINE_BYTES], &record[LINE_BYTES..]);
    bytes[offset + 4..offset + 8].copy_from_slice(&crc.to_le_bytes());
}

/// All items of a file that opens.
pub fn items(bytes: &[u8]) -> (Vec<Item<'_>>, journal::End) {
    let header = journal::Header::read(bytes).expect("a header").header;
    let mut walk = Items::new(bytes, &header);
    let all = walk.by_ref().collect();
    (all, walk.end().expect("an end after the last item"))
}

/// Offset and sequence number of each record of the stream.
pub fn stream(bytes: &[u8]) -> Vec<(usize, u64)> {
    let records = items(bytes).0.into_iter().filter_map(|item| match item {
        Item::Record(record) if record.head.kind != Kind::INDEX => Some((record.offset, record.head.seq)),
        _ => None,
    });
    records.collect()
}

fn head(kind: Kind, len: usize, seq: u64, instrument: u16, flags: u16) -> Head {
    let taken_ns = 1000 + seq;
    Head { len: len as u32, crc: 0, seq, taken_ns, exch_ns: 0, kind, instrument, flags, connection: NO_CONNECTION }
}

fn lines_of(head: &Head, body: &[u8], payload: &[u8]) -> Vec<Line> {
    let mut lines = vec![Line::ZERO; head.len as usize / LINE_BYTES];
    let bytes: &mut [u8] = bytemuck::cast_slice_mut(&mut lines);
    bytes[..HEAD_BYTES].copy_from_slice(bytes_of(head));
    bytes[HEAD_BYTES..HEAD_BYTES + body.len()].copy_from_slice(body);
    bytes[LINE_BYTES..LINE_BYTES + payload.len()].copy_from_slice(payload);
    lines
}

/// The index of a file: the one that it holds, or else the one that its records give.
pub fn index_of(segment: &Segment) -> Index {
    let (bytes, header) = (segment.bytes(), segment.header());
    Index::find(bytes, header).unwrap_or_else(|| Index::rebuild(bytes, header))
}

/// What recovering a file of these bytes says and writes.
pub fn recovered(bytes: &[u8]) -> (Recovered, Vec<u8>) {
    // In memory where there is such a folder: thousands of files that wait for the disk would take minutes.
    let folder = tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| folder());
    let (source, out) = (folder.path().join("a.bin"), folder.path().join("b.bin"));
    std::fs::write(&source, bytes).expect("written");
    let told = journal::recover(&source, &out).expect("a file that opens is recovered");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 2, "something was left behind");
    (told, std::fs::read(&out).expect("the new file"))
}
