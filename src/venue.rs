//! What the shell knows of each venue: its name, what a configuration may say, what it is asked first.

use crate::link::{ColdStart, Pairs};
use anyhow::{Result, bail};
use hotpath::config::{
    Config, DEPTH_MAX, MarketConfig, book_rule, checksum_rule, sequence_rule, snapshot_rule, venue_id,
};
use hotpath::record::channel;
use hotpath::venue::kraken::Kraken;
use std::fmt;

/// One venue.
pub struct Listed {
    /// Its name in a configuration.
    pub name: &'static str,
    /// One of [`venue_id`].
    pub number: u16,
    /// Asks it what must be known before a connection is used; none: it is read from recordings only.
    pub cold_start: Option<&'static (dyn ColdStart + Send + Sync)>,
    /// Depths that can be subscribed.
    pub depths: Depths,
    /// One of [`book_rule`].
    pub book_rule: u8,
    /// One of [`checksum_rule`].
    pub checksum_rule: u8,
    /// One of [`sequence_rule`].
    pub sequence_rule: u8,
    /// One of [`snapshot_rule`].
    pub snapshot_rule: u8,
    /// Whether it sends heartbeats.
    pub has_heartbeats: bool,
    /// Numbers of the channels that it has.
    pub channels: &'static [u8],
}

impl fmt::Debug for Listed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.name)
    }
}

/// Depths of a book, levels a side.
#[derive(Clone, Copy, Debug)]
pub enum Depths {
    /// One of these.
    OneOf(&'static [u32]),
    /// At most so many.
    UpTo(u32),
}

/// The venues, by number.
pub const VENUES: &[Listed] = &[
    Listed {
        name: "kraken",
        number: venue_id::KRAKEN,
        cold_start: Some(&Kraken),
        depths: Depths::OneOf(&[10, 25, 100, 500, 1000]),
        book_rule: book_rule::CUT,
        checksum_rule: checksum_rule::CRC32_TOP10,
        sequence_rule: sequence_rule::NONE,
        snapshot_rule: snapshot_rule::PUSHED,
        has_heartbeats: true,
        channels: &[channel::INSTRUMENT, channel::BOOK, channel::TRADE, channel::TICKER],
    },
    Listed {
        name: "kraken-v1",
        number: venue_id::KRAKEN_V1,
        cold_start: None,
        depths: Depths::OneOf(&[10, 25, 100, 500, 1000]),
        book_rule: book_rule::CUT,
        checksum_rule: checksum_rule::CRC32_TOP10,
        sequence_rule: sequence_rule::NONE,
        snapshot_rule: snapshot_rule::PUSHED,
        has_heartbeats: true,
        channels: &[channel::BOOK, channel::TRADE, channel::TICKER],
    },
    Listed {
        name: "binance-spot",
        number: venue_id::BINANCE_SPOT,
        cold_start: Some(&Pairs::SPOT),
        depths: Depths::UpTo(DEPTH_MAX as u32),
        book_rule: book_rule::WINDOW,
        checksum_rule: checksum_rule::NONE,
        sequence_rule: sequence_rule::CHAIN,
        snapshot_rule: snapshot_rule::FETCHED,
        has_heartbeats: false,
        channels: &[channel::BOOK, channel::TRADE, channel::TICKER],
    },
    Listed {
        name: "binance-perp",
        number: venue_id::BINANCE_PERP,
        cold_start: Some(&Pairs::PERP),
        depths: Depths::OneOf(&[5, 10, 20, 50, 100, 500, 1000]),
        book_rule: book_rule::WINDOW,
        checksum_rule: checksum_rule::NONE,
        sequence_rule: sequence_rule::CHAIN,
        snapshot_rule: snapshot_rule::FETCHED,
        has_heartbeats: false,
        channels: &[channel::BOOK, channel::TRADE, channel::TICKER],
    },
];

/// The venue of a name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Listed> {
    VENUES.iter().find(|listed| listed.name == name)
}

/// The venue of a number.
#[must_use]
pub fn numbered(number: u16) -> Option<&'static Listed> {
    VENUES.iter().find(|listed| listed.number == number)
}

/// The name of the venue of a market.
#[must_use]
pub fn name_of(market: &MarketConfig) -> &'static str {
    numbered(market.venue).map_or("unknown venue", |listed| listed.name)
}

/// The symbol of a market.
#[must_use]
pub fn symbol_of(market: &MarketConfig) -> String {
    String::from_utf8_lossy(market.symbol.as_bytes()).into_owned()
}

/// Names of the markets of a configuration for people: the symbol, behind the venue where several have the same one.
#[must_use]
pub fn market_names(markets: &[MarketConfig]) -> Vec<String> {
    let is_alone = |symbol: &String| markets.iter().filter(|market| symbol_of(market) == *symbol).count() == 1;
    let name = |market: &MarketConfig| {
        let symbol = symbol_of(market);
        if is_alone(&symbol) { symbol } else { format!("{} {symbol}", name_of(market)) }
    };
    markets.iter().map(name).collect()
}

/// Whether all venues of a configuration are known.
///
/// # Errors
/// When one is not.
pub fn check(config: &Config) -> Result<()> {
    match config.markets().iter().find(|market| numbered(market.venue).is_none()) {
        None => Ok(()),
        Some(market) => {
            let number = market.venue;
            bail!("venue number {number} is not known to this program: use the version that wrote the journal")
        }
    }
}
