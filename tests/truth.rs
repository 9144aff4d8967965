//! Every book that the engine called valid was the exchange's own at that moment.
//!
//! The exchange tells its whole book beside each message that it hands to a client. The journal is replayed here, and
//! at each book message whose book the engine trusts, both books are compared level by level.

mod support;

use fathom::exchange::{Options, Pair, Section, Server, Serves, Truth};
use fathom::files::journal_files;
use fathom::live::{Limits, Plan, Seen, run};
use fathom::market::{Market, Terms};
use fathom::memory::Memory;
use fathom::playback;
use fathom::replay::replay;
use hotpath::book::Book;
use hotpath::engine::Engine;
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::record::{BookEnd, Kind, Line, body_of, flag, payload_of};
use journal::{Item, Segment};
use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::{config, recording, sides};

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
    let rest_url = server.rest_url().map(|rest_url| format!("venue.rest_url={rest_url}"));
    let always = [&*url, &extra_ca].into_iter().chain(rest_url.as_deref());
    let sets: Vec<_> = always.chain(sets.iter().copied()).collect();
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
    let by_id: HashMap<_, _> = told.iter().filter_map(|truth| Some((truth.update_id?, truth))).collect();
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
            if let Some(end) = body_of::<BookEnd>(record.bytes) {
                let truth = match end.update_id {
                    0 => told.next(),
                    // An answer is no message of a stream.
                    _ if head.has(flag::SNAPSHOT) => continue,
                    id => by_id.get(&id).copied(),
                };
                let engine = memory.engine_mut();
                let market = &engine.markets()[0];
                if market.state.trust.is_trusted() {
                    let truth = truth.expect("the exchange tells of every message of a book that it knows");
                    assert_same(&market.book, truth, known(engine, truth), precisions);
                    count += 1;
                }
            }
        }
    }
    count
}

/// Levels a side that the engine must know. Beyond those that a fetched snapshot showed the exchange knows more than it has
/// told: twice as many as features look at are known while the book is not short, and the best when it is.
fn known(engine: &Engine, truth: &Truth) -> usize {
    match truth.update_id {
        None => usize::MAX,
        Some(_) if engine.markets()[0].state.is_short() => 1,
        Some(_) => 2 * engine.config().markets()[0].imbalance_levels as usize,
    }
}

fn assert_same(book: &Book, truth: &Truth, most: usize, precisions: (usize, usize)) {
    let (held, told) = sides(book, truth, most, precisions);
    assert_eq!(held, told, "bids and asks at {:?}", (&truth.timestamp, truth.update_id));
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

const BINANCE: [(Section, &str, (usize, usize)); 2] =
    [(Section::Spot, "binance-spot", (2, 8)), (Section::Perpetual, "binance-perp", (1, 3))];

/// What is set of Binance's markets, in the configuration of the perpetual.
fn binance(name: &str, (price, qty): (usize, usize), increment: &str) -> Vec<String> {
    vec![
        format!("venue.name={name}"),
        format!("venue.price_precision={price}"),
        format!("venue.qty_precision={qty}"),
        format!("venue.price_increment={increment}"),
        // Twice as many are compared.
        "features.imbalance_levels=15".to_owned(),
    ]
}

/// The made-up market as Binance tells it, fetched and joined on over TLS, fifty times its own speed: no gap, and every
/// trusted book is the exchange's own.
#[test]
fn a_made_up_market_of_binance_is_seen_as_it_is() {
    for (section, name, precisions) in BINANCE {
        for seed in 1..=2 {
            let folder = tempfile::tempdir().expect("a folder");
            let events = Box::new(Market::new(seed, &section.terms()));
            let serves = Serves::BinanceMarket { section, events, speed: 50.0 };
            let sets = binance(name, precisions, "0.1");
            let sets: Vec<_> = sets.iter().map(String::as_str).collect();
            let enough = |seen: &Seen| seen.frames >= 1_500;
            let (told, seen) = captured(serves, "binance-perp-btc-usdt.toml", &sets, folder.path(), enough);
            assert_eq!(seen.gaps, 0, "{name}, seed {seed}");
            let compared = compared(folder.path(), &told, precisions);
            assert!(compared > 500, "{name}, seed {seed}: {compared}");
        }
    }
}

/// Recordings of Binance, ten times as fast as they were: stream and snapshot come over TLS, and wherever the spliced
/// book is trusted it is the exchange's own, level by level. A host that is busy with other things fetches late, by the
/// market's time, and the price may leave what was shown: that is a gap.
#[test]
fn a_fetched_book_is_seen_as_it_is() {
    for ((section, name, precisions), (file, increment)) in BINANCE.into_iter().zip([("spot", "0.01"), ("usdm", "0.1")])
    {
        let Some(path) = recording(&format!("binance/{file}_btcusdt_20240808.gz")) else { return };
        let folder = tempfile::tempdir().expect("a folder");
        let playback = playback::open(&path).expect("a recording");
        let serves = Serves::Binance { section, playback, symbol: None, speed: Some(10.0) };
        let sets = binance(name, precisions, increment);
        let sets: Vec<_> = sets.iter().map(String::as_str).collect();
        let enough = |seen: &Seen| seen.frames >= 12_000;
        let (told, seen) = captured(serves, "binance-perp-btc-usdt.toml", &sets, folder.path(), enough);
        assert!(seen.gaps < 4, "{name}: {} gaps", seen.gaps);
        let compared = compared(folder.path(), &told, precisions);
        assert!(compared > 300, "{name}: {compared}");
    }
}
