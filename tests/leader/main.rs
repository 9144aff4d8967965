//! Leaders: connections that are read beside the one that trades, on threads of their own. What they say is in the one
//! journal and its replay; losing them costs their trust and nothing else.

#[path = "../support/mod.rs"]
mod support;
#[path = "../support/venue.rs"]
mod venue;

mod recorded;
mod scripted;

use fathom::config::Loaded;
use fathom::files::journal_files;
use fathom::live::{Limits, Notice, Plan, Ran, Seen, run};
use fathom::replay::replay;
use fathom::verify::verify;
use hotpath::record::{Body, Head, body_of, head_of};
use journal::{Item, Segment};
use std::cell::RefCell;
use std::path::Path;
use std::sync::atomic::Ordering;
use venue::PATIENCE;

/// A leader as overrides of a configuration: its number, and its keys but those of features.
fn leader(number: u8, keys: &[(&str, &str)]) -> Vec<String> {
    let always = [("imbalance_levels", "5"), ("vol_half_life_ms", "10000"), ("stale_ms", "3600000")];
    keys.iter().chain(&always).map(|(key, value)| format!("leader.{number}.{key}={value}")).collect()
}

/// A leader that is Kraken too, elsewhere.
fn kraken(number: u8, url: &str) -> Vec<String> {
    let keys = [
        ("name", "kraken"),
        ("url", url),
        ("rest_url", "off"),
        ("symbol", "BTC/EUR"),
        ("depth", "10"),
        ("price_precision", "1"),
        ("qty_precision", "8"),
        ("price_increment", "0.1"),
        ("channels", "[\"book\", \"trade\"]"),
    ];
    leader(number, &keys)
}

/// Runs until enough was seen, and told of connections.
fn run_until(loaded: &Loaded, folder: &Path, mut enough: impl FnMut(&Seen, &[String]) -> bool) -> Ran {
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let stop = limits.signal.clone();
    let told = RefCell::new(Vec::new());
    let mut tell = |notice| {
        if let Notice::Link(what) = notice {
            told.borrow_mut().push(what);
        }
    };
    let mut show = |seen: &Seen| {
        if enough(seen, &told.borrow()) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    run(loaded, Plan { folder, limits, on_hot: || {}, tell: &mut tell, show: &mut show }, |_| {}).expect("a run")
}

/// Every record of a folder of runs, which replays, verifies and keeps its time in order.
fn proved(folder: &Path) -> Vec<(Head, Vec<u8>)> {
    let files = journal_files(&[folder.to_owned()]).expect("a journal");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match()), "the run does not replay");
    let mut records = Vec::new();
    for path in &files {
        assert!(verify(path).expect("it opens").is_ok(), "{}", path.display());
        for item in Segment::open(path).expect("a segment").items() {
            let Item::Record(record) = item else { panic!("damage in {}", path.display()) };
            records.push((record.head, record.bytes.to_vec()));
        }
    }
    let times = records.iter().filter(|(head, _)| head.kind.class() <= 4).map(|(head, _)| head.taken_ns);
    assert!(times.is_sorted(), "taken_ns runs back");
    records
}

/// The bodies of a kind, each with its head.
fn bodies<B: Body>(records: &[(Head, Vec<u8>)]) -> Vec<(Head, B)> {
    records.iter().filter_map(|(_, bytes)| Some((head_of(bytes)?, body_of(bytes)?))).collect()
}
