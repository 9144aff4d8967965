//! The configurations that the targets share.

use bytemuck::Zeroable;
use hotpath::config::{
    Config, HealthConfig, JournalConfig, MarketConfig, Model, QualityConfig, QuoteConfig, RegimeConfig,
    SEGMENT_BYTES_MIN, SessionConfig, Symbol, book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id,
};
use hotpath::record::channel;

/// Symbols of the market table; market `n` comes on connection `n`.
pub const SYMBOLS: [&str; 2] = ["BTC/EUR", "BTC/USD"];
/// The symbol of the second market where its updates form a chain.
pub const CHAINED: &str = "BTCUSDT";
/// Decimals of every price.
pub const PRICE_PRECISION: u8 = 1;
/// Decimals of every size.
pub const QTY_PRECISION: u8 = 8;
/// Levels a side that both markets are subscribed with.
pub const DEPTH: u32 = 10;

/// Two markets: one that trades, cut and checked as Kraken does, and a leader without a checksum that
/// keeps its whole window. Segments and checkpoints come as often as a configuration may ask for.
pub fn two_markets() -> Config {
    let mut config = Config {
        journal: JournalConfig { segment_bytes: SEGMENT_BYTES_MIN, checkpoint_ns: 20_000_000_000 },
        health: HealthConfig { ring_lines_min: 1_000, disk_mib_min: 1_000, journal_lag_ns_max: 50_000_000 },
        quality: QualityConfig { spread_ticks_max: 100, vol_ticks_max: 500, jump_ticks_max: 200, burst: 3, spare: 0 },
        quote: QuoteConfig { half_spread_ticks: 5, qty_lots: 100_000 },
        session: session(),
        regime: RegimeConfig {
            active_per_s: 4,
            active_exit_per_s: 3,
            burst_per_s: 8,
            burst_exit_per_s: 6,
            volatile_ticks: 20,
            volatile_exit_ticks: 10,
            degraded_ns: 50_000_000,
            degraded_exit_ns: 20_000_000,
            dwell_ns: 1_500_000_000,
        },
        model: Model { micro_q16: 32_768, imbalance_q16: 16_384, clamp_ticks: 20, file_hash: 0 },
        ..Config::zeroed()
    };
    for (row, symbol) in config.markets.iter_mut().zip(SYMBOLS) {
        let connection = config.market_count;
        let trades = connection == 0;
        *row = MarketConfig {
            symbol: Symbol::new(symbol).expect("a legal symbol"),
            venue: venue_id::KRAKEN,
            connection,
            price_precision: PRICE_PRECISION,
            qty_precision: QTY_PRECISION,
            book_rule: if trades { book_rule::CUT } else { book_rule::WINDOW },
            checksum_rule: if trades { checksum_rule::CRC32_TOP10 } else { checksum_rule::NONE },
            depth: DEPTH,
            imbalance_levels: 5,
            price_increment_ticks: if trades { 1 } else { 5 },
            stale_ns_max: 5_000_000_000,
            vol_half_life_ns: 10_000_000_000,
            channels: 1 << channel::BOOK | 1 << channel::TRADE | 1 << channel::INSTRUMENT,
            sequence_rule: 0,
            snapshot_rule: 0,
            heartbeats: 1,
            spare: [0; 3],
        };
        config.market_count += 1;
    }
    assert_eq!(config.check(), Ok(()), "the targets' own configuration");
    config
}

/// As [`two_markets`], but the second one's updates form a chain and its snapshots are fetched, as of Binance's spot.
pub fn with_a_chain() -> Config {
    let mut config = two_markets();
    let row = &mut config.markets[1];
    *row = MarketConfig {
        symbol: Symbol::new(CHAINED).expect("a legal symbol"),
        venue: venue_id::BINANCE_SPOT,
        channels: 1 << channel::BOOK | 1 << channel::TRADE | 1 << channel::TICKER,
        sequence_rule: sequence_rule::CHAIN,
        snapshot_rule: snapshot_rule::FETCHED,
        heartbeats: 0,
        ..*row
    };
    assert_eq!(config.check(), Ok(()), "the targets' own configuration");
    config
}

const SECOND_NS: u64 = 1_000_000_000;

/// An engine that asks for its connections: what it is fed then meets every rule of the session.
fn session() -> SessionConfig {
    SessionConfig {
        active: 1,
        spare: 0,
        tries_at_once: 3,
        ack_ns_max: 5 * SECOND_NS,
        snapshot_ns_max: 5 * SECOND_NS,
        ping_ns: 20 * SECOND_NS,
        pace_ns: SECOND_NS / 20,
        connect_ns_max: 15 * SECOND_NS,
        heartbeat_ns_max: 3 * SECOND_NS,
        retry_ns_min: SECOND_NS,
        retry_ns_max: 60 * SECOND_NS,
        stable_ns: 60 * SECOND_NS,
        clock_step_ns_max: SECOND_NS / 10,
    }
}
