//! Recordings of every dialect behind one reader: packed and plain, whole and broken, one and several.

mod support;

use fathom::import::merge::Merged;
use fathom::import::recording::{Dialect, Recording};
use fathom::import::{Broken, LINE_BYTES_MAX, Recorded};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use support::{config, imported, recording, synthetic};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn items(bytes: &[u8]) -> Vec<Result<Recorded, Broken>> {
    Recording::read(bytes).expect("a recording").collect()
}

/// How much of a packed text can be had.
fn unpacked_bytes(packed: &[u8]) -> usize {
    let mut source = MultiGzDecoder::new(packed);
    let mut byte = [0];
    let mut count = 0;
    while source.read(&mut byte).is_ok_and(|read| read == 1) {
        count += 1;
    }
    count
}

/// A collector's recording, long enough for several of the packer's blocks and for bytes that do not repeat.
fn collected() -> Vec<u8> {
    let line = |n: u64| format!("{} {{\"stream\":\"{:x}\"}}\n", 1_000 + n, n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    (0..20_000).flat_map(|n| line(n).into_bytes()).collect()
}

struct Real {
    name: &'static str,
    dialect: Dialect,
    messages: usize,
    fetched: usize,
    first_ns: u64,
    last_ns: u64,
}

const REAL: [Real; 5] = [
    Real {
        name: "binance/spot_btcusdt_20240808.gz",
        dialect: Dialect::Collector,
        messages: 41_249,
        fetched: 1,
        first_ns: 1_723_161_253_937_085_768,
        last_ns: 1_723_161_599_999_231_384,
    },
    Real {
        name: "binance/usdm_btcusdt_20240808.gz",
        dialect: Dialect::Collector,
        messages: 93_954,
        fetched: 1,
        first_ns: 1_723_161_255_030_314_667,
        last_ns: 1_723_161_599_833_492_584,
    },
    Real {
        name: "kraken-v1/KRAKEN-c197c0.0.gz",
        dialect: Dialect::Cryptofeed,
        messages: 14_636,
        fetched: 0,
        first_ns: 1_617_666_423_124_519_800,
        last_ns: 1_617_666_542_641_578_000,
    },
    Real {
        name: "kraken-v1/KRAKEN-4b7396.0.gz",
        dialect: Dialect::Cryptofeed,
        messages: 152,
        fetched: 0,
        first_ns: 1_617_666_423_124_380_800,
        last_ns: 1_617_666_542_318_609_000,
    },
    Real {
        name: "kraken-v1/KRAKEN-82ac16.0.gz",
        dialect: Dialect::Cryptofeed,
        messages: 142,
        fetched: 0,
        first_ns: 1_617_666_423_124_759_000,
        last_ns: 1_617_666_541_676_557_000,
    },
];

#[test]
fn real_recordings_are_read_to_the_last_message() {
    for real in REAL {
        let Some(path) = recording(real.name) else { return };
        let opened = Recording::open(&path).expect("a recording");
        assert_eq!(opened.dialect(), real.dialect);
        assert_eq!(opened.header(), None);
        let messages: Vec<_> = opened.map(|message| message.expect("a whole recording")).collect();
        let fetched = messages.iter().filter(|message| message.is_fetched).count();
        assert_eq!((messages.len(), fetched), (real.messages, real.fetched), "{}", real.name);
        let times = (messages[0].recv_ns, messages[messages.len() - 1].recv_ns);
        assert_eq!(times, (real.first_ns, real.last_ns), "{}", real.name);
        for message in &messages {
            let parsed = serde_json::from_slice::<serde_json::Value>(&message.bytes);
            assert!(parsed.is_ok(), "{} at {}", real.name, message.recv_ns);
        }
    }
}

#[test]
fn two_real_recordings_are_merged_by_time() {
    let open = |at: usize| Some(Recording::open(&recording(REAL[at].name)?).expect("a recording"));
    let (Some(spot), Some(perp)) = (open(0), open(1)) else { return };
    let merged = Merged::new([(0, perp), (7, spot)]);
    assert_eq!(merged.first_ns(), Some(REAL[0].first_ns));
    let mut counts = [0, 0];
    let mut last_ns = 0;
    for heard in merged {
        let heard = heard.expect("whole recordings");
        // Neither recorder's clock ran back.
        assert!(heard.message.recv_ns >= last_ns);
        last_ns = heard.message.recv_ns;
        counts[usize::from(heard.connection == 7)] += 1;
    }
    assert_eq!(counts, [REAL[1].messages, REAL[0].messages]);
}

#[test]
fn gzip_is_seen_through_in_any_number_of_members() {
    let text = collected();
    let plain = items(&text);
    assert_eq!(plain.len(), 20_000);
    assert_eq!(items(&gzip(&text)), plain);
    let mut members = Vec::new();
    for part in text.chunks(100_003) {
        members.extend(gzip(part));
        members.extend(gzip(b""));
    }
    assert_eq!(items(&members), plain);
}

/// What could be unpacked is given, then the break with its place in the text.
#[test]
fn gzip_that_is_cut_or_damaged_is_told_behind_all_before_it() {
    let text = collected();
    let plain: Vec<_> = items(&text);
    let packed = gzip(&text);
    let mut given_before = 0;
    for cut in (20..packed.len()).step_by(packed.len() / 50) {
        let Ok(recording) = Recording::read(&packed[..cut]) else { continue };
        let read: Vec<_> = recording.collect();
        let (last, given) = read.split_last().expect("a break");
        let broken = last.as_ref().expect_err("it was cut");
        assert!(broken.expected.contains("gzip"), "{broken}");
        assert_eq!(broken.offset, unpacked_bytes(&packed[..cut]));
        assert_eq!(given, &plain[..given.len()]);
        let given_bytes: usize = text.split_inclusive(|byte| *byte == b'\n').take(given.len()).map(<[u8]>::len).sum();
        assert!(broken.offset >= given_bytes && broken.offset <= text.len(), "{broken}");
        assert!(broken.offset < given_bytes + 60, "{broken}: a whole line before it was not given");
        assert!(given.len() >= given_before, "less of a longer file");
        given_before = given.len();
    }
    assert!(given_before > 15_000, "{given_before}");
    // A wrong sum at the end: all is given first.
    let mut damaged = packed.clone();
    let at = damaged.len() - 6;
    damaged[at] ^= 1;
    let read = items(&damaged);
    assert_eq!(&read[..20_000], plain);
    assert_eq!(read[20_000].as_ref().expect_err("a wrong sum").offset, text.len());
    // Nothing but a start.
    let broken = Recording::read(&packed[..12]).err().expect("no text");
    assert_eq!(broken.offset, 0);
    assert!(broken.expected.contains("gzip"), "{broken}");
}

#[test]
fn a_line_has_at_most_8_mib() {
    for (time, dialect) in [("7 ", Dialect::Collector), ("7: ", Dialect::Cryptofeed)] {
        for (bytes, is_read) in [(LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)] {
            let mut text = format!("{time}{{}}\n{time}").into_bytes();
            let first = text.len() - time.len();
            text.resize(first + bytes, b'x');
            text.push(b'\n');
            let opened = Recording::read(&text[..]).expect("a recording");
            assert_eq!(opened.dialect(), dialect);
            let read: Vec<_> = opened.collect();
            let second = read[1].as_ref().map(|message| message.bytes.len()).map_err(|broken| broken.offset);
            assert_eq!(second, if is_read { Ok(bytes - time.len()) } else { Err(first) });
            assert_eq!(read.len(), 2);
        }
    }
}

#[test]
fn what_is_no_recording_says_what_one_begins_with() {
    for text in ["", "hello\n", "-7 {}\n", "{\"lastUpdateId\":1}\n", " 7 {}\n", "7", "7.5 {}\n", "FATHOMJ1"] {
        let broken = Recording::read(text.as_bytes()).err().expect("no recording");
        assert_eq!(broken.offset, 0);
        assert!(broken.expected.contains("CBCAP1"), "{broken}");
    }
}

/// The file is another one, so the run has another name; all else is the same.
#[test]
fn a_packed_recording_is_imported_as_the_plain_one() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let bytes = synthetic(3, 2_000, &loaded);
    let folder = tempfile::tempdir().expect("a folder");
    let import = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        let (_folder, imported) = imported(&path, &loaded);
        let segment = journal::Segment::open(&imported.segments[0]).expect("a journal");
        let header = segment.header();
        let record = |item| match item {
            // Behind the length and the CRC, which starts from what names the run.
            journal::Item::Record(record) => Some(record.bytes[8..].to_vec()),
            journal::Item::Damage(_) => None,
        };
        let records: Option<Vec<_>> = segment.items().map(record).collect();
        (imported.frames, header.created_utc_ns, records.expect("an undamaged journal"))
    };
    let plain = import("plain", &bytes);
    assert_eq!(plain.0, 2_000);
    assert!(import("packed", &gzip(&bytes)) == plain, "the journals differ");
}
