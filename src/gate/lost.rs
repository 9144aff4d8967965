//! Files that are not there: numbers run through a folder without a hole, and a run goes on until something ended it.

use super::Given;
use crate::cli::counted;
use crate::replay::scan::first_state;
use crate::tie::Tie;
use crate::verify::Verified;
use anyhow::Result;
use hotpath::checkpoint::decode_config;
use hotpath::progress::DAY_NS;
use hotpath::record::{Found, Kind, body_of, flag};
use journal::{Item, Segment};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A day's last input comes no longer before its end than this, when a run goes on: a live one looks at its health each second.
const DAY_END_NS: u64 = 60_000_000_000;

/// What is found behind the opening of a run's first segment stands among so many records.
const OPENING_RECORDS: usize = 256;

/// Files that are missing, and what may be.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// From and to which number, by folder.
    missing: BTreeMap<PathBuf, BTreeSet<(u32, u32)>>,
    /// Lowest number of each folder before which there was something.
    begins: BTreeMap<PathBuf, u32>,
    /// Whether another run's file has the number of one that is missing.
    is_mixed: bool,
}

/// A segment that was given.
#[derive(Debug)]
struct Piece {
    folder: PathBuf,
    run_id: u64,
    number: u32,
    /// Whether it is the first of its run.
    is_first: bool,
    /// Run and number of the last segment that its run found.
    found: Option<(u64, u32)>,
    /// Whether its run went on behind it.
    goes_on: bool,
}

impl Piece {
    fn of(path: &Path, verified: &Verified) -> Result<Self> {
        let segment = Segment::open(path)?;
        let header = &verified.header;
        let is_first = header.first_seq == 0;
        Ok(Self {
            folder: path.parent().map(Path::to_owned).unwrap_or_default(),
            run_id: header.run_id,
            number: header.segment,
            is_first,
            found: is_first.then(|| found_in(&segment)).flatten(),
            goes_on: goes_on(&segment, verified),
        })
    }
}

/// What a run found of the one before it.
fn found_in(segment: &Segment) -> Option<(u64, u32)> {
    let found = segment.items().take(OPENING_RECORDS).find_map(|item| match item {
        Item::Record(record) => body_of::<Found>(record.bytes),
        Item::Damage(_) => None,
    })?;
    // Zero: the header did not open, so that any run may have written it.
    (found.run_id != 0).then_some((found.run_id, found.segment))
}

/// Whether a segment was closed to go on in the next: it is full, or its day is over. One that a recovery closed is neither, and may be
/// the last of a run that broke off.
fn goes_on(segment: &Segment, verified: &Verified) -> bool {
    let ends = [Kind::CLOSE, Kind::HALT].iter().any(|kind| verified.scan.kinds.contains_key(kind));
    if ends || !verified.scan.is_complete() {
        return false;
    }
    let Some(state) = first_state(segment) else { return false };
    let Ok(config) = decode_config(&state) else { return false };
    let (mut bytes, mut tie, mut last_ns) = (0, Tie::of_state(&state), 0);
    for item in segment.items() {
        let Item::Record(record) = item else { continue };
        if record.head.kind != Kind::INDEX && !record.head.has(flag::OPENING) {
            bytes += record.bytes.len() as u64;
        }
        tie = Tie::of(record.bytes).or(tie);
        last_ns = record.head.taken_ns.max(last_ns);
    }
    let is_day_over = tie.is_some_and(|tie| DAY_NS - tie.utc_ns(last_ns) % DAY_NS <= DAY_END_NS);
    bytes >= config.journal.segment_bytes || is_day_over
}

impl Lost {
    /// Looks for what lacks among files that were verified.
    ///
    /// # Errors
    /// When a file does not open as a journal, or a folder cannot be read.
    pub(super) fn of(given: &Given, verified: &[Verified]) -> Result<Self> {
        let files = given.files.iter().zip(verified);
        let pieces = files.map(|(path, verified)| Piece::of(path, verified)).collect::<Result<Vec<_>>>()?;
        let mut lost = Self::default();
        lost.look_in_runs(&pieces);
        for folder in pieces.iter().map(|piece| &piece.folder).collect::<BTreeSet<_>>() {
            let is_whole = given.folders.contains(folder);
            let unjudged = is_whole.then(|| unjudged(folder, &given.files)).transpose()?;
            lost.look_in_folder(folder, &pieces, unjudged.as_ref());
        }
        Ok(lost)
    }

    /// Numbers between two segments of one run, wherever they lie.
    fn look_in_runs(&mut self, pieces: &[Piece]) {
        let mut pieces: Vec<_> = pieces.iter().collect();
        pieces.sort_by_key(|piece| (piece.run_id, piece.number));
        for pair in pieces.windows(2).filter(|pair| pair[0].run_id == pair[1].run_id) {
            self.note_between(&pair[1].folder, pair[0].number, pair[1].number);
        }
    }

