//! Every book that the engine called valid was the exchange's own at that moment.
//!
//! The exchange tells its whole book beside each message that it hands to a client. The journal is replayed here, and
//! at each book message whose book the engine trusts, both books are compared level by level.

mod support;

use fathom::exchange::{Options, Pair, Server, Serves, Truth};
use fathom::files::journal_files;
use fathom::live::{Limits, Plan, Seen, run};
use fathom::market::{Market, Terms};
use fathom::memory::Memory;
use fathom::playback;
use fathom::replay::replay;
use hotpath::book::{Book, Level};
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::record::{Kind, Line, payload_of};
use journal::{Item, Segment};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{config, recording};

const PATIENCE: Duration = Duration::from_secs(60);

/// Serves, runs the engine until `enough`, and gives what the exchange told and what the engine saw.
fn captured(
    serves: Serves,
    name: &str,
    sets: &[&str],
    folder: &Path,
    enough: impl Fn(&Seen) -> bool,
) -> (Vec<Truth>, Seen) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let witness = Box::new(move |truth: &Truth| teller.lock().expect("nobody panicked").push(truth.clone()));
    let options = Options { tls: true, witness: Some(witness), ..Options::new(serves) };
    let server = Server::bind(options).expect("an exchange");
    let ca = folder.join("ca.pem");
    std::fs::write(&ca, server.ca_pem().expect("a certificate")).expect("a file");
    let url = format!("venue.url={}", server.url());
    let extra_ca = format!("link.extra_ca={}", ca.display());
    let sets: Vec<_> = [&*url, &extra_ca].into_iter().chain(sets.iter().copied()).collect();
    let loaded = config(name, &sets);
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let stop = limits.signal.clone();
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| server.run(&over).expect("an exchange that serves"));
        let mut show = |seen: &Seen| {
            if enough(seen) {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let plan = Plan { folder: &folder.join("journal"), limits, on_hot: || {}, tell: &mut drop, show: &mut show };
        let ran = run(&loaded, plan, |_| {});
        over.store(true, Ordering::Relaxed);
        ran.expect("a run").seen
    });
    (Arc::try_unwrap(told).expect("the exchange is over").into_inner().expect("nobody panicked"), seen)
}

/// Steps an engine over the journal's inputs and events, compares its book with the exchange's wherever it trusts it,
/// and returns how often that was.
fn compared(folder: &Path, told: &[Truth], precisions: (usize, usize)) -> usize {
    let files = journal_files(&[folder.join("journal")]).expect("a journal");
    assert!(replay(&files, None, None).expect("a replay").iter().all(|report| report.is_match()));
    let mut memory = Memory::new();
    let mut lines = vec![Line::ZERO; OUTPUT_LINES];
    let mut is_loaded = false;
    let mut count = 0;
    let mut told = told.iter();
    for path in &files {
        let segment = Segment::open(path).expect("a segment");
        for item in segment.items() {
            let Item::Record(record) = item else { panic!("damage in {}", path.display()) };
            let head = record.head;
            if head.kind == Kind::CHECKPOINT && !is_loaded {
                memory.load(payload_of(record.bytes).expect("a state")).expect("the opening");
                is_loaded = true;
            }
            if head.kind != Kind::FRAME && (head.kind.is_input() || head.kind.is_event()) {
                let mut outputs = Lines::new(&mut lines);
                outputs.begin(head.seq, head.taken_ns, head.connection);
                let engine = memory.engine_mut();
                engine.observe_time(head.taken_ns, &mut outputs).expect("no halt");
                engine.step(record.bytes, &mut outputs).expect("no halt");
            }
            if head.kind == Kind::BOOK_END {
                let truth = told.next().expect("the exchange tells of every message");
                let market = &memory.engine_mut().markets()[0];
                if market.state.trust.is_trusted() {
                    assert_same(&market.book, truth, precisions);
                    count += 1;
                }
            }
        }
    }
    count
}

fn assert_same(book: &Book, truth: &Truth, (price, qty): (usize, usize)) {
    let row = |level: &Level| [decimal(level.price_ticks, price), decimal(level.qty_lots, qty)];
    let (bids, asks): (Vec<_>, Vec<_>) =
        (book.bids.best_first().map(row).collect(), book.asks.best_first().map(row).collect());
    assert_eq!(bids, truth.bids, "bids at {:?}", truth.timestamp);
    assert_eq!(asks, truth.asks, "asks at {:?}", truth.timestamp);
}

fn decimal(value: i64, precision: usize) -> String {
    let digits = format!("{value:0width$}", width = precision + 1);
    let (whole, fraction) = digits.split_at(digits.len() - precision);
    format!("{whole}.{fraction}")
}

/// Minutes of a made-up market, at every depth that the exchange serves and many times its own speed.
#[test]
fn a_made_up_market_is_seen_as_it_is() {
    for depth in [10, 25, 100, 500, 1000] {
        let folder = tempfile::tempdir().expect("a folder");
        let pair = Pair::listed("BTC/EUR").expect("a pair");
        let events = Box::new(Market::new(depth, &Terms::BTC_EUR));
        let serves = Serves::Market { pair, events, speed: 100.0 };
        let sets = format!("venue.depth={depth}");
        let enough = |seen: &Seen| seen.checksums.0 >= 1_500;
        let (told, seen) = captured(serves, "kraken-btc-eur.toml", &[&sets], folder.path(), enough);
        assert_eq!((seen.checksums.1, seen.gaps), (0, 0), "depth {depth}");
        let compared = compared(folder.path(), &told, (1, 8));
        assert!(compared >= 1_500, "depth {depth}: {compared}");
    }
}

/// A real recording at a hundred times its speed: every message arrives, and every book is the exchange's.
#[test]
fn a_recording_at_a_hundredfold_speed_is_seen_as_it_is() {
    let Some(path) = recording("kraken-v2/kraken_btcusd_sample.cbcap") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let playback = playback::open(&path).expect("a recording");
    let serves = Serves::Recording { playback, symbol: None, speed: Some(100.0) };
    let enough = |seen: &Seen| seen.checksums.0 >= 2_052;
    let (told, seen) = captured(serves, "kraken-btc-usd.toml", &["venue.depth=25"], folder.path(), enough);
    assert_eq!((seen.checksums, seen.gaps), ((2_052, 0), 0));
    assert_eq!(told.len(), 2_052);
    assert_eq!(compared(folder.path(), &told, (1, 8)), 2_052);
}
