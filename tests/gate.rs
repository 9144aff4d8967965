//! `fathom gate`: go where all holds, no-go where one thing does not, and why.

#[path = "support/chained.rs"]
mod chained;
mod support;

use bytemuck::Zeroable;
use chained::{Faults, Section, recorded};
use fathom::import::{Source, import};
use fathom::memory::Memory;
use fathom::run::JournalDiary;
use hotpath::input::Input;
use hotpath::record::{Clock, Close, Found, Kind, close, flag, head_of};
use hotpath::venue::kraken::Kraken;
use journal::{Item, Place, Run, Segment, Settings, Writer};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use support::{config, imported_bytes, synthetic};

/// A journal of a synthetic recording.
fn sample(frames: usize) -> (tempfile::TempDir, PathBuf) {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let (folder, imported) = imported_bytes(&synthetic(4, frames, &loaded), &loaded);
    (folder, imported.segments[0].clone())
}

/// A journal of the same market, heard so much later.
fn sample_later(frames: usize, by_ns: u64) -> (tempfile::TempDir, PathBuf) {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let recording = synthetic(4, frames, &loaded);
    let end = recording.iter().position(|byte| *byte == b'\n').expect("a first line");
    let line = std::str::from_utf8(&recording[..end]).expect("text");
    // The last word of it is the time in UTC at which the recording begins.
    let (words, utc_ns) = line.rsplit_once(' ').expect("words");
    let utc_ns = utc_ns.parse::<u64>().expect("a time") + by_ns;
    let recording = [format!("{words} {utc_ns}").as_bytes(), &recording[end..]].concat();
    let (folder, imported) = imported_bytes(&recording, &loaded);
    (folder, imported.segments[0].clone())
}

/// A run of a collector that could not connect: it read its clocks each second from this time on, and no frame came. Behind the run
/// that it found, if there was one, it lies in the folder.
fn deaf_run(folder: &Path, begin_utc_ns: u64, seconds: u64, found: Option<Found>) -> PathBuf {
    const S: u64 = 1_000_000_000;
    let segment = found.map_or(0, |found| found.segment + 1);
    let run = Run { run_id: 5, salt: 6, created_utc_ns: begin_utc_ns, markets: 1, origin: 0, segment, first_seq: 0 };
    let settings = Settings { place: Place::Folder(folder.to_owned()), run, capacity_bytes: 1 << 24 };
    let mut diary = JournalDiary(Writer::create(settings).expect("a journal"));
    let (loaded, mut memory) = (config("kraken-btc-eur.toml", &[]), Memory::new());
    let mut core = memory.start(Kraken, &loaded.config).expect("a start");
    core.open(S, &mut diary).expect("an opening");
    let mut turn = |at_ns: u64, input: &Input<'_>| core.turn(at_ns, input, &mut diary).expect("a step");
    if let Some(found) = found {
        turn(S, &Input::Found(found));
    }
    for mono_ns in (1..=seconds + 1).map(|second| second * S) {
        turn(mono_ns, &Input::Clock(Clock { mono_ns, utc_ns: begin_utc_ns + mono_ns - S, ..Clock::zeroed() }));
    }
    turn((seconds + 1) * S, &Input::Close(Close { cause: close::STOPPED, ..Close::zeroed() }));
    diary.0.close().expect("closed");
    folder.join(format!("{segment:06}.bin"))
}

/// From the first frame to the last by the row of it, seconds.
fn span_s(table: &Value) -> f64 {
    let hours = row(table, "span")["found"].as_str().and_then(|found| found.split(' ').next()?.parse::<f64>().ok());
    hours.expect("hours") * 3_600.0
}

/// Exit code, and the table as JSON.
fn gate(args: &[&str], file: &Path) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_fathom")).arg("gate").args(args).arg(file).arg("--json").output();
    let output = output.expect("the program runs");
    let table = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), table)
}

/// The names of the checks that do not hold.
fn failing(table: &Value) -> Vec<&str> {
    let checks = table["checks"].as_array().expect("a table");
    let failing = checks.iter().filter(|check| check["holds"] == false);
    failing.map(|check| check["name"].as_str().expect("a name")).collect()
}

