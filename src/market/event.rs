//! What a market tells of itself.

/// A side of the book, or the taker of a trade: `Bid` bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Those who buy.
    Bid,
    /// Those who sell.
    Ask,
}

impl Side {
    /// Both, in the order in which a message lists them.
    pub const BOTH: [Self; 2] = [Self::Bid, Self::Ask];

    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// 1 for buyers, -1 for sellers.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Bid => 1,
            Self::Ask => -1,
        }
    }

    /// A price as a place on this side: the better, the lower. It is its own inverse.
    pub(crate) const fn rank(self, price: i64) -> i64 {
        -self.sign() * price
    }
}

/// A level has a new size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its side.
    pub side: Side,
    /// Its price, ticks.
    pub price_ticks: i64,
    /// All that rests there now, lots; 0: nothing does.
    pub qty_lots: i64,
}

/// A resting order, or a part of one, was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Who took: `Bid` bought.
    pub taker: Side,
    /// Its price, ticks.
    pub price_ticks: i64,
    /// Its size, lots.
    pub qty_lots: i64,
    /// Whether the taker sent a market order; otherwise a limit order that could be matched.
    pub is_market_order: bool,
}

/// All that one message of the exchange tells of: changes in the order in which they happened, over the
/// whole book, however deep, and the trades behind them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the market began.
    pub at_ns: u64,
    /// New sizes; the same price may change several times.
    pub changes: Vec<Change>,
    /// Trades.
    pub trades: Vec<Trade>,
}
