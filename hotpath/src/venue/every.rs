//! The one match from a venue's number to its codec.

use super::binance::Binance;
use super::kraken::Kraken;
use super::kraken_v1::KrakenV1;
use super::reading::Reading;
use super::{Frame, Reason, Refused, Venue, Wanted};
use crate::config::{Config, venue_id};
use crate::lines::Lines;
use crate::simd::Simd;

/// Every venue: the codec of a frame is that of its connection's venue, or of the market it was fetched for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Every;

impl Venue for Every {
    fn decode(&self, config: &Config, frame: Frame<'_>, simd: Simd, events: &mut Lines<'_>) -> Result<(), Refused> {
        match venue_of(config, frame) {
            Some(venue_id::KRAKEN) => Kraken.decode(config, frame, simd, events),
            Some(venue_id::KRAKEN_V1) => KrakenV1.decode(config, frame, simd, events),
            Some(venue_id::BINANCE_SPOT) => Binance::SPOT.decode(config, frame, simd, events),
            Some(venue_id::BINANCE_PERP) => Binance::PERP.decode(config, frame, simd, events),
            _ => Reading { config, frame, events }.ignore_all(Reason::Symbol),
        }
    }

    fn encode(&self, config: &Config, wanted: &Wanted, out: &mut [u8]) -> Option<usize> {
        match venue_at(config, wanted.connection)? {
            venue_id::KRAKEN => Kraken.encode(config, wanted, out),
            venue_id::KRAKEN_V1 => KrakenV1.encode(config, wanted, out),
            venue_id::BINANCE_SPOT => Binance::SPOT.encode(config, wanted, out),
            venue_id::BINANCE_PERP => Binance::PERP.encode(config, wanted, out),
            _ => None,
        }
    }
}

fn venue_of(config: &Config, frame: Frame<'_>) -> Option<u16> {
    if frame.is_fetched() {
        config.markets().get(usize::from(frame.instrument)).map(|row| row.venue)
    } else {
        venue_at(config, frame.connection)
    }
}

/// The venue of a connection: all its markets are of one.
fn venue_at(config: &Config, connection: u16) -> Option<u16> {
    config.markets().iter().find(|row| row.connection == connection).map(|row| row.venue)
}
