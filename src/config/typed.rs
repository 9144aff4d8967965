//! What was typed: the configuration file as types. The table of keys has checked types and ranges.

use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    pub venue: Venue,
    pub features: Features,
    pub fair: Fair,
    pub quote: Quote,
    pub quality: Quality,
    pub health: Health,
    pub journal: Journal,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Venue {
    pub name: String,
    pub url: String,
    pub symbol: String,
    pub depth: u32,
    pub price_precision: u8,
    pub qty_precision: u8,
    pub price_increment: String,
    pub stale_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Features {
    pub imbalance_levels: u32,
    pub vol_half_life_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fair {
    pub model: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quote {
    pub half_spread_ticks: i64,
    pub qty: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Quality {
    pub spread_ticks_max: i64,
    pub vol_ticks_max: i64,
    pub jump_ticks_max: i64,
    pub burst: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Health {
    pub ring_lines_min: u32,
    pub disk_mib_min: u32,
    pub journal_lag_ms_max: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Journal {
    pub segment_bytes: u64,
    pub checkpoint_s: u64,
    pub ring_lines: u32,
    pub sync_ms: u64,
    /// None: spelled `off`.
    pub keep_days: Option<u64>,
    /// None: spelled `off`.
    pub keep_mib: Option<u64>,
    pub archive: Vec<String>,
}
