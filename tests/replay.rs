//! Replay proves what it says: it is silent on a true journal and loud on any other.

mod support;

use fathom::memory::Memory;
use fathom::replay::report::{Found, SegmentReport};
use fathom::replay::{digest, replay};
use fathom::run::JournalDiary;
use hotpath::checkpoint::{SectionHead, section};
use hotpath::config::Config;
use hotpath::input::Input;
use hotpath::lines::{Lines, OUTPUT_LINES};
use hotpath::quote::Reason;
use hotpath::record::{
    Checkpoint, Found as FoundRun, HEAD_BYTES, Head, Kind, LINE_BYTES, Line, Quote, body_of, end, flag, head_of,
    payload_of,
};
use hotpath::venue::Frame;
use hotpath::venue::kraken::Kraken;
use journal::{Item, Place, Run, Segment, Settings, Writer};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use support::{config, frames, imported_bytes, synthetic};

/// The journal of a synthetic session.
fn session(seed: u64, frames: usize, sets: &[&str]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let loaded = config("kraken-btc-eur.toml", sets);
    let (folder, imported) = imported_bytes(&synthetic(seed, frames, &loaded), &loaded);
    (folder, imported.segments)
}

/// Every record of a file that is whole.
fn all_records(segment: &Segment) -> Vec<(usize, Vec<u8>)> {
    let whole = segment.items().map(|item| match item {
        Item::Record(record) => (record.offset, record.bytes.to_vec()),
        Item::Damage(damage) => panic!("{damage:?}"),
    });
    whole.collect()
}

/// Writes a file again with one record changed and its CRC made right.
fn change(path: &Path, offset: usize, edit: impl FnOnce(&mut [u8])) {
    let mut bytes = std::fs::read(path).expect("a journal");
    let salt = journal::Header::read(&bytes).expect("a header").header.salt;
    let len = head_of(&bytes[offset..]).expect("a head").len as usize;
    let record = &mut bytes[offset..offset + len];
    edit(record);
    let (first, rest) = record.split_at_mut(LINE_BYTES);
    let line: [u8; LINE_BYTES] = (*first).try_into().expect("a line");
    let crc = journal::record_crc(salt, &line, rest);
    first[4..8].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(path, bytes).expect("a journal");
}

/// The digest of a session that this repository makes itself. It changes only with a commit that says
/// why old journals differ.
#[test]
fn the_golden_session_has_its_digest() {
    let (_folder, files) = session(1, 3_000, &[]);
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports[0].is_match());
    assert_eq!(digest(&reports).to_string(), "d1e96e74b392c98944780eda8b549916e3a524c5166c9229b951257f60b0247b");
}

/// The same recording and configuration give the same bytes.
#[test]
fn an_import_repeats_itself() {
    let ((_a, first), (_b, second)) = (session(3, 500, &[]), session(3, 500, &[]));
    assert_eq!(std::fs::read(&first[0]).expect("a journal"), std::fs::read(&second[0]).expect("a journal"));
}

/// One constant of a decision is altered in the state that replay starts from. The engine must differ
/// first at the first quote that depends on it, which it could not if it read its outputs.
#[test]
fn an_altered_decision_constant_diverges_at_the_first_record_it_affects() {
    let (_folder, files) = session(5, 800, &[]);
    let segment = Segment::open(&files[0]).expect("a journal");
    let records = all_records(&segment);
    let quotes = records.iter().filter_map(|(offset, record)| Some((*offset, body_of::<Quote>(record)?)));
    let (first_quote, _) = quotes.clone().find(|(_, quote)| quote.reason == Reason::Quoting as u16).expect("a quote");
    let openings: Vec<usize> = records
        .iter()
        .filter(|(_, record)| body_of::<Checkpoint>(record).is_some())
        .map(|(offset, _)| *offset)
        .take(2)
        .collect();
    drop(segment);
    for offset in openings {
        change(&files[0], offset, |record| {
            let at = LINE_BYTES + size_of::<SectionHead>();
            let mut config: Config = bytemuck::pod_read_unaligned(&record[at..at + size_of::<Config>()]);
            config.quote.half_spread_ticks += 1;
            record[at..at + size_of::<Config>()].copy_from_slice(bytemuck::bytes_of(&config));
        });
    }
    let reports = replay(&files, None, None).expect("a replay");
    let Found { divergence, state, .. } = reports[0].divergence().expect("a divergence");
    assert_eq!(divergence.offset, first_quote);
    let (expected, found): (Quote, Quote) =
        (body_of(&divergence.expected).expect("a quote"), body_of(&divergence.found).expect("a quote"));
    assert_eq!((found.bid_ticks, found.ask_ticks), (expected.bid_ticks - 1, expected.ask_ticks + 1));
    assert!(state.contains("market 0: trusted true"), "{state}");
}

