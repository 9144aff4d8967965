//! Compressed segments: what goes in comes out, and nothing else does.

use crate::make::*;
use hotpath::record::{Kind, flag};
use journal::{Compressed, Error, Item, Segment, compress};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn stored(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = folder();
    let path = folder.path().join("000000.bin");
    fs::write(&path, bytes).expect("written");
    (folder, path)
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).expect("the folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// A frame as another program would write it.
fn frame_of(content: &[u8], announced: bool) -> Vec<u8> {
    let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 3).expect("an encoder");
    if announced {
        encoder.set_pledged_src_size(Some(content.len() as u64)).expect("a length");
    }
    std::io::copy(&mut &*content, &mut encoder).expect("compressed");
    encoder.finish().expect("a frame")
}

fn open(folder: &TempDir, bytes: &[u8]) -> Result<Vec<u8>, Error> {
    let path = folder.path().join("a.bin.zst");
    fs::write(&path, bytes).expect("written");
    Segment::open(&path).map(|segment| segment.bytes().to_vec())
}

#[test]
fn a_compressed_segment_opens_as_the_original() {
    let lines = [small_run(), frame(7, 0, &[b'x'; 60_000]), level(8, flag::END_OF_STEP)].concat();
    for level in [1, 9, 22] {
        let whole = sealed(&lines);
        let (folder, path) = stored(&whole);
        let Compressed { path: compressed, bytes, compressed_bytes, .. } = compress(&path, level).expect("compressed");
        assert_eq!(names(&folder), ["000000.bin", "000000.bin.zst"]);
        assert_eq!((bytes, compressed_bytes), (whole.len() as u64, fs::metadata(&compressed).expect("it").len()));
        assert!(compressed_bytes < bytes / 4, "{compressed_bytes} of {bytes}");
        let segment = Segment::open(&compressed).expect("opens");
        assert!(segment.bytes() == whole);
        assert_eq!(segment.compressed_bytes(), Some(compressed_bytes));
        assert_eq!(names(&folder), ["000000.bin", "000000.bin.zst"], "the decompressed file has no name");
    }
}

#[test]
fn the_original_goes_only_when_it_is_told_to() {
    let (folder, path) = stored(&sealed(&small_run()));
    let told = compress(&path, 3).expect("compressed");
    // As after a stop between the two steps: the file that is there is proved and taken.
    assert_eq!(compress(&path, 19).expect("proved again"), told);
    told.remove_source().expect("removed");
    assert_eq!(names(&folder), ["000000.bin.zst"]);
    let error = compress(&told.path, 3).expect_err("twice");
    assert!(matches!(error, Error::AlreadyCompressed { .. }), "{error}");
}

#[test]
fn the_age_of_a_segment_stays() {
    let (_folder, path) = stored(&sealed(&small_run()));
    let sealed = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
    fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(sealed)).expect("dated");
    let compressed = compress(&path, 3).expect("compressed").path;
    assert_eq!(fs::metadata(compressed).and_then(|facts| facts.modified()).expect("a date"), sealed);
}

#[test]
fn another_file_of_that_name_stays() {
    let (folder, path) = stored(&sealed(&small_run()));
    let other = frame_of(&sealed(&[]), true);
    fs::write(folder.path().join("000000.bin.zst"), &other).expect("written");
    let error = compress(&path, 3).expect_err("something stands there");
    assert!(error.to_string().contains("never overwritten"), "{error}");
    assert!(fs::read(folder.path().join("000000.bin.zst")).expect("it") == other);
}

#[test]
fn only_what_is_closed_and_whole_is_compressed() {
    let whole = sealed(&small_run());
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let left = [flipped(40), flipped(500), flipped(whole.len() - 20), whole[..whole.len() - 64].to_vec()];
    for bytes in left.iter().chain([&crashed(&small_run())]) {
        let (folder, path) = stored(bytes);
        let error = compress(&path, 3).expect_err("damaged or not closed");
        assert!(matches!(error, Error::NotClosed { .. }), "{error}");
        assert!(error.to_string().contains("recover it first"), "{error}");
        assert_eq!(names(&folder), ["000000.bin"]);
    }
}

/// Records with frames of noise, so that a compressed file of them has several frames, and each some blocks.
fn several_mib() -> Vec<u8> {
    let mut noise = 1_u64;
    let payload: Vec<Vec<u8>> = (0..60)
        .map(|_| {
            let mut next = || {
                noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (noise >> 56) as u8
            };
            (0..60_000).map(|_| next()).collect()
        })
        .collect();
    let frames = (2..).zip(&payload).map(|(seq, payload)| frame(seq, flag::END_OF_STEP, payload));
    sealed(&[opening(0), frames.collect::<Vec<_>>().concat()].concat())
}

