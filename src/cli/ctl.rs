//! `fathom ctl`: a word to a running engine.

use super::{Ended, print_json};
use crate::config;
use crate::live::control;
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use std::io::Write;
use std::path::PathBuf;

/// Asks a running engine how it gets on, or tells it to pause, resume or stop.
///
/// The answer is the run's state as its journal tells it, with the command in it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom ctl status\n  fathom ctl pause configs/kraken-btc-eur.toml\n  fathom ctl stop --out runs/test"
)]
pub struct CtlArgs {
    /// What to do.
    #[arg(value_enum)]
    word: Word,
    /// The configuration of the run.
    #[arg(value_name = "CONFIG", default_value = "configs/kraken-btc-eur.toml")]
    config: PathBuf,
    /// The folder of the run, when it is not the configuration's.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the answer as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Word {
    /// Tell how the run gets on.
    Status,
    /// Withdraw the quotes.
    Pause,
    /// Quote again.
    Resume,
    /// End the run in order.
    Stop,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &CtlArgs) -> Result<Ended> {
    let folder = match &args.out {
        Some(folder) => folder.clone(),
        None => config::load(&args.config, &[])?.live.folder,
    };
    let word = args.word.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let answer = control::ask(&folder, &word)?;
    if let Some(why) = answer["error"].as_str() {
        bail!("{why}");
    }
    if args.json {
        print_json(&answer)?;
    } else if let Some(fields) = answer.as_object() {
        let mut out = std::io::stdout().lock();
        for (name, value) in fields {
            writeln!(out, "{name:<16} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))?;
        }
    }
    Ok(Ended::Ok)
}
