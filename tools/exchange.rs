//! `exchange`: see `exchange --help`.

use clap::Parser;
use fathom::cli::{exchange, exit};
use std::process::ExitCode;

fn main() -> ExitCode {
    exit("exchange", exchange::run(&exchange::Args::parse()))
}
