//! A folder in which a run goes on: what it has closed is shown, judged and sealed, what it holds is left out with a word.

mod support;

use fathom::memory::Memory;
use fathom::run::JournalDiary;
use hotpath::venue::kraken::Kraken;
use journal::{Place, Run, Settings, Writer};
use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{config, imported_bytes, synthetic};

/// The closed segments of a run.
fn session() -> (tempfile::TempDir, Vec<PathBuf>) {
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=65536"]);
    let (folder, imported) = imported_bytes(&synthetic(21, 600, &loaded), &loaded);
    (folder, imported.segments)
}

fn named(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number:06}.bin"))
}

/// A run that goes on in a folder: the segment that it fills, and the one that it made ahead.
fn going_on(folder: &Path, next: usize) -> (JournalDiary, File) {
    let segment = u32::try_from(next).expect("a few segments");
    let run = Run { run_id: 5, salt: 6, created_utc_ns: 0, markets: 1, origin: 0, segment, first_seq: 0 };
    let place = Place::Folder(folder.to_owned());
    let mut diary = JournalDiary(Writer::create(Settings { place, run, capacity_bytes: 1 << 24 }).expect("a journal"));
    let loaded = config("kraken-btc-eur.toml", &[]);
    let mut memory = Memory::new();
    memory.start(Kraken, &loaded.config).expect("a start").open(0, &mut diary).expect("an opening");
    let ahead = File::create(named(folder, next + 1)).expect("a file");
    ahead.set_len(1 << 20).and_then(|()| Ok(ahead.try_lock()?)).expect("a file of our own");
    (diary, ahead)
}

/// Lines that say that both are left out.
fn held_lines(err: &str, folder: &Path, next: usize) -> usize {
    let [held, ahead] = [next, next + 1].map(|number| named(folder, number).display().to_string());
    let told = format!("journal: {held} and {ahead}: a writer still holds them, so they are left out");
    err.lines().filter(|line| *line == told || *line == told.replace("journal: ", "fathom: ")).count()
}

/// Closed segments are sealed, and the rest is told; recovering waits for the end, and makes nothing before.
#[test]
fn a_live_folder_is_sealed_as_far_as_it_is_closed_and_not_recovered() {
    let (_folder, files) = session();
    let folder = files[0].parent().expect("a folder");
    let next = files.len();
    let live = going_on(folder, next);
    let told = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_journal")).args(arguments).output().expect("the program runs");
        let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).expect("text"));
        (output.status.code(), out, err)
    };
    let (here, clean) = (folder.to_str().expect("a plain path"), folder.join("clean"));
    let (code, out, err) = told(&["recover", here, "--out", clean.to_str().expect("a plain path")]);
    assert!(
        code == Some(2) && out.is_empty() && err.contains(&format!("{next:06}.bin: a writer still holds it, so")),
        "{err}"
    );
    assert!(!clean.exists(), "nothing is made");
    let (code, out, err) = told(&["seal", here, "--level", "1"]);
    assert_eq!((code, out.lines().count(), held_lines(&err, folder, next)), (Some(0), files.len(), 1), "{err}");
    for file in &files {
        std::fs::remove_file(file.with_added_extension("zst")).expect("it is sealed");
    }
    let (code, out, err) = told(&["seal", here]);
    assert_eq!((code, out.len(), held_lines(&err, folder, next)), (Some(0), 0, 1), "{err}");
    let (code, _, err) = told(&["verify", here]);
    let now = [format!("`journal cat --follow {here}`"), format!("`fathom ctl status --out {here}`")];
    assert!(code == Some(2) && now.iter().all(|command| err.contains(command)), "{err}");
    drop(live);
    assert_eq!(told(&["recover", here, "--out", clean.to_str().expect("a plain path")]).0, Some(0));
}

/// A run goes on in a folder: what it has closed is shown and judged, what it holds is left out, with a word.
#[test]
fn of_a_live_folder_the_closed_segments_are_read() {
    let (_folder, files) = session();
    let folder = files[0].parent().expect("a folder");
    let here = folder.to_str().expect("a plain path");
    let page = folder.join("page.html");
    let page = page.to_str().expect("a plain path");
    let (journal, fathom) = (env!("CARGO_BIN_EXE_journal"), env!("CARGO_BIN_EXE_fathom"));
    let commands = [
        (journal, vec!["info", here, "--json"]),
        (journal, vec!["gaps", here, "--json"]),
        (journal, vec!["verify", here, "--json"]),
        (journal, vec!["cat", here, "--json"]),
        (journal, vec!["report", here, "--json", "--out", page]),
        (fathom, vec!["gate", "data", here, "--json"]),
        (fathom, vec!["gate", "capture", here, "--json"]),
    ];
    let told = |(program, arguments): &(&str, Vec<&str>)| {
        let output = Command::new(program).args(arguments).output().expect("the program runs");
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).expect("text"))
    };
    let before: Vec<_> = commands.iter().map(told).collect();
    let next = files.len();
    let _live = going_on(folder, next);
    for (command, (code, out, err)) in commands.iter().zip(before) {
        assert!(!out.is_empty(), "{command:?}: {err}");
        let (now_code, mut now_out, now_err) = told(command);
        if command.0 == fathom {
            // A gate says that it judged not all: its verdict is none of what is written now.
            let mut table: Value = serde_json::from_slice(&now_out).expect("JSON");
            let row = table["checks"].as_array_mut().and_then(Vec::pop).expect("a row");
            assert_eq!((&row["name"], &row["holds"]), (&"live".into(), &true.into()), "{table}");
            assert_eq!(row["found"], "2 files that a writer still holds, not judged");
            now_out = format!("{table}\n").into_bytes();
        }
        assert!(now_code == code && now_out == out, "{command:?}: {now_err}");
        assert_eq!(held_lines(&now_err, folder, next), 1, "{now_err}");
    }
    let held = named(folder, next);
    let (code, _, err) = told(&(journal, vec!["verify", held.to_str().expect("a plain path")]));
    assert!(code == Some(2) && err.contains("a writer still holds it"), "named, it is refused: {err}");
}
