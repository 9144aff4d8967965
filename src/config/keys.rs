//! Every key: its type, range and unit.

use hotpath::config::{
    DEPTH_MAX, IMBALANCE_LEVELS_MAX, MARKETS_MAX, SEGMENT_BYTES_MAX, SEGMENT_BYTES_MIN, TRIES_AT_ONCE_MAX,
};
use hotpath::units::{PRECISION_MAX, PRICE_TICKS_MAX};
use std::sync::LazyLock;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; the sentence says which.
    Text,
    /// A decimal number as text, so that it is read exactly.
    Decimal,
    /// An integer within both bounds.
    Integer { min: i64, max: i64 },
    /// An integer within both bounds, or the text `off`.
    Bound { min: i64, max: i64 },
    /// An array of texts.
    Texts,
    /// `true` or `false`.
    Flag,
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Section and name, `venue.depth`.
    pub path: &'static str,
    /// Its type and range.
    pub kind: Kind,
    /// Unit of an integer, meaning of a text.
    pub unit: &'static str,
    /// What holds when the key is absent; none: it must be there.
    pub default: Option<i64>,
}

impl Key {
    /// What may stand there, for people.
    pub fn wanted(&self) -> String {
        match self.kind {
            Kind::Text => self.unit.to_owned(),
            Kind::Decimal => format!("a decimal number in quotes, {}", self.unit),
            Kind::Integer { min, max } => format!("an integer from {min} to {max}, {}", self.unit),
            Kind::Bound { min, max } => format!("\"off\", or an integer from {min} to {max}, {}", self.unit),
            Kind::Texts => format!("an array of texts, {}", self.unit),
            Kind::Flag => format!("true or false, {}", self.unit),
        }
    }
}

/// The key of that path.
pub(super) fn find(keys: &'static [Key], path: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.path == path)
}

/// The key or section that an unknown path most likely means.
///
/// Names are compared first, so that a right name in a wrong section finds its key; the whole path
/// decides between equals.
pub(super) fn nearest<'a>(keys: &'a [Key], path: &str) -> &'a str {
    let sections = keys.iter().filter_map(|key| key.path.rsplit_once('.').map(|(section, _)| section));
    let known = keys.iter().map(|key| key.path).chain(sections);
    let distance = strsim::damerau_levenshtein;
    known.min_by_key(|known| (distance(name(known), name(path)), distance(known, path))).unwrap_or_default()
}

