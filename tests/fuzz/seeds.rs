//! The corpus files that nobody can type: states and segments, made by the program itself.

use crate::targets::played;
use hotpath::checkpoint::decode;
use hotpath::engine::Engine;
use hotpath::record::{Kind, Line};
use journal::{Header, Index, Place, Run, Settings, Writer, segment_path, valid_prefix};

/// The run of every segment in the corpus.
const RUN: Run =
    Run { run_id: 7, salt: 0x5eed_cafe, created_utc_ns: 0, markets: 2, origin: 0, segment: 0, first_seq: 0 };
const CAPACITY_BYTES: u64 = 4 * 1024 * 1024;

/// A corpus file.
pub struct Seed {
    /// The target.
    pub target: &'static str,
    /// The file.
    pub name: &'static str,
    /// What it should hold.
    pub bytes: Vec<u8>,
    /// Whether bytes get past the door of the parser.
    pub is_accepted: fn(&[u8]) -> bool,
}

/// Two updates, a snapshot, updates, a wait that makes the book stale, a heartbeat.
const RUN_OF_ALL: &[u8] = &[
    0, 1, 5, 200, 130, 200, 0, 3, 7, 90, 140, 90, 9, 80, 150, 70, 12, 0, 0, 2, 6, 44, 131, 44, 4, 88, 18, 0xfe, 27, 0,
    0, 9, 16, 12, 0, 27, 22, 1, 24, 0,
];

/// Two updates of the chained book, four changes and two, which are held; of the other one an update, a snapshot, an update
/// with a wrong checksum, and a snapshot that closes the gap: a checkpoint follows.
const RUN_THAT_HOLDS: &[u8] = &[
    0x80, 3, 5, 200, 130, 200, 7, 160, 133, 144, 0x80, 1, 5, 200, 130, 200, 0, 1, 5, 200, 130, 200, 12, 0, 0, 0xf1, 6,
    10, 130, 0, 12, 0,
];

/// Every seed.
pub fn all() -> Vec<Seed> {
    let (small, full, held) = (played(&[27]), played(RUN_OF_ALL), played(RUN_THAT_HOLDS));
    let state = |tape: &crate::targets::Tape| tape.state_at(tape.states().last().expect("an opening"));
    let states = [("start", state(&small)), ("books", state(&full)), ("held", state(&held))];
    let segments = [
        ("sealed-small", segment(&small.lines, true)),
        ("sealed", segment(&full.lines, true)),
        ("crashed", segment(&full.lines, false)),
    ];
    let state_seed = |(name, bytes)| {
        let is_accepted = if name == "held" { is_state_that_holds } else { is_state };
        Seed { target: "checkpoint", name, bytes, is_accepted }
    };
    let segment_seed = |(name, bytes)| Seed { target: "journal", name, bytes, is_accepted: is_segment };
    states.into_iter().map(state_seed).chain(segments.into_iter().map(segment_seed)).collect()
}

/// The file of these records, closed or left as a crash leaves it.
fn segment(lines: &[Line], sealed: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::Folder(folder.path().to_owned());
    let settings = Settings { place, run: RUN, capacity_bytes: CAPACITY_BYTES };
    let mut writer = Writer::create(settings).expect("a segment");
    writer.append_lines(lines).expect("records that fit");
    let used = writer.offset() as usize;
    if sealed {
        writer.close().expect("a clean close");
    } else {
        drop(writer);
    }
    let mut bytes = std::fs::read(segment_path(folder.path(), 0)).expect("the segment");
    if !sealed {
        // Most of a crashed file is zeros.
        bytes.truncate(used + 256);
    }
    bytes
}

fn is_state(bytes: &[u8]) -> bool {
    let mut engine: Box<Engine> = bytemuck::zeroed_box();
    decode(bytes, &mut engine).is_ok()
}

/// As [`is_state`], with updates that wait for a snapshot.
fn is_state_that_holds(bytes: &[u8]) -> bool {
    let mut engine: Box<Engine> = bytemuck::zeroed_box();
    decode(bytes, &mut engine).is_ok() && engine.markets()[1].held.updates().len() == 2
}

/// Whether the file opens, has steps, and an index unless it is a crashed one.
fn is_segment(bytes: &[u8]) -> bool {
    let Ok(opened) = Header::read(bytes) else { return false };
    let index = Index::rebuild(bytes, &opened.header);
    valid_prefix(bytes) > 256 && index.entries.first().is_some_and(|entry| entry.kind == Kind::CHECKPOINT)
}
