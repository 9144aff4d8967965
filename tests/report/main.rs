//! The page of a run: its figures are those of the records, nothing from outside gets out of its place, and a journal in
//! any state gives a page or a sentence.

mod counted;
mod hostile;
mod live;
#[path = "../support/mutated.rs"]
mod mutated;
#[path = "../support/mod.rs"]
mod support;
mod xml;

use counted::{burst, counted, regimes};
use hotpath::record::{Frame, body_of, flag, head_of};
use journal::RECORDS_AT;
use live::{GAPS, START_UTC_NS, live};
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use support::{config, frames, imported_bytes, recording, records, synthetic};
use xml::{assert_well_formed, embedded};

const EUR: &str = "kraken-btc-eur.toml";
const MS: u64 = 1_000_000;

fn journal(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_journal")).args(arguments).output().expect("the program runs")
}

/// The figures and the page of a run, and the exit code.
fn reported(files: &[PathBuf]) -> (Value, String, Option<i32>) {
    let folder = tempfile::tempdir().expect("a folder");
    let page = folder.path().join("page.html");
    let mut arguments = vec!["report", "--json", "--out", page.to_str().expect("a plain path")];
    arguments.extend(files.iter().map(|file| file.to_str().expect("a plain path")));
    let Output { status, stdout, stderr } = journal(&arguments);
    let figures = serde_json::from_slice(&stdout).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&stderr)));
    (figures, std::fs::read_to_string(page).expect("a page"), status.code())
}

