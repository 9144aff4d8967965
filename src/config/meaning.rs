//! What the typed configuration means: venue rules, ticks, lots and nanoseconds.

use super::diary::{DiaryConfig, diary};
use super::document::Places;
use super::error::{ConfigError, Fault};
use super::live::{LiveConfig, live, session};
use super::typed::{self, Typed};
use crate::venue::{self, Listed, VENUES};
use bytemuck::Zeroable;
use hotpath::config::{
    Config, HealthConfig, JournalConfig, MARKETS_MAX, MarketConfig, Model, QualityConfig, QuoteConfig, Symbol,
};
use hotpath::decimal;
use hotpath::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use hotpath::venue::Cause;
use std::path::Path;

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// The configuration of the engine, of the journal's upkeep and of a live run.
///
/// # Errors
/// Every value that means nothing to the venue or does not fit another value.
pub(super) fn config(
    file: &Path,
    typed: &Typed,
    model: Model,
    places: &Places,
) -> Result<(Config, DiaryConfig, LiveConfig), ConfigError> {
    let mut reading = Reading { places, faults: Vec::new() };
    let mut markets = [MarketConfig::zeroed(); MARKETS_MAX];
    markets[0] = reading.market(typed);
    let config = Config {
        journal: JournalConfig {
            segment_bytes: typed.journal.segment_bytes,
            checkpoint_ns: typed.journal.checkpoint_s * NS_PER_S,
        },
        health: health(&typed.health),
        quality: quality(&typed.quality),
        quote: reading.quote(typed),
        model,
        session: session(&typed.session, |path, what| reading.fault(path, what)),
        market_count: 1,
        spare: [0; 3],
        markets,
    };
    let diary = diary(&typed.journal, |path, what| reading.fault(path, what));
    let live = live(file, (&typed.run, &typed.link, &typed.host), |path, what| reading.fault(path, what));
    ConfigError::unless_empty(reading.faults)?;
    // The table of keys repeats the engine's bounds; the engine has the last word.
    config.check().map_err(|_| places.fault_of_file("breaks a bound of the engine"))?;
    Ok((config, diary, live))
}

fn health(typed: &typed::Health) -> HealthConfig {
    HealthConfig {
        ring_lines_min: typed.ring_lines_min,
        disk_mib_min: typed.disk_mib_min,
        journal_lag_ns_max: typed.journal_lag_ms_max * NS_PER_MS,
    }
}

fn quality(typed: &typed::Quality) -> QualityConfig {
    QualityConfig {
        spread_ticks_max: typed.spread_ticks_max,
        vol_ticks_max: typed.vol_ticks_max,
        jump_ticks_max: typed.jump_ticks_max,
        burst: typed.burst,
        spare: 0,
    }
}

/// Faults gather here; a value that could not be read is zero, and the configuration is not used.
struct Reading<'a> {
    places: &'a Places,
    faults: Vec<Fault>,
}

impl Reading<'_> {
    fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(self.places.fault(path, what));
    }

    fn market(&mut self, typed: &Typed) -> MarketConfig {
        let Typed { venue, features, .. } = typed;
        self.url(&venue.url);
        if features.imbalance_levels > venue.depth {
            let what = format!("is {}, more than `venue.depth` ({})", features.imbalance_levels, venue.depth);
            self.fault("features.imbalance_levels", &what);
        }
        let symbol = self.symbol(&venue.symbol);
        let price_increment_ticks = self.price_increment_ticks(venue);
        let market = MarketConfig {
            symbol,
            price_precision: venue.price_precision,
            qty_precision: venue.qty_precision,
            depth: venue.depth,
            imbalance_levels: features.imbalance_levels,
            price_increment_ticks,
            stale_ns_max: venue.stale_ms * NS_PER_MS,
            vol_half_life_ns: features.vol_half_life_ms * NS_PER_MS,
            ..MarketConfig::zeroed()
        };
        self.with_rules(market, &venue.name)
    }

    fn with_rules(&mut self, market: MarketConfig, name: &str) -> MarketConfig {
        let Some(listed) = venue::named(name) else {
            let names: Vec<_> = VENUES.iter().map(|listed| listed.name).collect();
            self.fault("venue.name", &format!("is {name:?}; wanted: one of {}", names.join(", ")));
            return market;
        };
        if !listed.depths.contains(&market.depth) {
            let depths: Vec<_> = listed.depths.iter().map(u32::to_string).collect();
            let what = format!("is {}; wanted on {name}: one of {}, levels a side", market.depth, depths.join(", "));
            self.fault("venue.depth", &what);
        }
        let Listed { number: venue, book_rule, checksum_rule, .. } = *listed;
        MarketConfig { venue, connection: 0, book_rule, checksum_rule, ..market }
    }

    fn url(&mut self, url: &str) {
        let rest = url.strip_prefix("wss://").or_else(|| url.strip_prefix("ws://"));
        if !rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic())) {
            self.fault("venue.url", &format!("is {url:?}; wanted: an address that starts with ws:// or wss://"));
        }
    }

    fn symbol(&mut self, text: &str) -> Symbol {
        Symbol::new(text).unwrap_or_else(|| {
            let wanted = "1 to 24 printable ASCII characters without quote or backslash";
            self.fault("venue.symbol", &format!("is {text:?}; wanted: {wanted}"));
            Symbol::zeroed()
        })
    }

    fn price_increment_ticks(&mut self, venue: &typed::Venue) -> i64 {
        let scale = Scale { precision: venue.price_precision, key: "venue.price_precision", unit: "ticks" };
        self.decimal("venue.price_increment", &venue.price_increment, &scale, PRICE_TICKS_MAX)
    }

    fn quote(&mut self, typed: &Typed) -> QuoteConfig {
        let scale = Scale { precision: typed.venue.qty_precision, key: "venue.qty_precision", unit: "lots" };
        let qty_lots = self.decimal("quote.qty", &typed.quote.qty, &scale, QTY_LOTS_MAX);
        QuoteConfig { half_spread_ticks: typed.quote.half_spread_ticks, qty_lots }
    }

    /// Decimal text as a multiple of 10^-precision, 1 to `max`.
    fn decimal(&mut self, path: &str, text: &str, scale: &Scale, max: i64) -> i64 {
        let Scale { precision, key, unit } = scale;
        let why = match decimal::scaled(text.as_bytes(), *precision) {
            Ok(value) if (1..=max).contains(&value) => return value,
            Ok(value) => format!("which is {value} {unit}; wanted: 1 to {max} {unit}"),
            Err((Cause::Precision, _)) => format!("which has more decimals than `{key}` ({precision})"),
            Err((Cause::Range, _)) => format!("which is out of range; wanted: 1 to {max} {unit}"),
            Err(_) => "which is not a decimal number".into(),
        };
        self.fault(path, &format!("is {text:?}, {why}"));
        0
    }
}

/// What the decimals of a number mean.
struct Scale {
    precision: u8,
    /// The key that says so.
    key: &'static str,
    unit: &'static str,
}
