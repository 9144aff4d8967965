//! `journal`: see `journal --help`.

use clap::Parser;
use fathom::cli::{exit, journal};
use std::process::ExitCode;

fn main() -> ExitCode {
    exit("journal", journal::run(&journal::Cli::parse()))
}
