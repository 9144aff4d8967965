//! Recorded connections, when `FATHOM_DATA` names the folder that holds them.

use crate::oracle::{found, wanted, wanted_of_snapshot};
use crate::support::{BTC_PERP, BTC_SPOT, Decoder, PERP, SPOT};
use hotpath::record::Kind;
use std::collections::BTreeMap;
use std::io::Read;
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

/// Every message means what a naive reader finds, and none is left over.
fn assert_recording(name: &str, connection: u16, instrument: u16, counts: [(Kind, usize); 4]) {
    let Some(folder) = data() else { return };
    let file = std::fs::File::open(folder.join("binance").join(name)).expect("a recording");
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let mut decoder = Decoder::new();
    let mut kinds = BTreeMap::<Kind, usize>::new();
    for line in text.lines() {
        let (_, message) = line.split_once(' ').expect("a time, and a message");
        let is_fetched = message.starts_with("{\"lastUpdateId\"");
        let verdict = if is_fetched { decoder.fetched(instrument, message) } else { decoder.text(connection, message) };
        let wanted = if is_fetched {
            wanted_of_snapshot(&decoder.config, instrument, message)
        } else {
            wanted(&decoder.config, connection, message)
        };
        assert!(wanted.is_some(), "a naive reader cannot read {message}");
        assert_eq!(found(&verdict), wanted, "{message}");
        for record in verdict.expect("it was accepted") {
            *kinds.entry(record.head().kind).or_default() += 1;
        }
    }
    for (kind, count) in counts {
        assert_eq!(kinds.get(&kind), Some(&count), "{kind:?}");
    }
    assert_eq!(kinds.get(&Kind::SNAPSHOT), Some(&1));
    assert_eq!(kinds.get(&Kind::IGNORED), None);
}

#[test]
fn spot_means_what_a_naive_reader_finds() {
    let counts = [(Kind::UPDATE, 3_451), (Kind::BOOK_END, 3_452), (Kind::TRADE, 9_757), (Kind::TICKER, 28_040)];
    assert_recording("spot_btcusdt_20240808.gz", SPOT, BTC_SPOT, counts);
}

#[test]
fn the_perpetual_means_what_a_naive_reader_finds() {
    let counts = [(Kind::UPDATE, 6_551), (Kind::BOOK_END, 6_552), (Kind::TRADE, 21_313), (Kind::TICKER, 66_089)];
    assert_recording("usdm_btcusdt_20240808.gz", PERP, BTC_PERP, counts);
}
