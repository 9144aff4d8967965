//! `fathom run`: the engine on the network.

use super::teller::{Pace, Teller};
use super::told::{known_before, say, take_interrupts};
use super::{Ended, counted, grouped, print_json};
use crate::config;
use crate::live::{self, Begun, Limits, Plan, Ran, Seen};
use anyhow::{Result, ensure};
use clap::Args;
use hotpath::record::close;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// Runs the engine on the exchange that the configuration names, and journals everything.
///
/// In the mode `capture` everything is computed and nothing is sent but subscriptions and pings. Interrupt it, or say
/// `fathom ctl stop`, to end it in order.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom run configs/kraken-btc-eur.toml\n  fathom run configs/kraken-btc-eur.toml --seconds 60 --out runs/test --set venue.depth=25"
)]
pub struct RunArgs {
    /// The configuration.
    #[arg(value_name = "CONFIG")]
    config: PathBuf,
    /// End after so many seconds.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// The folder of runs, instead of the configuration's: a new run goes on behind the last one. Made when missing.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output at the end.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &RunArgs) -> Result<Ended> {
    ensure!(
        args.seconds != Some(0),
        "--seconds 0: a run lasts a second or more; leave it out to run until it is stopped"
    );
    let loaded = config::load(&args.config, &args.sets)?;
    let folder = args.out.as_ref().unwrap_or(&loaded.live.folder);
    let limits = Limits { lasts: args.seconds.map(Duration::from_secs), signal: take_interrupts()? };
    let teller = Teller::start();
    let mut line = StatusLine::at_price_precision(loaded.config.markets[0].price_precision);
    let plan = Plan {
        folder,
        limits,
        on_hot: || {},
        tell: &mut |notice| teller.notice(notice),
        show: &mut |seen| line.show(seen, &teller),
    };
    let begun = |begun: &Begun| {
        let known = known_before(&begun.folder, &begun.caveats, begun.found.as_ref(), begun.spins);
        known.into_iter().for_each(|text| teller.say(text));
        teller.say(format!("{} -> {}", loaded.feed().url, begun.folder.display()));
    };
    let ran = live::run(&loaded, plan, begun)?;
    teller.end();
    if args.json {
        print_json(&to_json(&ran))?;
    } else {
        print(&ran)?;
    }
    Ok(ended(&ran))
}

/// A run that ended by itself has failed at what it was asked for.
fn ended(ran: &Ran) -> Ended {
    if let Some(halt) = ran.halt {
        say("fathom", format_args!("the engine halted ({halt:?}): `replay {}` shows where", ran.folder.display()));
    }
    match ran.close {
        Some(close::STOPPED) if ran.seen.touch.is_none() => {
            say("fathom", "the run ended before a book was ever trusted: see above, and `journal report`");
            Ended::Failed
        }
        Some(close::STOPPED) => Ended::Ok,
        Some(_) => {
            say("fathom", "the connection cannot be made, and trying again would not help: see above");
            Ended::Failed
        }
        None => Ended::Failed,
    }
}

/// The line that says how a run gets on.
pub(super) struct StatusLine {
    price_precision: usize,
    pace: Pace,
}

impl StatusLine {
    pub(super) fn at_price_precision(price_precision: u8) -> Self {
        Self { price_precision: price_precision.into(), pace: Pace::new() }
    }

    pub(super) fn show(&mut self, seen: &Seen, teller: &Teller) {
        if self.pace.is_due() {
            teller.status(self.text(seen));
        }
    }

    fn text(&self, seen: &Seen) -> String {
        let places = self.price_precision;
        let price = |ticks: i64| format!("{:.places$}", ticks as f64 / 10_f64.powi(places as i32));
        let book = match seen.touch {
            Some((bid, ask)) if seen.is_trusted => format!("book {} / {}", price(bid), price(ask)),
            Some(_) => "book not trusted".to_owned(),
            None => "no book yet".to_owned(),
        };
        let state = seen.state();
        let delay = seen.markets[0].delay;
        let delay =
            delay.map_or_else(|| "-".to_owned(), |delay| format!("{:.1} ms above least", delay.ns_min as f64 / 1e6));
        let trusted = seen.leaders().filter(|(_, leader)| leader.is_trusted).count();
        let leaders = match seen.leaders().count() {
            0 => String::new(),
            count => format!("  leaders {trusted} of {count} trusted"),
        };
        let (proof, (ok, bad)) = seen.markets[0].proved();
        format!(
            "{state}  {book}{leaders}  messages {}  {proof} {} ok {} bad  gaps {}  delay {delay}  journal {:.1} MiB  lag {:.1} ms",
            grouped(seen.frames),
            grouped(ok),
            grouped(bad),
            seen.gaps,
            seen.bytes as f64 / f64::from(1 << 20),
            seen.lag_ns as f64 / 1e6
        )
    }
}

fn to_json(ran: &Ran) -> serde_json::Value {
    json!({
        "close": ran.close.and_then(close::name),
        "halt": ran.halt.map(|halt| format!("{halt:?}")),
        "folder": ran.folder,
        "state": live::status(&ran.seen),
        "segments": ran.totals.segments,
        "bytes": ran.totals.bytes,
        "syncs": ran.totals.syncs,
        "ring_lines_free_min": ran.load.ring_lines_free_min,
        "lag_ns_max": ran.load.lag_ns_max,
    })
}

fn print(ran: &Ran) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let Seen { frames, records, gaps, .. } = ran.seen;
    let (proof, (ok, bad)) = ran.seen.markets[0].proved();
    let close = ran.close.and_then(close::name).unwrap_or("halted");
    let (messages, records) = (counted(frames, "message", "messages"), counted(records, "record", "records"));
    writeln!(out, "{close}: {messages}, {records} -> {}", ran.folder.display())?;
    writeln!(out, "  {proof:<10} {} ok, {} bad", grouped(ok), grouped(bad))?;
    match ran.seen.uptime() {
        Some(uptime) => writeln!(
            out,
            "  trusted    {:.3} % of the time between first and last message, gaps {gaps}",
            uptime * 100.0
        )?,
        None => writeln!(out, "  trusted    never")?,
    }
    writeln!(
        out,
        "  journal    segments {}, bytes {}, syncs {}, longest lag {:.3} ms",
        ran.totals.segments,
        grouped(ran.totals.bytes),
        grouped(ran.totals.syncs),
        ran.load.lag_ns_max as f64 / 1e6
    )?;
    Ok(())
}
