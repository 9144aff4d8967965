//! `fathom demo`: the whole system on one machine.

use super::run::StatusLine;
use super::teller::Teller;
use super::told::take_interrupts;
use super::{Ended, counted, grouped, print_json};
use crate::demo::{SPEED, Shown, Stage, demo};
use crate::live;
use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Shows the whole system on this machine, without a network or an account.
///
/// An exchange with a made-up BTC/EUR market, ten times as fast as a quiet day's, listens on the loopback, over TLS. The engine reads it through a real
/// socket and journals everything. Then the journal is verified, replayed byte for byte, and drawn as a page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fathom demo\n  fathom demo --seconds 5 --out /tmp/demo --json")]
pub struct DemoArgs {
    /// How long the engine runs.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// The folder for the journal, the page and the configuration; made when missing.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &DemoArgs) -> Result<Ended> {
    let signal = take_interrupts()?;
    let teller = Teller::start();
    let mut line = StatusLine::at_price_precision(1);
    let mut stage = |stage: Stage<'_>| match stage {
        Stage::Listening(url) => teller.say(format!("exchange on {url}, a made-up market at {SPEED} times its speed")),
        Stage::Begun(begun) => teller.say(format!("engine -> {}, for {} s", begun.folder.display(), args.seconds)),
        Stage::Running(seen) => line.show(seen, &teller),
        Stage::Noticed(notice) => teller.notice(notice),
        Stage::Verifying => teller.say("verifying: every checksum by a second implementation".to_owned()),
        Stage::Replaying => teller.say("replaying: the engine reads its own diary".to_owned()),
        Stage::Drawing => teller.say("drawing".to_owned()),
    };
    let shown = demo(&args.out, Duration::from_secs(args.seconds), signal, &mut stage);
    teller.end();
    let shown = shown?;
    if args.json {
        print_json(&to_json(&shown))?;
    } else {
        print(&shown)?;
    }
    Ok(if shown.is_good() { Ended::Ok } else { Ended::Failed })
}

fn to_json(shown: &Shown) -> Value {
    let (ok, bad) = shown.checksums();
    json!({
        "match": shown.is_match(),
        "verified": shown.is_verified,
        "checksums_ok": ok,
        "checksums_bad": bad,
        "frames": shown.ran.seen.frames,
        "records": shown.ran.seen.records,
        "state": live::status(&shown.ran.seen),
        "exchange_messages": shown.served.messages,
        "journal": shown.journal,
        "page": shown.page,
        "digest": crate::replay::digest(&shown.reports).to_string(),
    })
}

fn print(shown: &Shown) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let (ok, bad) = shown.checksums();
    let seen = &shown.ran.seen;
    writeln!(out, "{}", if shown.is_match() { "MATCH" } else { "MISMATCH" })?;
    writeln!(out, "  messages   {}, {}", grouped(seen.frames), counted(seen.records, "record", "records"))?;
    writeln!(out, "  checksums  {} ok, {} bad", grouped(ok), grouped(bad))?;
    writeln!(out, "  verified   {}", if shown.is_verified { "yes" } else { "no: `journal verify` says where" })?;
    let (feed_ns, trusted_ns) = (shown.summary.feed_ns, shown.summary.trusted_ns);
    let uptime = trusted_ns as f64 / feed_ns.max(1) as f64 * 100.0;
    writeln!(out, "  trusted    {uptime:.3} % of the time between first and last message, gaps {}", seen.gaps)?;
    writeln!(out, "  digest     {}", crate::replay::digest(&shown.reports))?;
    writeln!(out, "  journal    {}", shown.journal.display())?;
    writeln!(out, "  page       {}", shown.page.display())?;
    Ok(())
}
