//! What the readers of any venue work with: the market table, the frame, the events.

use crate::config::{Config, MarketConfig};
use crate::json::{Value, refused};
use crate::lines::{Lines, Place};
use crate::record::{Body, Ignored, NO_INSTRUMENT};
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use crate::venue::{Cause, Frame, Reason, Refused};

/// The place of a record that concerns no market.
pub(super) const NO_MARKET: Place = Place { instrument: NO_INSTRUMENT, flags: 0, exch_ns: 0 };

/// One frame being read.
pub(super) struct Reading<'c, 'e, 'l> {
    pub(super) config: &'c Config,
    pub(super) frame: Frame<'c>,
    pub(super) events: &'e mut Lines<'l>,
}

/// A row of the market table that a symbol names.
#[derive(Clone, Copy)]
pub(super) struct Market<'c> {
    pub(super) instrument: u16,
    pub(super) config: &'c MarketConfig,
}

/// The markets that a frame may be about: those of its connection, or the one that it was fetched for.
pub(super) fn markets<'c>(config: &'c Config, frame: Frame<'_>) -> impl Iterator<Item = Market<'c>> {
    let is_about = move |market: &Market<'_>| {
        if frame.is_fetched() {
            market.instrument == frame.instrument
        } else {
            market.config.connection == frame.connection
        }
    };
    (0..u16::MAX).zip(config.markets()).map(|(instrument, config)| Market { instrument, config }).filter(is_about)
}

impl Market<'_> {
    /// A price, from `min` ticks up.
    pub(super) fn price_ticks(&self, price: Value<'_>, min: i64) -> Result<i64, Refused> {
        price.scaled(self.config.price_precision, min..=PRICE_TICKS_MAX)
    }

    /// A size, from `min` lots up.
    pub(super) fn qty_lots(&self, qty: Value<'_>, min: i64) -> Result<i64, Refused> {
        qty.scaled(self.config.qty_precision, min..=QTY_LOTS_MAX)
    }
}

impl<'c> Reading<'c, '_, '_> {
    /// The market that `symbol` names on this connection.
    pub(super) fn market(&self, symbol: Value<'_>) -> Result<Option<Market<'c>>, Refused> {
        let text = symbol.characters()?;
        let named = |market: &Market<'_>| {
            let symbol = market.config.symbol.as_bytes().iter();
            text.clone().eq(symbol.map(|byte| char::from(*byte)))
        };
        Ok(markets(self.config, self.frame).find(named))
    }

    /// Pushes a record that `value` gave.
    pub(super) fn push<B: Body>(&mut self, place: Place, body: &B, value: Value<'_>) -> Result<(), Refused> {
        self.events.push(place, body).or_else(|_| value.refuse(Cause::TooMany))
    }

    /// Says that nothing of the frame is used.
    pub(super) fn ignore_all(&mut self, reason: Reason) -> Result<(), Refused> {
        let frame_bytes = u32::try_from(self.frame.bytes.len()).unwrap_or(u32::MAX);
        let body = Ignored { reason: reason as u16, spare: 0, frame_bytes, spare_tail: [0; 2] };
        self.events.push(NO_MARKET, &body).or_else(|_| refused(Cause::TooMany, 0))
    }

    /// Says that `value` is legal and not used.
    pub(super) fn ignore(&mut self, reason: Reason, value: Value<'_>) -> Result<(), Refused> {
        let frame_bytes = u32::try_from(self.frame.bytes.len()).unwrap_or(u32::MAX);
        let body = Ignored { reason: reason as u16, spare: 0, frame_bytes, spare_tail: [0; 2] };
        self.push(NO_MARKET, &body, value)
    }

    /// Reads each element of `rows` that names a market of ours by its `symbol`; others are ignored
    /// one by one, and so is an empty array.
    pub(super) fn each_market(
        &mut self,
        rows: Value<'_>,
        mut read: impl FnMut(&mut Self, Market<'c>, Value<'_>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut empty = true;
        for row in rows.elements()? {
            empty = false;
            let [symbol] = row.fields(["symbol"])?.required()?;
            match self.market(symbol)? {
                Some(market) => read(self, market, row)?,
                None => self.ignore(Reason::Symbol, row)?,
            }
        }
        if empty { self.ignore(Reason::Symbol, rows) } else { Ok(()) }
    }
}

/// Nanoseconds of a time that may be absent: 0 then.
pub(super) fn time_or_none(time: Option<Value<'_>>) -> Result<u64, Refused> {
    time.map_or(Ok(0), Value::utc_ns)
}
