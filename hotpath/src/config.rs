//! The engine's configuration: integers only, no options, all bounds checked.
//!
//! The shell reads TOML into this; every checkpoint carries it, so a journal needs no file beside it.

use crate::halt::{Halt, ensure};
use crate::units::{PRECISION_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX, pow10};
use bytemuck::{Pod, Zeroable};

/// Most markets of one engine: market 0 trades, the rest are read-only leaders.
pub const MARKETS_MAX: usize = 4;
/// Most connections of one engine.
pub const CONNECTIONS_MAX: usize = MARKETS_MAX;
/// Most bytes of a symbol.
pub const SYMBOL_BYTES_MAX: usize = 24;
/// Most levels a side that imbalance may look at (fifteen full levels add up in 64 bits).
pub const IMBALANCE_LEVELS_MAX: u32 = 15;

/// A symbol as the exchange writes it (`BTC/EUR`), padded with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Symbol(pub [u8; SYMBOL_BYTES_MAX]);

impl Symbol {
    /// A symbol from text of 1 to 24 printable ASCII bytes without quote or backslash.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
        if text.is_empty() || text.len() > SYMBOL_BYTES_MAX || !text.bytes().all(plain) {
            return None;
        }
        let mut bytes = [0; SYMBOL_BYTES_MAX];
        bytes.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
        Some(Self(bytes))
    }

    /// The bytes without padding.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|byte| *byte == 0).next().unwrap_or_default()
    }
}

/// Venues by number. The number is in every journal, so it never changes.
pub mod venue_id {
    /// Kraken spot, WebSocket v2.
    pub const KRAKEN: u16 = 1;
    /// Kraken spot, WebSocket v1: recordings alone.
    pub const KRAKEN_V1: u16 = 2;
    /// Binance spot, combined streams.
    pub const BINANCE_SPOT: u16 = 3;
    /// Binance's perpetual in USD, combined streams.
    pub const BINANCE_PERP: u16 = 4;
}

/// How levels leave a book besides being removed.
pub mod book_rule {
    /// After each whole message both sides are cut to `depth`; the exchange says so (Kraken).
    pub const CUT: u8 = 1;
    /// All levels are kept up to the capacity; beyond it the book is complete only to a known price.
    pub const WINDOW: u8 = 2;
}

/// How the exchange proves a book.
pub mod checksum_rule {
    /// It does not.
    pub const NONE: u8 = 0;
    /// CRC-32 over the digits of the top ten asks, then bids (Kraken).
    pub const CRC32_TOP10: u8 = 1;
}

/// How the updates of a book follow one another.
pub mod sequence_rule {
    /// Nothing says.
    pub const NONE: u8 = 0;
    /// Each names the one that it follows.
    pub const CHAIN: u8 = 1;
}

/// Where a book's snapshot comes from.
pub mod snapshot_rule {
    /// The exchange sends it behind the subscription.
    pub const PUSHED: u8 = 0;
    /// It is fetched over HTTP once updates come.
    pub const FETCHED: u8 = 1;
}

/// One market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct MarketConfig {
    /// The exchange's symbol.
    pub symbol: Symbol,
    /// One of [`venue_id`].
    pub venue: u16,
    /// The connection that carries it.
    pub connection: u16,
    /// Decimals of prices on the wire: a tick is 10^-price_precision.
    pub price_precision: u8,
    /// Decimals of sizes on the wire: a lot is 10^-qty_precision.
    pub qty_precision: u8,
    /// One of [`book_rule`].
    pub book_rule: u8,
    /// One of [`checksum_rule`].
    pub checksum_rule: u8,
    /// Subscribed depth, levels a side.
    pub depth: u32,
    /// Levels a side that imbalance looks at, 1 to 15.
    pub imbalance_levels: u32,
    /// Smallest price step of an order, ticks (not always one).
    pub price_increment_ticks: i64,
    /// Silence on the connection after which the book is not trusted, nanoseconds.
    pub stale_ns_max: u64,
    /// Time after which a squared move counts half in the volatility, nanoseconds.
    pub vol_half_life_ns: u64,
    /// What is subscribed: one bit for each number of [`crate::record::channel`].
    pub channels: u16,
    /// One of [`sequence_rule`].
    pub sequence_rule: u8,
    /// One of [`snapshot_rule`].
    pub snapshot_rule: u8,
    /// 1 when the exchange sends heartbeats.
    pub heartbeats: u8,
    /// Zero.
    pub spare: [u8; 3],
}

