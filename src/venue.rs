//! The one place where a venue's number becomes its codec.

use crate::link::ColdStart;
use anyhow::{Result, bail};
use hotpath::config::{Config, venue_id};
use hotpath::venue::Venue;
use hotpath::venue::kraken::Kraken;

/// Work that is the same for every venue.
pub trait Job {
    /// What it results in.
    type Output;

    /// Does it with the codec of one venue.
    fn run<V: Venue + ColdStart + Copy + Send + Sync + 'static>(self, venue: V) -> Self::Output;
}

/// Runs a job with the codec of the market that trades.
///
/// # Errors
/// When the configuration names a venue that this program does not have.
pub fn with_codec<J: Job>(config: &Config, job: J) -> Result<J::Output> {
    match config.markets[0].venue {
        venue_id::KRAKEN => Ok(job.run(Kraken)),
        other => bail!("venue number {other} is not known to this program: use the version that wrote the journal"),
    }
}
