//! Compressed segments: what goes in comes out, and nothing else does.

use crate::make::*;
use hotpath::record::flag;
use journal::{Compressed, Error, Segment, compress};
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

#[test]
fn a_cut_or_changed_frame_is_refused_in_one_sentence() {
    let (folder, path) = stored(&sealed(&small_run()));
    let whole = fs::read(compress(&path, 3).expect("compressed").path).expect("the frame");
    let original = fs::read(&path).expect("the original");
    for cut in 4..whole.len() {
        let error = open(&folder, &whole[..cut]).expect_err("cut");
        assert!(matches!(error, Error::Compressed { .. } | Error::Header { .. }), "{cut}: {error}");
    }
    for bit in 32..whole.len() * 8 {
        let mut broken = whole.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        match open(&folder, &broken) {
            Ok(bytes) => assert!(bytes == original, "bit {bit} changes what comes out"),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
    let longer = [&whole[..], b"x"].concat();
    assert!(matches!(open(&folder, &longer), Err(Error::Compressed { .. })), "bytes behind the frame");
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