/// Coefficients of the fair mid: see `fair`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Model {
    /// Share of (microprice - mid) that is added to the mid; 65,536 is all of it.
    pub micro_q16: i64,
    /// Ticks added per unit of imbalance times half the spread in ticks.
    pub imbalance_q16: i64,
    /// Most that the fair mid may lie from the mid, ticks.
    pub clamp_ticks: i64,
    /// First eight bytes, little-endian, of the BLAKE3 hash of the model file.
    pub file_hash: u64,
}

/// The desired quote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct QuoteConfig {
    /// Distance of each side from the fair mid, ticks.
    pub half_spread_ticks: i64,
    /// Size of each side, lots.
    pub qty_lots: i64,
}

/// Bounds of values that are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct QualityConfig {
    /// Widest spread, ticks.
    pub spread_ticks_max: i64,
    /// Highest volatility, whole ticks per square root of a second.
    pub vol_ticks_max: i64,
    /// Largest move of the mid between two decisions, ticks.
    pub jump_ticks_max: i64,
    /// Failures in a row of one check after which it is journaled again; of backward times, after which
    /// the quote is withdrawn.
    pub burst: u32,
    /// Zero.
    pub spare: u32,
}

/// Bounds of load: beyond them the quote is withdrawn (no diary, no trading).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct HealthConfig {
    /// Fewest free lines of the journal ring.
    pub ring_lines_min: u32,
    /// Least free disk, MiB.
    pub disk_mib_min: u32,
    /// Longest lag of the journal's commit cursor, nanoseconds.
    pub journal_lag_ns_max: u64,
}

/// How connections and subscriptions are kept: see [`crate::session`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct SessionConfig {
    /// 1 when the engine asks for its connections; 0 when its frames come from a recording.
    pub active: u16,
    /// Zero.
    pub spare: u16,
    /// Tries to connect that follow one another at once before the spacing grows.
    pub tries_at_once: u32,
    /// Longest wait for the answer to a request, nanoseconds.
    pub ack_ns_max: u64,
    /// Longest wait for a book's snapshot behind the ack, nanoseconds.
    pub snapshot_ns_max: u64,
    /// Time between pings, nanoseconds.
    pub ping_ns: u64,
    /// Least time between two requests on one connection, nanoseconds.
    pub pace_ns: u64,
    /// Time after which a connection that is being made is told of, nanoseconds.
    pub connect_ns_max: u64,
    /// Longest time without a heartbeat before it is told of, nanoseconds.
    pub heartbeat_ns_max: u64,
    /// Shortest wait before a try that does not follow at once, nanoseconds.
    pub retry_ns_min: u64,
    /// Longest wait before a try, nanoseconds.
    pub retry_ns_max: u64,
    /// How long something must have held before its failures are forgotten, nanoseconds.
    pub stable_ns: u64,
    /// Largest move of UTC against monotonic time between two readings, nanoseconds.
    pub clock_step_ns_max: u64,
}

impl SessionConfig {
    /// The session of an engine that asks for its connections.
    #[must_use]
    pub const fn activated(self) -> Self {
        Self { active: 1, ..self }
    }