/// Compares the figures of a page with what is counted from the records and what the other commands say.
#[track_caller]
fn assert_figures(files: &[PathBuf]) -> (Value, String) {
    let (mut figures, page, code) = reported(files);
    assert_eq!(code, Some(0));
    let all = counted(files);
    for (name, number) in [
        ("records", all.records),
        ("messages", all.messages),
        ("messages_book", all.book),
        ("messages_trade", all.trade),
        ("messages_other", all.messages - all.book - all.trade),
        ("trades", all.trades),
        ("gaps", all.gaps),
        ("burst_10ms", burst(&all.reads, 10 * MS)),
        ("burst_100ms", burst(&all.reads, 100 * MS)),
    ] {
        assert_eq!(figures[name], number, "{name}");
    }
    assert_eq!(figures["regimes"], regimes(files));
    let count = all.delays.len();
    let delay = &figures["delay"];
    assert_eq!((delay["count"].as_u64(), delay["min_ns"].as_i64()), (Some(count as u64), all.delays.first().copied()));
    assert_eq!(delay["max_ns"].as_i64(), all.delays.last().copied());
    for (name, of_thousand) in [("p50_ns", 500), ("p90_ns", 900), ("p99_ns", 990), ("p999_ns", 999)] {
        let exact = all.delays[(count * of_thousand).div_ceil(1_000).max(1) - 1];
        let is_told = count * (1_000 - of_thousand) >= 10_000;
        assert_eq!(delay[name].is_null(), !is_told, "{name} of {count}");
        if let Some(found) = delay[name].as_i64() {
            let bound = (exact - all.delays[0]) / 1_000 + 1;
            assert!((exact..=exact + bound).contains(&found), "{name}: {found} for {exact}");
        }
    }
    let names: Vec<_> = files.iter().map(|file| file.to_str().expect("a plain path")).collect();
    let said = |program: &str, arguments: &[&str]| -> Value {
        let output =
            Command::new(program).args(arguments).args(&names).arg("--json").output().expect("the program runs");
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let verified = said(env!("CARGO_BIN_EXE_journal"), &["verify"]);
    for name in ["checksums_ok", "checksums_bad"] {
        assert_eq!(figures[name], verified[name], "{name}");
    }
    assert_eq!(figures["digest"], said(env!("CARGO_BIN_EXE_replay"), &[])["digest"]);
    let uptime = &said(env!("CARGO_BIN_EXE_journal"), &["gaps"])["uptime"][0];
    assert_eq!((&figures["feed_ns"], &figures["trusted_ns"]), (&uptime["span_ns"], &uptime["trusted_ns"]));
    figures.as_object_mut().expect("an object").remove("page");
    assert_eq!(embedded(&page, "summary"), figures);
    assert_well_formed(&page);
    (figures, page)
}

/// Frames that are lost: one may tell of what the next changes again.
const LOST: usize = 8;

/// A recording with some frames left out: its journal has a gap that a snapshot never closes.
fn with_a_gap(sets: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let loaded = config(EUR, sets);
    let bytes = synthetic(5, 1_500, &loaded);
    let all = frames(&bytes);
    let is_update = |payload: &[u8]| payload.starts_with(b"{\"channel\":\"book\",\"type\":\"update\"");
    let lost = all.iter().skip(900).position(|(_, payload)| is_update(payload)).expect("an update") + 900;
    let line = bytes.iter().position(|byte| *byte == b'\n').expect("a first line");
    let mut kept = bytes[..=line].to_vec();
    for (place, (recv_ns, payload)) in all.iter().enumerate() {
        if !(lost..lost + LOST).contains(&place) {
            kept.extend_from_slice(format!("{recv_ns} {}\n", payload.len()).as_bytes());
            kept.extend_from_slice(payload);
            kept.push(b'\n');
        }
    }
    let (folder, imported) = imported_bytes(&kept, &loaded);
    (folder, imported.segments)
}

#[test]
fn figures_are_those_of_the_records() {
    let loaded = config(EUR, &[]);
    let (_folder, imported) = imported_bytes(&synthetic(3, 12_000, &loaded), &loaded);
    let (figures, page) = assert_figures(&imported.segments);
    assert_eq!((&figures["symbol"], &figures["origin"]), (&"BTC/EUR".into(), &"recording".into()));
    assert!(figures["read_to_engine"].is_null() && page.contains("an import repeats recorded times"));
    assert!(page.len() < 400_000, "{} bytes", page.len());
}

#[test]
fn a_gap_is_counted_listed_and_shaded() {
    for sets in [&[][..], &["journal.segment_bytes=65536"]] {
        let (_folder, files) = with_a_gap(sets);
        let (figures, page) = assert_figures(&files);
        assert_eq!((&figures["gaps"], &figures["segments"]), (&1.into(), &files.len().into()));
        assert!(figures["checksums_bad"].as_u64() > Some(0));
        assert!(page.contains("<td class=\"bad\">checksum</td><td>open at the end</td>"));
        let book = &embedded(&page, "steps")["book"];
        assert_eq!(book.as_array().expect("states").last().expect("a state")[1], "checksum");
    }
}

/// The exchange takes no orders in the second half: the page says that this is no gap.
#[test]
fn maintenance_of_the_exchange_is_named() {
    let loaded = config(EUR, &[]);
    let bytes = synthetic(5, 1_500, &loaded);
    let all = frames(&bytes);
    let recv_ns = all[900].0;
    let (line, next) = (format!("{recv_ns} {}\n", all[900].1.len()), format!("\n{recv_ns} "));
    let status = r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"maintenance","api_version":"v2","connection_id":1}]}"#;
    let told = format!("{recv_ns} {}\n{status}\n", status.len());
    let at = bytes.windows(next.len()).position(|window| window == next.as_bytes()).expect("the frame") + 1;
    assert!(bytes[at..].starts_with(line.as_bytes()));
    let (_folder, imported) = imported_bytes(&[&bytes[..at], told.as_bytes(), &bytes[at..]].concat(), &loaded);
    let (figures, page) = assert_figures(&imported.segments);
    assert_eq!(figures["gaps"], 0);
    let quote = &embedded(&page, "steps")["quote"];
    assert!(quote.as_array().expect("states").iter().any(|state| state[1] == "venue-status"), "{quote}");
    assert!(page.contains("quote, venue-status: the exchange takes no orders that only rest"));
    let (_folder, imported) = imported_bytes(&bytes, &loaded);
    assert!(!assert_figures(&imported.segments).1.contains("quote, venue-status:"));
}

