//! `fathom ctl`: a word to a running engine.

use super::{Ended, print_json};
use crate::config;
use crate::live::control;
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::Value;
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
        None => {
            let loaded = config::load(&args.config, &[]);
            loaded.context("name the run's configuration, or its folder with --out")?.live.folder
        }
    };
    let word = args.word.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let answer = control::ask(&folder, &word)?;
    if let Some(why) = answer["error"].as_str() {
        bail!("{why}");
    }
    if args.json {
        print_json(&answer)?;
    } else {
        print(&answer)?;
    }
    Ok(Ended::Ok)
}

/// The answer for people: what matters first, units written out.
fn print(answer: &Value) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let text = |name: &str| match &answer[name] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let ms = |name: &str| answer[name].as_f64().map_or_else(|| "-".to_owned(), |ns| format!("{:.3} ms", ns / 1e6));
    let pair = |name: &str| match &answer[name] {
        Value::Object(sides) => format!("{} / {} ticks", sides["bid_ticks"], sides["ask_ticks"]),
        _ => "none".to_owned(),
    };
    let share = answer["uptime"].as_f64().map_or_else(|| "-".to_owned(), |share| format!("{:.3} %", share * 100.0));
    let book = if answer["trusted"] == true { "trusted" } else { "not trusted" };
    let rows = [
        ("state", format!("{}, run {}", text("state"), text("run_id"))),
        ("book", format!("{}, {book}", pair("touch"))),
        ("quote", pair("quote")),
        ("messages", format!("{}, records {}", text("frames"), text("records"))),
        ("checksums", format!("{} ok, {} bad", text("checksums_ok"), text("checksums_bad"))),
        ("trusted", format!("{share} of the time between first and last message, gaps {}", text("gaps"))),
        ("delay", format!("{} from the exchange by two clocks, ping {}", ms("delay_ns"), ms("round_trip_ns"))),
        ("journal", format!("{} bytes, lag {}", text("journal_bytes"), ms("journal_lag_ns"))),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<10} {value}")?;
    }
    Ok(())
}
