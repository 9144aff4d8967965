//! `fathom check`.
use super::Ended;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Checks.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The configuration.
    config: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &CheckArgs) -> Result<Ended> {
    crate::config::load(&args.config, &[])?;
    Ok(Ended::Ok)
}