    fn check(&self) -> Result<(), Halt> {
        let hour = 1..=HOUR_NS;
        let times = [
            self.ack_ns_max,
            self.snapshot_ns_max,
            self.ping_ns,
            self.pace_ns,
            self.connect_ns_max,
            self.heartbeat_ns_max,
            self.retry_ns_min,
            self.retry_ns_max,
            self.stable_ns,
            self.clock_step_ns_max,
        ];
        ensure(times.iter().all(|time_ns| hour.contains(time_ns)), Halt::Config)?;
        ensure(self.retry_ns_min <= self.retry_ns_max, Halt::Config)?;
        ensure(self.tries_at_once <= TRIES_AT_ONCE_MAX, Halt::Config)?;
        ensure(self.active <= 1, Halt::Config)
    }
}

/// Between which values a market's regimes lie: see [`crate::regime`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct RegimeConfig {
    /// From so many messages in the trailing second on a market is active.
    pub active_per_s: u32,
    /// Below so many it is calm again.
    pub active_exit_per_s: u32,
    /// From so many messages in the trailing second on there is a burst.
    pub burst_per_s: u32,
    /// Below so many it is over.
    pub burst_exit_per_s: u32,
    /// From this volatility on a market is volatile, whole ticks per square root of a second.
    pub volatile_ticks: i64,
    /// Below it the market is quiet again.
    pub volatile_exit_ticks: i64,
    /// From this delay above the least on a market is degraded, nanoseconds.
    pub degraded_ns: u64,
    /// Below it the market is normal again.
    pub degraded_exit_ns: u64,
    /// A regime lasts at least so long before a calmer one follows, nanoseconds.
    pub dwell_ns: u64,
}

impl RegimeConfig {
    fn check(&self) -> Result<(), Halt> {
        let (active, burst) = (self.active_per_s, self.burst_per_s);
        ensure(0 < self.active_exit_per_s && self.active_exit_per_s < active && active < burst, Halt::Config)?;
        ensure(self.active_exit_per_s < self.burst_exit_per_s && self.burst_exit_per_s < burst, Halt::Config)?;
        ensure(0 < self.volatile_exit_ticks && self.volatile_exit_ticks < self.volatile_ticks, Halt::Config)?;
        ensure(self.volatile_ticks <= 1 << 30, Halt::Config)?;
        ensure(0 < self.degraded_exit_ns && self.degraded_exit_ns < self.degraded_ns, Halt::Config)?;
        ensure(self.degraded_ns <= HOUR_NS && (1..=HOUR_NS).contains(&self.dwell_ns), Halt::Config)
    }
}

const HOUR_NS: u64 = 3_600_000_000_000;
/// Most tries to connect that a configuration may let follow one another at once.
pub const TRIES_AT_ONCE_MAX: u32 = 10;

/// The journal's cadence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct JournalConfig {
    /// A step that ends beyond this many bytes is the last of its segment.
    pub segment_bytes: u64,
    /// Time between checkpoints, nanoseconds.
    pub checkpoint_ns: u64,
}

/// The whole configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Config {
    /// The journal's cadence.
    pub journal: JournalConfig,
    /// Bounds of load.
    pub health: HealthConfig,
    /// Bounds of values.
    pub quality: QualityConfig,
    /// The desired quote.
    pub quote: QuoteConfig,
    /// The fair mid's model.
    pub model: Model,
    /// How connections and subscriptions are kept.
    pub session: SessionConfig,
    /// Between which values regimes lie.
    pub regime: RegimeConfig,
    /// Rows used of `markets`.
    pub market_count: u16,
    /// Zero.
    pub spare: [u16; 3],
    /// The market table.
    pub markets: [MarketConfig; MARKETS_MAX],
}

