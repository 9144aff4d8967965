//! What differs between Binance's markets.

use crate::market::Terms;

/// One of Binance's markets, each with a protocol of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Spot.
    Spot,
    /// Perpetual futures margined in dollars.
    Perpetual,
}

impl Section {
    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spot => "binance-spot",
            Self::Perpetual => "binance-perp",
        }
    }

    /// What its made-up market trades in: prices in 0.1 USDT, the step in which they move, from 54,000.0 USDT; sizes in
    /// 0.00001 BTC on spot and 0.001 BTC of the perpetual.
    #[must_use]
    pub const fn terms(self) -> Terms {
        let qty_precision = match self {
            Self::Spot => 5,
            Self::Perpetual => 3,
        };
        match Terms::new(1, qty_precision, 540_000) {
            Ok(terms) => terms,
            Err(_) => panic!("the terms are within their ranges"),
        }
    }

    /// The path of its REST answers, before the name of each.
    pub(super) const fn root(self) -> &'static str {
        match self {
            Self::Spot => "/api/v3/",
            Self::Perpetual => "/fapi/v1/",
        }
    }

    /// Levels a side of a depth answer unless asked for others.
    pub(super) const fn limit_default(self) -> usize {
        match self {
            Self::Spot => 100,
            Self::Perpetual => 500,
        }
    }
}
