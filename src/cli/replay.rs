//! The `replay` program.

use super::{Ended, counted, grouped, print_json, progress};
use crate::files::journal_files;
use crate::left_out::Missing;
use crate::render::{json, kind_name, text};
use crate::replay::report::{Found, SegmentReport};
use crate::replay::{digest, replay};
use anyhow::Result;
use clap::Parser;
use hotpath::record::Kind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Instant;

/// Replays journals: the engine reads its own diary and must write it again, byte for byte.
///
/// Prints MATCH, or the first record that differs with both versions and the state around it.
/// Exit codes: 0 everything matches, 1 a record differs or a file is damaged, 2 bad usage or file.
#[derive(Debug, Parser)]
#[command(
    name = "replay",
    version,
    after_help = "Example:\n  replay journal.bin --out again.bin && cmp journal.bin again.bin"
)]
pub struct Args {
    /// Journals of one or several segments, or folders that hold them.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the regenerated journal: a file, or a folder when several segments are given.
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
    /// Replay this many segments at once [default: one a core].
    #[arg(long, value_name = "N")]
    threads: Option<NonZero<usize>>,
}

/// Runs the program.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &Args) -> Result<Ended> {
    let files = journal_files(&args.files)?;
    let started = Instant::now();
    progress(&format!("replaying {}", counted(files.len() as u64, "segment", "segments")));
    let reports = replay(&files, args.out.as_deref(), args.threads)?;
    progress("");
    let total = Total::of(&reports, started.elapsed().as_secs_f64());
    if args.json {
        print_json(&total.to_json(&reports))?;
    } else {
        total.print(&mut io::stdout().lock(), &reports)?;
    }
    let good = total.matches && reports.iter().all(SegmentReport::is_whole);
    Ok(if good { Ended::Ok } else { Ended::Failed })
}

struct Total {
    matches: bool,
    kinds: BTreeMap<Kind, u64>,
    records: u64,
    frames: u64,
    checksums_ok: u64,
    checksums_bad: u64,
    records_per_second: f64,
    digest: String,
}

impl Total {
    fn of(reports: &[SegmentReport], seconds: f64) -> Self {
        let mut kinds = BTreeMap::new();
        for (kind, count) in reports.iter().flat_map(|report| &report.scan.kinds) {
            *kinds.entry(*kind).or_default() += count;
        }
        let outcomes = || reports.iter().flat_map(|report| &report.outcomes);
        let records: u64 = outcomes().map(|outcome| outcome.records).sum();
        Self {
            matches: reports.iter().all(SegmentReport::is_match),
            records,
            kinds,
            frames: outcomes().map(|outcome| outcome.frames).sum(),
            checksums_ok: outcomes().map(|outcome| outcome.checksums.0).sum(),
            checksums_bad: outcomes().map(|outcome| outcome.checksums.1).sum(),
            records_per_second: records as f64 / seconds.max(1e-9),
            digest: digest(reports).to_string(),
        }
    }

    fn to_json(&self, reports: &[SegmentReport]) -> Value {
        let kinds: serde_json::Map<_, _> =
            self.kinds.iter().map(|(kind, count)| (kind_name(*kind), (*count).into())).collect();
        let mut value = json!({
            "match": self.matches,
            "records": self.records,
            "frames": self.frames,
            "checksums_ok": self.checksums_ok,
            "checksums_bad": self.checksums_bad,
            "records_per_second": self.records_per_second.round(),
            "digest": self.digest,
            "kinds": kinds,
            "segments": reports.len(),
            "segments_missing": reports.iter().map(|report| report.segments_missing).sum::<u32>(),
            "engine_version": hotpath::ENGINE_VERSION,
            "files": reports.iter().map(file_json).collect::<Vec<_>>(),
        });
        if let Some(Found { path, divergence, .. }) = reports.iter().find_map(SegmentReport::divergence) {
            value["file"] = path.display().to_string().into();
            value["offset"] = divergence.offset.into();
            value["first_byte"] = divergence.first_byte().into();
            value["expected"] = record_json(divergence.offset, &divergence.expected);
            value["found"] = record_json(divergence.offset, &divergence.found);
        }
        value
    }

    fn print(&self, out: &mut impl Write, reports: &[SegmentReport]) -> io::Result<()> {
        for report in reports {
            print_file(out, report)?;
        }
        let kinds: Vec<_> =
            self.kinds.iter().map(|(kind, count)| format!("{} {}", kind_name(*kind), grouped(*count))).collect();
        let whole = reports.iter().all(SegmentReport::is_whole);
        let complete = reports.iter().all(|report| report.scan.left_out.is_empty());
        writeln!(
            out,
            "{}",
            match (self.matches, whole, complete) {
                (true, true, _) if self.records == 0 => "NOTHING TO REPLAY: the journal was begun and holds no record",
                (true, true, true) => "MATCH",
                (true, true, false) => "MATCH of what can be replayed of a recovered journal",
                (true, false, _) => "MATCH of what is left of a damaged journal",
                (false, _, _) => "DIVERGED",
            }
        )?;
        let held: u64 = self.kinds.values().sum();
        let of = if held == self.records { String::new() } else { format!(" of {}", grouped(held)) };
        writeln!(out, "  records    {}{of} ({})", grouped(self.records), kinds.join(", "))?;
        writeln!(out, "  frames     {}", grouped(self.frames))?;
        // An exchange may have none.
        if self.checksums_ok + self.checksums_bad > 0 {
            writeln!(out, "  checksums  {} ok, {} bad", grouped(self.checksums_ok), grouped(self.checksums_bad))?;
        }
        writeln!(out, "  rate       {} records/s", grouped(self.records_per_second as u64))?;
        writeln!(out, "  digest     {}", self.digest)
    }
}

