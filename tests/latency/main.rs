//! Figures of latency are those of the records: known delays come out where they were put, percentiles are those of the
//! sorted values, and a journal in any state gives figures or a sentence.

mod counted;
mod days;
#[path = "../support/mutated.rs"]
mod mutated;
mod page;
mod rerun;
mod session;
#[path = "../support/mod.rs"]
mod support;
#[path = "../report/xml.rs"]
mod xml;

use counted::counted;
use fathom::latency::{Latency, csv, print};
use serde_json::Value;
use session::{START_UTC_NS, Way, session};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::{config, imported_bytes, recording, synthetic};

const EUR: &str = "kraken-btc-eur.toml";
const STAGES: [&str; 5] =
    ["kernel_to_read", "read_to_taken", "taken_to_decided", "decided_to_pushed", "pushed_to_committed"];
const SHARES: [(&str, u64); 6] = [
    ("p50_ns", 5_000),
    ("p90_ns", 9_000),
    ("p95_ns", 9_500),
    ("p99_ns", 9_900),
    ("p999_ns", 9_990),
    ("p9999_ns", 9_999),
];

fn latency(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_journal")).arg("latency").args(arguments).output().expect("the program runs")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

fn figures(path: &Path) -> (Value, Option<i32>) {
    let Output { status, stdout, stderr } = latency(&["--json", text(path)]);
    let figures = serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr)));
    (figures, status.code())
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("one").path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "bin"));
    files.sort();
    files
}

fn row<'a>(figures: &'a Value, connection: u16, split: &str, level: &str, stage: &str) -> &'a Value {
    let rows = figures["latency"].as_array().expect("rows");
    let is = |row: &&Value| {
        row["connection"] == connection && row["split"] == split && row["level"] == level && row["stage"] == stage
    };
    rows.iter().find(is).unwrap_or(&Value::Null)
}

/// Every row is what sorting its values says, and there is a row for all that has a value.
#[track_caller]
fn assert_counted(figures: &Value, files: &[PathBuf], day: Option<u64>) {
    let wanted = counted(files, day);
    assert_eq!(figures["latency"].as_array().expect("rows").len(), wanted.len());
    for ((connection, split, level, stage), values) in wanted {
        let row = row(figures, connection, &split, &level, &stage);
        let what = format!("{connection} {split} {level} {stage}");
        let ends = [values[0], values[values.len() - 1], values.len() as u64];
        assert_eq!(["min_ns", "max_ns", "count"].map(|name| row[name].as_u64()), ends.map(Some), "{what}");
        for (name, share) in SHARES {
            let exact = values[((values.len() as u64 * share).div_ceil(10_000).max(1) - 1) as usize];
            let is_told = values.len() as u64 * (10_000 - share) >= 100_000;
            assert_eq!(row[name].is_null(), !is_told, "{what}: {name} of {}", values.len());
            if let Some(found) = row[name].as_u64() {
                assert!((exact..=exact + exact / 1_000 + 1).contains(&found), "{what}: {name} {found} for {exact}");
            }
        }
    }
}

const PLAIN: Way = Way {
    connection: 0,
    gap_ns: 1_000_000,
    kernel_ns: Some(30_000),
    read_ns: 5_000,
    decided_ns: 7_000,
    pushed_ns: 1_100,
    committed_ns: 13_000,
    is_told: true,
};

