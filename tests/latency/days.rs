//! Days as files, and one held against another.

use super::counted::counted;
use super::session::{START_UTC_NS, Way, begun, session};
use super::{EUR, PLAIN, assert_counted, latency, row, segments, silent, text};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Output;

const DAY_NS: u64 = 86_400_000_000_000;

fn json(path: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).expect("a file")).expect("JSON")
}

#[track_caller]
fn told(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(if code == 2 { &output.stderr } else { &output.stdout });
    assert_eq!(output.status.code(), Some(code), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.into_owned()
}

#[test]
fn each_day_has_its_messages_its_trust_and_its_gaps() {
    let folder = tempfile::tempdir().expect("a folder");
    let (runs, days) = (folder.path().join("runs"), folder.path().join("days"));
    std::fs::create_dir(&runs).expect("a folder");
    session(&runs, EUR, &[], &silent(3_000));
    told(&latency(&[text(&runs), "--day", text(&days)]), 0);
    let mut names: Vec<_> =
        std::fs::read_dir(&days).expect("days").map(|file| file.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["2026-07-31.csv", "2026-07-31.json", "2026-08-01.csv", "2026-08-01.json"]);
    let files = segments(&runs);
    let of_day = ["2026-07-31", "2026-08-01"].map(|name| json(&days.join(format!("{name}.json"))));
    for (figures, day) in of_day.iter().zip(START_UTC_NS / DAY_NS..) {
        assert_counted(figures, &files, Some(day));
        let [first, last] =
            ["first_utc_ns", "last_utc_ns"].map(|name| figures["coverage"][name].as_u64().expect("a time"));
        assert!(first / DAY_NS == day && last / DAY_NS == day && first < last);
        assert!(figures["coverage"]["markets"][0]["share"].as_f64() < Some(1.0));
        assert_eq!(figures["gaps"].as_array().expect("gaps").len(), 1, "the gap is open over midnight");
    }
    let whole: Value = serde_json::from_slice(&latency(&[text(&runs), "--json"]).stdout).expect("JSON");
    let markets = |figures: &Value, name: &str| figures["coverage"]["markets"][0][name].as_u64().expect("a number");
    for name in ["span_ns", "trusted_ns"] {
        let sum: u64 = of_day.iter().map(|figures| markets(figures, name)).sum();
        assert_eq!(sum, markets(&whole, name), "{name}");
    }
    let messages = |figures: &Value, name: &str| figures["coverage"]["messages"][name].as_u64().expect("a number");
    for name in whole["coverage"]["messages"].as_object().expect("counts").keys() {
        let sum: u64 = of_day.iter().map(|figures| messages(figures, name)).sum();
        assert_eq!(sum, messages(&whole, name), "{name}");
    }
}

/// The nightly run read all of a folder, weeks of it, for the day that had ended.
#[test]
fn the_newest_days_are_read_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let [runs, days, newest] = ["runs", "days", "newest"].map(|name| folder.path().join(name));
    std::fs::create_dir(&runs).expect("a folder");
    session(&runs, EUR, &["journal.segment_bytes=65536"], &silent(3_000));
    told(&latency(&[text(&runs), "--day", text(&days)]), 0);
    let [all, two, one] = [&[][..], &["--newest", "2"], &["--newest", "1"]].map(|more| {
        let output = latency(&[&[text(&runs), "--json", "--day", text(&newest)], more].concat());
        let names = std::fs::read_dir(&newest).expect("days").count();
        let of_day = |folder: &Path| {
            let day = json(&folder.join("2026-08-01.json"));
            let coverage = &day["coverage"];
            [&coverage["messages"], &coverage["markets"], &day["gaps"], &day["latency"]].map(Value::to_string)
        };
        let (ours, theirs) = (of_day(&newest), of_day(&days));
        let differs = ours.iter().zip(&theirs).position(|(one, other)| one != other);
        assert_eq!(differs, None, "the day is the same, whatever else is read: {more:?}");
        std::fs::remove_dir_all(&newest).expect("it was made");
        let figures: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (figures["coverage"]["files"]["segments"].as_u64().expect("a number"), names)
    });
    assert_eq!((all.1, two.1, one.1), (4, 4, 2));
    assert!(all.0 == two.0 && one.0 < all.0 && one.0 > 0, "{all:?} {two:?} {one:?}");
}

