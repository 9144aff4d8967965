//! What `journal info`, `cat` and `gaps` print of a session whose content is known.

mod support;

use bytemuck::Zeroable;
use fathom::config::Loaded;
use fathom::memory::Memory;
use fathom::run::JournalDiary;
use fathom::utc::rfc3339;
use hotpath::config::Config;
use hotpath::input::Input;
use hotpath::record::{Clock, Link, Timer, link};
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{Place, Run, Settings, Writer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use support::{config, frames, imported_bytes, synthetic};

/// A session of 600 frames with one update left out: its journal has one gap, closed by nothing.
fn session_with_a_gap() -> (tempfile::TempDir, PathBuf, usize) {
    let (folder, files, frames) = sessions_with_a_gap(&[]);
    (folder, files[0].clone(), frames)
}

fn sessions_with_a_gap(sets: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>, usize) {
    let loaded = config("kraken-btc-eur.toml", sets);
    let bytes = synthetic(21, 600, &loaded);
    let kept = without_one_update(&bytes);
    let first_line = bytes.iter().position(|byte| *byte == b'\n').expect("a first line") + 1;
    let mut recording = bytes[..first_line].to_vec();
    for (recv_ns, payload) in &kept {
        recording.extend(format!("{recv_ns} {}\n", payload.len()).bytes());
        recording.extend(payload);
        recording.push(b'\n');
    }
    let (folder, imported) = imported_bytes(&recording, &loaded);
    (folder, imported.segments, kept.len())
}

/// The frames of a recording but for the update in the middle.
fn without_one_update(recording: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let mut all = frames(recording);
    let is_update = |frame: &(u64, Vec<u8>)| frame.1.starts_with(b"{\"channel\":\"book\",\"type\":\"update\"");
    let updates: Vec<_> = (0..all.len()).filter(|at| is_update(&all[*at])).collect();
    all.remove(updates[updates.len() / 2]);
    all
}

/// Standard output of a `journal` command that succeeds.
fn journal(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_journal"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("one JSON object a line")).collect()
}

#[test]
fn cat_and_info_agree_on_what_a_journal_holds() {
    let (_folder, file, frames) = session_with_a_gap();
    let file = file.to_str().expect("a plain path");
    let info: Value = serde_json::from_str(&journal(&["info", file, "--json"])).expect("JSON");
    assert_eq!(info["frames"], frames);
    assert_eq!(info["markets"][0]["symbol"], "BTC/EUR");
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    let mut bytes = 256;
    for record in lines(&journal(&["cat", file, "--json"])) {
        *counted.entry(record["kind"].as_str().expect("a kind").to_owned()).or_default() += 1;
    }
    for (kind, share) in info["kinds"].as_object().expect("kinds") {
        assert_eq!(counted.get(kind).copied(), share["records"].as_u64(), "{kind}");
        bytes += share["bytes"].as_u64().expect("bytes");
    }
    assert_eq!(info["bytes"], bytes, "kinds and header are the whole file");
}

#[test]
fn cat_filters_by_kind_sequence_time_and_number() {
    let (_folder, file, _) = session_with_a_gap();
    let file = file.to_str().expect("a plain path");
    let all = lines(&journal(&["cat", file, "--json"]));
    let quotes = lines(&journal(&["cat", file, "--json", "--kind", "quote", "--kind", "GAP_OPEN"]));
    let expected: Vec<_> =
        all.iter().filter(|record| record["kind"] == "QUOTE" || record["kind"] == "GAP_OPEN").collect();
    assert_eq!(quotes.iter().collect::<Vec<_>>(), expected);
    let middle = lines(&journal(&["cat", file, "--json", "--from-seq", "100", "--to-seq", "140"]));
    assert_eq!(
        middle.iter().map(|record| record["seq"].as_u64()).collect::<Vec<_>>(),
        (100..=140).map(Some).collect::<Vec<_>>()
    );
    let from_ns = all[500]["taken_ns"].as_u64().expect("a time");
    let late = lines(&journal(&["cat", file, "--json", "--from", &from_ns.to_string()]));
    assert!(late.iter().all(|record| record["taken_ns"].as_u64() >= Some(from_ns)));
    assert_eq!(late.len(), all.iter().filter(|record| record["taken_ns"].as_u64() >= Some(from_ns)).count());
    // The recording starts at 2026-08-01T00:00:00Z on its own clock, tied to UTC by the CLOCK record.
    assert_eq!(lines(&journal(&["cat", file, "--json", "--to", "2026-07-31T23:59:59Z"])).len(), 0);
    assert_eq!(journal(&["cat", file, "--limit", "7"]).lines().count(), 7);
}

#[test]
fn a_kind_that_is_none_is_refused_and_only_what_is_near_is_offered() {
    let (_folder, file, _) = session_with_a_gap();
    for (kind, words) in [("qoute", "did you mean `QUOTE`?"), ("NOPE", "there are "), ("X", "GAP_OPEN, ")] {
        let output = Command::new(env!("CARGO_BIN_EXE_journal")).args(["cat", "--kind", kind]).arg(&file).output();
        let output = output.expect("the program runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{err}");
        assert!(err.contains(&format!("unknown kind `{kind}`")) && err.contains(words), "{err}");
        assert_eq!(err.contains("did you mean"), kind == "qoute", "{err}");
    }
}

/// The index is the file's own: no event of the run.
#[test]
fn info_tells_records_of_the_file_from_those_of_the_run() {
    let (_folder, file, _) = session_with_a_gap();
    let told = journal(&["info", file.to_str().expect("a plain path")]);
    let labelled: Vec<_> = told.lines().filter(|line| line.ends_with("of the file, not of the run")).collect();
    assert!(matches!(labelled[..], [line] if line.trim_start().starts_with("INDEX ")), "{told}");
}

#[test]
fn text_shows_names_and_fractions() {
    let (_folder, file, _) = session_with_a_gap();
    let file = file.to_str().expect("a plain path");
    let gap = journal(&["cat", file, "--kind", "GAP_OPEN"]);
    assert!(gap.contains("cause=checksum number=1 expected="), "{gap}");
    let quote = journal(&["cat", file, "--kind", "QUOTE", "--limit", "1"]);
    assert!(quote.contains(" reason=quoting generation=1 ") && quote.contains(" fair=5"), "{quote}");
    let coded = journal(&["cat", file, "--kind", "LINK", "--kind", "CLOSE", "--kind", "STATUS", "--kind", "ACK"]);
    for text in [" cause=connected ", " cause=end-of-recording", " status=online ", " method=subscribe channel=book "] {
        assert!(coded.contains(text), "{text}: {coded}");
    }
    let ack = journal(&["cat", file, "--kind", "ACK", "--limit", "1", "--json"]);
    assert!(ack.contains("\"error\":0") && ack.contains("\"error_name\":\"none\""), "{ack}");
    assert!(journal(&["cat", file, "--kind", "FRAME", "--limit", "1"]).contains("{\"channel\":\"status\""));
}

/// Which connection a record is of is told in text as in JSON.
#[test]
fn text_names_the_connection_where_there_is_one() {
    let (_folder, file, _) = session_with_a_gap();
    let file = file.to_str().expect("a plain path");
    let (text, records) = (journal(&["cat", file]), lines(&journal(&["cat", file, "--json"])));
    let mut found = [0, 0];
    for (line, record) in text.lines().zip(&records) {
        let told = line.split_whitespace().find_map(|word| word.strip_prefix("connection="));
        let connection = record["connection"].as_u64().map(|number| number.to_string());
        assert_eq!(told, connection.as_deref(), "{line}");
        found[usize::from(told.is_some())] += 1;
    }
    assert!(text.lines().count() == records.len() && found.iter().all(|count| *count > 3), "{found:?}");
}

/// What a level is called depends on its axis.
#[test]
fn levels_of_regimes_have_the_names_of_their_axis() {
    let sets = ["regime.active_per_s=2", "regime.active_exit_per_s=1", "regime.volatile_ticks=2"];
    let (_folder, files, _) = sessions_with_a_gap(&[&sets[..], &["regime.volatile_exit_ticks=1"]].concat());
    let file = files[0].to_str().expect("a plain path");
    let told = journal(&["cat", file, "--kind", "REGIME"]);
    for text in
        [" axis=activity from=calm to=active value=2 lasted_ns=", " axis=volatility from=quiet to=volatile value="]
    {
        assert!(told.contains(text), "{text}: {told}");
    }
    let first = &lines(&journal(&["cat", file, "--kind", "REGIME", "--json", "--limit", "1"]))[0];
    assert_eq!((&first["axis"], &first["axis_name"]), (&0.into(), &"activity".into()));
    assert_eq!((&first["to"], &first["to_name"]), (&1.into(), &"active".into()));
}

#[test]
fn gaps_are_listed_with_cause_and_time() {
    let (_folder, file, _) = session_with_a_gap();
    let file = file.to_str().expect("a plain path");
    let listed: Value = serde_json::from_str(&journal(&["gaps", file, "--json"])).expect("JSON");
    let open = &lines(&journal(&["cat", file, "--json", "--kind", "GAP_OPEN"]))[0];
    let gaps = listed["gaps"].as_array().expect("gaps");
    assert_eq!(gaps.len(), 1);
    assert_eq!((&gaps[0]["cause"], &gaps[0]["duration_ns"]), (&"checksum".into(), &Value::Null));
    assert_eq!((&gaps[0]["offset"], &gaps[0]["opened_ns"]), (&open["offset"], &open["taken_ns"]));
    let utc_ns = gaps[0]["opened_utc_ns"].as_u64().expect("a reading of the clocks ties it to UTC");
    let text = journal(&["gaps", file]);
    let opened = format!("gap 1 of market 0 BTC/EUR: checksum at {}, still open\n", rfc3339(utc_ns / 1_000));
    // The recording starts at 2026-08-01T00:00:00Z.
    assert!(text.starts_with(&opened) && opened.contains(" 2026-08-01T00:0"), "{text}");
    assert!(text.contains("\n1 gap of market 0, "), "{text}");
    let (gap_ns, span_ns) = (&listed["uptime"][0]["gap_ns"], listed["span_ns"].as_u64().expect("time"));
    let gap_ns = gap_ns.as_u64().expect("time");
    assert!(0 < gap_ns && gap_ns < span_ns);
    let verified: Value = serde_json::from_str(&journal(&["verify", file, "--json"])).expect("JSON");
    assert_eq!((&verified["gaps"], &verified["ok"]), (&1.into(), &true.into()));
    assert!(verified["checksums_bad"].as_u64() > Some(0), "a wrong feed is recorded as wrong");
}

/// Without a reading of the clocks there is no UTC, and that is said; the first one tells it also of what was before it.
#[test]
fn a_gap_is_told_in_utc_once_any_reading_ties_it() {
    for reads in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("untied.bin");
        let loaded = config("kraken-btc-eur.toml", &[]);
        let run = Run { run_id: 5, salt: 6, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
        let settings = Settings { place: Place::File(path.clone()), run, capacity_bytes: 1 << 24 };
        let mut diary = JournalDiary(Writer::create(settings).expect("a journal"));
        let mut memory = Memory::new();
        let mut core = memory.start(Kraken, &loaded.config).expect("a start");
        core.open(0, &mut diary).expect("an opening");
        let kept = without_one_update(&synthetic(21, 600, &loaded));
        let mut turn = |at_ns, input: &Input<'_>| core.turn(at_ns, input, &mut diary).expect("a step");
        for (recv_ns, payload) in &kept {
            let frame = Frame::received(0, 1, payload);
            turn(*recv_ns, &Input::Frame { frame, recv_ns: *recv_ns, kernel_utc_ns: 0, end_of_read: true });
        }
        let mono_ns = kept[kept.len() - 1].0 + 1;
        if reads {
            turn(mono_ns, &Input::Clock(Clock { mono_ns, utc_ns: mono_ns + 3_600_000_000_000, ..Clock::zeroed() }));
        }
        diary.0.close().expect("closed");
        let path = path.to_str().expect("a plain path");
        let listed: Value = serde_json::from_str(&journal(&["gaps", path, "--json"])).expect("JSON");
        let gap = &listed["gaps"][0];
        let opened_ns = gap["opened_ns"].as_u64().expect("a time");
        let (utc_ns, words) = if reads {
            (Value::from(opened_ns + 3_600_000_000_000), rfc3339((opened_ns + 3_600_000_000_000) / 1_000))
        } else {
            (Value::Null, format!("{opened_ns} ns of monotonic time (no reading of the clocks ties it to UTC)"))
        };
        let text = journal(&["gaps", path]);
        assert!(text.starts_with(&format!("gap 1 of market 0 BTC/EUR: checksum at {words}, still open\n")), "{text}");
        assert_eq!(gap["opened_utc_ns"], utc_ns);
    }
}

/// Uptime is a share of the time in which frames came: from the snapshot that was believed to the update that was missed.
#[test]
fn uptime_is_told_of_each_market() {
    let (_folder, files, _) = sessions_with_a_gap(&["journal.segment_bytes=65536"]);
    let names: Vec<_> = files.iter().map(|file| file.to_str().expect("a plain path")).collect();
    let told = |command: &[&str], names: &[&str]| journal(&[command, names].concat());
    let uptime = |names: &[&str]| -> Value {
        let listed: Value = serde_json::from_str(&told(&["gaps", "--json"], names)).expect("JSON");
        assert_eq!(listed["feed"], serde_json::json!({}), "a recording's session has nothing to tell");
        listed["uptime"].clone()
    };
    let taken_ns = |kind: &str| -> Vec<u64> {
        let records = lines(&told(&["cat", "--json", "--kind", kind], &names));
        records.iter().filter_map(|record| record["taken_ns"].as_u64()).collect()
    };
    let (frames, books, opened) = (taken_ns("FRAME"), taken_ns("SNAPSHOT"), taken_ns("GAP_OPEN"));
    let (span_ns, trusted_ns) = (frames[frames.len() - 1] - frames[0], opened[0] - books[0]);
    assert!(0 < trusted_ns && trusted_ns < span_ns);
    let share = trusted_ns as f64 / span_ns as f64;
    let ended_ns = taken_ns("CLOSE")[0];
    let expected = serde_json::json!([{
        "instrument": 0, "symbol": "BTC/EUR", "span_ns": span_ns, "trusted_ns": trusted_ns, "share": share,
        "gaps": 1, "gap_ns": ended_ns - opened[0],
    }]);
    assert_eq!(uptime(&names), expected);
    let reversed: Vec<_> = names.iter().rev().copied().collect();
    assert_eq!(uptime(&reversed), expected);
    let last = uptime(&names[names.len() - 1..]);
    assert_eq!((&last[0]["trusted_ns"], &last[0]["share"]), (&0.into(), &0.0.into()), "it lies inside the gap");
    let first = uptime(&names[..1]);
    assert!(first[0]["share"].as_f64() > Some(share), "it lies before the gap");
    let text = told(&["gaps"], &names);
    assert!(text.contains(&format!("uptime of market 0 BTC/EUR: {:.4} %, ", share * 100.0)), "{text}");
}

/// A live run whose connection is silent, comes back, and is refused what it asks for.
#[test]
fn gaps_count_what_the_session_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("live.bin");
    let loaded = config("kraken-btc-eur.toml", &[]);
    let config = Config { session: loaded.config.session.activated(), ..loaded.config };
    let run = Run { run_id: 5, salt: 6, created_utc_ns: 0, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let place = Place::File(path.clone());
    let mut diary = JournalDiary(Writer::create(Settings { place, run, capacity_bytes: 1 << 24 }).expect("a journal"));
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &config).expect("a start");
    core.open(0, &mut diary).expect("an opening");
    let timer = Input::Timer(Timer { due_ns: 0, spare: [0; 2] });
    let link = |up, cause| Input::Link(0, Link { up, cause, close_code: 0, spare: 0, recv_ns: 0, spare_tail: 0 });
    let refusal = Frame::received(0, 1, br#"{"Error":"Exceeded msg rate"}"#);
    let refusal = Input::Frame { frame: refusal, recv_ns: 0, kernel_utc_ns: 0, end_of_read: true };
    let steps = [
        (1, timer),
        (2, link(1, link::CONNECTED)),
        (3, refusal),
        (4, refusal),
        (9, timer),
        (9, link(0, link::ASKED)),
        (10, link(1, link::CONNECTED)),
    ];
    for (second, input) in steps {
        core.turn(second * 1_000_000_000, &input, &mut diary).expect("a step");
    }
    diary.0.close().expect("closed");
    let path = path.to_str().expect("a plain path");
    let listed: Value = serde_json::from_str(&journal(&["gaps", path, "--json"])).expect("JSON");
    assert_eq!(listed["feed"], serde_json::json!({ "request-refused": 2, "silent": 1 }));
    assert_eq!(listed["uptime"][0]["trusted_ns"], 0);
    let text = journal(&["gaps", path]);
    assert!(text.contains("feed request-refused: 2\nfeed silent: 1\n"), "{text}");
}

/// A segment that lies wholly inside a gap knows of it, and the order of the files does not matter.
#[test]
fn gaps_go_on_over_segments() {
    let (_folder, files, _) = sessions_with_a_gap(&["journal.segment_bytes=65536"]);
    assert!(files.len() > 3);
    let names: Vec<_> = files.iter().map(|file| file.to_str().expect("a plain path")).collect();
    let listed = |names: &[&str]| -> Value {
        serde_json::from_str(&journal(&[&["gaps", "--json"], names].concat())).expect("JSON")
    };
    let last = listed(&names[names.len() - 1..]);
    assert_eq!((&last["gaps"][0]["cause"], &last["gaps"][0]["number"]), (&"checksum".into(), &1.into()));
    let reversed: Vec<_> = names.iter().rev().copied().collect();
    assert_eq!(listed(&names), listed(&reversed));
    assert_eq!(listed(&names)["gaps"].as_array().map(Vec::len), Some(1));
}

/// A run whose clocks were read before the first of these frames, and no timer came between: its journal.
fn run_of(
    run_id: u64,
    created_utc_ns: u64,
    loaded: &Loaded,
    frames: &[(u64, Vec<u8>)],
) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("run.bin");
    let run = Run { run_id, salt: 6, created_utc_ns, markets: 1, origin: 0, segment: 0, first_seq: 0 };
    let settings = Settings { place: Place::File(path.clone()), run, capacity_bytes: 1 << 24 };
    let mut diary = JournalDiary(Writer::create(settings).expect("a journal"));
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a start");
    core.open(0, &mut diary).expect("an opening");
    let mut turn = |at_ns, input: &Input<'_>| core.turn(at_ns, input, &mut diary).expect("a step");
    let mono_ns = frames[0].0;
    turn(mono_ns, &Input::Clock(Clock { mono_ns, utc_ns: created_utc_ns, ..Clock::zeroed() }));
    for (recv_ns, payload) in frames {
        let frame = Frame::received(0, 1, payload);
        turn(*recv_ns, &Input::Frame { frame, recv_ns: *recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }
    diary.0.close().expect("closed");
    (folder, path)
}

/// A silence is noticed by the input behind it: the gap began when it was longer than is borne, not when that was written.
#[test]
fn a_stale_gap_that_is_noticed_late_began_before() {
    const S: u64 = 1_000_000_000;
    let loaded = config("kraken-btc-eur.toml", &["venue.stale_ms=60000"]);
    let mut heard = frames(&synthetic(21, 600, &loaded));
    heard.iter_mut().skip(300).for_each(|frame| frame.0 += 500 * S);
    let (began_ns, first_ns, last_ns) = (heard[299].0 + 60 * S, heard[0].0, heard[599].0);
    let (_folder, file) = run_of(5, 1_800_000_000 * S, &loaded, &heard);
    let file = file.to_str().expect("a plain path");
    let opens = lines(&journal(&["cat", file, "--json", "--kind", "GAP_OPEN"]));
    let noticed: Vec<_> = opens.iter().map(|open| open["taken_ns"].as_u64()).collect();
    assert_eq!(noticed, [Some(heard[300].0)], "late");
    let listed: Value = serde_json::from_str(&journal(&["gaps", file, "--json"])).expect("JSON");
    let gap = &listed["gaps"][0];
    let told = (&gap["cause"], &gap["opened_ns"], &gap["duration_ns"]);
    assert_eq!(told, (&"stale".into(), &began_ns.into(), &Value::Null));
    assert_eq!(gap["opened_utc_ns"], began_ns - first_ns + 1_800_000_000 * S);
    // It is open at the end, and the time in it and the time of trust are all that there was since the snapshot.
    let uptime = &listed["uptime"][0];
    assert_eq!(uptime["gap_ns"], last_ns - began_ns);
    let snapshots = lines(&journal(&["cat", file, "--json", "--kind", "SNAPSHOT"]));
    let trusted_at_ns = snapshots[0]["taken_ns"].as_u64().expect("a time");
    assert_eq!(uptime["trusted_ns"], began_ns - trusted_at_ns);
}

/// Runs are listed as they came, whatever their numbers are.
#[test]
fn gaps_of_several_runs_are_in_the_order_of_time() {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let kept = without_one_update(&synthetic(21, 600, &loaded));
    let hour_ns = |hour: u64| 1_800_000_000_000_000_000 + hour * 3_600_000_000_000;
    let runs = [(3, 2), (2, 9), (1, 5)].map(|(hour, run_id)| run_of(run_id, hour_ns(hour), &loaded, &kept));
    let paths: Vec<_> = runs.iter().map(|(_, path)| path.to_str().expect("a plain path")).collect();
    let listed: Value = serde_json::from_str(&journal(&[&["gaps", "--json"], &paths[..]].concat())).expect("JSON");
    let gaps = listed["gaps"].as_array().expect("gaps");
    let times: Vec<_> = gaps.iter().map(|gap| gap["opened_utc_ns"].as_u64().expect("a time")).collect();
    assert!(times.len() == 3 && times.is_sorted(), "{times:?}");
}

/// The files of a run join by sequence number: one that is missing is told.
#[test]
fn verify_tells_what_is_missing_between_files() {
    let (_folder, files, _) = sessions_with_a_gap(&["journal.segment_bytes=65536"]);
    let names: Vec<_> = files.iter().map(|file| file.to_str().expect("a plain path")).collect();
    let verify = |names: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_journal")).args(["verify", "--json"]).args(names).output();
        let output = output.expect("the program runs");
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (output.status.code(), json["records_missing_between"].as_u64())
    };
    assert_eq!(verify(&names), (Some(0), Some(0)));
    let (code, missing) = verify(&[names[0], names[2]]);
    assert_eq!(code, Some(1));
    let info: Value = serde_json::from_str(&journal(&["info", names[1], "--json"])).expect("JSON");
    let held = info["last_seq"].as_u64().zip(info["first_seq"].as_u64()).map(|(last, first)| last - first + 1);
    assert_eq!(missing, held);
}

/// A configuration with the wrong precision: the import says at once that it understood nothing.
#[test]
fn an_import_tells_how_much_it_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    let here = folder.path().to_str().expect("a plain path");
    let pair = ["--set", "venue.symbol=ETH/EUR"];
    let decimals = ["--set", "venue.price_precision=2", "--set", "venue.price_increment=0.01"];
    let right = journal(&[&["sample", here, "--frames", "300", "--json"], &pair[..], &decimals[..]].concat());
    let right: Value = serde_json::from_str(&right).expect("JSON");
    assert_eq!((&right["frames"], &right["refused"], &right["gaps"]), (&300.into(), &0.into(), &0.into()));
    let recording = format!("{here}/recording.cbcap");
    let out = format!("{here}/wrong.bin");
    let eur = "configs/kraken-btc-eur.toml";
    let wrong = Command::new(env!("CARGO_BIN_EXE_journal"))
        .args(["import", &recording, "--config", eur, "--out", &out, "--json"])
        .args(pair)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the program runs");
    assert_eq!(wrong.status.code(), Some(1), "no book came of it");
    let wrong: Value = serde_json::from_slice(&wrong.stdout).expect("JSON");
    assert!(wrong["refused"].as_u64() > Some(250), "{wrong}");
    assert_eq!((&wrong["checksums_ok"], &wrong["gaps"]), (&0.into(), &1.into()));
}

/// One lost record is one damaged place; the index, which counts records, is not blamed as well.
#[test]
fn one_flipped_bit_is_one_place() {
    let (_folder, file, _) = session_with_a_gap();
    let mut bytes = std::fs::read(&file).expect("a journal");
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&file, &bytes).expect("a journal");
    let output = Command::new(env!("CARGO_BIN_EXE_journal")).args(["verify", "--json"]).arg(&file).output();
    let json: Value = serde_json::from_slice(&output.expect("the program runs").stdout).expect("JSON");
    assert_eq!((&json["ok"], &json["records_damaged"]), (&false.into(), &1.into()));
    let offsets = json["offsets_damaged"].as_array().expect("offsets");
    assert!(offsets.len() == 1 && offsets[0].as_u64() <= Some(at as u64), "{offsets:?}");
}