#[test]
fn a_good_journal_opens_both_gates() {
    let (_folder, file) = sample(2_000);
    let (code, table) = gate(&["data"], &file);
    assert_eq!((code, &table["go"], failing(&table)), (Some(0), &true.into(), vec![]), "{table}");
    let (code, table) = gate(&["capture", "--hours", "0.001"], &file);
    assert_eq!((code, &table["go"], failing(&table)), (Some(0), &true.into(), vec![]), "{table}");
    // Ten values beyond the 99th percentile, or it is none.
    let (_few, few) = sample(400);
    let (code, table) = gate(&["capture", "--hours", "0", "--uptime", "90"], &few);
    assert_eq!((code, failing(&table)), (Some(1), vec!["latency"]), "{table}");
    // A day is asked for unless it is said otherwise.
    let (code, table) = gate(&["capture"], &file);
    assert_eq!((code, failing(&table)), (Some(1), vec!["span"]), "{table}");
}

/// Writes a file again with the first record of a kind changed and its CRC made right.
fn changed(file: &Path, kind: Kind, edit: impl Fn(&mut [u8])) -> PathBuf {
    let segment = Segment::open(file).expect("a journal");
    let salt = segment.header().salt;
    let is_of = |item: &Item<'_>| matches!(item, Item::Record(record) if record.head.kind == kind);
    let Some(Item::Record(record)) = segment.items().find(is_of) else { panic!("no such record") };
    let (at, len) = (record.offset, record.bytes.len());
    let mut bytes = std::fs::read(file).expect("a journal");
    edit(&mut bytes[at..at + len]);
    let line: [u8; 64] = bytes[at..at + 64].try_into().expect("a line");
    let crc = journal::record_crc(salt, &line, &bytes[at + 64..at + len]);
    bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
    assert_eq!(head_of(&bytes[at..]).expect("a head").kind, kind);
    let path = file.with_file_name("changed.bin");
    std::fs::write(&path, bytes).expect("a journal");
    path
}

/// Two collectors, each up for a part of the time, were up for 192 % of it.
#[test]
fn runs_that_overlap_are_not_added_up() {
    let (_folder, file) = sample(2_000);
    let loaded = config("kraken-btc-eur.toml", &[]);
    let (_other, imported) = imported_bytes(&synthetic(5, 2_000, &loaded), &loaded);
    let other = imported.segments[0].to_str().expect("a plain path");
    let (code, table) = gate(&["capture", "--hours", "0.001", other], &file);
    assert_eq!((code, failing(&table)), (Some(1), vec!["span"]), "{table}");
    assert!(row(&table, "span")["found"].as_str().is_some_and(|found| found.contains("runs overlap")), "{table}");
}

