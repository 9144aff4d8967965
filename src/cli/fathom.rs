//! The `fathom` program.

use super::Ended;
use super::check::{self, CheckArgs};
use super::ctl::{self, CtlArgs};
use super::demo::{self, DemoArgs};
use super::gate::{self, GateArgs};
use super::init::{self, InitArgs};
use super::run::{self, RunArgs};
use super::soak::{self, SoakArgs};
use anyhow::Result;
use clap::{Parser, Subcommand};

/// Runs the engine on an exchange, and says whether host, system and journals are fit for it.
///
/// Exit codes: 0 done, 1 the check failed, 2 bad usage, configuration or file.
#[derive(Debug, Parser)]
#[command(
    name = "fathom",
    version,
    after_help = "Examples:\n  fathom demo\n  fathom run configs/kraken-btc-eur.toml --seconds 60"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(DemoArgs),
    Run(RunArgs),
    Ctl(CtlArgs),
    Init(InitArgs),
    Check(CheckArgs),
    Soak(SoakArgs),
    Gate(GateArgs),
}

/// Runs the program.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(cli: &Cli) -> Result<Ended> {
    match &cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(args),
        Command::Ctl(args) => ctl::run(args),
        Command::Init(args) => init::run(args),
        Command::Check(args) => check::run(args),
        Command::Soak(args) => soak::run(args),
        Command::Gate(args) => gate::run(args),
    }
}
