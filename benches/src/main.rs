//! Measures ratios against peers and prints them.

use anyhow::Result;
use clap::Parser;
use fathom_benches::machine::{METHOD, Machine};
use fathom_benches::report::Report;
use fathom_benches::tables::{Which, run};

/// Interleaved ratios against peers, with percentiles.
#[derive(Debug, Parser)]
struct Arguments {
    /// What to measure.
    #[arg(value_enum, default_value = "all")]
    which: Which,
    /// JSON instead of Markdown.
    #[arg(long)]
    json: bool,
    /// Rounds of every table.
    #[arg(long, default_value_t = 40)]
    rounds: usize,
}

fn main() -> Result<()> {
    let Arguments { which, json, rounds } = Arguments::parse();
    let machine = Machine::here();
    if !json {
        println!("{machine}\n");
        return run(which, rounds, |report| println!("{report}"));
    }
    let mut tables: Vec<Report> = Vec::new();
    run(which, rounds, |report| tables.push(report))?;
    println!("{:#}", serde_json::json!({ "machine": machine, "method": METHOD, "tables": tables }));
    Ok(())
}