/// Of two runs an hour apart the operator is told that the hour is what lacks; for the data it is none of the time.
#[test]
fn time_between_runs_is_named() {
    let (_folder, file) = sample(2_000);
    let (_other, later) = sample_later(2_000, 3_600_000_000_000);
    let later = later.to_str().expect("a plain path");
    let (code, table) = gate(&["capture", "--hours", "0.001", later], &file);
    assert_eq!((code, failing(&table)), (Some(1), vec!["uptime"]), "{table}");
    let (code, one) = gate(&["capture", "--hours", "0.001"], &file);
    assert_eq!(code, Some(0), "{one}");
    let span_s: f64 =
        row(&one, "span")["found"].as_str().and_then(|found| found.split(' ').next()?.parse().ok()).expect("hours");
    let found = row(&table, "uptime")["found"].as_str().expect("a row");
    let pause_s = found.split_once("longest pause ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
    let pause_s = pause_s.unwrap_or_else(|| panic!("{found}"));
    assert!((pause_s - (3_600.0 - span_s * 3_600.0)).abs() < 1.0, "{found}");
    assert!(found.contains(&format!("in 2 runs; {pause_s:.3} s of it between runs, without a book")), "{found}");
    let (code, table) = gate(&["data", later], &file);
    assert_eq!(code, Some(0), "{table}");
    assert!(row(&table, "uptime")["found"].as_str().is_some_and(|found| found.ends_with("in 2 runs")), "{table}");
}

/// A collector that could not connect for an hour was no part of the time: 99.8 % of 25 s, and GO.
#[test]
fn a_run_without_a_frame_is_time_without_a_book() {
    let (_folder, file) = sample(2_000);
    let (_, one) = gate(&["capture", "--hours", "0.001"], &file);
    let begin_utc_ns = Segment::open(&file).expect("a journal").header().created_utc_ns;
    // Two hours behind the beginning of the run before it, and two hours before: it counts wherever it lies.
    for at_utc_ns in [begin_utc_ns + 7_200_000_000_000, begin_utc_ns - 7_200_000_000_000] {
        let folder = tempfile::tempdir().expect("a folder");
        let deaf = deaf_run(folder.path(), at_utc_ns, 3_600, None);
        let deaf = deaf.to_str().expect("a plain path");
        let (code, table) = gate(&["capture", "--hours", "0.001", deaf], &file);
        assert_eq!((code, failing(&table)), (Some(1), vec!["uptime"]), "{table}");
        let wanted_s = if at_utc_ns > begin_utc_ns { 10_800.0 } else { 7_200.0 + span_s(&one) };
        assert!((span_s(&table) - wanted_s).abs() < 2.0, "{wanted_s} s: {table}");
        let (code, table) = gate(&["data", deaf], &file);
        assert!(code == Some(1) && failing(&table).starts_with(&["uptime"]), "{table}");
        let found = row(&table, "uptime")["found"].as_str().expect("text");
        let of_s = found.split("% of ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        assert!(of_s.is_some_and(|of_s| (of_s - 3_600.0 - span_s(&one)).abs() < 2.0), "{found}");
        let told = Command::new(env!("CARGO_BIN_EXE_journal")).args(["gaps", "--json", deaf]).arg(&file).output();
        let told: Value = serde_json::from_slice(&told.expect("the program runs").stdout).expect("JSON");
        let span_ns = told["uptime"][0]["span_ns"].as_f64().expect("nanoseconds");
        assert!((span_ns / 1e9 - 3_600.0 - span_s(&one)).abs() < 2.0, "{told}");
    }
}

/// A folder of a run in several segments, of its own random numbers.
fn segments(seed: u64) -> (tempfile::TempDir, PathBuf, usize) {
    let loaded = config("kraken-btc-eur.toml", &["journal.segment_bytes=262144"]);
    let (folder, imported) = imported_bytes(&synthetic(seed, 2_000, &loaded), &loaded);
    assert!(imported.segments.len() > 3, "{} segments", imported.segments.len());
    let inner = imported.segments[0].parent().expect("a folder").to_owned();
    (folder, inner, imported.segments.len())
}

/// What the row of the files says in both gates of a folder or a file, and whether it holds there.
fn files_row(of: &Path, more: &[&str]) -> (bool, String) {
    let rows = [&["data"][..], &["capture", "--hours", "0"]].map(|name| {
        let (_, table) = gate(&[name, more].concat(), of);
        let row = row(&table, "files");
        (row["holds"] == true, row["found"].as_str().expect("text").to_owned())
    });
    assert_eq!(rows[0], rows[1], "both gates say the same of the files");
    let [row, _] = rows;
    row
}

/// A folder without its middle, its last or its first segment was called whole, and both gates said GO.
#[test]
fn files_that_are_not_there_close_both_gates() {
    let (_folder, run, count) = segments(4);
    let name = |number: usize| run.join(format!("{number:06}.bin"));
    let aside = run.with_file_name("aside.bin");
    let last = count - 1;
    assert!(files_row(&run, &[]).0, "{:?}", files_row(&run, &[]));
    let wanted = |number: usize| match number {
        0 => (true, "0 files missing; begins at segment 1 (older ones removed?)".to_owned()),
        _ => (false, format!("1 file missing (segment {number})")),
    };
    for number in [0, 1, last] {
        std::fs::rename(name(number), &aside).expect("moved");
        let (holds, found) = files_row(&run, &[]);
        let (wanted_holds, words) = wanted(number);
        assert!(holds == wanted_holds && found.ends_with(&words), "{number}: {found}");
        std::fs::rename(&aside, name(number)).expect("moved back");
    }
    // Two in a row, and the last: the row names each.
    for number in [1, 2, last] {
        std::fs::rename(name(number), run.with_file_name(format!("{number}.bin"))).expect("moved");
    }
    let (holds, found) = files_row(&run, &[]);
    let words = if last == 3 {
        "3 files missing (segments 1 to 3)".to_owned()
    } else {
        format!("3 files missing (segments 1 to 2, {last})")
    };
    assert!(!holds && found.ends_with(&words), "{found}");
    // Files that are named one by one are judged by what is between them.
    let aside = |number: usize| run.with_file_name(format!("{number}.bin"));
    assert!(files_row(&aside(1), &[]).0 && files_row(&name(0), &[]).0, "one file has nothing between");
    let two = aside(2);
    let (holds, found) = files_row(&name(0), &[two.to_str().expect("a plain path")]);
    assert!(!holds && found.contains("1 file missing (segment 1"), "{found}");
}

/// A run that stands in the middle of another one's segments does not fill the hole.
#[test]
fn a_segment_of_another_run_is_no_replacement() {
    let (_folder, run, count) = segments(4);
    let (_other_folder, other, _) = segments(5);
    for number in [1, count - 1] {
        let name = format!("{number:06}.bin");
        let held = std::fs::read(run.join(&name)).expect("a segment");
        std::fs::copy(other.join("000001.bin"), run.join("000001.bin")).expect("a copy");
        if number != 1 {
            std::fs::remove_file(run.join(&name)).expect("removed");
        }
        let (holds, found) = files_row(&run, &[]);
        assert!(!holds && found.contains(", where another run has the number)"), "{found}");
        std::fs::write(run.join(&name), held).expect("a segment");
    }
}

/// What a run found tells whether the segment before it was the last of its run.
#[test]
fn a_run_that_is_gone_is_missed_and_one_that_broke_off_is_not() {
    let (_folder, run, count) = segments(4);
    let last = run.join(format!("{:06}.bin", count - 1));
    let segment = Segment::open(&last).expect("a journal");
    let (run_id, utc_ns) = (segment.header().run_id, segment.header().created_utc_ns);
    drop(segment);
    let found = |run_id, segment: usize| Found { run_id, segment: segment as u32, ..Found::zeroed() };
    let later = |found| deaf_run(&run, utc_ns + 3_600_000_000_000, 5, Some(found));
    // Behind its last segment, and behind one that broke off where a segment was full: nothing is missing.
    let next = later(found(run_id, count - 1));
    assert!(files_row(&run, &[]).0, "{:?}", files_row(&run, &[]));
    std::fs::remove_file(next).expect("removed");
    std::fs::remove_file(&last).expect("removed");
    let next = later(found(run_id, count - 2));
    assert!(files_row(&run, &[]).0, "{:?}", files_row(&run, &[]));
    std::fs::remove_file(next).expect("removed");
    // A run of one segment was between.
    let next = later(found(77, count - 1));
    let (holds, told) = files_row(&run, &[]);
    assert!(!holds && told.ends_with(&format!("1 file missing (segment {})", count - 1)), "{told}");
    std::fs::remove_file(next).expect("removed");
    // The segment that it found was another run's.
    later(found(77, count - 2));
    let (holds, told) = files_row(&run, &[]);
    assert!(!holds && told.contains(", where another run has the number)"), "{told}");
}

/// A run of one segment was between the last one that was closed and the one that is written.
#[test]
fn what_is_gone_before_the_segment_that_is_written_is_missed() {
    let (_folder, run, count) = segments(4);
    let place = Place::Folder(run.clone());
    for (number, lacks) in [
        (count, "0 files missing".to_owned()),
        (count + 2, format!("2 files missing (segments {count} to {})", count + 1)),
    ] {
        let segment = number as u32;
        let run_of = Run { run_id: 5, salt: 6, created_utc_ns: 0, markets: 1, origin: 0, segment, first_seq: 0 };
        let writer = Writer::create(Settings { place: place.clone(), run: run_of, capacity_bytes: 1 << 24 });
        let mut diary = JournalDiary(writer.expect("a journal"));
        let (loaded, mut memory) = (config("kraken-btc-eur.toml", &[]), Memory::new());
        memory.start(Kraken, &loaded.config).expect("a start").open(0, &mut diary).expect("an opening");
        let (_, found) = files_row(&run, &[]);
        assert!(found.ends_with(&lacks), "{found}");
        drop(diary);
        std::fs::remove_file(run.join(format!("{number:06}.bin"))).expect("removed");
    }
}

/// A segment that ended with its day has a next one, however small it is.
#[test]
fn the_next_day_is_missed() {
    const DAY_NS: u64 = 86_400_000_000_000;
    let folder = tempfile::tempdir().expect("a folder");
    deaf_run(folder.path(), 20_000 * DAY_NS - 20_000_000_000, 40, None);
    assert!(files_row(folder.path(), &[]).0, "{:?}", files_row(folder.path(), &[]));
    std::fs::remove_file(folder.path().join("000001.bin")).expect("removed");
    let (holds, told) = files_row(folder.path(), &[]);
    assert!(!holds && told.ends_with("1 file missing (segment 1)"), "{told}");
}

/// A file that a writer made ahead when the run broke off is where the next segment was to be; a recovered run has no end either.
#[test]
fn a_run_that_broke_off_lacks_nothing() {
    let (_folder, run, count) = segments(4);
    let last = run.join(format!("{:06}.bin", count - 1));
    let bytes = std::fs::read(&last).expect("a segment");
    std::fs::write(&last, vec![0; 1 << 20]).expect("a file that was never begun");
    assert!(files_row(&run, &[]).0, "{:?}", files_row(&run, &[]));
    // Broken off behind a whole step: the recovery closes it without a word of an end.
    std::fs::write(&last, &bytes).expect("the segment again");
    let segment = Segment::open(&last).expect("a journal");
    let ends = segment.items().filter_map(|item| match item {
        Item::Record(record) if record.head.has(flag::END_OF_STEP) => Some(record.offset + record.bytes.len()),
        _ => None,
    });
    let middle = ends.take_while(|end| *end < bytes.len() / 2).last().expect("a step");
    drop(segment);
    std::fs::write(&last, &bytes[..middle]).expect("a crashed segment");
    let out = run.with_file_name("recovered");
    let recovered =
        Command::new(env!("CARGO_BIN_EXE_journal")).arg("recover").arg(&run).arg("--out").arg(&out).output();
    assert!(recovered.expect("the program runs").status.success());
    let (holds, found) = files_row(&out, &[]);
    assert!(holds && !found.contains("not closed"), "{found}");
}

#[test]
fn each_thing_that_is_wrong_closes_the_gate_under_its_name() {
    let (_folder, file) = sample(2_000);
    // A price of a quote, which only replay can know.
    let quote = changed(&file, Kind::QUOTE, |record| record[40] ^= 1);
    let (code, table) = gate(&["data"], &quote);
    assert_eq!((code, failing(&table)), (Some(1), vec!["decode"]), "{table}");
    // A level of the book: the books made anew disagree too.
    let level = changed(&file, Kind::LEVEL, |record| record[48] ^= 1);
    let (code, table) = gate(&["capture", "--hours", "0"], &level);
    assert_eq!(code, Some(1));
    assert!(failing(&table).starts_with(&["books", "decode"]), "{table}");
    // A byte, and nothing that makes it right.
    let mut bytes = std::fs::read(&file).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let path = file.with_file_name("damaged.bin");
    std::fs::write(&path, bytes).expect("a journal");
    let (code, table) = gate(&["data"], &path);
    assert_eq!((code, failing(&table)[0]), (Some(1), "files"), "{table}");
    // A book that is hardly ever trusted is nothing to do research on.
    let (code, table) = gate(&["data", "--uptime", "99.99"], &file);
    assert_eq!((code, failing(&table)), (Some(1), vec!["uptime"]), "{table}");
    // No such file: nothing can be said, and that is no verdict.
    let (code, table) = gate(&["data"], Path::new("nowhere.bin"));
    assert_eq!((code, table), (Some(2), Value::Null));
}

/// The row of a name.
fn row<'a>(table: &'a Value, name: &str) -> &'a Value {
    let rows = table["checks"].as_array().expect("a table");
    rows.iter().find(|row| row["name"] == name).expect("a row of that name")
}

