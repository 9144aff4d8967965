//! `--against`: figures beside those of another day.

use super::spreads::NAMES;
use super::stage::{STAGES, Stage};
use crate::report::duration;
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Serialize;
use serde_json::Value;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Two sets of figures, side by side.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// What is compared with.
    pub file: PathBuf,
    /// Its day; none when it is not of one.
    pub day: Option<String>,
    /// The day that is held against it; none when that is not of one.
    pub now: Option<String>,
    /// Every percentile that both have, in the order of the figures.
    pub rows: Vec<Pair>,
}

impl Compared {
    /// What is compared with, for people: its day, or the file.
    #[must_use]
    pub fn name(&self) -> String {
        self.day.clone().unwrap_or_else(|| self.file.display().to_string())
    }
}

/// A percentile then and now.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// The connection.
    pub connection: u64,
    /// What it is split by.
    pub split: String,
    /// Which part of it.
    pub level: String,
    /// The stage.
    pub stage: String,
    /// The percentile.
    pub figure: &'static str,
    /// Then.
    pub before_ns: i64,
    /// Now.
    pub now_ns: i64,
    /// How many times as long; none when it took no time then.
    pub ratio: Option<f64>,
}

/// Figures that `--json` or `--day` wrote.
///
/// # Errors
/// When the file cannot be read or holds something else.
pub fn read(file: &Path) -> Result<Value> {
    let name = file.display();
    const WHICH: &str = "name a file that `journal latency` wrote with --day or --json";
    if file.extension().is_some_and(|ending| ending == "csv") {
        bail!("{name}: a CSV is not read: name the .json beside it");
    }
    let bytes = std::fs::read(file).map_err(|error| anyhow!("{name}: cannot be read ({error}): {WHICH}"))?;
    let figures: Option<Value> = serde_json::from_slice(&bytes).ok();
    let is_figures = |figures: &Value| figures["latency"].is_array() && figures["coverage"].is_object();
    figures.filter(is_figures).ok_or_else(|| anyhow!("{name}: holds no figures: {WHICH}"))
}

/// The newest day in a folder that is earlier than that of `now`; none when there is none.
///
/// # Errors
/// When the folder cannot be read, or holds journals and no day.
pub fn day_before(folder: &Path, now: &Value) -> Result<Option<PathBuf>> {
    let Some(first_ns) = now["coverage"]["first_utc_ns"].as_u64() else { return Ok(None) };
    let today = crate::utc::rfc3339(first_ns / 1_000);
    let entries = std::fs::read_dir(folder).with_context(|| format!("{}: cannot be read", folder.display()))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let is_journal = |file: &PathBuf| {
        [".bin", ".bin.zst"].iter().any(|end| file.as_os_str().as_encoded_bytes().ends_with(end.as_bytes()))
    };
    ensure!(
        files.iter().any(|file| day_of(file).is_some()) || !files.iter().any(is_journal),
        "{}: holds journals and no figures: name a folder or file that `journal latency` wrote with --day",
        folder.display()
    );
    files.retain(|file| day_of(file).is_some_and(|day| today.get(..day.len()).is_some_and(|today| *day < *today)));
    files.sort();
    Ok(files.pop())
}

/// The day of a file that `--day` wrote, by its name.
fn day_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.strip_suffix(".json")?;
    let is_day = name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    is_day.then(|| name.to_owned())
}

/// Holds figures against those of a file.
///
/// # Errors
/// As [`read`]; when they have nothing in common.
pub fn compare(now: &Value, file: &Path) -> Result<Compared> {
    let before = read(file)?;
    let rows = |figures: &Value| figures["latency"].as_array().cloned().unwrap_or_default();
    let day_of = |figures: &Value| figures["day"].as_str().map(str::to_owned);
    let days = (day_of(&before), day_of(now));
    let (now, then) = (rows(now), rows(&before));
    let pairs: Vec<_> = now
        .iter()
        .flat_map(|row| then.iter().find(|other| is_same(row, other)).map_or_else(Vec::new, |other| of_row(other, row)))
        .collect();
    ensure!(!pairs.is_empty(), "{} has no percentile in common with these figures", file.display());
    Ok(Compared { file: file.to_owned(), day: days.0, now: days.1, rows: pairs })
}

fn is_same(one: &Value, other: &Value) -> bool {
    ["connection", "split", "level", "stage"].iter().all(|name| one[name] == other[name])
}

/// Percentiles that both rows have.
fn of_row(before: &Value, now: &Value) -> Vec<Pair> {
    let text = |name: &str| now[name].as_str().unwrap_or_default().to_owned();
    let pair = |(figure, _): (&'static str, &str)| {
        let (before_ns, now_ns) = (before[figure].as_i64()?, now[figure].as_i64()?);
        let ratio = (before_ns != 0).then(|| now_ns as f64 / before_ns as f64);
        let connection = now["connection"].as_u64()?;
        let (split, level, stage) = (text("split"), text("level"), text("stage"));
        Some(Pair { connection, split, level, stage, figure, before_ns, now_ns, ratio })
    };
    NAMES.into_iter().filter_map(pair).collect()
}

/// Prints the comparison for people: stages, then the whole way by regime and by hour.
///
/// # Errors
/// Those of `out`.
pub fn print(compared: &Compared, out: &mut impl Write) -> io::Result<()> {
    let name = compared.name();
    let now = compared.now.as_deref().unwrap_or("now");
    for rows in compared.rows.chunk_by(|one, next| one.connection == next.connection) {
        writeln!(
            out,
            "{now}, and how many times as long as {name}: connection {}",
            rows.first().map_or(0, |row| row.connection)
        )?;
        write!(out, "  {:<26}", "")?;
        NAMES.iter().try_for_each(|(_, name)| write!(out, " {name:>15}"))?;
        writeln!(out)?;
        let line =
            |one: &Pair, next: &Pair| (&one.split, &one.level, &one.stage) == (&next.split, &next.level, &next.stage);
        for pairs in rows.chunk_by(line) {
            let Some(first) = pairs.first() else { continue };
            if first.split == "all" || first.stage == Stage::Total.name() {
                write!(out, "  {:<26}", title(first))?;
                NAMES.iter().try_for_each(|(figure, _)| write!(out, " {:>15}", cell(pairs, figure)))?;
                writeln!(out)?;
            }
        }
    }
    Ok(())
}

fn title(pair: &Pair) -> String {
    let stage = STAGES.into_iter().find(|stage| stage.name() == pair.stage);
    match pair.split.as_str() {
        "all" => stage.map_or(pair.stage.clone(), |stage| stage.label().to_owned()),
        split => format!("total, {split} {}", pair.level),
    }
}

fn cell(pairs: &[Pair], figure: &str) -> String {
    let Some(pair) = pairs.iter().find(|pair| pair.figure == figure) else { return "-".to_owned() };
    let times = pair.ratio.map_or("-".to_owned(), |ratio| format!("×{ratio:.2}"));
    format!("{} {times:>6}", duration(pair.now_ns))
}
