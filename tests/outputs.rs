//! What commands and pages print: one of a thing is not many, and every key of `--json` is in `tools/README.md`.

mod support;

use fathom::live::{Seen, status};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use support::config;

const JOURNAL: &str = env!("CARGO_BIN_EXE_journal");
const REPLAY: &str = env!("CARGO_BIN_EXE_replay");
const FATHOM: &str = env!("CARGO_BIN_EXE_fathom");
const SPOT: &str = "configs/binance-btc-usdt.toml";

/// Standard output and standard error of a command, whatever came of it.
fn told(program: &str, arguments: &[&str]) -> String {
    let Output { stdout, stderr, .. } = Command::new(program)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr))
}

fn json(program: &str, arguments: &[&str]) -> Value {
    let text = told(program, &[arguments, &["--json"]].concat());
    let line = text.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{arguments:?}: {text}"))).expect("JSON")
}

/// A sample with its journal in a folder, and paths in it.
struct Desk(tempfile::TempDir);

impl Desk {
    fn with_sample(frames: &str) -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        told(JOURNAL, &["sample", &desk.at(""), "--frames", frames]);
        desk
    }

    fn at(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a plain path").to_owned()
    }

    /// The sample's journal with one bit of its middle flipped.
    fn damaged(&self) -> String {
        let mut bytes = std::fs::read(self.at("journal.bin")).expect("a journal");
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(self.at("damaged.bin"), bytes).expect("a file");
        self.at("damaged.bin")
    }
}

/// Every `1 things` in a text, line by line. Units of time and verbs are none.
fn many_of_one(text: &str) -> Vec<String> {
    text.lines().flat_map(many_of_one_in_line).collect()
}

fn many_of_one_in_line(line: &str) -> Vec<String> {
    let words: Vec<_> = line.split_whitespace().map(|word| word.trim_start_matches('(')).collect();
    let is_many = |word: &str| {
        let word = word.trim_end_matches([',', ';', ':', '.', ')']);
        let is_plain = word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        is_plain && word.ends_with('s') && !["was", "has", "ticks"].contains(&word)
    };
    words.windows(2).filter(|pair| pair[0] == "1" && is_many(pair[1])).map(|pair| pair.join(" ")).collect()
}

/// The text of a page: what stands in one element does not go on in the next.
fn text_of(page: &str) -> String {
    let mut text = String::new();
    let shown = page.split("<script").next().unwrap_or_default();
    for part in shown.split('<') {
        text.push_str(" | ");
        text.push_str(part.split_once('>').map_or(part, |(_, rest)| rest));
    }
    text
}

#[test]
fn what_is_many_of_one_is_found() {
    assert_eq!(
        many_of_one("1 gaps, 21 gaps (1 files); 1; turns, 1 ms, 1 gap, 0.1 files 1\nfiles"),
        ["1 gaps,", "1 files);"]
    );
    assert_eq!(text_of("<p>1</p><td class=\"x\">files</td><script>1 files</script>"), " |  | 1 |  | files | ");
}

/// One file, one run, one damaged place; one frame.
#[test]
fn one_is_not_many() {
    for frames in ["1", "2", "600"] {
        let desk = Desk::with_sample(frames);
        let (whole, damaged) = (desk.at("journal.bin"), desk.damaged());
        let mut all = vec![told(JOURNAL, &["sample", &desk.at(""), "--frames", frames])];
        for file in [&whole, &damaged] {
            for command in ["info", "verify", "gaps"] {
                all.push(told(JOURNAL, &[command, file]));
            }
            all.push(told(REPLAY, &[file]));
            for (command, flag) in [("report", "--out"), ("latency", "--html")] {
                let page = desk.at(&format!("{command}.html"));
                all.push(told(JOURNAL, &[command, file, flag, &page]));
                all.push(text_of(&std::fs::read_to_string(&page).expect("a page")));
            }
        }
        all.push(told(JOURNAL, &["recover", &damaged, "--out", &desk.at("clean.bin")]));
        for command in ["info", "verify", "gaps", "seal"] {
            all.push(told(JOURNAL, &[command, &desk.at("clean.bin")]));
        }
        for text in all {
            assert_eq!(many_of_one(&text), [""; 0], "{text}");
        }
    }
}

