//! How the venues of a run are reached.

use crate::config::{FeedConfig, Loaded};
use crate::link::{Access, Dialler, Endpoint, client_config};
use anyhow::Result;
use std::sync::Arc;
use std::time::Duration;

/// How the venue of a connection is reached, as a configuration says.
///
/// # Errors
/// When an address is none, or the file of certificates cannot be used.
pub fn access(feed: &FeedConfig, loaded: &Loaded) -> Result<Access> {
    let tls = client_config(loaded.live.link.extra_ca.as_deref())?;
    let session = &loaded.config.session;
    let dialler = |endpoint, longest_ns| Dialler {
        endpoint,
        tls: Arc::clone(&tls),
        options: loaded.live.link.clone(),
        longest: Duration::from_nanos(longest_ns),
    };
    let socket = dialler(Endpoint::parse(&feed.section, &feed.url)?, session.connect_ns_max);
    // What is fetched is not waited for any longer, and what is asked for meanwhile waits for it.
    let fetch_ns = session.snapshot_ns_max.min(session.connect_ns_max);
    let rest = feed
        .rest_url
        .as_deref()
        .map(|url| Ok::<_, anyhow::Error>(dialler(Endpoint::parse_rest(&feed.section, url)?, fetch_ns)));
    Ok(Access { socket, rest: rest.transpose()?, sections: loaded.sections.clone() })
}