/// A silence that `venue.stale_ms` bears was uptime, whatever its length.
#[test]
fn a_long_silence_is_no_uptime_whatever_the_configuration_bears() {
    const LINE_FEED: &[u8] = b"\n";
    let loaded = config("kraken-btc-eur.toml", &["venue.stale_ms=3600000"]);
    let bytes = synthetic(4, 2_000, &loaded);
    let first = bytes.split_inclusive(|byte| *byte == b'\n').next().expect("a first line");
    let silent = |silent_ns: u64| {
        let mut recording = first.to_vec();
        let frames = support::frames(&bytes);
        for (at, (recv_ns, payload)) in frames.iter().enumerate() {
            let moved_ns = if at < frames.len() / 2 { *recv_ns } else { recv_ns + silent_ns };
            recording.extend([format!("{moved_ns} {}\n", payload.len()).as_bytes(), payload, LINE_FEED].concat());
        }
        let (folder, imported) = imported_bytes(&recording, &loaded);
        let (code, table) = gate(&["capture", "--hours", "0"], &imported.segments[0]);
        drop(folder);
        (code, table)
    };
    for bearable_s in [0, 50] {
        let (code, table) = silent(bearable_s * 1_000_000_000);
        assert_eq!((code, failing(&table)), (Some(0), vec![]), "{table}");
    }
    let (code, table) = silent(3_500_000_000_000);
    assert_eq!((code, failing(&table)), (Some(1), vec!["uptime"]), "{table}");
    let found = row(&table, "uptime")["found"].as_str().expect("text");
    assert!(found.contains(" s in silences above 60 s do not count)"), "{found}");
}

