//! What was typed: the configuration file as types. The table of keys has checked types and ranges.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    pub venue: Venue,
    /// By number.
    #[serde(default)]
    pub leader: BTreeMap<String, Leader>,
    pub features: Features,
    pub fair: Fair,
    pub quote: Quote,
    pub quality: Quality,
    pub regime: Regime,
    pub health: Health,
    pub journal: Journal,
    pub run: Run,
    pub session: Session,
    pub link: Link,
    pub host: Host,
}

#[derive(Debug, Deserialize)]
pub(super) struct Venue {
    pub name: String,
    pub url: String,
    /// `off`, or an address.
    pub rest_url: String,
    pub symbol: String,
    pub depth: u32,
    pub price_precision: u8,
    pub qty_precision: u8,
    pub price_increment: String,
    pub stale_ms: u64,
}

/// A market that is read and not traded.
#[derive(Debug, Deserialize)]
pub(super) struct Leader {
    #[serde(flatten)]
    pub venue: Venue,
    #[serde(flatten)]
    pub features: Features,
    pub channels: Vec<String>,
}

#[derive(Debug, Deserialize)]
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
pub(super) struct Regime {
    pub active_per_s: u32,
    pub active_exit_per_s: u32,
    pub burst_per_s: u32,
    pub burst_exit_per_s: u32,
    pub volatile_ticks: i64,
    pub volatile_exit_ticks: i64,
    pub degraded_ms: u64,
    pub degraded_exit_ms: u64,
    pub dwell_ms: u64,
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

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    pub mode: String,
    pub folder: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Session {
    pub channels: Vec<String>,
    pub ack_ms_max: u64,
    pub snapshot_ms_max: u64,
    pub heartbeat_ms_max: u64,
    pub connect_ms_max: u64,
    pub ping_ms: u64,
    pub pace_ms: u64,
    pub tries_at_once: u32,
    pub retry_ms_min: u64,
    pub retry_ms_max: u64,
    pub stable_s: u64,
    pub clock_step_ms_max: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    /// `off`, or a path.
    pub extra_ca: String,
    pub nodelay: bool,
    pub quickack: bool,
    /// None: spelled `off`.
    pub receive_buffer_bytes: Option<u32>,
    /// None: spelled `off`.
    pub busy_poll_us: Option<u32>,
    pub kernel_stamps: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    /// None: spelled `off`.
    pub core: Option<u32>,
    /// None: spelled `off`.
    pub fifo: Option<u32>,
    pub lock_memory: bool,
}
