//! `fathom soak`: the whole system for long, under everything that goes wrong.

mod simulated;

use super::teller::{Pace, Teller};
use super::told::{say, take_interrupts};
use super::{Ended, counted, grouped, print_json};
use crate::soak::{FLAT_FROM_S, Plan, SPEED_MAX, Soak, Soaked, Stage, Venue};
use anyhow::{Context, Result, ensure};
use clap::Args;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

/// How long a run is, and how far apart two faults are, where nothing else is said: over sockets, and in simulated time.
const SECONDS: [u64; 2] = [60, 3_600];
const FAULT_SECONDS: [u64; 2] = [3, 60];

/// Runs engine and exchange for long, while the exchange does everything wrong that one can, and judges the journal.
///
/// Over sockets: an exchange with a made-up market listens on the loopback, over TLS, with every fault of `exchange --fault`; the engine is a
/// process of its own, `fathom run`. After so many seconds nothing goes wrong any more, the engine gets well, and is stopped. Then each
/// fault must have left its sign in the journal, by connection, message and cause; there must be no sign without a fault; every trusted book
/// must have been the exchange's own; a second implementation and a replay must find the same; and in runs of 15 minutes and more the engine's memory must not have grown.
///
/// With --simulate the clock, the cable between the two and the turns of the journal's threads are simulated, on one thread, from one seed: a day
/// takes minutes, and the same seed makes the same run again. Threads that do not run for seconds, connections that break, freeze or
/// become slow, connects that fail, and UTC that is set come on top. Each segment of the journal is examined when it is sealed, and removed when it is good.
///
/// What is wrong ends the command with exit code 1 and one sentence; the journal stays.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fathom soak --seconds 60\n  fathom soak --seconds 3600 --venue binance-perp --json\n  fathom soak --simulate --seconds 86400 --seed 7 --seeds 3"
)]
pub struct SoakArgs {
    /// How long things go wrong, seconds [default: 60, with --simulate 3600]. Good weather follows, until the engine is well: half a minute
    /// and more of the market's time, simulated three minutes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    seconds: Option<u64>,
    /// Chance of the market and of the faults; with --simulate, of all; of the first run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Mean time between two faults of the exchange, about, seconds [default: 3, with --simulate 60], while there is a connection to befall;
    /// simulated, between two of the host and the network too. Or `off`.
    #[arg(long, value_name = "N|off", value_parser = fault_seconds)]
    fault_seconds: Option<FaultSeconds>,
    /// What is served and read.
    #[arg(long, value_enum, default_value = "kraken", conflicts_with = "simulate")]
    venue: Venue,
    /// How many times as fast as its own time the market goes.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "simulate", value_parser = clap::value_parser!(u32).range(1..=i64::from(SPEED_MAX)))]
    speed: u32,
    /// In simulated time, of Kraken's protocol.
    #[arg(long)]
    simulate: bool,
    /// Simulated runs, each with the next seed [default: 1].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    seeds: Option<u64>,
    /// The folder for configuration and journal; made when missing.
    #[arg(long, value_name = "DIR", default_value = "soak")]
    out: PathBuf,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Mean seconds between two faults; none when nothing goes wrong.
#[derive(Clone, Copy, Debug)]
struct FaultSeconds(Option<u64>);

fn fault_seconds(text: &str) -> Result<FaultSeconds, String> {
    if text == "off" {
        return Ok(FaultSeconds(None));
    }
    let seconds = text.parse().ok().filter(|seconds| (1..=1_000_000).contains(seconds));
    seconds
        .map(|seconds| FaultSeconds(Some(seconds)))
        .ok_or_else(|| "give seconds from 1 to 1000000, or `off`".to_owned())
}

impl SoakArgs {
    fn seconds(&self) -> u64 {
        self.seconds.unwrap_or(SECONDS[usize::from(self.simulate)])
    }