/// Both gates looked at the market that trades: a leader that was never heard went unseen.
#[test]
fn each_market_has_its_uptime() {
    let loaded = config("binance-btc-usdt.toml", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, section| {
        let path = folder.path().join(name);
        std::fs::write(&path, recorded(section, 5, 3_000, Faults::default())).expect("a file");
        path
    };
    let (spot, perp) = (write("spot.txt", Section::Spot), write("perp.txt", Section::Perp));
    let journal = |sources: &[Source], name: &str| {
        let path = folder.path().join(name);
        import(sources, &loaded, &path).expect("an import");
        path
    };
    let leader = Source { path: perp, connection: 1 };
    let both = journal(&[Source::own(&spot), leader], "both.bin");
    let alone = journal(&[Source::own(&spot)], "alone.bin");
    for of in [&["data"][..], &["capture", "--hours", "0", "--uptime", "90"]] {
        let (code, table) = gate(of, &both);
        assert_eq!((code, failing(&table)), (Some(0), vec![]), "{table}");
        let found = row(&table, "leaders")["found"].as_str().expect("text");
        assert!(found.starts_with("market 1 binance-perp BTCUSDT: 9"), "{found}");
        let (code, table) = gate(of, &alone);
        assert_eq!((code, failing(&table)), (Some(1), vec!["leaders"]), "{table}");
        let found = row(&table, "leaders")["found"].as_str().expect("text");
        assert!(found.starts_with("market 1 binance-perp BTCUSDT: 0.0000 % of "), "{found}");
        let unasked = [of, &["--leader-uptime", "0"]].concat();
        let (code, table) = gate(&unasked, &alone);
        assert_eq!((code, failing(&table)), (Some(0), vec![]), "{table}");
    }
}