impl Config {
    /// The rows in use.
    #[must_use]
    pub fn markets(&self) -> &[MarketConfig] {
        self.markets.get(..usize::from(self.market_count)).unwrap_or_default()
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// [`Halt::Config`] for the first bound that is broken.
    pub fn check(&self) -> Result<(), Halt> {
        let within = |value: i64, low: i64, high: i64| ensure((low..=high).contains(&value), Halt::Config);
        let count = usize::from(self.market_count);
        ensure((1..=MARKETS_MAX).contains(&count), Halt::Config)?;
        ensure(self.journal.segment_bytes >= SEGMENT_BYTES_MIN, Halt::Config)?;
        ensure(self.journal.segment_bytes <= SEGMENT_BYTES_MAX, Halt::Config)?;
        ensure(self.journal.checkpoint_ns > 0, Halt::Config)?;
        within(self.quality.spread_ticks_max, 1, PRICE_TICKS_MAX)?;
        within(self.quality.vol_ticks_max, 1, 1 << 30)?;
        within(self.quality.jump_ticks_max, 1, PRICE_TICKS_MAX)?;
        ensure((1..=u32::from(u16::MAX)).contains(&self.quality.burst), Halt::Config)?;
        within(self.quote.half_spread_ticks, 0, 1 << 32)?;
        within(self.quote.qty_lots, 1, QTY_LOTS_MAX)?;
        within(self.model.micro_q16, -(1 << 20), 1 << 20)?;
        within(self.model.imbalance_q16, -(1 << 32), 1 << 32)?;
        within(self.model.clamp_ticks, 0, 1 << 32)?;
        self.session.check()?;
        self.regime.check()?;
        self.markets().iter().try_for_each(MarketConfig::check)?;
        ensure(self.markets().iter().all(|row| self.is_of_one_venue(row.connection)), Halt::Config)
    }

    /// Whether all markets of a connection are of one venue: its messages are read by one codec.
    fn is_of_one_venue(&self, connection: u16) -> bool {
        let mut venues = self.markets().iter().filter(|row| row.connection == connection).map(|row| row.venue);
        let first = venues.next();
        venues.all(|venue| Some(venue) == first)
    }
}

/// Smallest segment that a configuration may ask for.
pub const SEGMENT_BYTES_MIN: u64 = 64 * 1024;
/// Largest segment that a configuration may ask for.
pub const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

impl MarketConfig {
    /// Whether a channel, of [`crate::record::channel`], is subscribed.
    #[must_use]
    pub fn asks_for(&self, channel: u8) -> bool {
        self.channels.checked_shr(channel.into()).is_some_and(|bits| bits & 1 != 0)
    }

    fn check(&self) -> Result<(), Halt> {
        let depth = usize::try_from(self.depth).map_err(|_| Halt::Config)?;
        let half_life = self.vol_half_life_ns;
        ensure(!self.symbol.as_bytes().is_empty(), Halt::Config)?;
        ensure(usize::from(self.connection) < CONNECTIONS_MAX, Halt::Config)?;
        ensure(self.price_precision <= PRECISION_MAX && self.qty_precision <= PRECISION_MAX, Halt::Config)?;
        ensure((1..=DEPTH_MAX).contains(&depth), Halt::Config)?;
        ensure((1..=IMBALANCE_LEVELS_MAX).contains(&self.imbalance_levels), Halt::Config)?;
        ensure((1..=PRICE_TICKS_MAX).contains(&self.price_increment_ticks), Halt::Config)?;
        ensure(self.stale_ns_max > 0, Halt::Config)?;
        ensure((1_000_000..=3_600_000_000_000).contains(&half_life), Halt::Config)?;
        ensure(matches!(self.book_rule, book_rule::CUT | book_rule::WINDOW), Halt::Config)?;
        ensure(matches!(self.checksum_rule, checksum_rule::NONE | checksum_rule::CRC32_TOP10), Halt::Config)?;
        ensure(
            self.sequence_rule <= sequence_rule::CHAIN && self.snapshot_rule <= snapshot_rule::FETCHED,
            Halt::Config,
        )?;
        ensure(self.heartbeats <= 1, Halt::Config)?;
        ensure(pow10(self.price_precision).is_some(), Halt::Config)
    }
}

/// Deepest book that may be subscribed, levels a side.
pub const DEPTH_MAX: usize = 4096;