/// On a narrow screen tables and plots scroll in boxes of their own.
#[test]
fn what_is_wide_on_a_page_lies_in_a_box() {
    let desk = Desk::with_sample("600");
    for (command, flag) in [("report", "--out"), ("latency", "--html")] {
        let page = desk.at("page.html");
        told(JOURNAL, &[command, &desk.damaged(), flag, &page]);
        let page = std::fs::read_to_string(&page).expect("a page");
        let mut found = 0;
        for wide in ["<table", "<svg class=\"plot\"", "<svg class=\"curves\"", "<svg class=\"rungs\""] {
            for (at, _) in page.match_indices(wide) {
                assert!(page[..at].ends_with("<div class=\"wide\">"), "{command}: {}", &page[at..at + 200]);
                found += 1;
            }
        }
        assert!(found > 3, "{command}: {found} tables and plots");
        std::fs::remove_file(desk.at("page.html")).expect("a page");
    }
}

/// Keys whose values are tables by kind of record, code, axis, or key of the configuration.
const TABLES: [&str; 4] = ["kinds", "feed", "regimes", "keys"];

fn note_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                keys.insert(key.clone());
                if !TABLES.contains(&key.as_str()) {
                    note_keys(value, keys);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| note_keys(value, keys)),
        _ => {}
    }
}

/// The state of a run with a leader, in which everything is known.
fn state() -> Value {
    let loaded = config("binance-btc-usdt.toml", &[]);
    let mut seen = Seen { quote: Some((1, 2)), ..Seen::default() };
    for (market, row) in seen.markets.iter_mut().zip(loaded.config.markets()) {
        (market.row, market.touch) = (Some(*row), Some((1, 2)));
    }
    seen.touch = seen.markets[0].touch;
    let state = status(&seen);
    assert!(state["leaders"].as_array().is_some_and(|leaders| !leaders.is_empty()), "{state}");
    state
}

#[test]
fn every_key_is_described() {
    let desk = Desk::with_sample("600");
    let (whole, damaged, clean) = (desk.at("journal.bin"), desk.damaged(), desk.at("clean.bin"));
    let (recording, page, days) = (desk.at("recording.cbcap"), desk.at("page.html"), desk.at("days"));
    let mut all = vec![("fathom ctl", state())];
    all.push(("journal sample", json(JOURNAL, &["sample", &desk.at(""), "--frames", "600"])));
    all.push(("journal recover", json(JOURNAL, &["recover", &damaged, "--out", &clean])));
    for file in [&whole, &damaged, &clean] {
        for command in ["info", "verify", "gaps"] {
            all.push((command, json(JOURNAL, &[command, file])));
        }
        all.push(("journal report", json(JOURNAL, &["report", file, "--out", &page])));
        all.push(("replay", json(REPLAY, &[file])));
    }
    all.push(("journal info of two", json(JOURNAL, &["info", &whole, &damaged])));
    all.push(("journal latency", json(JOURNAL, &["latency", &whole, "--rerun", "--day", &days])));
    let imported = ["import", &recording, "--config", "configs/kraken-btc-eur.toml", "--out", &desk.at("imported.bin")];
    all.push(("journal import", json(JOURNAL, &imported)));
    all.push(("journal seal", json(JOURNAL, &["seal", &clean])));
    all.push(("journal info of a compressed one", json(JOURNAL, &["info", &desk.at("clean.bin.zst")])));
    all.push(("fathom gate", json(FATHOM, &["gate", "data", &whole])));
    all.push(("fathom check", json(FATHOM, &["check", SPOT])));
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/README.md");
    let readme = std::fs::read_to_string(readme).expect("a description");
    for (command, value) in all {
        let mut keys = BTreeSet::new();
        note_keys(&value, &mut keys);
        assert!(keys.len() > 2, "{command}: {value}");
        let missing: Vec<_> = keys.iter().filter(|key| !readme.contains(&format!("`{key}`"))).collect();
        assert!(missing.is_empty(), "{command} prints keys that tools/README.md does not have: {missing:?}");
    }
}
