//! `journal latency`: how long messages take, stage by stage, by regime and by hour.
//!
//! One walk over the files, whose memory does not grow with them: a message waits for the STAMPS that tells of its turn
//! (`waiting`), a delay from the exchange for the end of its ten minutes (`arrivals`); everything else is a histogram
//! (`spreads`). Each connection has figures of its own, since what a leader sends takes another way.

pub mod against;
mod arrivals;
pub mod csv;
mod days;
mod figures;
mod newest;
pub mod page;
mod period;
mod rerun;
mod run;
mod split;
mod spreads;
mod stage;
mod table;
mod waiting;

pub use against::Compared;
pub use days::{Exported, export};
pub use figures::{Coverage, Figures, RERUN_LABEL, RerunFigures, Row};
pub use newest::newest;
pub use period::Counts;
pub use rerun::Rerun;
pub use split::Split;
pub use spreads::{NAMES, Quantiles};
pub use stage::{RERUN, STAGES, Stage};
pub use table::print;

use crate::memory::Memory;
use crate::replay::scan::{Scan, records, state_at};
use crate::venue::{name_of, symbol_of};
use anyhow::{Result, bail};
use hotpath::checkpoint::decode_config;
use hotpath::config::Config;
use hotpath::record::head_of;
use journal::{Header, Segment, origin};
use period::Periods;
use run::{Run, RunClocks};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the files are.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
pub struct Files {
    /// Runs in them.
    pub runs: u64,
    /// Files.
    pub segments: u64,
    /// Damaged places: what stood there, up to the next checkpoint, is in no figure.
    pub damage: u64,
    /// Places where a recovery left records out.
    pub left_out: u64,
    /// Records that are missing between the files.
    pub records_missing_between: u64,
}

/// Journals, read and counted.
pub struct Latency {
    periods: Periods,
    clocks: Vec<RunClocks>,
    files: Files,
    /// Markets of each connection, for people.
    feeds: BTreeMap<u16, String>,
    /// The connection of the market that trades.
    own: u16,
    /// Whether every run was imported from a recording.
    is_recording: bool,
}

impl Latency {
    /// Reads journals, and counts each day of UTC from `from_day` (since 1970) on by itself too, when asked for.
    ///
    /// # Errors
    /// When a file does not open as a journal or is given twice, or when none holds a whole record.
    pub fn of(paths: &[PathBuf], from_day: Option<u64>) -> Result<Self> {
        let mut files = paths
            .iter()
            .map(|path| Ok((*Segment::open(path)?.header(), path.as_path())))
            .collect::<Result<Vec<_>>>()?;
        files.sort_by_key(|(header, _)| (header.created_utc_ns, header.run_id, header.first_seq));
        let is_same = |(one, next): (&Header, &Header)| (one.run_id, one.first_seq) == (next.run_id, next.first_seq);
        if let Some(pair) = files.windows(2).find(|pair| is_same((&pair[0].0, &pair[1].0))) {
            bail!("{} and {} are the same segment: name it once", pair[0].1.display(), pair[1].1.display());
        }
        let mut all = Self {
            periods: Periods { from_day, ..Periods::default() },
            clocks: Vec::new(),
            files: Files::default(),
            feeds: BTreeMap::new(),
            own: 0,
            is_recording: files.iter().all(|(header, _)| header.origin == origin::RECORDING),
        };
        let mut memory = Memory::new();
        let mut whole = 0;
        for run in files.chunk_by(|one, next| one.0.run_id == next.0.run_id) {
            whole += all.run(run, &mut memory)?;
        }
        if whole == 0 {
            bail!(
                "no whole record behind a whole checkpoint is in these files: `journal info` and `journal verify` say what is"
            );
        }
        Ok(all)
    }

    /// Whether every record of the files' runs is in them, as far as they go, and whole.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.files.damage == 0 && self.files.records_missing_between == 0
    }

    /// What the files are.
    #[must_use]
    pub const fn files(&self) -> &Files {
        &self.files
    }

    /// Whether nothing is told of messages behind the engine's door, and why not.
    #[must_use]
    pub fn lacks(&self) -> Option<&'static str> {
        let counts = self.periods.whole.counts;
        match counts.stamped {
            1.. => None,
            0 if self.is_recording => Some(
                "the journal was imported from a recording, whose times it repeats: it holds no STAMPS, and only delays from the exchange are told",
            ),
            0 => Some(
                "the journal holds no STAMPS of messages: times end where the engine took them; a run of this version writes them",
            ),
        }
    }

    /// Reads one run; returns how many records were whole.
    fn run(&mut self, files: &[(Header, &Path)], memory: &mut Memory) -> Result<u64> {
        let Some((Header { run_id, origin: of, .. }, _)) = files.first() else { return Ok(0) };
        self.files.runs += 1;
        let mut run = Run::new(*run_id, *of == origin::RECORDING, memory, &mut self.periods);
        let (mut whole, mut next_seq) = (0, None);
        for (header, path) in files {
            let segment = Segment::open(path)?;
            let scan = Scan::of(&segment);
            self.files.segments += 1;
            self.files.damage += scan.damage.len() as u64;
            self.files.left_out += scan.left_out.len() as u64;
            self.files.records_missing_between += next_seq.map_or(0, |next| header.first_seq.saturating_sub(next));
            next_seq = Some(scan.last_seq.map_or(header.first_seq, |seq| seq.saturating_add(1)));
            for (place, span) in scan.spans.iter().enumerate() {
                let state = state_at(segment.bytes(), span.bytes.clone());
                if let Ok(config) = decode_config(&state) {
                    self.own = config.markets().first().map_or(0, |market| market.connection);
                    note_feeds(&mut self.feeds, &config);
                }
                run.state(&state, place == 0);
                for (offset, record) in records(segment.bytes(), span.bytes.clone()) {
                    if let Some(head) = head_of(record) {
                        run.record(offset as u64, &head, record);
                        whole += 1;
                    }
                }
            }
        }
        self.clocks.push(run.finish());
        Ok(whole)
    }

    /// The figures of all of it.
    #[must_use]
    pub fn whole(&self) -> Figures {
        Figures::of(self, None, &self.periods.whole)
    }

    /// The figures of each day of UTC, when they were asked for.
    pub fn days(&self) -> impl Iterator<Item = Figures> {
        self.periods.days.iter().map(|(day, period)| Figures::of(self, Some(*day), period))
    }

    /// What a connection brings, for people.
    fn feed(&self, connection: u16) -> String {
        self.feeds.get(&connection).cloned().unwrap_or_else(|| format!("connection {connection}"))
    }
}

/// The markets of each connection.
fn note_feeds(feeds: &mut BTreeMap<u16, String>, config: &Config) {
    let mut of_config: BTreeMap<u16, String> = BTreeMap::new();
    for market in config.markets() {
        let name = of_config.entry(market.connection).or_default();
        let (lead, symbol) = (if name.is_empty() { "" } else { ", " }, symbol_of(market));
        *name += &format!("{lead}{} {symbol}", name_of(market));
    }
    feeds.extend(of_config);
}
