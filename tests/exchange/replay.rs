//! Recordings, played to those who listen.

use crate::client::{HEARTBEAT, book, channel, is_book};
use crate::running::Running;
use crate::support::{config, frames, imported_bytes, recording, synthetic};
use crate::twin::Twin;
use fathom::exchange::Serves;
use fathom::playback;
use std::path::Path;
use std::process::Command;

fn serving(path: &Path, speed: Option<f64>) -> Running {
    let playback = playback::open(path).expect("a recording");
    Running::serving(Serves::Recording { playback, symbol: None, speed }, false)
}

/// Messages of the market in a recording.
fn data(bytes: &[u8]) -> Vec<String> {
    let texts = frames(bytes).into_iter().map(|(_, bytes)| String::from_utf8(bytes).expect("text"));
    texts.filter(|text| is_data(text)).collect()
}

fn is_data(text: &str) -> bool {
    is_book(text) || text.starts_with(r#"{"channel":"trade""#)
}

/// A client that was there from the beginning has every message as it was recorded.
fn assert_verbatim(running: &Running, symbol: &str, depth: usize, wanted: &[String]) {
    let mut client = running.client();
    client.ask(&channel("subscribe", "trade").replace("BTC/EUR", symbol));
    client.say(&book("subscribe", symbol, depth));
    for (place, wanted) in wanted.iter().enumerate() {
        assert_eq!(&client.next_that(is_data), wanted, "message {place}");
    }
    // The end of the recording is not that of the exchange.
    assert_eq!(client.next(), HEARTBEAT);
}

#[test]
fn real_recordings_are_played_to_the_byte() {
    let recordings = [("kraken-v2/kraken_btcusd_l2.cbcap", 10), ("kraken-v2/kraken_btcusd_sample.cbcap", 25)];
    for (name, depth) in recordings {
        let Some(path) = recording(name) else { continue };
        let wanted = data(&std::fs::read(&path).expect("a recording"));
        assert!(wanted.len() > 300);
        assert_verbatim(&serving(&path, None), "BTC/USD", depth, &wanted);
    }
}

#[test]
fn the_sample_and_its_journal_are_played_to_the_byte() {
    let loaded = config("kraken-btc-eur.toml", &["venue.depth=100", "journal.segment_bytes=1048576"]);
    let bytes = synthetic(11, 3_000, &loaded);
    let wanted = data(&bytes);
    let (folder, imported) = imported_bytes(&bytes, &loaded);
    assert!(imported.segments.len() > 1, "several segments");
    let folder = folder.path();
    for path in [folder.join("recording.cbcap"), folder.join("journal.bin")] {
        assert_verbatim(&serving(&path, None), "BTC/EUR", 100, &wanted);
    }
}

#[test]
fn a_sealed_journal_is_played_like_the_one_it_was() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let bytes = synthetic(14, 500, &loaded);
    let (folder, imported) = imported_bytes(&bytes, &loaded);
    let sealed = Command::new(env!("CARGO_BIN_EXE_journal")).arg("seal").arg(&imported.segments[0]).output();
    assert!(sealed.expect("it runs").status.success());
    let path = folder.path().join("journal.bin.zst");
    assert_verbatim(&serving(&path, None), "BTC/EUR", 10, &data(&bytes));
}

/// What is whole up to the damage is played; then people are told, and the exchange stays.
#[test]
fn a_damaged_journal_is_played_up_to_the_damage() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let bytes = synthetic(15, 500, &loaded);
    let (_folder, imported) = imported_bytes(&bytes, &loaded);
    let path = &imported.segments[0];
    let mut journal = std::fs::read(path).expect("a journal");
    let (wanted, last) = (data(&bytes), data(&bytes)[400].clone());
    let place = journal.windows(last.len()).position(|window| window == last.as_bytes()).expect("its frame");
    journal[place + 40] ^= 1;
    std::fs::write(path, journal).expect("a file");
    let running = serving(path, None);
    assert_verbatim(&running, "BTC/EUR", 10, &wanted[..400]);
    let notice = running.notice();
    assert!(notice.contains(": damaged at byte ") && notice.ends_with("`journal recover` it"), "{notice}");
}

/// Forty seconds of recording; the late client comes and goes in the first of them.
#[test]
fn who_comes_in_the_middle_gets_a_snapshot_that_holds() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.cbcap");
    std::fs::write(&path, synthetic(12, 60_000, &loaded)).expect("a file");
    let running = serving(&path, Some(50.0));
    let wanted = data(&std::fs::read(&path).expect("a recording"));
    let books: Vec<_> = wanted.iter().filter(|text| is_book(text)).collect();
    let mut first = running.client();
    first.say(&book("subscribe", "BTC/EUR", 10));
    for wanted in &books[..500] {
        assert_eq!(&&first.next_that(is_book), wanted);
    }
    let mut late = running.client();
    let mut twin = Twin::new(10, 1, 8);
    assert_eq!(twin.take(&late.book("BTC/EUR", 10)), Some(true));
    let update = late.next_that(is_book);
    let place = books.iter().position(|text| **text == update).expect("a recorded message");
    assert!(place >= 500, "message {place}");
    assert_eq!(twin.take(&update), Some(true));
    for wanted in &books[place + 1..place + 500] {
        let text = late.next_that(is_book);
        assert_eq!(&&text, wanted);
        assert_eq!(twin.take(&text), Some(true));
    }
    assert_eq!((twin.snapshots, twin.bad), (1, 0));
}

#[test]
fn another_depth_or_symbol_is_refused() {
    let loaded = config("kraken-btc-eur.toml", &["venue.depth=25"]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.cbcap");
    std::fs::write(&path, synthetic(13, 100, &loaded)).expect("a file");
    let running = serving(&path, Some(1_000.0));
    let mut client = running.client();
    let refused = client.ask(&book("subscribe", "BTC/EUR", 10));
    assert!(
        refused.starts_with(
            r#"{"error":"Subscription depth not supported","method":"subscribe","success":false,"time_in""#
        ),
        "{refused}"
    );
    let refused = client.ask(&book("subscribe", "BTC/USD", 25));
    assert!(refused.contains(r#""error":"Currency pair not supported BTC/USD""#), "{refused}");
    assert!(client.book("BTC/EUR", 25).contains(r#""type":"snapshot""#));
}
