//! Recorded connections, when `FATHOM_DATA` names the folder that holds them.

use crate::oracle::assert_book;
use crate::support::{Decoder, text_frame};
use hotpath::record::Kind;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The folder of recordings. Where they are required, their absence is a failure.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FATHOM_DATA").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("FATHOM_DATA_REQUIRED").is_none(), "FATHOM_DATA is required");
        println!("skipped: set FATHOM_DATA");
    }
    folder
}

/// The messages of a CBCAP file: a line, then for each `<receive ns> <bytes>`, a line break, the bytes.
fn messages(file: &[u8]) -> Vec<&[u8]> {
    let line = |bytes: &[u8]| bytes.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
    let mut rest = &file[line(file).unwrap()..];
    let mut messages = Vec::new();
    while let Some(start) = line(rest) {
        let head = std::str::from_utf8(&rest[..start - 1]).unwrap();
        let bytes: usize = head.split_once(' ').unwrap().1.parse().unwrap();
        let (message, after) = rest[start..].split_at(bytes);
        messages.push(message);
        rest = after.strip_prefix(b"\n").unwrap();
    }
    messages
}

fn assert_recording(name: &str, books: usize) {
    let Some(folder) = data() else { return };
    let file = std::fs::read(folder.join("kraken-v2").join(name)).unwrap();
    let mut decoder = Decoder::new();
    let (mut taken, mut kinds) = (0, BTreeMap::<Kind, usize>::new());
    for message in messages(&file) {
        let text = std::str::from_utf8(message).unwrap();
        let records = decoder.agreed(message).unwrap_or_else(|refused| panic!("{refused:?}: {text}"));
        for record in &records {
            *kinds.entry(record.head().kind).or_default() += 1;
        }
        if text.contains(r#""channel":"book","type""#) {
            let fast = decoder.fast(text_frame(message));
            assert!(fast.is_some(), "not taken: {text}");
            if decoder.simd.is_any() && text.contains(r#""type":"update""#) {
                assert_eq!(decoder.wide(text_frame(message)), fast, "{text}");
            }
            assert_book(text, &records);
            taken += 1;
        }
    }
    assert_eq!((taken, kinds.get(&Kind::BOOK_END)), (books, Some(&books)));
    assert_eq!(kinds.get(&Kind::IGNORED), None);
    assert_eq!(kinds.get(&Kind::STATUS), Some(&1));
    println!("{name}: {kinds:?}");
}

#[test]
fn the_fast_path_takes_every_book_message_at_depth_25() {
    assert_recording("kraken_btcusd_sample.cbcap", 2_052);
}

#[test]
fn the_fast_path_takes_every_book_message_at_depth_10() {
    assert_recording("kraken_btcusd_l2.cbcap", 301);
}