#[test]
fn a_delay_comes_out_in_its_stage_and_in_the_total_and_nowhere_else() {
    const DELAY_NS: u32 = 900_000;
    let late = |stage: usize| match stage {
        0 => Way { kernel_ns: Some(30_000 + i64::from(DELAY_NS)), ..PLAIN },
        1 => Way { read_ns: 5_000 + u64::from(DELAY_NS), ..PLAIN },
        2 => Way { decided_ns: 7_000 + DELAY_NS, ..PLAIN },
        3 => Way { pushed_ns: 1_100 + DELAY_NS, ..PLAIN },
        _ => Way { committed_ns: 13_000 + DELAY_NS, ..PLAIN },
    };
    for (stage, delayed) in STAGES.into_iter().enumerate() {
        let ways: Vec<_> = (0..200).map(|number| if number % 4 == 0 { late(stage) } else { PLAIN }).collect();
        let folder = tempfile::tempdir().expect("a folder");
        session(folder.path(), EUR, &[], &ways);
        let (figures, code) = figures(folder.path());
        assert_eq!(code, Some(0));
        let least = [30_000, 5_000, 7_000, 1_100, 13_000];
        for (place, name) in STAGES.into_iter().enumerate() {
            let row = row(&figures, 0, "all", "all", name);
            let delay_ns = if place == stage { u64::from(DELAY_NS) } else { 0 };
            let ends = ["count", "min_ns", "max_ns"].map(|end| row[end].as_u64());
            assert_eq!(ends, [200, least[place], least[place] + delay_ns].map(Some), "{name}, {delayed} delayed");
        }
        let total = row(&figures, 0, "all", "all", "total");
        let sum: u64 = least.iter().sum();
        assert_eq!(["min_ns", "max_ns"].map(|end| total[end].as_u64()), [sum, sum + u64::from(DELAY_NS)].map(Some));
    }
}

/// The same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Ways of any kind: bursts and silences, with and without a stamp of the kernel, of two connections, told of or not.
fn ways(count: usize) -> Vec<Way> {
    let mut dice = Dice(5);
    let way = |number: usize| Way {
        connection: u16::from(dice.below(10) == 0),
        gap_ns: 1_000_000 + if number % 900 < 300 { dice.below(500_000) } else { dice.below(9_000_000) },
        kernel_ns: (dice.below(5) > 0).then(|| dice.below(400_000) as i64),
        read_ns: dice.below(90_000),
        decided_ns: dice.below(50_000) as u32,
        pushed_ns: dice.below(9_000) as u32,
        committed_ns: if dice.below(400) == 0 { u32::MAX } else { dice.below(1 << 31) as u32 },
        is_told: dice.below(20) > 0,
    };
    (0..count).map(way).collect()
}

/// The same with a silence in which the book is not trusted any more, over midnight.
fn silent(count: usize) -> Vec<Way> {
    let mut ways = ways(count);
    ways[count / 2].gap_ns = 30_000_000_000;
    ways
}

const REGIMES: [&str; 7] = [
    "regime.active_per_s=150",
    "regime.active_exit_per_s=120",
    "regime.burst_per_s=250",
    "regime.burst_exit_per_s=200",
    "regime.volatile_ticks=3",
    "regime.volatile_exit_ticks=2",
    "regime.dwell_ms=300",
];
const LED: &str = "kraken-btc-eur-led.toml";

#[test]
fn percentiles_are_those_of_the_sorted_values_by_connection_regime_and_hour() {
    let folder = tempfile::tempdir().expect("a folder");
    let ways = ways(12_000);
    session(folder.path(), LED, &REGIMES, &ways);
    let files = segments(folder.path());
    assert_eq!(files.len(), 2, "a segment ends at midnight");
    let (figures, code) = figures(folder.path());
    assert_eq!(code, Some(0));
    assert_counted(&figures, &files, None);
    for level in [("activity", "burst"), ("volatility", "volatile"), ("hour", "23"), ("hour", "00")] {
        assert!(row(&figures, 0, level.0, level.1, "total")["count"].as_u64() > Some(100), "{level:?}");
    }
    assert!(row(&figures, 0, "all", "all", "total")["p999_ns"].is_u64());
    assert!(row(&figures, 1, "all", "all", "total")["p99_ns"].is_u64());
    let messages = &figures["coverage"]["messages"];
    let told = ways.iter().filter(|way| way.is_told).count();
    let too_long = ways.iter().filter(|way| way.is_told && way.committed_ns == u32::MAX).count();
    let stamped = ways.iter().filter(|way| way.kernel_ns.is_some()).count();
    let wanted = [12_000, told, too_long, stamped, 12_000 / 50];
    let names = ["messages", "stamped", "too_long", "kernel_stamped", "other_frames"];
    assert_eq!(names.map(|name| messages[name].as_u64()), wanted.map(|count| Some(count as u64)));
    assert_eq!(figures["coverage"]["unstamped"], 12_000 - told);
    assert!(messages["lost"].as_u64() > Some(0));
}

