//! `journal report`: one run as a page that a person shows another.
//!
//! The page is one file without anything outside it: HTML, inline SVG, and a script that only reads out values under
//! the pointer. It is a function of the journal's bytes: no clock, no chance, no name of a file or a host.
//!
//! Two walks over the records (`source`): the first finds the span of the run and the least delays (`extent`), the
//! second counts (`collect`) into at most `grid::STEPS_MAX` steps of time, so neither memory nor page grow with the
//! run. `page` lays out what was counted; `plots` draws.

mod by_market;
mod collect;
mod extent;
mod grid;
mod leaders;
mod market;
mod messages;
pub(crate) mod page;
pub(crate) mod plots;
mod regimes;
mod requests;
mod rows;
mod series;
mod source;
mod spread;
pub(crate) mod stamps;
mod summary;
mod told;
pub(crate) mod units;

pub use by_market::{ClockFigures, MarketFigures};
pub use spread::{Percentiles, Spread};
pub use summary::Summary;
pub use units::duration;

use crate::files::write_over;
use crate::gaps::Gaps;
use crate::venue::{market_names, symbol_of};
use anyhow::{Result, bail};
use collect::Collected;
use extent::Extent;
use hotpath::config::{Config, MarketConfig};
use market::trust_lane;
use series::Lane;
use source::Source;
use std::path::{Path, PathBuf};
use summary::Findings;
use units::Times;

/// What a page begins with, so that it is known again and may be written over.
pub const MARK: &str = "<!DOCTYPE html><!-- journal report -->";

/// One run, read and counted.
pub struct Report {
    summary: Summary,
    collected: Collected,
    gaps: Gaps,
    /// Whether each market's book was believed, market 0 first; at least one.
    trust: Vec<Lane>,
    times: Times,
    /// Monotonic time of the first and of the last record.
    span: (u64, u64),
    config: Option<Config>,
    /// What whoever made the page has to say of it.
    note: Option<String>,
}

impl Report {
    /// Reads the run `run_id`, or the latest one, of these files.
    ///
    /// # Errors
    /// When a file does not open as a journal or is given twice, when there is no such run, or when it holds no whole
    /// record.
    pub fn of(paths: &[PathBuf], run_id: Option<u64>) -> Result<Self> {
        let source = Source::open(paths, run_id)?;
        let mut extent = Extent::default();
        source.walk(&mut extent)?;
        let Some(span) = extent.span() else {
            bail!(
                "no whole record behind a whole checkpoint is in these files: `journal info` and `journal verify` say what is"
            );
        };
        let mut collected = Collected::over(&extent, span);
        source.walk(&mut collected)?;
        collected.finish();
        let gaps = Gaps::of(&source.paths())?;
        let count = extent.config.as_ref().map_or(1, |config| config.market_count.max(1));
        let trust = (0..count).map(|instrument| trust_lane(&gaps, instrument, &collected.grid)).collect();
        let findings = Findings { source: &source, extent: &extent, collected: &collected, gaps: &gaps, span };
        let summary = Summary::of(&findings);
        let times = Times::of(extent.tie, span.0, span.1);
        Ok(Self { summary, collected, gaps, trust, times, span, config: extent.config, note: None })
    }

    /// The same with a sentence below the title.
    #[must_use]
    pub fn noted(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }

    /// The figures.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Writes the page to `out`, over an older page or an empty file if there is one.
    ///
    /// # Errors
    /// When `out` is somebody's file or cannot be written.
    pub fn write(&self, out: &Path) -> Result<()> {
        write_over(out, MARK.as_bytes(), self.page().as_bytes())
    }

    /// The page.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(self)
    }

    fn markets(&self) -> &[MarketConfig] {
        self.config.as_ref().map(Config::markets).unwrap_or_default()
    }

    /// Decimals of prices of market 0.
    fn precision(&self) -> u8 {
        self.markets().first().map_or(0, |market| market.price_precision)
    }

    /// The name of a market among those of the run, or its number.
    fn name(&self, instrument: u16) -> String {
        let named = market_names(self.markets()).into_iter().nth(instrument.into());
        named.unwrap_or_else(|| format!("market {instrument}"))
    }

    /// What prices of market 0 are in: what stands behind the stroke of its symbol.
    fn currency(&self) -> String {
        let symbol = self.markets().first().map(symbol_of).unwrap_or_default();
        symbol.split_once('/').map_or("quote currency", |(_, quote)| quote).to_owned()
    }
}
