//! `journal import`: recordings to a journal.

use super::recording::default_config;
use super::{Ended, counted, grouped, print_json, progress};
use crate::config::{self, FeedConfig, Loaded};
use crate::import::{Imported, Leap, MarketSum, Setback, Source, Spot, import};
use anyhow::{Result, bail};
use clap::Args;
use hotpath::config::{checksum_rule, sequence_rule};
use hotpath::market::Counts;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Runs the engine over recordings and writes the journal.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  journal import recording.cbcap --config configs/kraken-btc-usd.toml --set venue.depth=25 --out journal.bin\n  journal import spot.gz --leader perp.gz --config configs/binance-btc-usdt.toml"
)]
pub struct ImportArgs {
    /// Recordings of the venue, merged by receive time: CBCAP, lines `<receive ns> <message>`, or lines
    /// `<unix seconds>: <message>`; gzip is seen through.
    #[arg(required = true, value_name = "FILE")]
    recordings: Vec<PathBuf>,
    /// A recording of a leader: the first is of the first connection that only leaders have, and so on.
    #[arg(long = "leader", value_name = "FILE")]
    leaders: Vec<PathBuf>,
    /// The configuration [default: configs/VENUE-SYMBOL.toml of the recording's market].
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// The journal: a file, or a folder when several segments result [default: the
    /// recording's name with .bin, in the current folder].
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Change one key of the configuration; may be given several times.
    #[arg(long = "set", value_name = "KEY.PATH=VALUE")]
    sets: Vec<String>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// What makes the exit code 2.
pub fn run(args: &ImportArgs) -> Result<Ended> {
    let first = &args.recordings[0];
    let config = match &args.config {
        Some(config) => config.clone(),
        None => default_config(first)?,
    };
    let loaded = config::load(&config, &args.sets)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => Path::new(first.file_stem().unwrap_or(OsStr::new("journal"))).with_extension("bin"),
    };
    import_and_tell(&sources(args, &loaded.feeds)?, &loaded, &out, args.json)
}

/// Which recording is of which connection.
fn sources(args: &ImportArgs, feeds: &[FeedConfig]) -> Result<Vec<Source>> {
    let leading = &feeds[1..];
    if args.leaders.len() > leading.len() {
        bail!(
            "{} of leaders, but the configuration has {} for leaders: name the leaders in it, or give fewer with --leader",
            counted(args.leaders.len() as u64, "recording", "recordings"),
            counted(leading.len() as u64, "connection", "connections")
        );
    }
    let own = args.recordings.iter().map(|path| Source::own(path));
    let leaders =
        args.leaders.iter().zip(leading).map(|(path, feed)| Source { path: path.clone(), connection: feed.connection });
    Ok(own.chain(leaders).collect())
}

/// Imports, and says what came of it.
///
/// # Errors
/// As [`import`].
pub fn import_and_tell(sources: &[Source], loaded: &Loaded, out: &Path, as_json: bool) -> Result<Ended> {
    let names: Vec<_> = sources.iter().map(|source| source.path.display().to_string()).collect();
    progress(&format!("importing {}", names.join(", ")));
    let imported = import(sources, loaded, out)?;
    progress("");
    warn(&imported, loaded, sources.len() == 1);
    if as_json {
        print_json(&to_json(&imported))?
    } else {
        print(&imported, loaded)?
    }
    let is_whole = imported.broken.is_empty() && imported.halt.is_none();
    let has_books = imported.markets.iter().all(|market| market.was_trusted || !market.is_recorded);
    let is_in_order = imported.setback.longest_ns < SETBACK_NS_MAX;
    let is_in_order = is_in_order && imported.leaps.is_empty();
    Ok(if is_whole && has_books && is_in_order { Ended::Ok } else { Ended::Failed })
}

/// Receive times that run back by less than this are a clock that was put right.
const SETBACK_NS_MAX: u64 = 60_000_000_000;

/// What makes the journal of no use: no book, or no order of time.
fn warn_of_content(imported: &Imported) {
    for market in imported.markets.iter().filter(|market| market.is_recorded && !market.was_trusted) {
        let (symbol, Counts { snapshots, updates, .. }) = (&market.symbol, market.counts);
        let (snapshots, updates) = (counted(snapshots, "snapshot", "snapshots"), counted(updates, "update", "updates"));
        eprintln!(
            "journal: the book of {symbol} was never trusted ({snapshots}, {updates}): check that each FILE \
             is of the market that the configuration names at its place, and holds a snapshot; `journal gaps` says what did not fit"
        );
    }
    // Of files that do not belong together the book may be found once, and lost for good.
    for market in imported.markets.iter().filter(|market| market.was_trusted && !market.is_trusted) {
        eprintln!(
            "journal: the book of {} is not trusted at the end: `journal gaps` says since when and why; where recordings of two \
             markets were given, name those of the leaders with --leader",
            market.symbol
        );
    }
    for (path, leap) in &imported.leaps {
        let Leap { spot: Spot { line, offset }, ahead_ns, messages } = leap;
        let these = if *messages == 1 { "this last message" } else { "these last messages" };
        eprintln!(
            "journal: {}, line {line} (byte {offset}): the receive time is {:.3} s ahead of all before it (messages from there to \
             the end: {messages}): where the recorder's clock was wrong, take {these} out of the recording",
            path.display(),
            *ahead_ns as f64 / 1e9
        );
    }
    let Setback { frames, longest_ns, behind_frame } = imported.setback;
    if frames > 0 {
        let seconds = longest_ns as f64 / 1e9;
        let then = if longest_ns < SETBACK_NS_MAX {
            "the recorder's clock was put back"
        } else {
            "take the line with the wrong time out of the recording, or cut it there"
        };
        let messages = counted(frames, "message has", "messages have");
        eprintln!(
            "journal: {messages} an earlier receive time than one before, and the latest time is taken, up to \
             {seconds:.3} s late (behind frame {behind_frame}): {then}"
        );
    }
}

