//! `exchange`: the public protocols of Kraken and Binance from this machine.

use super::faults::FaultFile;
use super::play::pace;
use super::truth::TruthFile;
use super::{Ended, grouped, print_json};
use crate::exchange::{FaultPlan, Faults, Options, PEM_MARK, Pair, Section, Server, Serves};
use crate::files::ensure_writable;
use crate::market::fit::{Fit, SECONDS_MAX, measure};
use crate::market::{Market, Terms};
use crate::play::Pace;
use crate::playback;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Parser, ValueEnum};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The pair of a made-up market.
const MADE_UP: &str = "BTC/EUR";
/// The same of one of Binance's.
const MADE_UP_BINANCE: &str = "BTCUSDT";
/// How much of it is measured unless said, seconds of its own time.
const FIT_SECONDS: u64 = 3_600;

/// Whose protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Venue {
    /// Kraken, spot, WebSocket version 2.
    Kraken,
    /// Binance, spot: combined streams, and `depth` and `exchangeInfo` over HTTP on the same port.
    BinanceSpot,
    /// Binance, USD-M perpetual: the same with its own paths.
    BinancePerp,
}

/// Serves a market the way Kraken does, over WebSocket version 2, or the way Binance does, to any client of their public
/// data.
///
/// Without --replay the market is made up, from a seed: the same seed trades the same. Its time begins to run
/// with the first subscription to its book, or a second after one to its trades or ticker. A recording's does
/// too: who subscribes to the book at the recorded depth before that gets the recording from its first message
/// on, byte for byte; who comes later gets a snapshot first. After the end of a recording heartbeats go on.
/// As Binance, the made-up market is BTCUSDT; time begins to run with the first subscription to the stream of all
/// changes, and the book is answered over HTTP, as it is at that moment.
///
/// One line on standard output says where it listens; interrupt it to end it.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:\n  exchange --listen 127.0.0.1:8080\n  exchange --tls --ca target/ca.pem --speed 10\n  exchange --replay target/sample/recording.cbcap --speed max --seconds 60\n  exchange --venue binance-spot --seed 7\n  exchange --venue binance-perp --replay recording.gz\n  exchange --fit --seconds 3600"
)]
pub struct Args {
    /// Whose protocol is spoken.
    #[arg(long, value_name = "NAME", value_enum, default_value = "kraken")]
    venue: Venue,
    /// Where to listen; port 0 takes any that is free.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Speak TLS, with a certificate for 127.0.0.1, ::1 and localhost that is made at start.
    #[arg(long)]
    tls: bool,
    /// Write the certificate that a client must trust.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca: Option<PathBuf>,
    /// The made-up market's seed.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "replay")]
    seed: u64,
    /// Play a recording, a journal or a folder of journals.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// How many times as fast as the market's or the recording's own time; of a recording also `max`: as fast
    /// as the slowest client reads.
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = pace)]
    speed: Pace,
    /// End after so many seconds; without it, when interrupted. With --fit: the market's seconds to measure
    /// [default: 3600].
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Write the whole book beside every message of one: a JSON line for each client that it is handed to.
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// What goes wrong, as often as it is given: NAME=RATE with this probability, 0 to 1, at each chance, or NAME@SECONDS once
    /// at that second of the market's time; as --fault drop=0.001 --fault reset@30. Names: checksum, drop, duplicate,
    /// reorder, delay, garbage, truncate, oversize, utf8, binary, fragment, coalesce, drip, stall, silence, half-open,
    /// close, reset, tls (with --tls), refuse-429, refuse-503, clock, field, channel, spell, resnapshot, maintenance; of Binance
    /// no checksum, resnapshot and maintenance. Not with --speed max.
    #[arg(long, value_name = "NAME=RATE|NAME@SECONDS")]
    fault: Vec<String>,
    /// The seed of the faults' dice.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "fault")]
    fault_seed: u64,
    /// Write what went wrong: a JSON line for each fault, with the connection and the message that it befell.
    #[arg(long, value_name = "FILE", requires = "fault")]
    fault_log: Option<PathBuf>,
    /// The pair that is traded, or the one of the recording's that is played [default: BTC/EUR, of Binance
    /// BTCUSDT, or the recording's].
    #[arg(long, value_name = "PAIR")]
    symbol: Option<String>,
    /// Measure the made-up market against recorded figures instead of serving it; exit code 1 when one is
    /// outside its bounds.
    #[arg(long, conflicts_with_all = ["venue", "listen", "tls", "replay", "speed", "truth", "fault"])]
    fit: bool,
    /// Print the line on standard output, or the figures, as a JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the program.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &Args) -> Result<Ended> {
    if args.fit { fit(args) } else { serve(args) }
}

