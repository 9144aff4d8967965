//! Recorded connections, when `FATHOM_DATA` names the folder that holds them.

use crate::oracle::{TextBook, found, wanted};
use crate::support::{Decoder, PAIRS, config};
use hotpath::book::Book;
use hotpath::record::{BookEnd, Kind, Level, flag};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

const DEPTH: usize = 1_000;

/// The folder of recordings. Where they are required, their absence is a failure.
fn data() -> Option<PathBuf> {
    let folder = std::env::var_os("FATHOM_DATA").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("FATHOM_DATA_REQUIRED").is_none(), "FATHOM_DATA is required");
        println!("skipped: set FATHOM_DATA");
    }
    folder
}

/// The messages of a file of lines `<seconds>: <message>`.
fn messages(name: &str) -> Option<Vec<String>> {
    let file = std::fs::File::open(data()?.join("kraken-v1").join(name)).expect("a recording");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let message = |line: &str| {
        let (time, message) = line.split_once(": ")?;
        time.parse::<f64>().ok().map(|_| message.to_owned())
    };
    Some(text.lines().filter_map(message).collect())
}

/// The books of one pair: the engine's from events, and one of texts.
struct Books {
    engines: Box<Book>,
    texts: TextBook,
    updates: usize,
}

/// Every message means what a naive reader finds, and every checksum holds for the book of its texts and for ours.
#[test]
fn all_checksums_of_all_pairs_hold() {
    let Some(messages) = messages("KRAKEN-c197c0.0.gz") else { return };
    let mut updates = BTreeMap::new();
    for pairs in PAIRS.chunks(4) {
        let mut decoder = Decoder::new(config(pairs));
        let mut books: Vec<_> = pairs
            .iter()
            .map(|_| Books { engines: Box::new(bytemuck::Zeroable::zeroed()), texts: TextBook::default(), updates: 0 })
            .collect();
        for text in &messages {
            let verdict = decoder.text(text.as_bytes());
            assert!(verdict.is_ok(), "{verdict:?}: {text}");
            let Some(wanted) = wanted(&decoder.config, text) else { continue };
            let instrument = wanted[0].1;
            assert_eq!(found(&verdict), Some(wanted), "{text}");
            let book = &mut books[instrument];
            let stated = book.texts.take(text, DEPTH);
            for record in verdict.expect("it was accepted") {
                let head = record.head();
                match head.kind {
                    Kind::SNAPSHOT => book.engines.clear(),
                    Kind::LEVEL => {
                        let Level { price_ticks, qty_lots, .. } = record.body();
                        book.engines.set(head.has(flag::ASK), hotpath::book::Level { price_ticks, qty_lots });
                    }
                    _ => {
                        book.engines.cut(DEPTH);
                        let end: BookEnd = record.body();
                        assert_eq!(head.has(flag::CHECKSUM), stated.is_some());
                        assert_eq!(book.texts.checksum(), book.engines.crc32_top10(), "{text}");
                        if let Some((stated, of_texts)) = stated {
                            assert_eq!((end.checksum, of_texts), (stated, stated), "{text}");
                            book.updates += 1;
                        }
                    }
                }
            }
        }
        updates.extend(pairs.iter().zip(books).map(|((pair, _), book)| (*pair, book.updates)));
    }
    let counted = [
        ("ALGO/XBT", 1_168),
        ("AUD/USD", 363),
        ("DASH/EUR", 2_715),
        ("FIL/XBT", 1_327),
        ("ICX/USD", 940),
        ("KAVA/USD", 863),
        ("LSK/USD", 869),
        ("USDC/GBP", 51),
        ("WAVES/ETH", 412),
        ("XBT/USD", 5_788),
    ];
    assert_eq!(updates.into_iter().collect::<Vec<_>>(), counted);
}

#[test]
fn recorded_trades_and_tickers_mean_what_a_naive_reader_finds() {
    for (name, channel, counted) in [("KRAKEN-82ac16.0.gz", "trade", 12), ("KRAKEN-4b7396.0.gz", "ticker", 22)] {
        let Some(messages) = messages(name) else { return };
        let mut data = 0;
        for pairs in PAIRS.chunks(4) {
            let mut decoder = Decoder::new(config(pairs));
            for text in &messages {
                let verdict = decoder.text(text.as_bytes());
                assert!(verdict.is_ok(), "{verdict:?}: {text}");
                if let Some(wanted) = wanted(&decoder.config, text) {
                    assert_eq!(found(&verdict), Some(wanted), "{text}");
                    assert!(text.contains(channel));
                    data += 1;
                }
            }
        }
        assert_eq!(data, counted, "{channel}");
    }
}

/// The example of the exchange's documents: the message changes nothing among the ten best.
#[test]
fn the_documented_checksum_holds() {
    let Some(folder) = data() else { return };
    let file = std::fs::read(folder.join("checksum/v1_book_checksum.json")).expect("the example");
    let example: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let snapshot = serde_json::json!([0, example["book"], "book-1000", "BTC/USD"]).to_string();
    let update = example["example_update_message"].to_string();
    let mut decoder = Decoder::new(config(&[("BTC/USD", 5)]));
    let mut book: Box<Book> = Box::new(bytemuck::Zeroable::zeroed());
    let mut stated = None;
    for text in [&snapshot, &update] {
        for record in decoder.text(text.as_bytes()).expect("a book") {
            match record.head().kind {
                Kind::LEVEL => {
                    let Level { price_ticks, qty_lots, .. } = record.body();
                    book.set(record.head().has(flag::ASK), hotpath::book::Level { price_ticks, qty_lots });
                }
                Kind::BOOK_END => stated = Some(record.body::<BookEnd>().checksum),
                _ => {}
            }
        }
        assert_eq!(u64::from(book.crc32_top10()), example["expected_crc32"].as_u64().expect("a number"));
    }
    assert_eq!(stated, Some(974_947_235));
}
