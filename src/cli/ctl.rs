//! `fathom ctl`: a word to a running engine.

use super::{Ended, print_json};
use crate::config;
use crate::delay::Offset;
use crate::live::control;
use crate::report::duration;
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
        ("touches", format!("{} ok, {} bad", text("touches_ok"), text("touches_bad"))),
        ("trusted", format!("{share} of the time between first and last message, gaps {}", text("gaps"))),
        (
            "delay",
            format!(
                "{} above the least, ping {}",
                delay(&answer["delay_ns"], &answer["delay_ns_max"]),
                ms("round_trip_ns")
            ),
        ),
        ("clock", clock(answer).unwrap_or_else(|| "-".to_owned())),
        ("journal", format!("{} bytes, lag {}", text("journal_bytes"), ms("journal_lag_ns"))),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<10} {value}")?;
    }
    for leader in answer["leaders"].as_array().into_iter().flatten() {
        writeln!(out, "{:<10} {}", "leader", told_of(leader))?;
    }
    Ok(())
}

/// What is known of a delay: at least, and at most where round trips tell.
fn delay(least: &Value, most: &Value) -> String {
    let ms = |value: &Value| value.as_f64().map(|ns| format!("{:.3} ms", ns / 1e6));
    match (ms(least), ms(most)) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (least, _) => least.unwrap_or_else(|| "-".to_owned()),
    }
}

/// What is known of the exchange's clock.
fn clock(answer: &Value) -> Option<String> {
    let ns_max = answer["clock_offset_ns_max"].as_i64()?;
    Some(Offset { ns_max, ns_min: answer["clock_offset_ns_min"].as_i64() }.words(duration))
}

/// One line of a leader.
fn told_of(leader: &Value) -> String {
    let text = |name: &str| leader[name].as_str().unwrap_or("-").to_owned();
    let link = if leader["connected"] == true { "connected" } else { "not connected" };
    let book = if leader["trusted"] == true { "trusted" } else { "not trusted" };
    let touch = match &leader["touch"] {
        Value::Object(sides) => format!("{} / {} ticks", sides["bid_ticks"], sides["ask_ticks"]),
        _ => "no book yet".to_owned(),
    };
    let (venue, symbol, gaps) = (text("venue"), text("symbol"), &leader["gaps"]);
    format!(
        "{venue} {symbol}: {link}, {touch}, {book}, gaps {gaps}, delay {} above the least",
        delay(&leader["delay_ns"], &leader["delay_ns_max"])
    )
}