/// What somebody should know before the result is used.
fn warn(imported: &Imported, loaded: &Loaded, is_alone: bool) {
    let (frames, before) = (
        counted(imported.frames, "frame", "frames"),
        counted(imported.frames, "frame before it is", "frames before it are"),
    );
    for (path, broken) in &imported.broken {
        let name = path.display();
        if is_alone {
            eprintln!("journal: {name}: {broken}; the {before} in the journal");
        } else {
            eprintln!("journal: {name}: {broken}; what comes before it, and the other recordings, are in the journal");
        }
    }
    if let Some(halt) = imported.halt {
        eprintln!("journal: the engine halted ({halt:?}) after {frames}; replay the journal to see why");
    }
    for (market, row) in imported.markets.iter().zip(loaded.config.markets()) {
        let (confirmed, configured) = (market.depth, row.depth);
        if confirmed != configured {
            eprintln!(
                "journal: the exchange confirmed depth {confirmed}, which cut the book of {}; the configuration asks for \
                 {configured}",
                market.symbol
            );
        }
    }
    warn_of_content(imported);
    let refused = imported.refused;
    if refused > 0 {
        eprintln!(
            "journal: {refused} of {frames} refused: `journal cat --kind REFUSED` says why; check the precisions"
        );
    }
}

fn to_json(imported: &Imported) -> Value {
    let sum = |count: fn(&MarketSum) -> u64| imported.markets.iter().map(count).sum::<u64>();
    let segments: Vec<_> = imported.segments.iter().map(|path| path.display().to_string()).collect();
    let markets: Vec<_> = imported.markets.iter().map(market_json).collect();
    json!({
        "frames": imported.frames,
        "refused": imported.refused,
        "checksums_ok": sum(|market| market.counts.checksums_ok),
        "checksums_bad": sum(|market| market.counts.checksums_bad),
        "gaps": sum(|market| market.gaps.into()),
        "markets": markets,
        "segments": segments,
        "frames_back_in_time": imported.setback.frames,
        "longest_back_ns": imported.setback.longest_ns,
        "ahead": imported.leaps.iter().map(leap_json).collect::<Vec<_>>(),
        "broken_at": imported.broken.first().map(|(_, broken)| broken.offset),
    })
}

fn leap_json((path, leap): &(PathBuf, Leap)) -> Value {
    json!({
        "file": path.display().to_string(),
        "line": leap.spot.line,
        "offset": leap.spot.offset,
        "ahead_ns": leap.ahead_ns,
        "messages": leap.messages,
    })
}

fn market_json(market: &MarketSum) -> Value {
    let counts = &market.counts;
    json!({
        "symbol": market.symbol,
        "snapshots": counts.snapshots,
        "updates": counts.updates,
        "checksums_ok": counts.checksums_ok,
        "checksums_bad": counts.checksums_bad,
        "touches_ok": counts.touches_ok,
        "touches_bad": counts.touches_bad,
        "past": counts.past,
        "trades": counts.trades,
        "gaps": market.gaps,
        "trusted_at_end": market.is_trusted,
        "was_trusted": market.was_trusted,
    })
}

fn print(imported: &Imported, loaded: &Loaded) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let frames = counted(imported.frames, "frame", "frames");
    let segments: Vec<_> = imported.segments.iter().map(|path| path.display().to_string()).collect();
    let segments = segments.join(", ");
    let told: Vec<_> = imported
        .markets
        .iter()
        .zip(loaded.config.markets())
        .map(|(market, row)| {
            let counts = &market.counts;
            let mut proofs = Vec::new();
            if row.checksum_rule != checksum_rule::NONE {
                proofs.push(("checksums", counts.checksums_ok, counts.checksums_bad));
            }
            if row.sequence_rule == sequence_rule::CHAIN {
                proofs.push(("touches", counts.touches_ok, counts.touches_bad));
            }
            let proofs =
                proofs.iter().map(|(name, ok, bad)| format!("{name} {} ok, {} bad, ", grouped(*ok), grouped(*bad)));
            format!("{}gaps {}", proofs.collect::<String>(), grouped(market.gaps.into()))
        })
        .collect();
    if let [alone] = &told[..] {
        writeln!(out, "{frames}, {alone} -> {segments}")?;
        return Ok(());
    }
    writeln!(out, "{frames} -> {segments}")?;
    let width = imported.markets.iter().map(|market| market.symbol.len()).max().unwrap_or(0);
    for (market, told) in imported.markets.iter().zip(told) {
        let (symbol, updates) = (&market.symbol, counted(market.counts.updates, "update", "updates"));
        writeln!(out, "  {symbol:width$}  {updates}, {told}")?;
    }
    Ok(())
}