#[test]
fn csv_has_the_same_numbers_coverage_and_gaps_first() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), EUR, &[], &silent(2_000));
    let csv = folder.path().join("figures.csv");
    let figures = latency(&[text(folder.path()), "--csv", text(&csv), "--json"]);
    let figures: Value = serde_json::from_str(&told(&figures, 0)).expect("JSON");
    let all = std::fs::read_to_string(&csv).expect("a file");
    let lines: Vec<Vec<&str>> = all.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["section", "feed", "split", "level", "stage", "figure", "value"]);
    assert!(lines.iter().all(|line| line.len() == 7));
    let mut sections: Vec<_> = lines[1..].iter().map(|line| line[0]).collect();
    sections.dedup();
    assert_eq!(sections, ["coverage", "gap", "latency"]);
    let cells: BTreeMap<Vec<&str>, &str> = lines[1..].iter().map(|line| (line[..6].to_vec(), line[6])).collect();
    assert_eq!(cells.len(), lines.len() - 1, "no number stands twice");
    let rows = figures["latency"].as_array().expect("rows");
    for row in rows {
        let [feed, split, level, stage] =
            ["feed", "split", "level", "stage"].map(|name| row[name].as_str().expect("text"));
        for (name, value) in
            row.as_object().expect("a row").iter().filter(|(name, _)| *name == "count" || name.ends_with("_ns"))
        {
            let cell = cells[&vec!["latency", feed, split, level, stage, name.as_str()]];
            assert_eq!(cell, value.as_u64().map_or(String::new(), |value| value.to_string()), "{stage} {name}");
        }
    }
    let latency_lines = lines.iter().filter(|line| line[0] == "latency").count();
    assert_eq!(latency_lines, rows.len() * 9);
    assert_eq!(cells[&vec!["coverage", "BTC/EUR", "", "", "", "gaps"]], "1");
    assert!(counted(&segments(folder.path()), None).len() == rows.len());
}

#[test]
fn a_day_is_held_against_the_day_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let (runs, days) = (folder.path().join("runs"), folder.path().join("days"));
    std::fs::create_dir(&runs).expect("a folder");
    // From midnight on the engine takes three times as long.
    let plain = Way { gap_ns: 10_000_000, ..PLAIN };
    let slow = Way { decided_ns: 21_000, ..plain };
    let ways: Vec<_> = (0..4_000).map(|number| if number < 1_998 { plain } else { slow }).collect();
    session(&runs, EUR, &[], &ways);
    let files = segments(&runs);
    assert_eq!(files.len(), 2);
    // What the nightly service does, on its first night and on the next one.
    let nightly = ["--against", text(&days), "--day", text(&days)];
    let first = latency(&[&[text(&files[0])], &nightly[..]].concat());
    told(&first, 0);
    assert!(String::from_utf8_lossy(&first.stderr).contains("holds no day before"));
    let second = told(&latency(&[&[text(&runs)], &nightly[..]].concat()), 0);
    assert!(
        second.contains("2026-08-01, and how many times as long as 2026-07-31") && second.contains("×3.00"),
        "{second}"
    );
    let [before, now] = ["2026-07-31.json", "2026-08-01.json"].map(|name| days.join(name));
    for arguments in
        [[text(&now), "--against", text(&days), "--json"], [text(&now), "--against", text(&before), "--json"]]
    {
        let compared: Value = serde_json::from_str(&told(&latency(&arguments), 0)).expect("JSON");
        let compared = &compared["against"];
        assert_eq!(compared["day"], "2026-07-31");
        let rows = compared["rows"].as_array().expect("rows");
        let p99 = |stage: &str| {
            let is = |row: &&Value| row["split"] == "all" && row["stage"] == stage && row["figure"] == "p99_ns";
            rows.iter().find(is).expect("a row")["ratio"].as_f64().expect("a ratio")
        };
        assert!((p99("taken_to_decided") - 3.0).abs() < 0.01 && p99("kernel_to_read") == 1.0 && p99("total") > 1.2);
        let (before, now) = (json(&before), json(&now));
        for pair in rows {
            let [split, level, stage, figure] =
                ["split", "level", "stage", "figure"].map(|name| pair[name].as_str().expect("text"));
            assert_eq!(pair["before_ns"], row(&before, 0, split, level, stage)[figure]);
            assert_eq!(pair["now_ns"], row(&now, 0, split, level, stage)[figure]);
        }
    }
    let said = told(&latency(&[text(&now), "--against", text(&before)]), 0);
    assert!(said.contains("×3.00"), "{said}");
}