fn serve(args: &Args) -> Result<Ended> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot take interrupts")?;
    }
    if let Some(path) = &args.ca {
        ensure_writable(path, PEM_MARK)?;
    }
    let truth = args.truth.as_deref().map(TruthFile::create).transpose()?;
    let plan = plan(args)?;
    let log = args.fault_log.as_deref().map(FaultFile::create).transpose()?;
    let faults = (!args.fault.is_empty())
        .then(|| Faults { plan, log: log.as_ref().map_or_else(|| Box::new(|_: &_| {}) as _, FaultFile::log) });
    let options = Options {
        listen: args.listen,
        tls: args.tls,
        witness: truth.as_ref().map(TruthFile::witness),
        faults,
        notice: Box::new(|notice| eprintln!("exchange: {notice}")),
        run_for: args.seconds.map(Duration::from_secs),
        ..Options::new(serves(args)?)
    };
    let server = Server::bind(options)?;
    if let (Some(path), Some(pem)) = (&args.ca, server.ca_pem()) {
        std::fs::write(path, pem).with_context(|| format!("cannot write {}", path.display()))?;
    }
    announce(args, &server)?;
    let served = server.run(&stop)?;
    if let Some(truth) = truth {
        truth.finish()?;
    }
    if let Some(log) = log {
        log.finish()?;
    }
    let (clients, messages) = (grouped(served.connections), grouped(served.messages));
    eprintln!("exchange: ended; connections {clients}, messages {messages}");
    Ok(Ended::Ok)
}

/// What is to go wrong.
fn plan(args: &Args) -> Result<FaultPlan> {
    let mut plan = FaultPlan::new(args.fault_seed);
    args.fault.iter().try_for_each(|rule| plan.add(rule).with_context(|| format!("--fault {rule}")))?;
    Ok(plan)
}

fn serves(args: &Args) -> Result<Serves> {
    let section = match args.venue {
        Venue::Kraken => None,
        Venue::BinanceSpot => Some(Section::Spot),
        Venue::BinancePerp => Some(Section::Perpetual),
    };
    let Some(path) = &args.replay else { return made_up(args, section) };
    let playback = playback::open(path)?;
    let speed = match args.speed {
        Pace::Times(times) => Some(times),
        Pace::Max => None,
    };
    let symbol = args.symbol.clone();
    let Some(section) = section else { return Ok(Serves::Recording { playback, symbol, speed }) };
    Ok(Serves::Binance { section, playback, symbol: symbol.map(|symbol| symbol.to_ascii_uppercase()), speed })
}

fn made_up(args: &Args, section: Option<Section>) -> Result<Serves> {
    let Pace::Times(speed) = args.speed else { bail!("--speed max is for recordings: give a number, or --replay") };
    if let Some(section) = section {
        let symbol = args.symbol.as_deref().unwrap_or(MADE_UP_BINANCE);
        if !symbol.eq_ignore_ascii_case(MADE_UP_BINANCE) {
            bail!("{symbol}: the made-up market of Binance trades {MADE_UP_BINANCE}; others come with --replay");
        }
        let events = Box::new(Market::new(args.seed, &section.terms()));
        return Ok(Serves::BinanceMarket { section, events, speed });
    }
    let (pair, terms) = traded(args)?;
    Ok(Serves::Market { pair, events: Box::new(Market::new(args.seed, &terms)), speed })
}

/// The pair that a made-up market trades.
fn traded(args: &Args) -> Result<(Pair, Terms)> {
    let symbol = args.symbol.as_deref().unwrap_or(MADE_UP);
    let pair = Pair::listed(symbol).filter(|pair| pair.symbol == MADE_UP);
    let pair =
        pair.ok_or_else(|| anyhow!("{symbol}: the made-up market trades {MADE_UP}; others come with --replay"))?;
    Ok((pair, Terms::BTC_EUR))
}

fn fit(args: &Args) -> Result<Ended> {
    let seconds = args.seconds.unwrap_or(FIT_SECONDS);
    if !(1..=SECONDS_MAX).contains(&seconds) {
        bail!("--seconds {seconds}: between 1 and {SECONDS_MAX} can be measured");
    }
    let fit = measure(args.seed, seconds, &traded(args)?.1);
    if args.json {
        print_json(&fit_to_json(&fit))?;
    } else {
        write!(std::io::stdout(), "{fit}")?;
    }
    Ok(if fit.passed() { Ended::Ok } else { Ended::Failed })
}

fn fit_to_json(fit: &Fit) -> serde_json::Value {
    let rows = fit.rows.iter().map(|row| {
        json!({
            "name": row.name,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "source": row.source,
            "ok": row.passed(),
        })
    });
    json!({ "seed": fit.seed, "seconds": fit.seconds, "ok": fit.passed(), "rows": rows.collect::<Vec<_>>() })
}

fn announce(args: &Args, server: &Server) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let url = server.url();
    if args.json {
        writeln!(out, "{}", json!({ "url": url, "rest": server.rest_url(), "ca": args.ca }))?;
    } else {
        writeln!(out, "{url}")?;
    }
    Ok(out.flush()?)
}