/// What the run itself noted, over a socket and TLS, by its own clock.
#[test]
fn figures_of_a_live_run_are_those_of_its_records() {
    let folder = tempfile::tempdir().expect("a folder");
    let demo = Command::new(env!("CARGO_BIN_EXE_fathom"))
        .args(["demo", "--seconds", "4", "--out", text(folder.path()), "--json"])
        .output()
        .expect("the program runs");
    assert_eq!(demo.status.code(), Some(0), "{}", String::from_utf8_lossy(&demo.stderr));
    let demo: Value = serde_json::from_slice(&demo.stdout).expect("JSON");
    let runs = folder.path().join("journal");
    let (figures, code) = figures(&runs);
    assert_eq!(code, Some(0));
    assert_counted(&figures, &segments(&runs), None);
    let messages = &figures["coverage"]["messages"];
    let frames = messages["messages"].as_u64().zip(messages["other_frames"].as_u64()).map(|(one, other)| one + other);
    assert_eq!(frames, demo["frames"].as_u64());
    let told = row(&figures, 0, "all", "all", "total")["count"].as_u64();
    assert!(told > Some(100), "most turns are told of: {told:?}");
}

#[test]
fn coverage_is_what_other_commands_say() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), EUR, &[], &silent(3_000));
    let (figures, _) = figures(folder.path());
    let gaps = Command::new(env!("CARGO_BIN_EXE_journal")).args(["gaps", "--json", text(folder.path())]).output();
    let gaps: Value = serde_json::from_slice(&gaps.expect("the program runs").stdout).expect("JSON");
    let (market, uptime) = (&figures["coverage"]["markets"][0], &gaps["uptime"][0]);
    for name in ["instrument", "symbol", "span_ns", "trusted_ns", "share"] {
        assert_eq!(market[name], uptime[name], "{name}");
    }
    let listed = gaps["gaps"].as_array().expect("gaps");
    assert!(!listed.is_empty());
    assert_eq!(market["gaps"], listed.len());
    for (found, wanted) in figures["gaps"].as_array().expect("gaps").iter().zip(listed) {
        for name in ["instrument", "cause", "opened_utc_ns", "duration_ns"] {
            assert_eq!(found[name], wanted[name], "{name}");
        }
    }
    assert!(figures["coverage"]["first_utc_ns"].as_u64() > Some(START_UTC_NS));
}

#[test]
fn a_stamp_of_the_kernel_behind_the_read_is_no_wait_and_far_behind_it_not_believed() {
    let folder = tempfile::tempdir().expect("a folder");
    let ahead = Way { kernel_ns: Some(-400), ..PLAIN };
    let stepped = Way { kernel_ns: Some(-3_000_000_000), ..PLAIN };
    session(folder.path(), EUR, &[], &[PLAIN, ahead, stepped]);
    let (figures, _) = figures(folder.path());
    let kernel = row(&figures, 0, "all", "all", "kernel_to_read");
    assert_eq!(["count", "min_ns", "max_ns"].map(|name| kernel[name].as_u64()), [2, 0, 30_000].map(Some));
    let messages = &figures["coverage"]["messages"];
    let names = ["kernel_stamped", "kernel_ahead", "kernel_refused"];
    assert_eq!(names.map(|name| messages[name].as_u64()), [2, 1, 1].map(Some));
    assert_eq!(row(&figures, 0, "all", "all", "total")["min_ns"], 26_100);
}