/// An input that is altered is as wrong as an output: something that follows from it differs.
#[test]
fn an_altered_input_diverges() {
    let (_folder, files) = session(5, 800, &[]);
    let segment = Segment::open(&files[0]).expect("a journal");
    let is_update = |record: &[u8]| {
        payload_of(record).is_some_and(|payload| payload.starts_with(b"{\"channel\":\"book\",\"type\":\"update\""))
    };
    let (offset, record) =
        all_records(&segment).into_iter().filter(|(_, record)| is_update(record)).nth(300).expect("an update");
    drop(segment);
    let digit = record.iter().position(|byte| *byte == b'.').expect("a decimal point") + 1;
    change(&files[0], offset, |record| record[digit] = if record[digit] == b'9' { b'1' } else { record[digit] + 1 });
    let reports = replay(&files, None, None).expect("a replay");
    let Found { divergence, .. } = reports[0].divergence().expect("a divergence");
    assert_eq!(divergence.offset, offset + record.len());
    assert_eq!(head_of(&divergence.expected).map(|head| head.kind), Some(Kind::LEVEL));
}

/// A step may start from frames or from events: the outputs are the same.
#[test]
fn events_give_the_same_outputs_as_frames() {
    let (_folder, files) = session(7, 3_000, &[]);
    let segment = Segment::open(&files[0]).expect("a journal");
    let records = all_records(&segment);
    let mut memory = Memory::new();
    let state = payload_of(&records[0].1).expect("a state").to_vec();
    memory.load(&state).expect("a state");
    let mut lines = vec![Line::ZERO; OUTPUT_LINES];
    let mut outputs = Lines::new(&mut lines);
    let (mut compared, mut at) = (0, 2);
    while at < records.len() {
        let head = head_of(&records[at].1).expect("a head");
        assert!(head.kind.is_input() || head.kind == Kind::INDEX || head.kind == Kind::CHECKPOINT);
        let step: Vec<_> = records[at + 1..]
            .iter()
            .take_while(|(_, record)| matches!(head_of(record).expect("a head").kind.class(), 2 | 3))
            .collect();
        let (events, expected): (Vec<_>, Vec<_>) =
            step.iter().copied().partition(|(_, record)| head_of(record).expect("a head").kind.is_event());
        let events: Vec<&[u8]> = if head.kind == Kind::FRAME {
            events.iter().map(|(_, record)| &record[..]).collect()
        } else {
            vec![&records[at].1[..]]
        };
        outputs.begin(head.seq + 1 + step.len() as u64 - expected.len() as u64, head.taken_ns, head.connection);
        if head.kind.is_input() {
            let engine = memory.engine_mut();
            engine.observe_time(head.taken_ns, &mut outputs).expect("no halt");
            for event in events {
                engine.step(event, &mut outputs).expect("no halt");
            }
            engine.act(head.taken_ns, &mut outputs).expect("no halt");
        }
        let found: Vec<&[u8]> = hotpath::turn::records(outputs.as_lines()).collect();
        let expected: Vec<_> =
            expected.iter().filter(|(_, record)| head_of(record).expect("a head").kind != Kind::IDLE).collect();
        assert_eq!(found.len(), expected.len());
        for (found, (offset, expected)) in found.iter().zip(&expected) {
            let mut expected = expected.clone();
            // The CRC is the journal's and the end of a step the turn's.
            expected[4..8].fill(0);
            let flags = head_of(&expected).expect("a head").flags & !flag::END_OF_STEP;
            expected[HEAD_BYTES - 4..HEAD_BYTES - 2].copy_from_slice(&flags.to_le_bytes());
            assert_eq!(*found, &expected[..], "at byte {offset}");
            compared += 1;
        }
        at += 1 + step.len();
    }
    assert!(compared > 2_000, "{compared}");
}

