//! What an exchange is to serve, and where.

use super::binance::Section;
use super::fault::Faults;
use super::kraken::Pair;
use super::notice::Notice;
use super::reel::Events;
use super::truth::Witness;
use crate::playback::Playback;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The market that is served. Its time begins to run with the first subscription to its book; a second after
/// one to its trades or its ticker, if that comes first.
pub enum Serves {
    /// One of Kraken's that is made up.
    Market {
        /// What is traded.
        pair: Pair,
        /// Its events; the first, at 0, carries the whole starting book.
        events: Events,
        /// How many times as fast as the market's own time; above 0.
        speed: f64,
    },
    /// One of Kraken's that was recorded.
    Recording {
        /// Its frames.
        playback: Playback,
        /// Which of its markets; `None`: the one that it names, or else the first.
        symbol: Option<String>,
        /// How many times as fast as it was recorded, above 0; `None`: as fast as it is read.
        speed: Option<f64>,
    },
    /// One of Binance's that is made up.
    BinanceMarket {
        /// Which of its markets' protocols is spoken.
        section: Section,
        /// Its events, in the units of [`Section::terms`]; the first, at 0, carries the whole starting book.
        events: Events,
        /// How many times as fast as the market's own time; above 0.
        speed: f64,
    },
    /// One of Binance's that was recorded.
    Binance {
        /// Which of its markets' protocols is spoken.
        section: Section,
        /// The recording: combined stream messages, and depth answers among them.
        playback: Playback,
        /// Which symbol; `None`: that of the recording.
        symbol: Option<String>,
        /// How many times as fast as it was recorded, above 0; `None`: as fast as it is read.
        speed: Option<f64>,
    },
}

impl Serves {
    /// How many times as fast as its own time the market runs; none: as fast as it is read.
    pub(super) const fn speed(&self) -> Option<f64> {
        match self {
            Self::Market { speed, .. } | Self::BinanceMarket { speed, .. } => Some(*speed),
            Self::Recording { speed, .. } | Self::Binance { speed, .. } => *speed,
        }
    }

    /// Whether it is one of Binance's.
    pub(super) const fn is_binance(&self) -> bool {
        matches!(self, Self::BinanceMarket { .. } | Self::Binance { .. })
    }
}

/// How an exchange is set up.
pub struct Options {
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// Whether it speaks TLS, with a certificate made at start.
    pub tls: bool,
    /// What it serves.
    pub serves: Serves,
    /// Who is told the whole book beside every message of it.
    pub witness: Option<Witness>,
    /// What goes wrong, and who is told of it.
    pub faults: Option<Faults>,
    /// Who is told what happens.
    pub notice: Box<dyn FnMut(Notice) + Send>,
    /// How long it runs; `None`: until it is stopped.
    pub run_for: Option<Duration>,
}

impl Options {
    /// On any free port of the loopback, without TLS, witness or end.
    #[must_use]
    pub fn new(serves: Serves) -> Self {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { listen, tls: false, serves, witness: None, faults: None, notice: Box::new(|_| {}), run_for: None }
    }
}