    /// Numbers of one folder. `unjudged` are those of files of it that a writer holds or never began, when all of it was given.
    fn look_in_folder(&mut self, folder: &Path, all: &[Piece], unjudged: Option<&BTreeSet<u32>>) {
        let mut missing = Vec::new();
        let is_given = |run_id, number| all.iter().any(|piece| (piece.run_id, piece.number) == (run_id, number));
        let own = || all.iter().filter(|piece| piece.folder == folder);
        let numbers: Vec<_> = own().map(|piece| piece.number).collect::<BTreeSet<_>>().into_iter().collect();
        let (Some(lowest), Some(highest)) = (numbers.first().copied(), numbers.last().copied()) else { return };
        for pair in numbers.windows(2) {
            self.note_between(folder, pair[0], pair[1]);
        }
        // The segment that is written, or was to be, is the next one too.
        if let Some(open) = unjudged.and_then(|unjudged| unjudged.iter().find(|number| **number > highest)) {
            self.note_between(folder, highest, *open);
        }
        if lowest > 0 && !all.iter().any(|piece| piece.number == lowest - 1) {
            self.begins.insert(folder.to_owned(), lowest);
        }
        for piece in own() {
            let Piece { run_id, number, .. } = *piece;
            if !piece.is_first && number > lowest && !is_given(run_id, number - 1) {
                missing.push(number - 1);
            }
            if let Some((run_id, number)) = piece.found.filter(|(_, number)| numbers.contains(number))
                && !is_given(run_id, number)
            {
                missing.push(number);
            }
            // The run that came next says which segment was the last.
            let was_last = all.iter().any(|other| other.found == Some((run_id, number)));
            let Some(next) = number.checked_add(1).filter(|_| piece.goes_on && !was_last) else { continue };
            let is_meant = number < highest || unjudged.is_some_and(|unjudged| !unjudged.contains(&next));
            if is_meant && !is_given(run_id, next) {
                missing.push(next);
            }
        }
        self.is_mixed |= missing.iter().any(|number| numbers.contains(number));
        missing.into_iter().for_each(|number| self.note(folder, number, number));
    }

    fn note_between(&mut self, folder: &Path, before: u32, behind: u32) {
        if behind.saturating_sub(before) > 1 {
            self.note(folder, before + 1, behind - 1);
        }
    }

    /// Joins numbers to those that are missing.
    fn note(&mut self, folder: &Path, mut from: u32, mut to: u32) {
        let ranges = self.missing.entry(folder.to_owned()).or_default();
        let touching = |range: &(u32, u32)| range.0 <= to.saturating_add(1) && from <= range.1.saturating_add(1);
        let joined: Vec<_> = ranges.iter().copied().filter(touching).collect();
        for range in joined {
            ranges.remove(&range);
            (from, to) = (from.min(range.0), to.max(range.1));
        }
        ranges.insert((from, to));
    }

    /// How many files are missing.
    pub(super) fn count(&self) -> u64 {
        self.missing.values().flatten().map(|(from, to)| u64::from(to - from) + 1).sum()
    }

    /// How many, and which; and where folders begin.
    pub(super) fn told(&self) -> String {
        let several = self.missing.len() > 1 || self.begins.len() > 1;
        let within = |folder: &Path| if several { format!(" of {}", folder.display()) } else { String::new() };
        let range = |(from, to): &(u32, u32)| if from == to { from.to_string() } else { format!("{from} to {to}") };
        let of_folder = |(folder, ranges): (&PathBuf, &BTreeSet<(u32, u32)>)| {
            let numbers: Vec<_> = ranges.iter().map(range).collect();
            format!("{}{}", numbers.join(", "), within(folder))
        };
        let missing: Vec<_> = self.missing.iter().map(of_folder).collect();
        let mut told = format!("{} missing", counted(self.count(), "file", "files"));
        if !missing.is_empty() {
            let word = if self.count() == 1 { "segment" } else { "segments" };
            let mixed = if self.is_mixed { ", where another run has the number" } else { "" };
            told.push_str(&format!(" ({word} {}{mixed})", missing.join("; ")));
        }
        for (folder, number) in &self.begins {
            told.push_str(&format!("; begins at segment {number}{} (older ones removed?)", within(folder)));
        }
        told
    }
}

/// Numbers of files in a folder that are not judged.
fn unjudged(folder: &Path, judged: &[PathBuf]) -> Result<BTreeSet<u32>> {
    let names: BTreeSet<_> = judged.iter().filter_map(|path| path.file_name()).collect();
    let all = journal::segments(folder)?;
    Ok(all
        .into_iter()
        .filter(|(_, path)| path.file_name().is_some_and(|name| !names.contains(name)))
        .map(|(number, _)| number)
        .collect())
}
