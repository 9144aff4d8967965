//! `fathom ctl`: a word to a running engine.

use super::{Ended, counted, print_json};
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
        print(&mut std::io::stdout().lock(), args.word, &answer)?;
    }
    Ok(Ended::Ok)
}

/// The answer for people: what matters first, units written out.
fn print(out: &mut impl Write, word: Word, answer: &Value) -> Result<()> {
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
    let paused = if answer["paused"] == true && answer["state"] != "paused" { ", paused" } else { "" };
    let proof = answer["proof"].as_str().unwrap_or("checksums");
    let proved = ["ok", "bad"].map(|name| text(&format!("{proof}_{name}")));
    let bytes =
        answer["journal_bytes"].as_u64().map_or_else(|| "-".to_owned(), |bytes| counted(bytes, "byte", "bytes"));
    if let Some(done) = done(word, answer) {
        writeln!(out, "{done}")?;
    }
    let rows = [
        ("state", format!("{}{paused}, run {}", text("state"), text("run_id"))),
        ("book", format!("{}, {book}", pair("touch"))),
        ("quote", pair("quote")),
        ("messages", format!("{}, records {}", text("frames"), text("records"))),
        (proof, format!("{} ok, {} bad", proved[0], proved[1])),
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
        ("journal", format!("{bytes}, lag {}", ms("journal_lag_ns"))),
    ];
    for (name, value) in rows {
        writeln!(out, "{name:<10} {value}")?;
    }
    for leader in answer["leaders"].as_array().into_iter().flatten() {
        writeln!(out, "{:<10} {}", "leader", told_of(leader))?;
    }
    Ok(())
}

/// What became of a word that changes something: also where the state does not show it yet.
fn done(word: Word, answer: &Value) -> Option<&'static str> {
    Some(match (word, answer["connected"] == true) {
        (Word::Status, _) => return None,
        (Word::Pause, true) => "paused: quotes are withheld until `fathom ctl resume`",
        (Word::Pause, false) => "paused: once connected, quotes are withheld until `fathom ctl resume`",
        (Word::Resume, true) => "resumed: it quotes while the book is trusted",
        (Word::Resume, false) => "resumed: once connected, it quotes while the book is trusted",
        (Word::Stop, _) => "stopped: the run ends in order",
    })
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

#[cfg(test)]
mod tests {
    use super::{Word, print};
    use crate::live::{Seen, status};
    use hotpath::config::{MarketConfig, sequence_rule};

    fn told(word: Word, seen: &Seen) -> String {
        let mut out = Vec::new();
        print(&mut out, word, &status(seen)).expect("room");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_word_is_answered_with_what_it_did_whatever_the_state() {
        let connecting = Seen { run_id: 7, is_paused: true, ..Seen::default() };
        let connected = Seen { links: 1, ..connecting };
        let first = |word, seen: &Seen| told(word, seen).lines().take(2).collect::<Vec<_>>().join("\n");
        assert_eq!(
            first(Word::Pause, &connecting),
            "paused: once connected, quotes are withheld until `fathom ctl resume`\n\
             state      connecting, paused, run 0000000000000007"
        );
        assert_eq!(
            first(Word::Pause, &connected),
            "paused: quotes are withheld until `fathom ctl resume`\nstate      paused, run 0000000000000007"
        );
        let resumed = Seen { is_paused: false, ..connecting };
        assert!(first(Word::Resume, &resumed).starts_with("resumed: once connected, "));
        assert!(told(Word::Status, &connected).starts_with("state      paused, run"));
    }

    /// A venue without checksums has none that are bad, and none that are good.
    #[test]
    fn the_proof_that_a_venue_gives_is_told_and_no_other() {
        let mut seen = Seen { checksums: (5, 1), ..Seen::default() };
        assert!(told(Word::Status, &seen).contains("\nchecksums  5 ok, 1 bad\n"));
        let chained = MarketConfig { sequence_rule: sequence_rule::CHAIN, ..bytemuck::Zeroable::zeroed() };
        seen.markets[0].row = Some(chained);
        seen.markets[0].proof.touches = (3, 0);
        let text = told(Word::Status, &seen);
        assert!(text.contains("\ntouches    3 ok, 0 bad\n") && !text.contains("checksums"), "{text}");
    }
}
