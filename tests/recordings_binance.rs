//! The engine on real recordings of Binance, spot with the perpetual as its leader, against a naive client.
//!
//! Needs FATHOM_DATA; says so when it skips.

mod support;

use fathom::config::Loaded;
use fathom::import::merge::Merged;
use fathom::import::recording::Recording;
use fathom::import::{Imported, Source, import};
use fathom::memory::Memory;
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::book::Book;
use hotpath::diary::Diary;
use hotpath::halt::Halt;
use hotpath::input::Input;
use hotpath::record::{Kind, Line};
use hotpath::venue::Frame;
use hotpath::venue::every::Every;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use support::{config, recording};

const SPOT: &str = "binance/spot_btcusdt_20240808.gz";
const PERP: &str = "binance/usdm_btcusdt_20240808.gz";
const SPOT_LED: &str = "binance-btc-usdt.toml";
const PERP_ALONE: &str = "binance-perp-btc-usdt.toml";

/// Frames, updates, trades, and touches that were stated for the id of an update.
const SPOT_COUNTS: [u64; 4] = [41_249, 3_451, 9_757, 560];
const PERP_COUNTS: [u64; 4] = [93_954, 6_551, 21_313, 447];

/// Spot's recording, and the perpetual's of the same minutes.
fn both() -> Option<Vec<Source>> {
    Some(vec![Source::own(&recording(SPOT)?), Source { path: recording(PERP)?, connection: 1 }])
}

fn assert_imported(imported: &Imported, expected: &[[u64; 4]]) {
    assert_eq!((imported.refused, imported.halt), (0, None));
    assert!(imported.broken.is_empty(), "{:?}", imported.broken);
    assert_eq!(imported.frames, expected.iter().map(|counts| counts[0]).sum::<u64>());
    assert_eq!(imported.markets.len(), expected.len());
    for (market, [_, updates, trades, touches]) in imported.markets.iter().zip(expected) {
        let counts = market.counts;
        assert_eq!((market.gaps, market.is_trusted, market.depth), (0, true, 1_000), "{market:?}");
        assert_eq!((counts.touches_ok, counts.touches_bad), (*touches, 0), "{market:?}");
        assert_eq!((counts.snapshots, counts.updates, counts.trades), (1, *updates, *trades), "{market:?}");
        assert_eq!((counts.checksums_ok, counts.checksums_bad, counts.unverifiable), (0, 0, 0), "{market:?}");
    }
}

/// It replays to the same bytes, verifies, and is the same when it is made again.
fn assert_proven(sources: &[Source], loaded: &Loaded, expected: &[[u64; 4]]) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = |name: &str| folder.path().join(name);
    let imported = import(sources, loaded, &journal("journal.bin")).expect("an import");
    assert_imported(&imported, expected);
    let again = import(sources, loaded, &journal("again.bin")).expect("an import");
    assert!(bytes(&imported.segments) == bytes(&again.segments), "two imports differ");
    let reports = replay(&imported.segments, Some(&journal("replayed.bin")), None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    assert_eq!(reports[0].scan.kinds[&Kind::SNAPSHOT], expected.len() as u64);
    assert!(!reports[0].scan.kinds.contains_key(&Kind::GAP_OPEN));
    assert!(bytes(&[journal("replayed.bin")]) == bytes(&imported.segments), "the replay differs");
    let verified = verify(&imported.segments[0]).expect("a journal");
    assert!(verified.is_ok(), "{verified:?}");
    assert_eq!((verified.counts.checksums_ok, verified.counts.unverifiable, verified.gaps), (0, 0, 0));
}

fn bytes(segments: &[PathBuf]) -> Vec<u8> {
    let [segment] = segments else { panic!("{segments:?}") };
    std::fs::read(segment).expect("a journal")
}

#[test]
fn spot_led_by_the_perpetual_imports_verifies_and_replays() {
    let Some(sources) = both() else { return };
    assert_proven(&sources, &config(SPOT_LED, &[]), &[SPOT_COUNTS, PERP_COUNTS]);
}

#[test]
fn the_perpetual_imports_verifies_and_replays_alone() {
    let Some(path) = recording(PERP) else { return };
    assert_proven(&[Source::own(&path)], &config(PERP_ALONE, &[]), &[PERP_COUNTS]);
}

/// Keeps nothing.
struct Nowhere;

impl Diary for Nowhere {
    type Error = Halt;

    fn append(&mut self, _: &Line, _: &[u8]) -> Result<(), Halt> {
        Ok(())
    }

    fn append_lines(&mut self, _: &[Line]) -> Result<(), Halt> {
        Ok(())
    }
}

