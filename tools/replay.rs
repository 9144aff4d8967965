//! `replay`: see `replay --help`.

use clap::Parser;
use fathom::cli::{exit, replay};
use std::process::ExitCode;

fn main() -> ExitCode {
    exit("replay", replay::run(&replay::Args::parse()))
}