/// After damage to an input nothing is known until the next checkpoint: replay goes on there and says
/// so, and what it writes ends before the damage.
#[test]
fn replay_resumes_at_the_next_checkpoint_after_damage() {
    let (folder, files) = session(9, 4_000, &["journal.checkpoint_s=20"]);
    let segment = Segment::open(&files[0]).expect("a journal");
    let records = all_records(&segment);
    let frames: Vec<_> = records
        .iter()
        .filter(|(_, record)| payload_of(record).is_some_and(|text| text.starts_with(b"{\"channel\":\"book\"")))
        .collect();
    let (damaged_at, _) = frames[frames.len() / 2];
    let next = records.iter().find(|(offset, record)| offset > damaged_at && body_of::<Checkpoint>(record).is_some());
    let next = next.expect("a later checkpoint").0;
    drop(segment);
    let mut bytes = std::fs::read(&files[0]).expect("a journal");
    bytes[damaged_at + 100] ^= 4;
    std::fs::write(&files[0], &bytes).expect("a journal");

    let out = folder.path().join("again.bin");
    let reports = replay(&files, Some(&out), None).expect("a replay");
    let report = &reports[0];
    assert!(report.is_match() && !report.is_whole());
    assert_eq!(
        report.scan.damage.iter().map(|damage| (damage.offset, damage.lost)).collect::<Vec<_>>(),
        [(*damaged_at, Some(1))]
    );
    assert_eq!(report.scan.spans.iter().map(|span| span.bytes.start).collect::<Vec<_>>(), [256, next]);
    assert_eq!(report.outcomes[1].proved_end, report.scan.spans[1].bytes.end);
    let again = std::fs::read(&out).expect("a copy");
    assert_eq!(again.len(), report.scan.spans[0].bytes.end);
    assert!(again.len() <= *damaged_at && bytes.starts_with(&again));
}

/// The first copy of the opening checkpoint is damaged: the second one serves.
#[test]
fn the_twin_opens_a_segment_whose_first_checkpoint_is_damaged() {
    let (_folder, files) = session(11, 400, &[]);
    let mut bytes = std::fs::read(&files[0]).expect("a journal");
    bytes[256 + 200] ^= 1;
    std::fs::write(&files[0], &bytes).expect("a journal");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports[0].is_match() && !reports[0].is_whole());
    let span = &reports[0].scan.spans[0].bytes;
    assert_eq!(reports[0].outcomes[0].proved_end, span.end);
    assert!(reports[0].outcomes[0].frames == 400, "{}", reports[0].outcomes[0].frames);
}

