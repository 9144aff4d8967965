//! The fuzz targets on stable: every corpus file, then mutations of them from fixed seeds.
//!
//! `tests/fuzz/README.md` tells how to run more of them, one of them, or libFuzzer.

#[path = "fuzz/targets/mod.rs"]
mod targets;

#[path = "fuzz/mutate.rs"]
mod mutate;

#[path = "fuzz/seeds.rs"]
mod seeds;

use hotpath::record::{Feed, GapClose, GapOpen, Head, Kind, Request, SCHEMA, action, body_of, feed, flag};
use hotpath::trust::{Cause, cause_name};
use mutate::mutated;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use targets::{TARGETS, Target};

const SEED: &str = "FATHOM_FUZZ_SEED";
const ROUNDS: &str = "FATHOM_FUZZ_ROUNDS";

/// What no run of the harness may hold: a halt, and the structure of files.
const NEVER: [Kind; 3] = [Kind::HALT, Kind::INDEX, Kind::LEFT_OUT];

fn corpus_folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target)
}

/// The files of a corpus in the order of their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpus_folder(target)).expect("a corpus folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{target} has no corpus");
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).expect("a corpus file"))).collect()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is {text:?}; wanted: a whole number")))
}

/// Says what failed, and how to see it again, when the test ends in a panic.
struct Witness<'a> {
    target: &'a str,
    origin: String,
    command: String,
    input: &'a [u8],
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("fuzz-{}", self.target));
        let kept = fs::write(&path, self.input).map_or_else(|error| error.to_string(), |()| path.display().to_string());
        eprintln!("fuzz target {} failed on {}; the input: {kept}", self.target, self.origin);
        eprintln!("again: {}", self.command);
    }
}

/// The corpus, then one mutation for each seed: from 0 up to `rounds`, or what the environment says.
fn fuzz(name: &str, rounds: u64) {
    let (_, target): (_, Target) = *TARGETS.iter().find(|(known, _)| *known == name).expect("a known target");
    let corpus = corpus(name);
    let (seed, count) = (number(SEED), number(ROUNDS));
    let witness = |origin: String, variables: &str, input: &[u8]| {
        let command = format!("{variables}cargo test --test fuzz -- --exact {name}");
        let _witness = Witness { target: name, origin, command, input };
        target(input);
    };
    if seed.is_none() {
        for (file, bytes) in &corpus {
            witness(format!("the corpus file {file}"), "", bytes);
        }
    }
    let first = seed.unwrap_or(0);
    let count = count.unwrap_or(if seed.is_some() { 1 } else { rounds });
    let parents: Vec<_> = corpus.into_iter().map(|(_, bytes)| bytes).collect();
    for seed in first..first.saturating_add(count) {
        let input = mutated(&parents, seed);
        witness(format!("seed {seed}"), &format!("{SEED}={seed} "), &input);
    }
}

#[test]
fn binance() {
    fuzz("binance", 30_000);
}

#[test]
fn cbcap() {
    fuzz("cbcap", 50_000);
}

#[test]
fn checkpoint() {
    fuzz("checkpoint", 10_000);
}

#[test]
fn collector() {
    fuzz("collector", 50_000);
}

#[test]
fn config() {
    fuzz("config", 2_000);
}

#[test]
fn cryptofeed() {
    fuzz("cryptofeed", 50_000);
}

#[test]
fn decimal() {
    fuzz("decimal", 200_000);
}

#[test]
fn engine() {
    fuzz("engine", 600);
}

#[test]
fn journal() {
    fuzz("journal", 10_000);
}

#[test]
fn kraken() {
    fuzz("kraken", 30_000);
}

#[test]
fn kraken_v1() {
    fuzz("kraken_v1", 30_000);
}

#[test]
fn time() {
    fuzz("time", 100_000);
}

#[test]
fn websocket() {
    fuzz("websocket", 60_000);
}

#[test]
fn every_corpus_belongs_to_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let names = fs::read_dir(folder).expect("the corpus").map(|entry| entry.expect("an entry").file_name());
    for name in names {
        assert!(TARGETS.iter().any(|(known, _)| name == *known), "{} is no target", name.display());
    }
}

/// A seed that its parser refuses at the first byte exercises nothing.
#[test]
fn binary_seeds_are_of_this_format() {
    let write = std::env::var_os("FATHOM_FUZZ_WRITE").is_some();
    for seed in seeds::all() {
        let path = corpus_folder(seed.target).join(seed.name);
        if write {
            fs::write(&path, &seed.bytes).expect("a corpus file");
        }
        let held = fs::read(&path).unwrap_or_default();
        let told =
            "write it anew: FATHOM_FUZZ_WRITE=1 cargo test --test fuzz -- --exact binary_seeds_are_of_this_format";
        assert!((seed.is_accepted)(&held), "{} is of another version; {told}", path.display());
    }
}

/// A run that never quotes, or whose book is never lost and found, proves little.
#[test]
fn the_engines_corpus_reaches_every_kind_of_decision() {
    let tapes: Vec<_> = corpus("engine").iter().map(|(_, bytes)| targets::played(bytes)).collect();
    let heads: Vec<_> = tapes.iter().flat_map(|tape| tape.records().map(|(_, head, _)| head)).collect();
    for row in SCHEMA.iter().filter(|row| !NEVER.contains(&row.kind)) {
        assert!(heads.iter().any(|head| head.kind == row.kind), "no {} in the corpus", row.name);
    }
    assert!(heads.iter().any(|head| head.kind == Kind::FRAME && head.has(flag::CONTINUES)), "no long frame");
    let is_later = |head: &Head| head.seq > 0 && head.has(flag::OPENING) && !head.has(flag::TWIN);
    assert!(heads.iter().any(is_later), "no second segment");
    let is_between = |head: &Head| head.kind == Kind::CHECKPOINT && !head.has(flag::OPENING);
    assert!(heads.iter().any(is_between), "no checkpoint inside a segment");
    let records = || tapes.iter().flat_map(|tape| tape.records().map(|(_, _, record)| record));
    let asked: BTreeSet<_> = records().filter_map(body_of::<Request>).map(|body| body.action).collect();
    let told: BTreeSet<_> = records().filter_map(body_of::<Feed>).map(|body| body.code).collect();
    let lost: BTreeSet<_> = records().filter_map(body_of::<GapOpen>).map(|body| body.cause).collect();
    let found: BTreeSet<_> = records().filter_map(body_of::<GapClose>).map(|body| body.cause).collect();
    let known = |name: fn(u16) -> Option<&'static str>| (1..100).filter(move |code| name(*code).is_some());
    assert_eq!(asked, known(action::name).collect(), "actions in the corpus");
    assert_eq!(told, known(feed::name).collect(), "feed codes in the corpus");
    let causes: BTreeSet<_> = (1..100).filter(|cause| cause_name(*cause) != "unknown").collect();
    assert_eq!(lost, causes, "causes of gaps in the corpus");
    for cause in [Cause::Sequence, Cause::Touch] {
        assert!(found.contains(&(cause as u16)), "no gap of {cause:?} closes in the corpus");
    }
}