/// Time on each level is counted, and none of it twice: over a damaged place no level is known.
#[test]
fn regimes_are_drawn_and_their_time_is_counted() {
    let sets = ["regime.active_per_s=4", "regime.active_exit_per_s=2", "regime.burst_per_s=12", "regime.dwell_ms=300"];
    let volatile = ["regime.burst_exit_per_s=8", "regime.volatile_ticks=3", "regime.volatile_exit_ticks=2"];
    let sets = [&sets[..], &volatile, &["journal.checkpoint_s=1"]].concat();
    let (_folder, files) = with_a_gap(&sets);
    let (figures, page) = assert_figures(&files);
    let time = |figures: &Value, axis: &str| -> u64 {
        let levels = figures["regimes"][axis].as_object().expect("levels");
        levels.values().map(|ns| ns.as_u64().expect("a number")).sum()
    };
    for axis in ["activity", "volatility", "delay"] {
        assert!(page.contains(&format!(">{axis}</text>")), "{axis}");
        assert_eq!(figures["span_ns"], time(&figures, axis), "{axis}");
    }
    assert!(figures["regimes"]["activity"]["active"].as_u64() > Some(0), "{}", figures["regimes"]);
    assert!(page.contains("class=\"warm\" d=\"M"), "no level above the calmest is drawn");
    let mut bytes = std::fs::read(&files[0]).expect("a journal");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&files[0], &bytes).expect("a journal");
    let (figures, page, _) = reported(&files);
    assert!(figures["span_ns"].as_u64() > Some(time(&figures, "activity")), "{}", figures["regimes"]);
    assert_well_formed(&page);
}

#[test]
fn recordings_of_the_exchange_have_the_figures_of_their_records() {
    for (name, depth, gaps) in [("kraken_btcusd_sample", "25", 0), ("kraken_btcusd_l2", "10", 4)] {
        let Some(path) = recording(&format!("kraken-v2/{name}.cbcap")) else { return };
        let loaded = config("kraken-btc-usd.toml", &[&format!("venue.depth={depth}")]);
        let bytes = std::fs::read(&path).expect("a recording");
        let (_folder, imported) = imported_bytes(&bytes, &loaded);
        let (figures, page) = assert_figures(&imported.segments);
        assert_eq!(figures["gaps"], gaps);
        // The recorder's clock ran behind the exchange's: nothing negative is made of it, and how far is said.
        let clock = &figures["clocks"][0];
        assert!(clock["offset_ns_max"].as_i64() < Some(0) && clock["offset_ns_min"].is_null(), "{clock}");
        assert_eq!(figures["delay"]["min_ns"], 0);
        assert!(page.contains("clock is ahead of ours by at least "));
    }
}

#[test]
fn a_live_session_shows_what_was_asked_told_granted_and_how_long_it_took() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("000000.bin");
    live(&path, 1_200);
    let (figures, page) = assert_figures(std::slice::from_ref(&path));
    let taken = &figures["read_to_engine"];
    assert_eq!([&taken["min_ns"], &taken["p99_ns"], &taken["max_ns"]], [&Value::from(2_000); 3]);
    let waits: Vec<u64> = records(std::slice::from_ref(&path))
        .iter()
        .filter(|(head, _)| !head.has(flag::CONTINUES))
        .filter_map(|(_, bytes)| body_of::<Frame>(bytes))
        .map(|frame| START_UTC_NS + frame.recv_ns - frame.kernel_utc_ns)
        .collect();
    let kernel = &figures["kernel_to_read"];
    assert_eq!(kernel["count"], waits.len());
    assert_eq!(
        (kernel["min_ns"].as_u64(), kernel["max_ns"].as_u64()),
        (waits.iter().min().copied(), waits.iter().max().copied())
    );
    assert_eq!((&figures["journal_lag_ns_max"], &figures["clock_uncertainty_ns_max"]), (&77_000.into(), &85.into()));
    assert_eq!((&figures["ending"], &figures["origin"]), (&"stopped".into(), &"live".into()));
    for words in [
        "down: not-reached",
        "<td>connect</td>",
        "sent, not answered",
        "fifo",
        "refused, error 1",
        ">operator<",
        "to within 85 ns",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let made = folder.path().join("made.html");
    let report = fathom::report::Report::of(&[path], None).expect("a report");
    report.write(&made).expect("a page");
    let summary = report.summary();
    assert_eq!(std::fs::read_to_string(made).expect("a page"), page, "the library makes the same page");
    assert_eq!((summary.requests, summary.gaps), (figures["requests"].as_u64().expect("a number"), GAPS));
}

