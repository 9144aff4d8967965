//! Sockets: connections are made on a thread of their own, and handed over when they are ready to be read.

mod binance;
mod by_record;
mod dial;
mod endpoint;
mod failure;
mod http;
mod kraken;
mod options;
mod port;
mod sealed;
mod stream;
mod thread;
mod tls;
mod wire;

pub use binance::Pairs;
pub use dial::{Dialled, Dialler};
pub use endpoint::Endpoint;
pub use failure::Failure;
pub use options::LinkConfig;
pub use port::{Dock, Port};
pub(crate) use sealed::Sealed;
pub use thread::{Answer, Desk, Fetch, LinkThread, start};
pub use tls::client_config;
pub use wire::{Inbox, Read, Stamps, Wire};

use hotpath::config::{Config, MarketConfig};

/// What a venue is asked before a connection to it is used.
pub trait ColdStart {
    /// Checks how the exchange describes the markets of a connection against the configuration.
    ///
    /// # Errors
    /// When the exchange describes them otherwise, or could not be asked.
    fn check(&self, access: &Access, config: &Config, connection: u16) -> Result<(), Failure>;
}

/// How a connection's venue is reached.
#[derive(Clone, Debug)]
pub struct Access {
    /// Its WebSocket.
    pub socket: Dialler,
    /// Where snapshots are fetched; none where they are pushed.
    pub rest: Option<Dialler>,
    /// By market: the section of the configuration that holds its keys.
    pub sections: Vec<String>,
}

impl Access {
    /// The section of a market's keys.
    fn section(&self, instrument: u16) -> &str {
        self.sections.get(usize::from(instrument)).map_or("venue", String::as_str)
    }

    /// The markets of a connection, each with the section of its keys.
    fn rows<'a>(&'a self, config: &'a Config, connection: u16) -> impl Iterator<Item = (&'a str, &'a MarketConfig)> {
        let rows = self.sections.iter().map(String::as_str).zip(config.markets());
        rows.filter(move |(_, row)| row.connection == connection)
    }
}
