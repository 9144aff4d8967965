//! The configuration: TOML and overrides in, integers without options out.
//!
//! Two steps. What was typed (`document` against the table of `keys`, then `typed`) is turned into
//! what it means (`meaning`). A row of the table of keys holds everything that a person is told about
//! a key: its name, type, range and unit. Overrides take their type from there too, so they need no
//! quotes. Every key but those of `[regime]` is mandatory; `configs/README.md` describes them all.

mod diary;
mod document;
mod error;
mod keys;
mod live;
mod market;
mod meaning;
mod model;
mod reading;
mod typed;

pub use diary::DiaryConfig;
pub use document::Effective;
pub use error::ConfigError;
pub use live::{HostConfig, LiveConfig, Mode};
pub use market::FeedConfig;

use document::Document;
use error::Fault;
use hotpath::config::{Config, SessionConfig};
use market::Markets;
use std::path::{Path, PathBuf};
use typed::Typed;

/// A configuration that passed every check.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the engine gets; `Config::check` holds.
    pub config: Config,
    /// How its journal is handed over, synced and kept.
    pub diary: DiaryConfig,
    /// What a live run does, and with which sockets.
    pub live: LiveConfig,
    /// Its connections; the first is that of the market that trades.
    pub feeds: Vec<FeedConfig>,
    /// By market: the section of the configuration that holds its keys, `venue` or `leader.1`.
    pub sections: Vec<String>,
    /// The symbol of the market that trades, `BTC/EUR`.
    pub symbol: String,
    /// The model file that was read.
    pub model_path: PathBuf,
    /// Every key with its value in force.
    pub effective: Vec<Effective>,
}

/// Reads a configuration file and the model file that it names.
///
/// `overrides` are `key.path=value`, as `venue.depth=25`; a later one wins over an earlier one and
/// over the file. Values need no quotes; one pair around the value is dropped.
///
/// # Errors
/// Every fault that could be found, one a line: files that cannot be read or are not TOML, keys that
/// are unknown or missing, values of the wrong type or out of range.
pub fn load(path: &Path, overrides: &[String]) -> Result<Loaded, ConfigError> {
    let text = read(path)?;
    let mut document = Document::parse(path, &text, &keys::CONFIG)?;
    for text in overrides {
        document.set(text);
    }
    document.fill();
    let effective = document.effective();
    let (typed, places) = document.finish::<Typed>()?;
    let model_path = path.parent().unwrap_or(Path::new("")).join(&typed.fair.model);
    let model = model::load(&model_path)?;
    let (config, markets, diary, live) = meaning::config(path, &typed, model, &places)?;
    let Markets { feeds, sections, .. } = markets;
    Ok(Loaded { config, diary, live, feeds, sections, symbol: typed.venue.symbol, model_path, effective })
}

impl Loaded {
    /// The connection of the market that trades.
    #[must_use]
    pub fn feed(&self) -> &FeedConfig {
        &self.feeds[0]
    }
}

/// BLAKE3 of what the engine gets, whether or not it asks for its connections: a live run and an import of one
/// configuration have the same.
#[must_use]
pub fn hash_of(config: &Config) -> String {
    let config = Config { session: SessionConfig { active: 0, ..config.session }, ..*config };
    blake3::hash(bytemuck::bytes_of(&config)).to_hex().to_string()
}

/// The text of a file.
fn read(path: &Path) -> Result<String, ConfigError> {
    let fault = |error| Fault { place: path.display().to_string(), what: format!("cannot be read: {error}") };
    std::fs::read_to_string(path).map_err(|error| fault(error).into())
}