#[test]
fn the_same_journal_gives_the_same_bytes_compressed_or_not() {
    let (folder, files) = with_a_gap(&[]);
    let (_, page, _) = reported(&files);
    assert_eq!(page, reported(&files).1);
    let file = files[0].to_str().expect("a plain path");
    assert!(journal(&["seal", file]).status.success());
    let sealed = folder.path().join("journal.bin.zst");
    assert!(sealed.exists() && !files[0].exists());
    assert_eq!(page, reported(&[sealed]).1);
}

#[test]
fn nothing_from_outside_gets_out_of_its_place() {
    let symbol = "venue.symbol=</script><b>&'/&lt;";
    let loaded = config(EUR, &[symbol]);
    let (_folder, imported) = imported_bytes(&synthetic(4, 400, &loaded), &loaded);
    let (figures, page, _) = reported(&imported.segments);
    assert_eq!(figures["symbol"], "</script><b>&'/&lt;");
    assert_eq!(embedded(&page, "summary")["symbol"], figures["symbol"]);
    assert_well_formed(&page);
    assert!(!page.contains("<b>") && page.contains("<h1>kraken &lt;/script&gt;&lt;b&gt;&amp;'/&amp;lt;"));
    assert_eq!(page.matches("</script>").count(), 3);
}

#[test]
fn a_journal_without_a_book_or_with_hardly_a_record_gives_a_page() {
    let loaded = config(EUR, &[]);
    let all = synthetic(4, 300, &loaded);
    let line = all.iter().position(|byte| *byte == b'\n').expect("a first line");
    let mut quiet = all[..=line].to_vec();
    for (recv_ns, payload) in frames(&all).iter().filter(|(_, payload)| !payload.starts_with(b"{\"channel\":\"book\""))
    {
        quiet.extend_from_slice(format!("{recv_ns} {}\n", payload.len()).as_bytes());
        quiet.extend_from_slice(payload);
        quiet.push(b'\n');
    }
    for (bytes, has_messages) in [(quiet, true), (all[..=line].to_vec(), false)] {
        let (_folder, imported) = imported_bytes(&bytes, &loaded);
        let (figures, page, code) = reported(&imported.segments);
        assert_eq!((code, figures["messages"].as_u64() > Some(0)), (Some(0), has_messages));
        assert!(figures["delay"].is_null() && page.contains("no book was believed"));
        assert_well_formed(&page);
        // All but the opening checkpoint is gone: a writer died right behind it.
        let whole = std::fs::read(&imported.segments[0]).expect("a journal");
        let first = RECORDS_AT + head_of(&whole[RECORDS_AT..]).expect("a record").len as usize;
        std::fs::write(&imported.segments[0], &whole[..first]).expect("a journal");
        let (figures, page, code) = reported(&imported.segments);
        assert_eq!((code, &figures["records"], &figures["digest"]), (Some(0), &1.into(), &Value::Null));
        assert_well_formed(&page);
        std::fs::write(&imported.segments[0], &whole[..RECORDS_AT]).expect("a journal");
        let Output { status, stdout, stderr } =
            journal(&["report", imported.segments[0].to_str().expect("a plain path")]);
        let said = String::from_utf8_lossy(&stderr);
        assert!(status.code() == Some(2) && stdout.is_empty() && said.contains("no whole record"), "{said}");
    }
}

