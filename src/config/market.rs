//! The markets of a configuration: the one that trades, its leaders, and the connections that carry them.

use super::reading::{Reading, Scale};
use super::typed::{Features, Typed, Venue};
use crate::venue::{self, Depths, Listed, VENUES};
use bytemuck::Zeroable;
use hotpath::config::{MARKETS_MAX, MarketConfig, Symbol, snapshot_rule};
use hotpath::record::channel;
use hotpath::session::CHANNELS;
use hotpath::units::PRICE_TICKS_MAX;

const NS_PER_MS: u64 = 1_000_000;

/// One connection of a run, and where it leads.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// Its number, as in the market table.
    pub connection: u16,
    /// The venue.
    pub venue: &'static Listed,
    /// Where market data come from, `ws://` or `wss://`.
    pub url: String,
    /// Where snapshots are fetched, `http://` or `https://`; none where they are pushed.
    pub rest_url: Option<String>,
    /// The section of the configuration that names it first, `venue` or `leader.1`.
    pub section: String,
}

/// The market table, and its connections in the order of their numbers.
#[derive(Default)]
pub(super) struct Markets {
    pub rows: Vec<MarketConfig>,
    pub feeds: Vec<FeedConfig>,
    /// Where the keys of each market are, as of `rows`.
    pub sections: Vec<String>,
}

impl Markets {
    /// The rows as the engine has them.
    pub fn table(&self) -> [MarketConfig; MARKETS_MAX] {
        std::array::from_fn(|index| self.rows.get(index).copied().unwrap_or(MarketConfig::zeroed()))
    }
}

/// What is typed of one market, and under which keys.
struct Asked<'a> {
    venue: &'a Venue,
    features: &'a Features,
    channels: &'a [String],
    /// Sections of the keys.
    venue_keys: &'a str,
    features_keys: &'a str,
    channels_keys: &'a str,
}

/// All markets of a configuration. A leader of the venue and address of a market before it shares its connection.
pub(super) fn markets(reading: &mut Reading<'_>, typed: &Typed) -> Markets {
    let mut markets = Markets::default();
    let main = Asked {
        venue: &typed.venue,
        features: &typed.features,
        channels: &typed.session.channels,
        venue_keys: "venue",
        features_keys: "features",
        channels_keys: "session",
    };
    reading.market(&main, &mut markets);
    for (number, leader) in &typed.leader {
        let keys = format!("leader.{number}");
        let asked = Asked {
            venue: &leader.venue,
            features: &leader.features,
            channels: &leader.channels,
            venue_keys: &keys,
            features_keys: &keys,
            channels_keys: &keys,
        };
        reading.market(&asked, &mut markets);
    }
    markets
}

