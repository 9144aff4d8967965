//! What the typed configuration means, in the engine's units.

use super::diary::{DiaryConfig, diary};
use super::document::Places;
use super::error::ConfigError;
use super::live::{LiveConfig, live, session};
use super::market::{Markets, markets};
use super::reading::{Reading, Scale};
use super::typed::{self, Typed};
use hotpath::config::{Config, HealthConfig, JournalConfig, Model, QualityConfig, QuoteConfig, RegimeConfig};
use hotpath::units::QTY_LOTS_MAX;
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
) -> Result<(Config, Markets, DiaryConfig, LiveConfig), ConfigError> {
    let mut reading = Reading { places, faults: Vec::new() };
    let markets = markets(&mut reading, typed);
    let config = Config {
        journal: JournalConfig {
            segment_bytes: typed.journal.segment_bytes,
            checkpoint_ns: typed.journal.checkpoint_s * NS_PER_S,
        },
        health: health(&typed.health),
        quality: quality(&typed.quality),
        regime: reading.regime(&typed.regime),
        quote: reading.quote(typed),
        model,
        session: session(&typed.session, |path, what| reading.fault(path, what)),
        market_count: markets.rows.len() as u16,
        spare: [0; 3],
        markets: markets.table(),
    };
    let diary = diary(&typed.journal, |path, what| reading.fault(path, what));
    let live = live(file, (&typed.run, &typed.link, &typed.host), |path, what| reading.fault(path, what));
    ConfigError::unless_empty(reading.faults)?;
    // The table of keys repeats the engine's bounds; the engine has the last word.
    config.check().map_err(|_| places.fault_of_file("breaks a bound of the engine"))?;
    Ok((config, markets, diary, live))
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

impl Reading<'_> {
    /// Each level is left below where it is entered, and lies above the one before it.
    fn regime(&mut self, typed: &typed::Regime) -> RegimeConfig {
        let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        for (low, high, values) in [
            ("active_exit_per_s", "active_per_s", (typed.active_exit_per_s.into(), typed.active_per_s.into())),
            ("burst_exit_per_s", "burst_per_s", (typed.burst_exit_per_s.into(), typed.burst_per_s.into())),
            ("active_per_s", "burst_per_s", (typed.active_per_s.into(), typed.burst_per_s.into())),
            ("active_exit_per_s", "burst_exit_per_s", (typed.active_exit_per_s.into(), typed.burst_exit_per_s.into())),
            ("volatile_exit_ticks", "volatile_ticks", (typed.volatile_exit_ticks, typed.volatile_ticks)),
            ("degraded_exit_ms", "degraded_ms", (whole(typed.degraded_exit_ms), whole(typed.degraded_ms))),
        ] {
            if values.0 >= values.1 {
                let what = format!("is {}; wanted: less than `regime.{high}`, {}", values.0, values.1);
                self.fault(&format!("regime.{low}"), &what);
            }
        }
        RegimeConfig {
            active_per_s: typed.active_per_s,
            active_exit_per_s: typed.active_exit_per_s,
            burst_per_s: typed.burst_per_s,
            burst_exit_per_s: typed.burst_exit_per_s,
            volatile_ticks: typed.volatile_ticks,
            volatile_exit_ticks: typed.volatile_exit_ticks,
            degraded_ns: typed.degraded_ms * NS_PER_MS,
            degraded_exit_ns: typed.degraded_exit_ms * NS_PER_MS,
            dwell_ns: typed.dwell_ms * NS_PER_MS,
        }
    }

    fn quote(&mut self, typed: &Typed) -> QuoteConfig {
        let scale = Scale { precision: typed.venue.qty_precision, key: "venue.qty_precision".to_owned(), unit: "lots" };
        let qty_lots = self.decimal("quote.qty", &typed.quote.qty, &scale, QTY_LOTS_MAX);
        QuoteConfig { half_spread_ticks: typed.quote.half_spread_ticks, qty_lots }
    }
}