/// A nightly export over a folder whose oldest segments are gone must not undo what was known of their day.
#[test]
fn what_more_was_known_of_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let (all, half, days) = (folder.path().join("all"), folder.path().join("half"), folder.path().join("days"));
    for (path, count) in [(&all, 400), (&half, 200)] {
        std::fs::create_dir(path).expect("a folder");
        session(path, EUR, &[], &vec![PLAIN; count]);
    }
    let day = days.join("2026-07-31.json");
    let messages = || json(&day)["coverage"]["messages"]["messages"].as_u64();
    told(&latency(&[text(&half), "--day", text(&days)]), 0);
    assert_eq!(messages(), Some(200));
    told(&latency(&[text(&all), "--day", text(&days)]), 0);
    assert_eq!(messages(), Some(400));
    let before = std::fs::read(&day).expect("a file");
    let output = latency(&[text(&half), "--day", text(&days)]);
    assert!(!told(&output, 0).contains("->"), "nothing was written");
    assert!(String::from_utf8_lossy(&output.stderr).contains("stays as it is"));
    let said = told(&latency(&[text(&half), "--against", text(&all)]), 2);
    assert!(said.contains("holds journals and no figures: name a folder or file that"), "{said}");
    assert_eq!(std::fs::read(&day).expect("a file"), before);
}

#[test]
fn somebodys_files_stay_and_a_sentence_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), EUR, &[], &vec![PLAIN; 50]);
    let [notes, day] = ["notes.csv", "2026-07-31.json"].map(|name| folder.path().join(name));
    for path in [&notes, &day] {
        std::fs::write(path, "mine").expect("a file");
    }
    let journal = text(folder.path()).to_owned();
    let segment = format!("{journal}/000000.bin");
    let nowhere = format!("{journal}/nowhere/page.html");
    let no_folder = format!("cannot write {nowhere}: there is no folder {journal}/nowhere: make it first");
    for (arguments, words) in [
        (vec![&journal[..], "--csv", text(&notes)], "stays as it is"),
        (vec![&journal, "--day", &journal], "stays as it is"),
        (vec![&journal, "--against", text(&notes)], "a CSV is not read: name the .json beside it"),
        (vec![&journal, "--against", &segment], "holds no figures: name a file that"),
        (vec![&journal, "--against", "nowhere.json"], "): name a file that `journal latency` wrote with --day"),
        (vec!["nowhere.json", "--against", text(&day)], "): name a file that `journal latency` wrote with --day"),
        (vec![text(&notes), "--against", text(&day)], "a CSV is not read: name the .json beside it"),
        (vec![text(&day), "--against", text(&day), "--html", "page.html"], "need a journal"),
        (vec![&journal, "--html", &nowhere], &no_folder),
        (vec![text(&day)], "say --against which"),
        (vec![text(&day), "--against", text(&day)], "holds no figures"),
    ] {
        let said = told(&latency(&arguments), 2);
        assert!(said.contains(words) && said.lines().count() == 1, "{arguments:?}: {said}");
    }
    for path in [&notes, &day] {
        assert_eq!(std::fs::read(path).expect("a file"), b"mine");
    }
}

/// A nightly export while the collector runs: what it still writes is left out.
#[test]
fn a_segment_that_a_writer_holds_is_left_out_of_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    session(folder.path(), EUR, &[], &vec![PLAIN; 100]);
    let before: Value = serde_json::from_str(&told(&latency(&[text(folder.path()), "--json"]), 0)).expect("JSON");
    let held = begun(folder.path());
    let output = latency(&[text(folder.path()), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&told(&output, 0)).expect("JSON"), before);
    assert!(String::from_utf8_lossy(&output.stderr).contains("a writer still holds it"));
    let path = folder.path().join("000001.bin");
    let said = told(&latency(&[text(&path)]), 2);
    assert!(said.contains("a writer still holds it"), "named, it is refused: {said}");
    std::fs::remove_file(folder.path().join("000000.bin")).expect("a file");
    let said = told(&latency(&[text(folder.path())]), 2);
    assert!(said.contains("a writer still holds it, and no segment of "), "{said}");
    drop(held);
    assert_eq!(latency(&[text(folder.path())]).status.code(), Some(0));
}
