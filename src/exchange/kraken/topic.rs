//! What can be subscribed to.

use serde::Serialize;

/// What makes a ticker be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Trigger {
    /// Every trade.
    Trades,
    /// Every change of the best bid or ask.
    Bbo,
}

/// A channel with the parameters that tell one subscription from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Assets and pairs.
    Instrument,
    /// The book at a depth.
    Book(u32),
    /// Trades.
    Trade,
    /// Best bid and ask, and the day.
    Ticker(Trigger),
}

impl Topic {
    /// The channel's name.
    pub const fn channel(self) -> &'static str {
        match self {
            Self::Instrument => "instrument",
            Self::Book(_) => "book",
            Self::Trade => "trade",
            Self::Ticker(_) => "ticker",
        }
    }
}

/// What one connection is subscribed to, of the one market that is served.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Subscriptions {
    instrument: bool,
    book: Option<u32>,
    trade: bool,
    ticker: Option<Trigger>,
}

impl Subscriptions {
    /// Whether messages of a topic go to this connection.
    pub fn holds(&self, topic: Topic) -> bool {
        match topic {
            Topic::Instrument => self.instrument,
            Topic::Book(depth) => self.book == Some(depth),
            Topic::Trade => self.trade,
            Topic::Ticker(trigger) => self.ticker == Some(trigger),
        }
    }

    /// Subscribes; false when the channel is subscribed to already: there is one depth and one trigger a
    /// connection.
    pub fn add(&mut self, topic: Topic) -> bool {
        let is_free = match topic {
            Topic::Instrument => !self.instrument,
            Topic::Book(_) => self.book.is_none(),
            Topic::Trade => !self.trade,
            Topic::Ticker(_) => self.ticker.is_none(),
        };
        if is_free {
            self.set(topic, true);
        }
        is_free
    }

    /// Unsubscribes; false when there is no such subscription.
    pub fn remove(&mut self, topic: Topic) -> bool {
        let is_held = self.holds(topic);
        if is_held {
            self.set(topic, false);
        }
        is_held
    }

    fn set(&mut self, topic: Topic, on: bool) {
        match topic {
            Topic::Instrument => self.instrument = on,
            Topic::Book(depth) => self.book = on.then_some(depth),
            Topic::Trade => self.trade = on,
            Topic::Ticker(trigger) => self.ticker = on.then_some(trigger),
        }
    }
}
