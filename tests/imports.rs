//! What `journal import` says of recordings that are not what they are given for: nothing of no use ends with exit code 0.

#[path = "support/chained.rs"]
mod chained;
mod support;

use chained::{Faults, Section, recorded};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const BINANCE: &str = "configs/binance-btc-usdt.toml";

/// The recordings of the spot market and of the perpetual.
struct Desk {
    folder: TempDir,
    spot: PathBuf,
    perp: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, section| {
            let path = folder.path().join(name);
            std::fs::write(&path, recorded(section, 5, 300, Faults::default())).expect("a file");
            path
        };
        let (spot, perp) = (write("spot.txt", Section::Spot), write("perp.txt", Section::Perp));
        Self { folder, spot, perp }
    }

    /// Imports, and returns exit code and standard error.
    fn import(&self, own: &[&Path], leader: Option<&Path>) -> (Option<i32>, String) {
        let out = self.folder.path().join("journal.bin");
        let mut command = Command::new(env!("CARGO_BIN_EXE_journal"));
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg("import")
            .args(own)
            .args(["--config", BINANCE, "--out"])
            .arg(&out);
        if let Some(leader) = leader {
            command.arg("--leader").arg(leader);
        }
        let output = command.output().expect("the program runs");
        if out.is_dir() {
            std::fs::remove_dir_all(out).expect("a folder of an import");
        } else if out.exists() {
            std::fs::remove_file(out).expect("a file of an import");
        }
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    }
}

/// Spot and perpetual were taken for one another, nothing became a book, and all seemed well.
#[test]
fn recordings_in_each_others_place_are_told_by_their_books() {
    let desk = Desk::new();
    let (code, err) = desk.import(&[&desk.spot], Some(&desk.perp));
    assert_eq!((code, err.contains("never trusted")), (Some(0), false), "{err}");
    let (code, err) = desk.import(&[&desk.perp], Some(&desk.spot));
    assert_eq!(code, Some(1), "{err}");
    // What the made-up perpetual sends follows the rules of spot too; what the real one sends does not.
    assert!(err.contains("the book of binance-perp BTCUSDT was never trusted ("), "{err}");
    let real = ["usdm", "spot"].map(|name| support::recording(&format!("binance/{name}_btcusdt_20240808.gz")));
    if let [Some(perp), Some(spot)] = real {
        let (code, err) = desk.import(&[&perp], Some(&spot));
        assert_eq!((code, err.matches("was never trusted (").count()), (Some(1), 2), "{err}");
    }
    // A leader that nobody recorded is none that failed.
    let (code, err) = desk.import(&[&desk.spot], None);
    assert_eq!((code, err.contains("never trusted")), (Some(0), false), "{err}");
}

#[test]
fn a_recording_that_is_given_twice_is_refused() {
    let desk = Desk::new();
    let copy = desk.folder.path().join("copy.txt");
    std::fs::copy(&desk.spot, &copy).expect("a copy");
    // Packed it is the same still.
    let packed = desk.folder.path().join("packed-copy.txt");
    let mut encoder = GzEncoder::new(std::fs::File::create(&packed).expect("a file"), Compression::fast());
    encoder.write_all(&std::fs::read(&desk.spot).expect("a recording")).expect("a copy");
    encoder.finish().expect("a copy");
    let cases = [(&copy, None), (&packed, None), (&desk.spot, Some(&*copy))];
    for (second, leader) in cases {
        let own = if leader.is_some() { vec![&*desk.spot] } else { vec![&*desk.spot, second] };
        let (code, err) = desk.import(&own, leader);
        assert_eq!(code, Some(2), "{err}");
        assert!(err.contains("copy.txt: the same recording as ") && err.contains("spot.txt"), "{err}");
    }
}