/// Segments replay in any order and on any number of threads to one digest, and each proves the
/// opening of the next.
#[test]
fn segments_replay_in_any_order() {
    let (folder, files) = session(13, 3_000, &["journal.segment_bytes=262144"]);
    assert!(files.len() > 3);
    let threads = NonZero::new(2);
    let forward = replay(&files, None, threads).expect("a replay");
    assert!(forward.iter().all(|report| report.is_match() && report.is_whole()));
    let mut reversed = files.clone();
    reversed.reverse();
    let backward = replay(&reversed, None, NonZero::new(1)).expect("a replay");
    assert_eq!(digest(&forward), digest(&backward));
    let out = folder.path().join("again");
    replay(&files, Some(&out), threads).expect("a replay");
    for file in &files {
        let copy = out.join(file.file_name().expect("a name"));
        assert_eq!(std::fs::read(copy).expect("a copy"), std::fs::read(file).expect("a journal"));
    }
    // A segment that opens with another state than its forerunner ends with is found.
    let segment = Segment::open(&files[1]).expect("a journal");
    let openings: Vec<_> = all_records(&segment).into_iter().take(2).collect();
    drop(segment);
    for (offset, _) in openings {
        change(&files[1], offset, |record| {
            let config_at = LINE_BYTES;
            let head: SectionHead =
                bytemuck::pod_read_unaligned(&record[config_at..config_at + size_of::<SectionHead>()]);
            assert_eq!(head.id, section::CONFIG);
            record[config_at + size_of::<SectionHead>() + 8] ^= 1;
        });
    }
    let broken = replay(&files, None, threads).expect("a replay");
    assert!(!broken[0].is_match());
    let Found { path, divergence, .. } = broken[0].divergence().expect("a divergence");
    assert_eq!((path, divergence.offset), (files[1].as_path(), 256));
    assert_eq!(divergence.first_byte(), LINE_BYTES + size_of::<SectionHead>() + 8);
}

/// Journals that were cut, or damaged, exactly where a checkpoint stands: the engine would write one
/// there, and its absence is no difference.
#[test]
fn a_file_may_end_where_a_checkpoint_would_stand() {
    let (_folder, files) = session(17, 1_500, &["journal.checkpoint_s=5"]);
    let segment = Segment::open(&files[0]).expect("a journal");
    let checkpoints: Vec<usize> = all_records(&segment)
        .into_iter()
        .filter(|(_, record)| body_of::<Checkpoint>(record).is_some())
        .map(|(offset, _)| offset)
        .collect();
    drop(segment);
    assert!(checkpoints.len() > 4);
    let whole = std::fs::read(&files[0]).expect("a journal");
    for offset in checkpoints.into_iter().skip(1) {
        std::fs::write(&files[0], &whole[..offset]).expect("a cut journal");
        let reports = replay(&files, None, None).expect("a replay");
        assert!(reports[0].is_match() && reports[0].is_whole(), "cut at {offset}");
        let mut damaged = whole.clone();
        damaged[offset + 70] ^= 1;
        std::fs::write(&files[0], &damaged).expect("a damaged journal");
        let reports = replay(&files, None, None).expect("a replay");
        assert!(reports[0].is_match() && !reports[0].is_whole(), "damaged at {offset}");
    }
}

/// A segment that the crash left empty is no reason to refuse the others; one that lost its end is.
#[test]
fn a_run_is_whole_up_to_where_it_crashed() {
    let (_folder, files) = session(19, 3_000, &["journal.segment_bytes=262144"]);
    let last = files.last().expect("a last segment");
    let bytes = std::fs::read(last).expect("a segment");
    let mut begun = bytes[..256].to_vec();
    begun.resize(4_096, 0);
    std::fs::write(last, begun).expect("a segment just begun");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports.iter().all(|report| report.is_match() && report.is_whole()));
    let middle = std::fs::read(&files[1]).expect("a segment");
    std::fs::write(&files[1], &middle[..middle.len() / 2 / 64 * 64]).expect("half a segment");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports[1].lost_before_next > 0 && !reports[1].is_whole());
    let reports = replay(&[files[0].clone(), files[3].clone()], None, None).expect("a replay");
    assert_eq!((reports[0].segments_missing, reports[0].is_whole()), (2, true));
}

/// Damage to a segment's opening is that segment's: the one before it still matches.
#[test]
fn damage_to_an_opening_is_not_blamed_on_the_segment_before() {
    let (_folder, files) = session(29, 1_500, &["journal.segment_bytes=262144"]);
    for offset in [300, 256 + 1_500] {
        let whole = std::fs::read(&files[1]).expect("a segment");
        let mut bytes = whole.clone();
        bytes[offset] ^= 1;
        std::fs::write(&files[1], bytes).expect("a damaged segment");
        let reports = replay(&files, None, None).expect("a replay");
        assert!(reports.iter().all(SegmentReport::is_match), "byte {offset}");
        assert_eq!(reports.iter().map(SegmentReport::is_whole).collect::<Vec<_>>()[..2], [true, false]);
        std::fs::write(&files[1], whole).expect("the segment");
    }
}

