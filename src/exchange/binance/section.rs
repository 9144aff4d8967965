//! What differs between Binance's markets.

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