impl Reading<'_> {
    fn market(&mut self, asked: &Asked<'_>, markets: &mut Markets) {
        let Asked { venue, features, venue_keys, features_keys, .. } = *asked;
        let key = |name: &str| format!("{venue_keys}.{name}");
        if features.imbalance_levels > venue.depth {
            let what = format!("is {}, more than `{}` ({})", features.imbalance_levels, key("depth"), venue.depth);
            self.fault(&format!("{features_keys}.imbalance_levels"), &what);
        }
        let symbol = self.symbol(&key("symbol"), &venue.symbol);
        let scale = Scale { precision: venue.price_precision, key: key("price_precision"), unit: "ticks" };
        let price_increment_ticks =
            self.decimal(&key("price_increment"), &venue.price_increment, &scale, PRICE_TICKS_MAX);
        let Some(listed) = venue::named(&venue.name) else {
            let names: Vec<_> = VENUES.iter().map(|listed| listed.name).collect();
            self.fault(&key("name"), &format!("is {:?}; wanted: one of {}", venue.name, names.join(", ")));
            return;
        };
        let row = MarketConfig {
            symbol,
            venue: listed.number,
            connection: self.connection(asked, listed, markets),
            price_precision: venue.price_precision,
            qty_precision: venue.qty_precision,
            book_rule: listed.book_rule,
            checksum_rule: listed.checksum_rule,
            depth: self.depth(&key("depth"), venue.depth, listed),
            imbalance_levels: features.imbalance_levels,
            price_increment_ticks,
            stale_ns_max: venue.stale_ms * NS_PER_MS,
            vol_half_life_ns: features.vol_half_life_ms * NS_PER_MS,
            channels: self.channels(&format!("{}.channels", asked.channels_keys), asked.channels, listed),
            sequence_rule: listed.sequence_rule,
            snapshot_rule: listed.snapshot_rule,
            heartbeats: u8::from(listed.has_heartbeats),
            spare: [0; 3],
        };
        let is_twice = |other: &MarketConfig| (other.connection, other.symbol) == (row.connection, row.symbol);
        if markets.rows.iter().any(is_twice) {
            self.fault(&key("symbol"), &format!("is {:?}, which this connection has already", venue.symbol));
        }
        markets.rows.push(row);
        markets.sections.push(venue_keys.to_owned());
    }

    /// The connection of a market: one that leads to the same address, or a new one.
    fn connection(&mut self, asked: &Asked<'_>, listed: &'static Listed, markets: &mut Markets) -> u16 {
        let Asked { venue, venue_keys, .. } = *asked;
        self.url(&format!("{venue_keys}.url"), &venue.url);
        let rest_url = self.rest_url(&format!("{venue_keys}.rest_url"), &venue.rest_url, listed);
        let is_same = |feed: &&FeedConfig| {
            feed.venue.number == listed.number && feed.url == venue.url && feed.rest_url == rest_url
        };
        if let Some(feed) = markets.feeds.iter().find(is_same) {
            return feed.connection;
        }
        let connection = markets.feeds.len() as u16;
        let (url, section) = (venue.url.clone(), venue_keys.to_owned());
        markets.feeds.push(FeedConfig { connection, venue: listed, url, rest_url, section });
        connection
    }

    fn depth(&mut self, path: &str, depth: u32, listed: &Listed) -> u32 {
        let wanted = match listed.depths {
            Depths::OneOf(depths) if !depths.contains(&depth) => {
                let depths: Vec<_> = depths.iter().map(u32::to_string).collect();
                format!("one of {}", depths.join(", "))
            }
            Depths::UpTo(most) if depth > most => format!("at most {most}"),
            _ => return depth,
        };
        self.fault(path, &format!("is {depth}; wanted on {}: {wanted}, levels a side", listed.name));
        depth
    }

    fn url(&mut self, path: &str, url: &str) {
        if !is_address(url, &["wss://", "ws://"]) {
            self.fault(path, &format!("is {url:?}; wanted: an address that starts with ws:// or wss://"));
        }
    }

    fn rest_url(&mut self, path: &str, url: &str, listed: &Listed) -> Option<String> {
        let is_needed = listed.snapshot_rule == snapshot_rule::FETCHED;
        if is_needed != is_address(url, &["https://", "http://"]) || (!is_needed && url != "off") {
            let wanted = if is_needed {
                "an address that starts with http:// or https://"
            } else {
                "\"off\": nothing is fetched"
            };
            self.fault(path, &format!("is {url:?}; wanted on {}: {wanted}", listed.name));
        }
        is_needed.then(|| url.trim_end_matches('/').to_owned())
    }

    fn symbol(&mut self, path: &str, text: &str) -> Symbol {
        Symbol::new(text).unwrap_or_else(|| {
            let wanted = "1 to 24 printable ASCII characters without quote or backslash";
            self.fault(path, &format!("is {text:?}; wanted: {wanted}"));
            Symbol::zeroed()
        })
    }

    fn channels(&mut self, path: &str, names: &[String], listed: &Listed) -> u16 {
        let mut channels = 0;
        let text = |codes: &[u8]| {
            let names = codes.iter().filter_map(|code| channel::name(*code)).map(|name| format!("{name:?}"));
            names.collect::<Vec<_>>().join(", ")
        };
        for name in names {
            match CHANNELS.iter().find(|code| channel::name(**code) == Some(name)) {
                Some(code) if listed.channels.contains(code) => channels |= 1_u16 << code,
                Some(_) => {
                    let known = text(listed.channels);
                    self.fault(path, &format!("holds {name:?}; wanted on {}: any of {known}", listed.name));
                }
                None => self.fault(path, &format!("holds {name:?}; wanted: any of {}", text(&CHANNELS))),
            }
        }
        if !names.iter().any(|name| Some(name.as_str()) == channel::name(channel::BOOK)) {
            self.fault(path, "lacks \"book\": without a book there is nothing to compute");
        }
        channels
    }
}

/// Whether a text is an address with one of the schemes.
fn is_address(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_graphic()))
}
