//! Measures ratios against peers and prints them.

use anyhow::Result;
use clap::{Parser, Subcommand};
use fathom_benches::instructions::{InstructionsArgs, instructions};
use fathom_benches::live::{LiveArgs, live};
use fathom_benches::machine::{METHOD, Machine};
use fathom_benches::place::Place;
use fathom_benches::report::Outcome;
use fathom_benches::size::sizes;
use fathom_benches::socket::{SocketArgs, socket};
use fathom_benches::tables::{Which, run};
use std::path::PathBuf;

/// Interleaved ratios against peers, with percentiles.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    which: Which,
    /// JSON instead of Markdown.
    #[arg(long)]
    json: bool,
    /// Rounds of every table.
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Where files of the tables journal, ring and gate go: the folder for temporary files unless given.
    #[arg(long)]
    folder: Option<PathBuf>,
}

/// What is no table of ratios.
#[derive(Debug, Subcommand)]
enum Command {
    /// The journal as it runs: three threads, paced input, every delay from the push to the commit.
    Live(LiveArgs),
    /// The program on a socket: start to the first trusted book, memory, and waits at a hundred times the market's speed.
    Socket(SocketArgs),
    /// Instructions a message of the tables decode, book and tick, counted one by one.
    Instructions(InstructionsArgs),
    /// Bytes a frame by kind, plain and compressed.
    Size {
        /// JSON instead of Markdown.
        #[arg(long)]
        json: bool,
        /// Where files go: the folder for temporary files unless given.
        #[arg(long)]
        folder: Option<PathBuf>,
    },
}

fn main() -> Result<()> {
    let Arguments { command, which, json, rounds, folder } = Arguments::parse();
    let machine = Machine::here();
    match command {
        Some(Command::Live(args)) => return run_live(&args, &machine),
        Some(Command::Socket(args)) => return run_socket(&args, &machine),
        Some(Command::Instructions(args)) => return run_instructions(&args, &machine),
        Some(Command::Size { json, folder }) => return run_size(json, &Place::new(folder), &machine),
        None => {}
    }
    let place = Place::new(folder);
    if !json {
        println!("{machine}\n{METHOD}\n");
        return run(which, rounds, &place, |outcome| println!("{outcome}"));
    }
    let mut tables: Vec<Outcome> = Vec::new();
    run(which, rounds, &place, |outcome| tables.push(outcome))?;
    println!("{:#}", serde_json::json!({ "machine": machine, "method": METHOD, "tables": tables }));
    Ok(())
}

fn run_live(args: &LiveArgs, machine: &Machine) -> Result<()> {
    if args.json {
        println!("{:#}", serde_json::json!({ "machine": machine, "live": live(args)? }));
    } else {
        println!("{machine}\n{}", live(args)?);
    }
    Ok(())
}

fn run_instructions(args: &InstructionsArgs, machine: &Machine) -> Result<()> {
    let Some(counted) = instructions(args)? else {
        eprintln!("nothing is counted: this host lets no program be traced (ptrace)");
        return Ok(());
    };
    if args.json {
        println!("{:#}", serde_json::json!({ "machine": machine, "instructions": counted }));
    } else {
        println!("{machine}\n{counted}");
    }
    Ok(())
}

fn run_socket(args: &SocketArgs, machine: &Machine) -> Result<()> {
    let report = socket(args)?;
    if args.json {
        println!("{:#}", serde_json::json!({ "machine": machine, "socket": report }));
    } else {
        println!("{machine}\n{report}");
    }
    Ok(())
}

fn run_size(json: bool, place: &Place, machine: &Machine) -> Result<()> {
    let sizes = sizes(place)?;
    if json {
        println!("{:#}", serde_json::json!({ "machine": machine, "sizes": sizes }));
    } else {
        println!("{machine}");
        sizes.iter().for_each(|size| println!("{size}"));
    }
    Ok(())
}
