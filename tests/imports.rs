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