/// A copy that was made while the recorder still wrote lacks what came after, and its last line may be cut.
#[test]
fn a_recording_that_is_given_again_without_its_end_is_refused() {
    let desk = Desk::new();
    let text = std::fs::read(&desk.spot).expect("a recording");
    let last = text[..text.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    let short = desk.folder.path().join("short.txt");
    for length in [last, last + 40, text.len() - 1, text.len() / 3] {
        std::fs::write(&short, &text[..length]).expect("a copy");
        for own in [[&*desk.spot, &*short], [&*short, &*desk.spot]] {
            let (code, err) = desk.import(&own, None);
            assert_eq!(code, Some(2), "{length}: {err}");
            assert!(err.contains("the same recording as ") && err.contains("short.txt"), "{err}");
            assert!(err.contains("spot.txt") && err.contains("give the one that goes on longer"), "{err}");
        }
    }
    // Two recordings of one market that go on one after the other are none of one another.
    let (first, second) = (desk.folder.path().join("first.txt"), desk.folder.path().join("second.txt"));
    let half = text[..text.len() / 2].iter().rposition(|byte| *byte == b'\n').expect("lines") + 1;
    std::fs::write(&first, &text[..half]).expect("a file");
    std::fs::write(&second, &text[half..]).expect("a file");
    let (code, err) = desk.import(&[&first, &second], None);
    assert_eq!(code, Some(0), "{err}");
}

/// One stamp far in the future, and everything behind it was taken at that time without a word.
#[test]
fn receive_times_that_run_back_are_counted_and_judged() {
    let desk = Desk::new();
    let text = std::fs::read_to_string(&desk.spot).expect("a recording");
    let moved = |by_ns: u64| {
        let lines: Vec<_> = text.lines().collect();
        let (time, message) = lines[100].split_once(' ').expect("a line");
        let wrong = format!("{} {message}", time.parse::<u64>().expect("a time") + by_ns);
        let lines = lines.iter().enumerate().map(|(at, line)| if at == 100 { wrong.as_str() } else { *line });
        let path = desk.folder.path().join(format!("moved-{by_ns}.txt"));
        std::fs::write(&path, lines.map(|line| format!("{line}\n")).collect::<String>()).expect("a file");
        path
    };
    // A clock that was put right by a second.
    let (code, err) = desk.import(&[&moved(1_000_000_000)], None);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("an earlier receive time") && err.contains("(behind frame 100): the recorder's clock"),
        "{err}"
    );
    // A stamp that is wrong by a year.
    let (code, err) = desk.import(&[&moved(31_536_000_000_000_000)], None);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("(behind frame 100): take the line with the wrong time out"), "{err}");
}

/// A stamp far in the future at the very end: nothing behind it ran back, and it stretched the run over a year without a word.
#[test]
fn last_receive_times_far_ahead_are_told_with_their_line() {
    const YEAR_NS: u64 = 31_536_000_000_000_000;
    let desk = Desk::new();
    let moved = |from: &Path, last: usize, by_ns: u64| {
        let text = std::fs::read_to_string(from).expect("a recording");
        let count = text.lines().count();
        let line = |(at, line): (usize, &str)| {
            let (time, message) = line.split_once(' ').expect("a line");
            let ahead_ns = if at + last < count { 0 } else { by_ns };
            format!("{} {message}\n", time.parse::<u64>().expect("a time") + ahead_ns)
        };
        let path = desk.folder.path().join(format!("ahead-{last}-{by_ns}.txt"));
        std::fs::write(&path, text.lines().enumerate().map(line).collect::<String>()).expect("a file");
        (path, count + 1 - last)
    };
    for (last, by_ns) in [(1, YEAR_NS), (3, YEAR_NS), (1, 3_600_000_000_000)] {
        let (path, line) = moved(&desk.spot, last, by_ns);
        let (code, err) = desk.import(&[&path], None);
        assert_eq!(code, Some(1), "{err}");
        let name = path.file_name().expect("a name").to_str().expect("text");
        assert!(
            err.contains(&format!("{name}, line {line} (byte ")) && err.contains("s ahead of all before it"),
            "{err}"
        );
        assert!(err.contains(&format!("(messages from there to the end: {last})")), "{err}");
        assert!(!err.contains("an earlier receive time"), "{err}");
    }
    // Of a leader, whose last message is then the last of all.
    let (path, line) = moved(&desk.perp, 1, YEAR_NS);
    let (code, err) = desk.import(&[&desk.spot], Some(&path));
    assert_eq!((code, err.matches("ahead of all before it").count()), (Some(1), 1), "{err}");
    assert!(err.contains(&format!(".txt, line {line} (byte ")), "{err}");
    // A recorder that paused for half an hour, or came back and stayed.
    for (last, by_ns) in [(1, 1_800_000_000_000), (50, YEAR_NS)] {
        let (code, err) = desk.import(&[&moved(&desk.spot, last, by_ns).0], None);
        assert_eq!((code, err.contains("ahead of all before it")), (Some(0), false), "{err}");
    }
}

