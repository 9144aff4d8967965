//! `README.md` against the code: a specification that has rotted fails here.

use crate::make::*;
use bytemuck::{Zeroable, bytes_of};
use hotpath::record::{Field, Heartbeat, Idle, Kind, Line, NO_INSTRUMENT, SCHEMA, Scope, Shape, flag};
use journal::{Header, Run, Settings, TailSlot, Writer, record_crc, segment_path};
use std::fs;
use std::path::Path;

/// The run of the test vector.
const VECTOR: Run = Run {
    run_id: 0x0123_4567_89ab_cdef,
    salt: 0x5eed_cafe,
    created_utc_ns: 1_700_000_000_000_000_000,
    markets: 1,
    origin: 0,
    segment: 0,
    first_seq: 0,
};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the specification")
}

/// The text below a heading, up to the next heading of any level.
fn section(heading: &str) -> String {
    let text = readme();
    let (_, after) = text.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading:?}"));
    after.split("\n#").next().unwrap_or_default().to_owned()
}

/// The cells of the first table of a text, without its two head rows.
fn rows(text: &str) -> Vec<Vec<String>> {
    let table = text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    table.skip(2).map(cells).collect()
}

fn bits(flags: u16) -> String {
    (0..16).filter(|bit| flags & (1 << bit) != 0).map(|bit| bit.to_string()).collect()
}

fn type_of(field: &Field) -> String {
    let number = |bytes| format!("{}{}", if field.signed { 'i' } else { 'u' }, bytes * 8);
    let bytes = field.bytes * field.count;
    match (field.count, field.name.starts_with("spare")) {
        (1, _) => number(field.bytes),
        (_, true) if matches!(bytes, 2 | 4 | 8) => number(bytes),
        (_, true) => format!("{bytes} bytes"),
        (count, false) => format!("{count} × {}", number(field.bytes)),
    }
}

#[test]
fn every_kind_stands_in_the_list_of_kinds() {
    let rows = rows(&section("### Kinds"));
    let listed: Vec<[&str; 4]> = rows.iter().map(|row| [&*row[0], &*row[1], &*row[2], &*row[3]]).collect();
    let numbers: Vec<String> = SCHEMA.iter().map(|schema| format!("{:#06x}", schema.kind.0)).collect();
    let expected: Vec<[&str; 4]> = SCHEMA
        .iter()
        .zip(&numbers)
        .map(|(schema, number)| {
            let shape = match schema.shape {
                Shape::Line => "one line",
                Shape::Wide => "two lines",
                Shape::Payload => "payload",
            };
            let scope = match schema.scope {
                Scope::Market => "a market",
                Scope::Whole => "none",
                Scope::Any => "either",
            };
            [&**number, schema.name, shape, scope]
        })
        .collect();
    assert_eq!(listed, expected);
}

#[test]
fn every_body_has_a_table_that_is_its_layout() {
    for schema in SCHEMA.iter().filter(|schema| schema.kind != Kind::INDEX) {
        let rows = rows(&section(&format!("### {}", schema.name)));
        let listed: Vec<String> = rows.iter().map(|row| row[..3].join(" ")).collect();
        let line = |field: &Field| format!("{} {} {}", field.at + 40, type_of(field), field.name);
        let expected: Vec<String> = schema.fields.iter().map(line).collect();
        assert!(!expected.is_empty());
        assert_eq!(listed, expected, "{}", schema.name);
    }
}

#[test]
fn every_flag_stands_in_the_list_of_flags() {
    let rows = rows(&section("### Flags"));
    let listed: Vec<String> = rows.iter().map(|row| format!("{} {}", row[0], row[1])).collect();
    let known = [
        (flag::END_OF_READ, "END_OF_READ"),
        (flag::END_OF_STEP, "END_OF_STEP"),
        (flag::CONTINUES, "CONTINUES"),
        (flag::OPENING, "OPENING"),
        (flag::TWIN, "TWIN"),
        (flag::ASK, "ASK"),
        (flag::SNAPSHOT, "SNAPSHOT"),
        (flag::MARKET_ORDER, "MARKET_ORDER"),
        (flag::CHECKSUM, "CHECKSUM"),
        (flag::PAST, "PAST"),
    ];
    assert_eq!(listed, known.map(|(value, name)| format!("{} {name}", bits(value))));
}

/// Numbers and names of `NAME = 1 => "name",` or `Name = 1,` in a block of a source.
fn codes(source: &str, opening: &str) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../hotpath/src").join(source);
    let text = fs::read_to_string(file).expect("a source of the layout");
    let (_, block) = text.split_once(opening).unwrap_or_else(|| panic!("no {opening:?} in {source}"));
    let pairs = block.lines().map(str::trim).take_while(|line| *line != "}").filter_map(|line| line.split_once(" = "));
    pairs
        .map(|(name, number)| {
            let number = number.trim_end_matches(',').split(" => ").next().unwrap_or_default();
            format!("{number} {name}")
        })
        .collect()
}

