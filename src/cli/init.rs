//! `fathom init`: a configuration to start from.

use super::Ended;
use crate::starter::{MARKETS, write};
use anyhow::Result;
use clap::Args;
use clap::builder::PossibleValuesParser;
use std::path::PathBuf;

/// Writes a commented configuration to start from, and the model file that it names.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fathom init my && fathom check my/kraken-btc-eur.toml")]
pub struct InitArgs {
    /// The folder for the two files; made when missing.
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
    /// Venue and pair.
    #[arg(long, value_name = "NAME", default_value = MARKETS[0], value_parser = PossibleValuesParser::new(MARKETS))]
    market: String,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &InitArgs) -> Result<Ended> {
    let written = write(&args.folder, &args.market)?;
    println!("{}\n{}", written.config.display(), written.model.display());
    println!("next: fathom check {0} && fathom run {0}", written.config.display());
    Ok(Ended::Ok)
}