fn name(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

const fn text(path: &'static str, unit: &'static str) -> Key {
    Key { path, kind: Kind::Text, unit, default: None }
}

const fn decimal(path: &'static str, unit: &'static str) -> Key {
    Key { path, kind: Kind::Decimal, unit, default: None }
}

const fn integer(path: &'static str, min: i64, max: i64, unit: &'static str) -> Key {
    Key { path, kind: Kind::Integer { min, max }, unit, default: None }
}

const fn usual(path: &'static str, (min, max): (i64, i64), default: i64, unit: &'static str) -> Key {
    Key { default: Some(default), ..integer(path, min, max, unit) }
}

const fn bound(path: &'static str, min: i64, max: i64, unit: &'static str) -> Key {
    Key { path, kind: Kind::Bound { min, max }, unit, default: None }
}

const fn texts(path: &'static str, unit: &'static str) -> Key {
    Key { path, kind: Kind::Texts, unit, default: None }
}

const fn flag(path: &'static str, unit: &'static str) -> Key {
    Key { path, kind: Kind::Flag, unit, default: None }
}

const HOUR_MS: i64 = 3_600_000;
const DAY_S: i64 = 86_400;

/// Keys of a configuration file.
pub(super) static CONFIG: LazyLock<Vec<Key>> = LazyLock::new(|| [MAIN, &LEADERS.concat()].concat());

/// Most leaders: each is a market beside the one that trades.
pub(super) const LEADERS_MAX: usize = MARKETS_MAX - 1;

const URL: &str = "an address that starts with ws:// or wss://";
const REST_URL: &str = "\"off\", or an address that starts with http:// or https://";
const SYMBOL: &str = "the exchange's symbol, 1 to 24 printable ASCII characters";
const DEPTH: &str = "levels a side";
const INCREMENT: &str = "of the quote currency, from 1 to 70368744177664 ticks";
const CHANNELS: &str = "any of instrument, book, trade, ticker; book is needed";

macro_rules! leader {
    ($section:literal) => {
        [
            text(concat!($section, ".name"), "the name of a known venue"),
            text(concat!($section, ".url"), URL),
            text(concat!($section, ".rest_url"), REST_URL),
            text(concat!($section, ".symbol"), SYMBOL),
            integer(concat!($section, ".depth"), 1, DEPTH_MAX as i64, DEPTH),
            integer(concat!($section, ".price_precision"), 0, PRECISION_MAX as i64, "decimals of prices"),
            integer(concat!($section, ".qty_precision"), 0, PRECISION_MAX as i64, "decimals of sizes"),
            decimal(concat!($section, ".price_increment"), INCREMENT),
            integer(concat!($section, ".stale_ms"), 1, HOUR_MS, "milliseconds"),
            texts(concat!($section, ".channels"), CHANNELS),
            integer(concat!($section, ".imbalance_levels"), 1, IMBALANCE_LEVELS_MAX as i64, "levels a side"),
            integer(concat!($section, ".vol_half_life_ms"), 1, HOUR_MS, "milliseconds"),
        ]
    };
}

/// Keys of the markets that are read beside the one that trades: all of one, or none of it.
const LEADERS: [[Key; 12]; LEADERS_MAX] = [leader!("leader.1"), leader!("leader.2"), leader!("leader.3")];

/// The section of a leader that a key belongs to.
pub(super) fn leader_of(path: &str) -> Option<&str> {
    path.rsplit_once('.').map(|(section, _)| section).filter(|section| section.starts_with("leader."))
}

const VOL: &str = "ticks per square root of a second";
const PER_S: (i64, i64) = (1, u32::MAX as i64);

const MAIN: &[Key] = &[
    text("venue.name", "the name of a known venue"),
    text("venue.url", URL),
    text("venue.rest_url", REST_URL),
    text("venue.symbol", SYMBOL),
    integer("venue.depth", 1, DEPTH_MAX as i64, DEPTH),
    integer("venue.price_precision", 0, PRECISION_MAX as i64, "decimals of prices"),
    integer("venue.qty_precision", 0, PRECISION_MAX as i64, "decimals of sizes"),
    decimal("venue.price_increment", INCREMENT),
    integer("venue.stale_ms", 1, HOUR_MS, "milliseconds"),
    integer("features.imbalance_levels", 1, IMBALANCE_LEVELS_MAX as i64, "levels a side"),
    integer("features.vol_half_life_ms", 1, HOUR_MS, "milliseconds"),
    text("fair.model", "the path of a model file, relative to the configuration file"),
    integer("quote.half_spread_ticks", 0, 1 << 32, "ticks"),
    decimal("quote.qty", "of the base currency, from 1 to 1152921504606846976 lots"),
    integer("quality.spread_ticks_max", 1, PRICE_TICKS_MAX, "ticks"),
    integer("quality.vol_ticks_max", 1, 1 << 30, VOL),
    integer("quality.jump_ticks_max", 1, PRICE_TICKS_MAX, "ticks"),
    integer("quality.burst", 1, u16::MAX as i64, "failures in a row"),
    usual("regime.active_per_s", PER_S, 100, "messages in a second"),
    usual("regime.active_exit_per_s", PER_S, 50, "messages in a second"),
    usual("regime.burst_per_s", PER_S, 300, "messages in a second"),
    usual("regime.burst_exit_per_s", PER_S, 150, "messages in a second"),
    usual("regime.volatile_ticks", (1, 1 << 30), 20, VOL),
    usual("regime.volatile_exit_ticks", (1, 1 << 30), 15, VOL),
    usual("regime.degraded_ms", (1, HOUR_MS), 50, "milliseconds above the least"),
    usual("regime.degraded_exit_ms", (1, HOUR_MS), 25, "milliseconds above the least"),
    usual("regime.dwell_ms", (1, HOUR_MS), 2_000, "milliseconds"),
    integer("health.ring_lines_min", 0, u32::MAX as i64, "lines of 64 bytes"),
    integer("health.disk_mib_min", 0, u32::MAX as i64, "MiB"),
    integer("health.journal_lag_ms_max", 1, HOUR_MS, "milliseconds"),
    integer("journal.segment_bytes", SEGMENT_BYTES_MIN as i64, SEGMENT_BYTES_MAX as i64, "bytes"),
    integer("journal.checkpoint_s", 1, DAY_S, "seconds"),
    integer("journal.ring_lines", 1 << 18, 1 << 22, "lines of 64 bytes, a power of two"),
    integer("journal.sync_ms", 1, 1_000, "milliseconds"),
    bound("journal.keep_days", 1, 36_500, "days"),
    bound("journal.keep_mib", 1, 1 << 40, "MiB"),
    texts("journal.archive", "program and arguments, [] for none"),
    text("run.mode", "what a run does: capture"),
    text("run.folder", "the path of the folder of runs, relative to the working folder"),
    texts("session.channels", CHANNELS),
    integer("session.ack_ms_max", 1, HOUR_MS, "milliseconds"),
    integer("session.snapshot_ms_max", 1, HOUR_MS, "milliseconds"),
    integer("session.heartbeat_ms_max", 1, HOUR_MS, "milliseconds"),
    integer("session.connect_ms_max", 1, HOUR_MS, "milliseconds"),
    integer("session.ping_ms", 1_000, HOUR_MS, "milliseconds"),
    integer("session.pace_ms", 1, 60_000, "milliseconds"),
    integer("session.tries_at_once", 0, TRIES_AT_ONCE_MAX as i64, "connects in a row"),
    integer("session.retry_ms_min", 100, HOUR_MS, "milliseconds"),
    integer("session.retry_ms_max", 100, HOUR_MS, "milliseconds"),
    integer("session.stable_s", 1, 3_600, "seconds"),
    integer("session.clock_step_ms_max", 1, HOUR_MS, "milliseconds"),
    text("link.extra_ca", "\"off\", or the path of a PEM file, relative to the configuration file"),
    flag("link.nodelay", "small writes leave at once"),
    flag("link.quickack", "what comes is acknowledged at once"),
    bound("link.receive_buffer_bytes", 4_096, 1 << 30, "bytes"),
    bound("link.busy_poll_us", 1, 1_000, "microseconds"),
    flag("link.kernel_stamps", "the kernel stamps what it receives"),
    bound("host.core", 0, 1_023, "the number of a core"),
    bound("host.fifo", 1, 99, "a priority of the class SCHED_FIFO"),
    flag("host.lock_memory", "memory is locked"),
];

/// Keys of a model file.
pub(super) const MODEL: &[Key] = &[
    integer("micro_q16", -(1 << 20), 1 << 20, "65536ths of microprice minus mid"),
    integer("imbalance_q16", -(1 << 32), 1 << 32, "65536ths of half the spread, per unit of imbalance"),
    integer("clamp_ticks", 0, 1 << 32, "ticks"),
];

#[cfg(test)]
mod tests {
    use super::{CONFIG, MODEL, find, nearest};
    use hotpath::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};

    #[test]
    fn the_nearest_name_is_the_one_that_was_meant() {
        let table = [
            ("venue.dept", "venue.depth"),
            ("venu", "venue"),
            ("depth", "venue.depth"),
            ("health.burst", "quality.burst"),
            ("quote.half_spread", "quote.half_spread_ticks"),
            ("journal.segment_byte", "journal.segment_bytes"),
            ("leader.2.deptt", "leader.2.depth"),
            ("leader.4.depth", "leader.1.depth"),
        ];
        for (typed, meant) in table {
            assert_eq!(nearest(&CONFIG, typed), meant, "{typed}");
        }
        assert_eq!(nearest(MODEL, "micro_q61"), "micro_q16");
    }

    #[test]
    fn bounds_written_as_text_are_the_engines() {
        let unit = |path| find(&CONFIG, path).expect("a key").unit;
        assert!(unit("venue.price_increment").contains(&PRICE_TICKS_MAX.to_string()));
        assert!(unit("quote.qty").contains(&QTY_LOTS_MAX.to_string()));
    }
}