/// Both copies of the opening checkpoint are damaged: replay starts at the next one.
#[test]
fn a_file_without_its_opening_replays_from_a_later_checkpoint() {
    let (_folder, files) = session(23, 1_500, &["journal.checkpoint_s=5"]);
    let mut bytes = std::fs::read(&files[0]).expect("a journal");
    bytes[256..4_096].fill(0);
    std::fs::write(&files[0], &bytes).expect("a journal");
    let reports = replay(&files, None, None).expect("a replay");
    assert!(reports[0].is_match() && !reports[0].is_whole());
    assert!(reports[0].outcomes[0].frames > 500);
}

/// A session that tells what it found of another run: first of all when `found`, and again every
/// hundredth frame.
fn session_after_another(found: bool) -> (tempfile::TempDir, Vec<PathBuf>) {
    let loaded = config("kraken-btc-eur.toml", &[]);
    let folder = tempfile::tempdir().expect("a folder");
    let run = Run { run_id: 2, salt: 3, created_utc_ns: 0, markets: 1, origin: 0, segment: 4, first_seq: 0 };
    let place = Place::Folder(folder.path().to_owned());
    let writer = Writer::create(Settings { place, run, capacity_bytes: 1 << 28 }).expect("a segment");
    let mut diary = JournalDiary(writer);
    let mut memory = Memory::new();
    let mut core = memory.start(Kraken, &loaded.config).expect("a legal configuration");
    let body = FoundRun {
        run_id: 1,
        last_seq: 70,
        records: 71,
        valid_bytes: 8_192,
        file_bytes: 4 << 20,
        segment: 3,
        end: end::TORN,
        ..bytemuck::Zeroable::zeroed()
    };
    let frames = frames(&synthetic(31, 1_000, &loaded));
    core.open(frames[0].0, &mut diary).expect("an opening");
    for (place, (recv_ns, bytes)) in frames.iter().enumerate() {
        if found && place % 100 == 0 {
            core.turn(*recv_ns, &Input::Found(body), &mut diary).expect("no halt");
        }
        let frame = Frame::received(0, 1, bytes);
        let input = Input::Frame { frame, recv_ns: *recv_ns, kernel_utc_ns: 0, end_of_read: true };
        core.turn(*recv_ns, &input, &mut diary).expect("no halt");
    }
    let file = diary.0.path().expect("an open segment").to_owned();
    diary.0.close().expect("a clean close");
    (folder, vec![file])
}

/// What a run found of the one before it is an input like any other, and decides nothing.
#[test]
fn a_run_that_found_another_replays_and_decides_the_same() {
    let ((_a, alone), (_b, after)) = (session_after_another(false), session_after_another(true));
    let reports = replay(&after, None, None).expect("a replay");
    assert!(reports[0].is_match() && reports[0].is_whole());
    let decided = |file: &Path| -> Vec<(u64, Kind, Vec<u8>)> {
        let records = all_records(&Segment::open(file).expect("a journal"));
        let heads = records.iter().map(|(_, record)| (head_of(record).expect("a head"), record));
        let is_decided = |head: &Head| matches!(head.kind.class(), 2 | 3) && head.kind != Kind::IDLE;
        let decided = heads.filter(|(head, _)| is_decided(head));
        decided.map(|(head, record)| (head.taken_ns, head.kind, record[HEAD_BYTES..].to_vec())).collect()
    };
    assert!(decided(&alone[0]).iter().any(|(_, kind, _)| *kind == Kind::QUOTE));
    assert_eq!(decided(&after[0]), decided(&alone[0]));
    let records = all_records(&Segment::open(&after[0]).expect("a journal"));
    let kinds: Vec<_> = records.iter().map(|(_, record)| head_of(record).expect("a head").kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Kind::FOUND).count(), 10);
    assert_eq!(kinds[2..4], [Kind::FOUND, Kind::IDLE]);
}