fn record_json(offset: usize, record: &[u8]) -> Value {
    if record.is_empty() { Value::Null } else { json(offset as u64, record) }
}

fn file_json(report: &SegmentReport) -> Value {
    json!({
        "file": report.path.display().to_string(),
        "match": report.is_match(),
        "whole": report.is_whole(),
        "end": format!("{:?}", report.scan.end).to_lowercase(),
        "index_holds": report.index_holds,
        "lost_before_next": report.lost_before_next,
        "valid_bytes": report.valid_bytes,
        "damage": report.scan.damage.iter().map(|damage| damage.offset).collect::<Vec<_>>(),
        "left_out": report.scan.left_out.iter().map(Missing::to_json).collect::<Vec<_>>(),
        "spans": report.scan.spans.iter().map(|span| [span.bytes.start, span.bytes.end]).collect::<Vec<_>>(),
        "digest": report.digest.to_string(),
        "engine_version": report.engine_version,
    })
}

fn print_file(out: &mut impl Write, report: &SegmentReport) -> io::Result<()> {
    let name = report.path.display();
    // Where no checkpoint is whole, nothing says which version it was.
    if ![0, hotpath::ENGINE_VERSION].contains(&report.engine_version) {
        writeln!(
            out,
            "{name}: written by engine version {}, this is {}",
            report.engine_version,
            hotpath::ENGINE_VERSION
        )?;
    }
    match report.scan.end {
        journal::End::Sealed => {}
        end => {
            let whole = counted(report.valid_bytes as u64, "byte is", "bytes are");
            writeln!(out, "{name}: not closed ({end}); {whole} whole steps")?
        }
    }
    if report.header_copies < 2 {
        writeln!(out, "{name}: one of the two header copies is damaged; the other was used")?;
    }
    if !report.index_holds {
        writeln!(out, "{name}: the index at the end is not the one that the records give")?;
    }
    if report.scan.records() == 0 && report.is_whole() {
        writeln!(out, "{name}: holds no record")?;
    } else if report.scan.spans.is_empty() {
        writeln!(out, "{name}: holds no whole checkpoint, so nothing of it can be replayed")?;
    }
    if report.lost_before_next > 0 {
        let lost = counted(report.lost_before_next, "record", "records");
        writeln!(out, "{name}: ends {lost} before the next segment begins")?;
    }
    if report.segments_missing > 0 {
        let missing = counted(report.segments_missing.into(), "segment after it was", "segments after it were");
        writeln!(out, "{name}: {missing} not given")?;
    }
    print_damage(out, report)?;
    for outcome in &report.outcomes {
        if let Some(halt) = outcome.halt {
            writeln!(out, "{name}: the engine halted ({halt:?})")?;
        }
    }
    if let Some(Found { path, divergence, state }) = report.divergence() {
        let show = |record: &[u8]| {
            if record.is_empty() { "(nothing)".to_owned() } else { text(divergence.offset as u64, record) }
        };
        let (name, at) = (path.display(), divergence.first_byte());
        writeln!(out, "{name}: first difference at byte {}, in byte {at} of the record", divergence.offset)?;
        writeln!(out, "  expected {}", show(&divergence.expected))?;
        writeln!(out, "  found    {}", show(&divergence.found))?;
        writeln!(out, "{state}")?;
    }
    Ok(())
}

/// What is damaged or left out, and where replay goes on behind it.
fn print_damage(out: &mut impl Write, report: &SegmentReport) -> io::Result<()> {
    let name = report.path.display();
    for damage in &report.scan.damage {
        let lost = damage.lost.map_or("records lost: unknown".to_owned(), |lost| format!("records lost: {lost}"));
        let bytes = counted(damage.bytes as u64, "byte", "bytes");
        writeln!(out, "{name}: damaged at byte {} for {bytes}; {lost}", damage.offset)?;
    }
    for missing in &report.scan.left_out {
        let next = report.scan.spans.iter().find(|span| span.bytes.start > missing.offset);
        let goes_on = next.map_or("no CHECKPOINT follows, so nothing behind it is replayed".to_owned(), |span| {
            format!("resumes at the CHECKPOINT at byte {}", span.bytes.start)
        });
        writeln!(out, "{name}: {missing}; {goes_on}")?;
    }
    for (span, outcome) in report.scan.spans.iter().zip(&report.outcomes).skip(1) {
        writeln!(
            out,
            "{name}: resumed at the checkpoint at byte {}, replayed to byte {}",
            span.bytes.start, outcome.proved_end
        )?;
    }
    Ok(())
}