#[test]
fn a_journal_without_stamps_says_so_and_has_delays_from_the_exchange() {
    let loaded = config(EUR, &[]);
    let (_folder, imported) = imported_bytes(&synthetic(3, 3_000, &loaded), &loaded);
    let path = &imported.segments[0];
    let Output { status, stdout, stderr } = latency(&["--json", text(path)]);
    assert_eq!(status.code(), Some(0));
    assert!(String::from_utf8_lossy(&stderr).contains("it holds no STAMPS"), "{stderr:?}");
    let figures: Value = serde_json::from_slice(&stdout).expect("JSON");
    assert_counted_delays(&figures, &imported.segments);
}

#[test]
fn recordings_of_the_exchange_have_the_delays_of_their_records() {
    for (name, depth) in [("kraken_btcusd_sample", "25"), ("kraken_btcusd_l2", "10")] {
        let Some(path) = recording(&format!("kraken-v2/{name}.cbcap")) else { return };
        let loaded = config("kraken-btc-usd.toml", &[&format!("venue.depth={depth}")]);
        let (_folder, imported) = imported_bytes(&std::fs::read(&path).expect("a recording"), &loaded);
        let (figures, code) = figures(&imported.segments[0]);
        assert_eq!(code, Some(0));
        assert_counted_delays(&figures, &imported.segments);
        assert_eq!(figures["coverage"]["messages"]["messages"], imported.frames);
    }
}

/// Of an import only delays from the exchange are told.
fn assert_counted_delays(figures: &Value, files: &[PathBuf]) {
    let wanted = counted(files, None).into_iter().filter(|((.., stage), _)| stage == "exchange_to_host");
    let mut rows = 0;
    for ((connection, split, level, stage), values) in wanted {
        let row = row(figures, connection, &split, &level, &stage);
        assert_eq!(
            (row["count"].as_u64(), row["max_ns"].as_u64()),
            (Some(values.len() as u64), values.last().copied())
        );
        rows += 1;
    }
    assert!(rows > 3);
    assert_eq!(figures["latency"].as_array().expect("rows").len(), rows);
}

#[test]
fn a_journal_in_any_state_gives_figures_or_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), EUR, &[], &ways(2_000));
    let (path, said) =
        (segments(folder.path()).remove(0), |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned());
    let whole = std::fs::read(&path).expect("a journal");
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    // Cut in the middle: what a crash leaves is no damage.
    let output = latency(&[text(&put("cut", &whole[..whole.len() / 2 / 64 * 64]))]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let mut broken = whole.clone();
    broken[whole.len() / 2] ^= 1;
    let output = latency(&[text(&put("broken", &broken))]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("1 damaged place,") && !output.stdout.is_empty(), "{}", said(&output));
    for (name, bytes, words) in [
        ("foreign", &b"CBCAP1 kraken BTC/EUR 1"[..], "foreign"),
        ("nothing", b"", "nothing"),
        ("head", &whole[..256], "no whole record"),
    ] {
        let output = latency(&[text(&put(name, bytes))]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{name}: {}", said(&output));
        assert!(said(&output).contains(words) && said(&output).lines().count() == 1, "{name}: {}", said(&output));
    }
    let output = latency(&[text(&path), text(&path)]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("the same segment"), "{}", said(&output));
}

/// Journals whose records are whole and whose fields are anything: no arithmetic may trust them.
#[test]
fn any_field_of_any_record_gives_figures() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), LED, &[], &silent(60));
    let path = segments(folder.path()).remove(0);
    let whole = std::fs::read(&path).expect("a journal");
    for seed in 0..25 {
        std::fs::write(&path, mutated::mutated(&whole, seed)).expect("a journal");
        let latency = Latency::of(std::slice::from_ref(&path), Some(0)).expect("figures");
        let days = latency.days().filter(|figures| csv::csv(figures).starts_with(csv::MARK)).count();
        let figures = latency.whole();
        print(&figures, &mut std::io::sink()).expect("a table");
        let page = fathom::latency::page::page(&latency, &figures, None);
        assert!(page.ends_with("</html>\n"), "{seed}");
        assert_eq!(days, latency.days().count(), "{seed}");
    }
}
