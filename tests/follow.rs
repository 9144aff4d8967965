//! `journal cat --follow`: on runs that have ended already it ends by itself and says how; of a run that
//! grows it prints each record while the writer holds the file.

mod support;

use hotpath::lines::{Lines, Place as At};
use hotpath::record::{Close, Line, NO_CONNECTION, NO_INSTRUMENT, Timer, close};
use journal::{Place, Run, Settings, Writer};
use std::io::{BufRead, BufReader, Lines as TextLines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use support::{config, imported_bytes, synthetic};

/// A session whose journal has several segments.
fn session(seed: u64) -> (tempfile::TempDir, Vec<PathBuf>) {
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=131072"]);
    let (folder, imported) = imported_bytes(&synthetic(seed, 1_000, &loaded), &loaded);
    assert!(imported.segments.len() > 2);
    (folder, imported.segments)
}

/// Exit code, standard output and standard error of `journal cat`.
fn cat(path: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_journal")).arg("cat").arg(path).args(arguments).output();
    let output = output.expect("the program runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The same without the index, which is no part of the stream.
fn stream(path: &Path, arguments: &[&str]) -> String {
    let (code, text, _) = cat(path, arguments);
    assert_eq!(code, Some(0));
    text.lines().filter(|line| !line.contains(" INDEX ")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_closed_run_is_printed_and_left() {
    let (_folder, files) = session(41);
    let run = files[0].parent().expect("a folder");
    assert_eq!(cat(&files[0], &["--follow"]), (Some(0), stream(run, &[]), String::new()));
    let last = files.last().expect("a last segment");
    assert_eq!(cat(run, &["--follow"]), (Some(0), stream(last, &[]), String::new()), "a folder from its newest on");
    let quotes = stream(run, &["--kind", "QUOTE", "--kind", "CLOSE"]);
    assert!(quotes.lines().count() > 10);
    assert_eq!(cat(&files[0], &["--follow", "--kind", "QUOTE", "--kind", "CLOSE"]).1, quotes);
    let limited = cat(&files[0], &["--follow", "--limit", "7"]);
    assert_eq!((limited.0, limited.1), (Some(0), cat(run, &["--limit", "7"]).1));
}

/// A segment in the middle knows UTC from its opening checkpoint alone.
#[test]
fn times_are_known_from_the_opening_on() {
    let (_folder, files) = session(41);
    let from = ["--from", "2026-08-01T00:00:01Z", "--kind", "FRAME"];
    let wanted: String = files[1..].iter().map(|file| stream(file, &from)).collect();
    assert!(!wanted.is_empty());
    assert_eq!(cat(&files[1], &[&["--follow"], &from[..]].concat()).1, wanted);
    let late = ["--follow", "--kind", "FRAME", "--to", "2026-08-01T00:00:00Z"];
    assert_eq!(cat(&files[1], &late).1, "");
}

#[test]
fn a_run_that_was_not_closed_is_told_and_the_next_one_followed() {
    let (_folder, files) = session(41);
    let last = files.last().expect("a last segment");
    let bytes = std::fs::read(last).expect("a segment");
    std::fs::write(last, &bytes[..bytes.len() - 64]).expect("a segment without its footer");
    let (code, text, told) = cat(&files[0], &["--follow", "--kind", "CLOSE"]);
    assert_eq!((code, text.lines().count()), (Some(1), 1));
    let place = format!("{}: the writer stopped without closing it, at byte {}", last.display(), bytes.len() - 64);
    assert!(told.contains(&place) && told.contains("recover it"), "{told}");

    let (_other, behind) = session(43);
    let next = journal::segment_path(last.parent().expect("a folder"), files.len() as u32 + 3);
    std::fs::copy(&behind[0], &next).expect("the first segment of another run");
    let bytes = std::fs::read(&next).expect("a segment");
    std::fs::write(&next, &bytes[..bytes.len() - 64]).expect("a segment without its footer");
    let (code, text, told) = cat(&files[0], &["--follow", "--kind", "CLOCK", "--kind", "CLOSE"]);
    assert_eq!((code, text.lines().count()), (Some(1), 3), "clock and end of one run, clock of the other");
    assert!(told.contains(&format!("{}: another run begins here, ", next.display())), "{told}");
}

/// One segment of a run was taken away: what is there is printed, and the exit code says that it is not all.
#[test]
fn a_missing_segment_is_told() {
    let (_folder, files) = session(41);
    std::fs::remove_file(&files[1]).expect("a segment");
    let (code, _, told) = cat(&files[0], &["--follow", "--kind", "CLOSE"]);
    assert_eq!(code, Some(1));
    assert!(told.contains(&format!("{}: begins with seq ", files[2].display())), "{told}");
}

#[test]
fn a_single_file_and_nothing_else_is_followed() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let (_folder, imported) = imported_bytes(&synthetic(41, 300, &loaded), &loaded);
    let file = &imported.segments[0];
    assert_eq!(cat(file, &["--follow"]), (Some(0), stream(file, &[]), String::new()));
    let (code, _, told) = cat(file, &["--follow", "another.bin"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("name one"), "{told}");
}

/// A run that this test writes, and the program that follows it.
struct Live {
    _folder: tempfile::TempDir,
    writer: Writer,
    follower: Child,
    /// None: the pipe is closed.
    printed: Option<TextLines<BufReader<ChildStdout>>>,
}

impl Live {
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let run = Run { run_id: 1, salt: 2, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
        let place = Place::Folder(folder.path().to_owned());
        let writer = Writer::create(Settings { place, run, capacity_bytes: 1 << 28 }).expect("a segment");
        let mut program = Command::new(env!("CARGO_BIN_EXE_journal"));
        program.arg("cat").arg(folder.path()).arg("--follow").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut follower = program.spawn().expect("the program runs");
        let printed = follower.stdout.take().map(|pipe| BufReader::new(pipe).lines());
        Self { _folder: folder, writer, follower, printed }
    }

    fn append(&mut self, push: impl FnOnce(&mut Lines<'_>)) {
        let mut room = [Line::ZERO; 1];
        let mut lines = Lines::new(&mut room);
        lines.begin(self.writer.next_seq(), 1, NO_CONNECTION);
        push(&mut lines);
        self.writer.append_lines(lines.as_lines()).expect("a record");
    }

    fn timer(&mut self, due_ns: u64) {
        self.append(|lines| lines.push(WHOLE, &Timer { due_ns, spare: [0; 2] }).expect("room"));
    }

    /// The next line that the program prints; waits for it.
    fn line(&mut self) -> Option<String> {
        self.printed.as_mut()?.next().map(|line| line.expect("text"))
    }

    fn code(mut self) -> Option<i32> {
        self.follower.wait().expect("the program ends").code()
    }
}

const WHOLE: At = At { instrument: NO_INSTRUMENT, flags: 0, exch_ns: 0 };

#[test]
fn records_are_printed_while_the_writer_goes_on() {
    let mut live = Live::begin();
    for due_ns in 10..15 {
        live.timer(due_ns);
        let line = live.line().expect("a line");
        assert!(line.ends_with(&format!(" due_ns={due_ns}")), "{line}");
    }
    live.append(|lines| lines.push(WHOLE, &Close { cause: close::STOPPED, spare: [0; 11] }).expect("room"));
    assert!(live.line().is_some_and(|line| line.ends_with(" cause=stopped")));
    let Live { writer, mut follower, .. } = live;
    writer.close().expect("a clean close");
    assert_eq!(follower.wait().expect("the program ends").code(), Some(0));
}

/// Whoever read has seen enough: the next record ends the program, and that is no failure.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut live = Live::begin();
    live.timer(10);
    assert!(live.line().is_some());
    live.printed = None;
    // A process that another test is just starting may hold the pipe for a moment: one record may not do.
    while live.follower.try_wait().expect("a state").is_none() {
        live.timer(11);
        std::thread::yield_now();
    }
    assert_eq!(live.code(), Some(0));
}
