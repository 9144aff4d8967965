//! `--day DIR`: the figures of each day of UTC as two files, which are written anew when more is known of the day.

use super::csv::{self, csv};
use super::figures::Figures;
use crate::files::write_over;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// What the JSON of a day begins with.
const MARK: &str = "{\n  \"day\": \"";

/// The files of a day.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// The day, `YYYY-MM-DD`.
    pub day: String,
    /// The figures.
    pub json: PathBuf,
    /// The same, a number a line.
    pub csv: PathBuf,
    /// Whether older files stayed as they are, since they rest on more messages: segments of the day are gone.
    pub is_kept: bool,
}

/// Writes the figures of each day into `folder`, which is made when it is missing.
///
/// # Errors
/// When a file is somebody's, or cannot be written.
pub fn export(folder: &Path, days: impl Iterator<Item = Figures>) -> Result<Vec<Exported>> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    days.map(|figures| export_day(folder, &figures)).collect()
}

fn export_day(folder: &Path, figures: &Figures) -> Result<Exported> {
    let day = figures.day.clone().unwrap_or_default();
    let file = |ending: &str| folder.join(format!("{day}.{ending}"));
    let (json, csv_file) = (file("json"), file("csv"));
    let is_kept = messages(&json).is_some_and(|before| before > figures.coverage.messages.messages);
    if !is_kept {
        let text = serde_json::to_string_pretty(figures).context("figures are no JSON")? + "\n";
        write_over(&json, MARK.as_bytes(), text.as_bytes())?;
        write_over(&csv_file, csv::MARK.as_bytes(), csv(figures).as_bytes())?;
    }
    Ok(Exported { day, json, csv: csv_file, is_kept })
}

/// The messages that an older export of a day rests on.
fn messages(json: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(json).ok().filter(|text| text.starts_with(MARK))?;
    let figures: Value = serde_json::from_str(&text).ok()?;
    figures["coverage"]["messages"]["messages"].as_u64()
}