/// A naive client: a snapshot, and whatever leads beyond it, in maps. The digits of prices and sizes are their numbers.
struct Twin {
    decimals: [usize; 2],
    update_id: u64,
    sides: [BTreeMap<i64, i64>; 2],
    early: Vec<Value>,
}

impl Twin {
    fn new(price_precision: usize, qty_precision: usize) -> Self {
        let decimals = [price_precision, qty_precision];
        Self { decimals, update_id: 0, sides: Default::default(), early: Vec::new() }
    }

    /// Takes a message; whether it leads to another book.
    fn take(&mut self, text: &[u8]) -> bool {
        let message: Value = serde_json::from_slice(text).expect("JSON");
        if let Some(id) = message["lastUpdateId"].as_u64() {
            self.set(["bids", "asks"], &message);
            self.update_id = id;
            for diff in std::mem::take(&mut self.early) {
                self.follow(diff);
            }
            return true;
        }
        let is_diff = message["data"]["e"] == "depthUpdate";
        is_diff && self.follow(message["data"].clone())
    }

    fn follow(&mut self, diff: Value) -> bool {
        if self.update_id == 0 {
            self.early.push(diff);
            return false;
        }
        let id = diff["u"].as_u64().expect("an id");
        if id <= self.update_id {
            return false;
        }
        self.set(["b", "a"], &diff);
        self.update_id = id;
        true
    }

    fn set(&mut self, names: [&str; 2], message: &Value) {
        for (side, name) in self.sides.iter_mut().zip(names) {
            for level in message[name].as_array().expect("levels") {
                let [price, qty] = [0, 1].map(|at| digits(level[at].as_str().expect("text"), self.decimals[at]));
                if qty == 0 {
                    side.remove(&price);
                } else {
                    side.insert(price, qty);
                }
            }
        }
    }

    /// Whether these are its levels, the best `count` of each side.
    fn is(&self, book: &Book, count: usize) -> bool {
        let held = |level: &hotpath::book::Level| (level.price_ticks, level.qty_lots);
        let own = |level: (&i64, &i64)| (*level.0, *level.1);
        let bids = self.sides[0].iter().rev().map(own).take(count);
        let asks = self.sides[1].iter().map(own).take(count);
        bids.eq(book.bids.best_first().map(held).take(count)) && asks.eq(book.asks.best_first().map(held).take(count))
    }
}

/// A number without its point, of so many decimals.
fn digits(text: &str, decimals: usize) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let rest = format!("{rest:0<decimals$}");
    assert!(rest[decimals..].bytes().all(|byte| byte == b'0'), "{text}");
    format!("{whole}{}", &rest[..decimals]).parse().expect("digits")
}

/// After every message that tells of a book: it is trusted but for the first ones, not crossed, and the naive client's, the best levels each time and
/// all of them each thousandth.
#[test]
fn the_books_are_a_naive_clients_after_every_message() {
    let Some(sources) = both() else { return };
    let loaded = config(SPOT_LED, &[]);
    let opened = |path: &Path| Recording::open(path).expect("a recording");
    let messages = Merged::new(sources.iter().map(|source| (source.connection, opened(&source.path))));
    let mut memory = Memory::new();
    let mut core = memory.start(Every, &loaded.config).expect("a configuration");
    let mut twins = [Twin::new(2, 8), Twin::new(1, 3)];
    let (mut books, mut waited, mut was_trusted) = (0, 0, [false; 2]);
    for heard in messages {
        let heard = heard.expect("a whole recording");
        let (market, recv_ns) = (usize::from(heard.connection), heard.message.recv_ns);
        let bytes = &heard.message.bytes[..];
        let frame = if heard.message.is_fetched {
            Frame::fetched(heard.connection, bytes)
        } else {
            Frame::received(heard.connection, 1, bytes)
        };
        let input = Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true };
        core.turn(recv_ns, &input, &mut Nowhere).expect("no halt");
        if !twins[market].take(bytes) {
            continue;
        }
        books += 1;
        let held = &core.engine().markets()[market];
        // At the beginning it waits for the exchange to state best levels that prove it.
        let is_trusted = held.state.trust.is_trusted();
        assert!(is_trusted || !was_trusted[market], "book {books}");
        was_trusted[market] |= is_trusted;
        waited += usize::from(!is_trusted);
        assert!(!held.book.is_crossed(), "book {books}");
        let count = if books % 1_000 == 0 { usize::MAX } else { 5 };
        assert!(twins[market].is(&held.book, count), "book {books}");
    }
    // Those of the beginning, before the snapshots and up to them, lead to no book.
    assert!(books > 9_900 && waited < 30, "{books}, {waited}");
    for (twin, market) in twins.iter().zip(core.engine().markets()) {
        assert!(twin.is(&market.book, usize::MAX), "at the end");
    }
}