#[test]
fn a_damaged_journal_gives_a_page_of_what_is_whole() {
    let loaded = config(EUR, &["journal.checkpoint_s=1"]);
    let (_folder, imported) = imported_bytes(&synthetic(6, 2_000, &loaded), &loaded);
    let whole = std::fs::read(&imported.segments[0]).expect("a journal");
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&imported.segments[0], &bytes).expect("a journal");
    let (figures, page, code) = reported(&imported.segments);
    assert_eq!((code, &figures["damage"], &figures["digest"]), (Some(1), &1.into(), &Value::Null));
    assert!(page.contains("The journal is damaged in 1 place."));
    assert!(figures["messages"].as_u64() > Some(1_000), "the part behind the damage is shown too");
    let (_, bid) = page.split_once("<path class=\"bid\" d=\"").expect("a line of bids");
    let bid = bid.split('"').next().expect("its end");
    assert_eq!(bid.matches('M').count(), 2, "no line goes over what is missing: {bid}");
    assert_well_formed(&page);
    std::fs::write(&imported.segments[0], &whole[..middle]).expect("a journal");
    let (figures, page, code) = reported(&imported.segments);
    assert_eq!((code, &figures["damage"], &figures["ending"]), (Some(0), &0.into(), &"not closed".into()));
    assert_well_formed(&page);
}

#[test]
fn a_missing_segment_is_said() {
    let (_folder, files) = with_a_gap(&["journal.segment_bytes=65536"]);
    let (figures, page, code) = reported(&[files[0].clone(), files[2].clone()]);
    assert_eq!(code, Some(1));
    assert!(figures["records_missing_between"].as_u64() > Some(0) && page.contains("missing between the files"));
}

#[test]
fn of_several_runs_the_latest_is_shown_or_the_one_that_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let live_run = folder.path().join("000001.bin");
    live(&live_run, 60);
    let (_other, files) = with_a_gap(&[]);
    let earlier = folder.path().join("000000.bin");
    std::fs::copy(&files[0], &earlier).expect("a copy");
    let both = [live_run, earlier];
    let runs: Vec<_> = both.iter().map(|file| reported(std::slice::from_ref(file)).0["run_id"].clone()).collect();
    let (figures, page, code) = reported(&both);
    assert_eq!((code, &figures["runs"]), (Some(0), &2.into()));
    assert!(page.contains("The files hold 2 runs") && runs.contains(&figures["run_id"]));
    let other = runs.iter().find(|run| **run != figures["run_id"]).and_then(Value::as_str).expect("another run");
    let out = folder.path().join("other.html");
    let arguments = ["report", folder.path().to_str().expect("a path"), "--run", other, "--json", "--out"];
    let output = journal(&[&arguments[..], &[out.to_str().expect("a path")]].concat());
    let named: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(named["run_id"], other);
    let output = journal(&[&arguments[..3], &["77", "--out"], &[out.to_str().expect("a path")]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(2) && said.contains("no file given is of the run"), "{said}");
}

#[test]
fn only_an_older_page_is_written_over() {
    let (folder, files) = with_a_gap(&[]);
    let out = folder.path().join("notes.html");
    let write = || journal(&["report", files[0].to_str().expect("a path"), "--out", out.to_str().expect("a path")]);
    std::fs::write(&out, "<p>somebody's notes").expect("a file");
    let output = write();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("notes.html") && said.contains("name another file"), "{said}");
    assert_eq!(std::fs::read_to_string(&out).expect("a file"), "<p>somebody's notes");
    for before in ["", "an older page"] {
        if before.is_empty() {
            std::fs::write(&out, before).expect("a file");
        }
        assert!(write().status.success());
        assert!(std::fs::read_to_string(&out).expect("a page").starts_with("<!DOCTYPE html>"));
    }
}