/// Every record that comes out of a damaged file, each of which must be one of the original's.
fn kept(original: &[u8], found: &[u8]) -> usize {
    let whole = |bytes: &[u8]| -> Vec<Vec<u8>> {
        let records = items(bytes).0.into_iter().filter_map(|item| match item {
            Item::Record(record) if record.head.kind != Kind::INDEX => Some(record.bytes.to_vec()),
            _ => None,
        });
        records.collect()
    };
    let originals = whole(original);
    let found = whole(found);
    assert!(found.iter().all(|record| originals.contains(record)), "a record that was never written");
    found.len()
}

/// One damaged bit costs what its frame holds behind it, at most, and the file always opens. It was one
/// frame once, and one bit cost all of it.
#[test]
fn damage_costs_one_frame_and_never_the_file() {
    let original = several_mib();
    let total = stream(&original).len();
    let (folder, path) = stored(&original);
    let whole = fs::read(compress(&path, 1).expect("compressed").path).expect("the frames");
    let mut worst = 0;
    for at in (0..300).chain((300..whole.len()).step_by(90_001)).chain(whole.len() - 90..whole.len()) {
        let mut broken = whole.clone();
        broken[at] ^= 1 << (at % 8);
        let found = open(&folder, &broken).unwrap_or_else(|error| panic!("byte {at}: {error}"));
        assert_eq!(found.len(), original.len(), "byte {at}: nothing moves");
        worst = worst.max(total - kept(&original, &found));
    }
    let parts = (0..original.len()).step_by(MIB as usize);
    let touched = |part: usize| {
        let starts = stream(&original).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>();
        let ends = starts.iter().skip(1).copied().chain([original.len()]);
        starts.iter().zip(ends).filter(|(start, end)| **start < part + MIB as usize && *end > part).count()
    };
    let bound = parts.map(touched).max().expect("a part");
    assert!((1..=bound).contains(&worst), "{worst} of {total} records were lost to one bit, {bound} touch a frame");
}

#[test]
fn every_bit_of_a_small_one_may_be_damaged() {
    let original = sealed(&small_run());
    let (folder, path) = stored(&original);
    let whole = fs::read(compress(&path, 3).expect("compressed").path).expect("the frames");
    for bit in 0..whole.len() * 8 {
        let mut broken = whole.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let found = open(&folder, &broken).unwrap_or_else(|error| panic!("bit {bit}: {error}"));
        kept(&original, &found);
    }
    for cut in 300..whole.len() {
        kept(&original, &open(&folder, &whole[..cut]).unwrap_or_else(|error| panic!("cut at {cut}: {error}")));
    }
}

/// Another program of that format reads it: the frames one after the other are the segment.
#[test]
fn the_standard_decoder_gives_the_segment() {
    let original = several_mib();
    let (_folder, path) = stored(&original);
    let compressed = fs::File::open(compress(&path, 3).expect("compressed").path).expect("the frames");
    assert!(zstd::stream::decode_all(compressed).expect("decodes") == original);
}

/// A frame that could fill the disk, or says nothing of its length, is refused before a byte is written.
#[test]
fn a_frame_that_is_no_segment_is_refused() {
    let folder = folder();
    let refusal = |bytes: &[u8]| open(&folder, bytes).expect_err("no segment").to_string();
    assert!(refusal(&frame_of(&vec![1; 64 << 20], true)).contains("not a Fathom journal"));
    assert!(refusal(&frame_of(&sealed(&small_run()), false)).contains("does not say how many bytes"));
    assert!(open(&folder, &frame_of(&sealed(&small_run()), true)).is_ok(), "another program's frame is read");
    // The length field of a frame header with eight bytes for it: magic, descriptor, window, length.
    let huge = [&[0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58][..], &u64::MAX.to_le_bytes()[..], &[1, 0, 0]].concat();
    assert!(refusal(&huge).contains("does not decompress"), "{}", refusal(&huge));
    let terabyte = [&[0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x58][..], &(1_u64 << 40).to_le_bytes()[..], &[1, 0, 0]].concat();
    assert!(refusal(&terabyte).contains("more bytes than a segment can have"));
}

#[test]
fn a_compressed_segment_is_recovered_like_another() {
    let whole = sealed(&small_run());
    let mut broken = whole.clone();
    broken[500] ^= 1;
    let folder = folder();
    let of = |name: &str| folder.path().join(name);
    let recovered = |bytes: &[u8], out: &Path| {
        fs::write(of("a.bin.zst"), frame_of(bytes, true)).expect("written");
        journal::recover(&of("a.bin.zst"), out).expect("recovered").passed.len()
    };
    assert_eq!((recovered(&whole, &of("b.bin")), recovered(&broken, &of("c.bin"))), (0, 1));
    assert!(fs::read(of("b.bin")).expect("it") == whole);
}
