//! Sockets: connections are made on a thread of their own, and handed over when they are ready to be read.

mod binance;
mod by_record;
mod dial;
mod endpoint;
mod failure;
mod http;
mod kraken;
mod options;
mod sealed;
mod stream;
mod thread;
mod tls;
mod wire;

pub use binance::Pairs;
pub use dial::{Dialled, Dialler};
pub use endpoint::Endpoint;
pub use failure::Failure;
pub use thread::{Answer, Desk, Fetch, LinkThread, start};
pub use tls::client_config;
pub use wire::{Inbox, Read, Stamps, Wire};

use crate::config::{FeedConfig, Loaded};
use anyhow::Result;
use hotpath::config::Config;
use std::sync::Arc;
use std::time::Duration;

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
}

impl Access {
    /// The ways that a configuration names for a connection.
    ///
    /// # Errors
    /// When an address is none, or the file of certificates cannot be used.
    pub fn of(feed: &FeedConfig, loaded: &Loaded) -> Result<Self> {
        let tls = client_config(loaded.live.link.extra_ca.as_deref())?;
        let session = &loaded.config.session;
        let dialler = |endpoint, longest_ns| Dialler {
            endpoint,
            tls: Arc::clone(&tls),
            options: loaded.live.link.clone(),
            longest: Duration::from_nanos(longest_ns),
        };
        let socket = dialler(Endpoint::parse(&feed.url)?, session.connect_ns_max);
        // What is fetched is not waited for any longer, and what is asked for meanwhile waits for it.
        let fetch_ns = session.snapshot_ns_max.min(session.connect_ns_max);
        let rest =
            feed.rest_url.as_deref().map(|url| Ok::<_, anyhow::Error>(dialler(Endpoint::parse_rest(url)?, fetch_ns)));
        Ok(Self { socket, rest: rest.transpose()? })
    }
}