    fn fault_seconds(&self) -> Option<u64> {
        self.fault_seconds.map_or(Some(FAULT_SECONDS[usize::from(self.simulate)]), |FaultSeconds(seconds)| seconds)
    }
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &SoakArgs) -> Result<Ended> {
    if args.simulate {
        return simulated::run(args);
    }
    ensure!(args.seeds.is_none(), "--seeds is for simulated runs: add --simulate, or give one --seed");
    over_sockets(args)
}

fn over_sockets(args: &SoakArgs) -> Result<Ended> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let plan = Plan {
        program: &program,
        folder: &args.out,
        venue: args.venue,
        seed: args.seed,
        seconds: args.seconds(),
        fault_seconds: args.fault_seconds(),
        speed: args.speed,
        sets: &args.sets,
        signal: take_interrupts()?,
    };
    let soak = Soak::set_up(&plan)?;
    let teller = Teller::start();
    let (begun, mut pace) = (Instant::now(), Pace::new());
    let mut stage = |stage: Stage<'_>| match stage {
        Stage::Begun { url, journal } => {
            teller.say(format!("exchange on {url}; engine -> {}, for {} s", journal.display(), plan.seconds));
        }
        Stage::Running { faults, anonymous_kib, status } if pace.is_due() => {
            let book = if status["trusted"] == true { "trusted" } else { "not trusted" };
            let frames = status["frames"].as_u64().map_or_else(|| "-".to_owned(), grouped);
            teller.status(format!(
                "{} s, {}, {frames} messages, book {book}, {} KiB of memory",
                begun.elapsed().as_secs(),
                counted(faults as u64, "fault", "faults"),
                grouped(anonymous_kib)
            ));
        }
        Stage::Running { .. } => {}
        Stage::Calm => teller.say("nothing goes wrong any more: the engine gets well".to_owned()),
        Stage::Judging => teller.say("judging the journal by the exchange's own log".to_owned()),
    };
    let soaked = soak.run(&mut stage);
    teller.end();
    match soaked {
        Ok(soaked) if args.json => print_json(&json!({ "ok": true, "run": soaked }))?,
        Ok(soaked) => print(&mut io::stdout().lock(), &soaked, plan.seconds)?,
        Err(error) => {
            say(
                "fathom",
                format_args!("{error:#}; the exchange's log is {}", args.out.join("exchange.jsonl").display()),
            );
            if args.json {
                print_json(&json!({ "ok": false, "error": format!("{error:#}") }))?;
            }
            return Ok(Ended::Failed);
        }
    }
    Ok(Ended::Ok)
}

fn print(out: &mut impl Write, soaked: &Soaked, seconds: u64) -> Result<()> {
    let Soaked { faults, faults_never, signs, frames, books, segments, bytes, stills, memory, digest, journal } =
        soaked;
    writeln!(out, "OK")?;
    let segments = counted(*segments as u64, "segment", "segments");
    writeln!(out, "  messages   {}, in {segments}, {} bytes", grouped(*frames), grouped(*bytes))?;
    writeln!(out, "  replayed   MATCH, verified, digest {digest}")?;
    writeln!(out, "  books      {} trusted, each the exchange's own", grouped(*books))?;
    print_faults(out, faults, faults_never)?;
    writeln!(out, "  signs      {}", listed(signs, "none"))?;
    let (first, second) = (grouped(memory.first_half_kib), grouped(memory.second_half_kib));
    let judged =
        if seconds < FLAT_FROM_S { format!(" (judged in runs of {FLAT_FROM_S} s and more)") } else { String::new() };
    writeln!(out, "  memory     at most {first} KiB in the first half, {second} KiB in the second{judged}")?;
    if *stills > 0 {
        let stills = counted(*stills as u64, "time", "times");
        writeln!(out, "  host       the exchange itself did not run for half a second or more, {stills}")?;
    }
    writeln!(out, "  journal    {}", journal.display())?;
    Ok(())
}

/// What went wrong, of all that can where this exchange is read in this way; and what of it never did.
fn print_faults(out: &mut impl Write, faults: &BTreeMap<&'static str, u64>, never: &[&str]) -> io::Result<()> {
    let possible = counted((faults.len() + never.len()) as u64, "kind", "kinds");
    match faults.len() + never.len() {
        0 => writeln!(out, "  faults     none, as was asked for")?,
        _ => writeln!(out, "  faults     {} of {possible}: {}", faults.len(), listed(faults, "no fault"))?,
    }
    if never.is_empty() { Ok(()) } else { writeln!(out, "  never      {}", never.join(", ")) }
}

/// Counts by name, for people.
fn listed<K: Display>(counts: &BTreeMap<K, u64>, nothing: &str) -> String {
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if counts.is_empty() { nothing.to_owned() } else { counts.join(", ") }
}