#[test]
fn every_code_stands_in_its_list() {
    let lists = [
        ("record/codes.rs", "    command: u16 {", "#### Commands"),
        ("record/codes.rs", "    source: u16 {", "#### Sources of a command"),
        ("record/codes.rs", "    link: u16 {", "#### Link causes"),
        ("record/codes.rs", "    close: u16 {", "#### Close causes"),
        ("record/codes.rs", "    action: u16 {", "#### Actions of a request"),
        ("record/codes.rs", "    sent: u16 {", "#### Outcomes of a request"),
        ("record/codes.rs", "    feed: u16 {", "#### Codes of the feed"),
        ("record/codes.rs", "    host: u16 {", "#### Host options"),
        ("record/codes.rs", "    end: u16 {", "#### Ends"),
        ("record/codes.rs", "    status: u8 {", "#### Statuses"),
        ("record/codes.rs", "    method: u8 {", "#### Methods"),
        ("record/codes.rs", "    channel: u8 {", "#### Channels"),
        ("record/codes.rs", "    ack_error: u8 {", "#### Errors of an answer"),
        ("record/codes.rs", "    left_out: u16 {", "#### Causes of leaving out"),
        ("venue/mod.rs", "pub enum Cause {", "#### Causes of a refusal"),
        ("venue/mod.rs", "pub enum Reason {", "#### Reasons of not using"),
        ("quality.rs", "pub enum Check {", "#### Checks"),
        ("quote.rs", "pub enum Reason {", "#### Reasons of a quote"),
        ("regime.rs", "pub enum Axis {", "#### Axes of a regime"),
        ("trust.rs", "pub enum Cause {", "#### Causes of a gap"),
        ("halt.rs", "pub enum Halt {", "#### Halts"),
    ];
    for (source, opening, heading) in lists {
        let listed: Vec<String> = rows(&section(heading)).iter().map(|row| row[..2].join(" ")).collect();
        let expected = codes(source, opening);
        assert!(expected.len() > 1);
        assert_eq!(listed, expected, "{heading}");
    }
}

/// The segment of the test vector: one step.
fn vector() -> Vec<u8> {
    let folder = folder();
    let place = settings(folder.path()).place;
    let mut writer = Writer::create(Settings { place, run: VECTOR, capacity_bytes: MIB }).expect("created");
    let lines: Vec<Line> = [
        frame(0, 0, br#"{"channel":"heartbeat"}"#),
        record(1, NO_INSTRUMENT, 0, &Heartbeat::zeroed()),
        record(2, NO_INSTRUMENT, flag::END_OF_STEP, &Idle::zeroed()),
    ]
    .concat();
    writer.append_lines(&lines).expect("records");
    writer.close().expect("closed");
    fs::read(segment_path(folder.path(), 0)).expect("the segment")
}

/// Rows of 16 bytes by offset, those of zeros left out, and the length.
fn dump(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate().filter(|(_, chunk)| chunk.iter().any(|byte| *byte != 0)) {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        text += &format!("{:04x}  {}\n", row * 16, hex.join(" "));
    }
    text + &format!("{:04x}\n", bytes.len())
}

#[test]
fn the_test_vector_is_what_a_writer_writes() {
    let text = section("### A whole segment");
    let listed = text.split("```text\n").nth(1).and_then(|text| text.split("```").next()).expect("a dump");
    assert_eq!(listed, dump(&vector()), "the dump should read:\n{}", dump(&vector()));
}

#[test]
fn the_crc_examples_are_right() {
    let bytes = vector();
    let plain = |start: u32, text: &[u8]| {
        let mut hasher = crc32fast::Hasher::new_with_initial(start);
        hasher.update(text);
        hasher.finalize()
    };
    let of_record = |at: usize, len: usize| record_crc(VECTOR.salt, &bytes[at..at + 64], &bytes[at + 64..at + len]);
    let header = [&bytes[..12], &bytes[16..128]].concat();
    let expected = [
        plain(0, b"123456789"),
        plain(VECTOR.salt, b"123456789"),
        plain(0, &header),
        of_record(256, 128),
        of_record(384, 64),
        of_record(448, 64),
    ];
    let listed: Vec<String> = rows(&section("### CRC examples")).iter().map(|row| row[2].clone()).collect();
    assert_eq!(listed, expected.map(|crc| format!("0x{crc:08x}")));
    assert_eq!(bytes_of(&expected[3]), &bytes[260..264]);
}

#[test]
fn the_slot_of_the_tail_file_is_as_specified() {
    let bytes = b"0123456789abcdef";
    let Run { run_id, salt, .. } = VECTOR;
    let slot = TailSlot { run_id, segment: 0, generation: 3, offset: 0x1000, next_seq: 9, slot_bytes: 8192, bytes };
    let mut encoded = Vec::new();
    slot.encode(salt, &mut encoded);
    let text = section("### A slot of a tail file");
    let listed = text.split("```text\n").nth(1).and_then(|text| text.split("```").next()).expect("a dump");
    assert_eq!(listed, dump(&encoded), "the dump should read:\n{}", dump(&encoded));
    let plain = [&encoded[..12], &encoded[16..]].concat();
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(&plain);
    assert_eq!(encoded[12..16], hasher.finalize().to_le_bytes());
    let file = [&vec![0; 8192][..], &encoded].concat();
    let header = Header::new(&VECTOR);
    assert_eq!(TailSlot::newest(&file, Some(&header)), Some(slot));
}
