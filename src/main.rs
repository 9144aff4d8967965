//! `fathom`: see `fathom --help`.

use clap::Parser;
use fathom::cli::{exit, fathom as program};
use std::process::ExitCode;

fn main() -> ExitCode {
    exit("fathom", program::run(&program::Cli::parse()))
}