/// Nothing is missing behind a snapshot whose id no update reaches: it is of another time.
#[test]
fn a_snapshot_ahead_of_all_updates_is_told_as_that() {
    let desk = Desk::new();
    let text = std::fs::read_to_string(&desk.spot).expect("a recording");
    let id_of = |line: &str| {
        let rest = line.split_once("{\"lastUpdateId\":").map(|(_, rest)| rest)?;
        rest.split(',').next().expect("a number").parse::<u64>().ok()
    };
    let id = text.lines().find_map(id_of).expect("a snapshot");
    let moved = |id: u64| format!("{{\"lastUpdateId\":{id},");
    std::fs::write(&desk.spot, text.replace(&moved(id), &moved(id + 1_000_000))).expect("a file");
    let out = desk.folder.path().join("ahead.bin");
    let run = |args: &[&str], paths: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_journal"));
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).args(paths).output();
        let output = output.expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let (code, _, err) = run(&["import", "--config", BINANCE, "--out"], &[&out, &desk.spot]);
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("was never trusted (1 snapshot, ") && err.contains("`journal gaps` says what did not fit"),
        "{err}"
    );
    let (code, told, _) = run(&["gaps"], &[&out]);
    assert_eq!(code, Some(0), "{told}");
    let own = format!("which is before the book's own {}: its snapshot is of a later time", id + 1_000_000);
    assert!(told.contains(": sequence at ") && told.contains(&own) && !told.contains("missing"), "{told}");
}

/// The gaps of two markets were summed against the time of one.
#[test]
fn gaps_are_told_of_each_market() {
    let desk = Desk::new();
    let out = desk.folder.path().join("both.bin");
    let lossy = Faults { lost: 30, snapshot_each: 40, ..Faults::default() };
    std::fs::write(&desk.spot, recorded(Section::Spot, 5, 300, lossy)).expect("a file");
    let run = |args: &[&str], paths: &[&Path]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_journal"));
        let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).args(paths).output();
        let output = output.expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let perp = desk.perp.to_str().expect("text");
    run(&["import", "--config", BINANCE, "--leader", perp, "--out"], &[&out, &desk.spot]);
    let told: serde_json::Value = serde_json::from_str(&run(&["gaps", "--json"], &[&out])).expect("JSON");
    let lasted_ns = |market: u64| -> u64 {
        let gaps = told["gaps"].as_array().expect("gaps").iter().filter(|gap| gap["instrument"] == market);
        gaps.map(|gap| gap["duration_ns"].as_u64().expect("a gap that ended")).sum()
    };
    let text = run(&["gaps"], &[&out]);
    let span_s = told["span_ns"].as_u64().expect("time") as f64 / 1e9;
    for (at, row) in told["uptime"].as_array().expect("markets").iter().enumerate() {
        let gap_ns = lasted_ns(at as u64);
        assert_eq!(row["gap_ns"], gap_ns, "market {at}");
        let line = format!("{} gaps of market {at}, {:.6} s of {span_s:.6} s\n", row["gaps"], gap_ns as f64 / 1e9);
        assert!(text.contains(&line), "{line}: {text}");
    }
    let counts: Vec<_> = (0..2).map(|at| told["uptime"][at]["gaps"].as_u64().expect("a count")).collect();
    assert!(counts[0] > 1 && counts[1] == 0, "{counts:?}");
}

/// The perpetual's recording was given as another of spot's: the book was found once, lost, and never found again. Here an
/// update is missing.
#[test]
fn a_book_that_is_lost_for_good_is_told() {
    let desk = Desk::new();
    let (code, err) = desk.import(&[&desk.spot], None);
    assert!(code == Some(0) && !err.contains("at the end"), "{err}");
    let whole = std::fs::read_to_string(&desk.spot).expect("a recording");
    let updates: Vec<_> = whole.lines().filter(|line| line.contains("depthUpdate")).collect();
    let missing = updates[updates.len() - 20];
    let robbed: String = whole.lines().filter(|line| *line != missing).flat_map(|line| [line, "\n"]).collect();
    std::fs::write(&desk.spot, robbed).expect("a file");
    let (code, err) = desk.import(&[&desk.spot], None);
    assert!(code == Some(0) && err.contains("is not trusted at the end") && err.contains("--leader"), "{err}");
}
