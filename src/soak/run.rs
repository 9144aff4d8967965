//! A run from beginning to end: exchange and witness here, the engine in its own process, and then the judge.

use super::engine::{Begin, Engine, MemoryUse};
use super::evidence::{Evidence, Recorder, faults_of};
use super::judge::judge;
use super::paced::Paced;
use super::reading::Reading;
use crate::config;
use crate::exchange::{Fault, FaultPlan, Faults, Options, PEM_MARK, Pair, Section, Server, Serves};
use crate::files::{ensure_writable, files_of_run, write_over};
use crate::market::{Market, Terms};
use crate::replay::{self, replay};
use crate::soak::books::Precisions;
use crate::starter;
use crate::verify::{missing_between, verify};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What is served and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Venue {
    /// Kraken's protocol, BTC/EUR: snapshots are pushed, and each message has a checksum.
    Kraken,
    /// That of Binance's perpetual, BTC/USDT: snapshots are fetched, and updates chain.
    BinancePerp,
}

/// How many times as fast as its own time a market may go: a silence of it must still last for longer than the engine bears.
pub const SPEED_MAX: u32 = 5;
/// How long the engine bears a silence of a market at its own speed, milliseconds.
const STALE_MS: u32 = 9_000;
/// Longest wait between two connects that fail, milliseconds: a minute, as in earnest, would leave little time for faults.
const RETRY_MS_MAX: u32 = 5_000;
/// Between two looks at the engine.
const LOOK: Duration = Duration::from_millis(250);
/// Good weather behind the faults: the longest of them is over, market's time; and how long the engine may take to be well.
const CALM_S: u64 = 36;
const WELL_WITHIN: Duration = Duration::from_secs(180);
/// Behind that the engine ends by itself: whoever was to stop it is gone.
const MARGIN: Duration = Duration::from_secs(60);
/// Messages with a book that is trusted all along, after which the engine is well.
const WELL_FRAMES: u64 = 50;

/// From so long a run on memory must be flat, seconds: each kind of fault has happened in its first half, and made what it needs.
pub const FLAT_FROM_S: u64 = 900;

/// The exchange's log in the folder, and how one begins.
const LOG: &str = "exchange.jsonl";
const LOG_MARK: &[u8] = b"{\"utc_ns\":";
/// What the engine says, and how it begins.
const SAID: &str = "engine.log";
const SAID_MARK: &[u8] = b"fathom: ";

impl Venue {
    /// The configuration that reads it.
    const fn market(self) -> &'static str {
        match self {
            Self::Kraken => "kraken-btc-eur",
            Self::BinancePerp => "binance-perp-btc-usdt",
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The program whose `run` is the engine.
    pub program: &'a Path,
    /// The folder for configuration, certificate, journal and logs; made when missing.
    pub folder: &'a Path,
    /// What is served.
    pub venue: Venue,
    /// Chance of the market and of the faults.
    pub seed: u64,
    /// How long things go wrong, seconds.
    pub seconds: u64,
    /// Mean time between two faults, seconds; none: nothing goes wrong.
    pub fault_seconds: Option<u64>,
    /// How many times as fast as its own time the market goes, 1 to [`SPEED_MAX`].
    pub speed: u32,
    /// Keys of the engine's configuration, `KEY.PATH=VALUE`.
    pub sets: &'a [String],
    /// Set from outside to end early.
    pub signal: Arc<AtomicBool>,
}

impl Plan<'_> {
    const fn lasts(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn calm(&self) -> Duration {
        Duration::from_secs(self.fault_seconds.map_or(0, |_| CALM_S / u64::from(self.speed)))
    }
}

/// What it is at.
#[derive(Debug)]
pub enum Stage<'a> {
    /// The exchange listens, the engine's process begins.
    Begun {
        /// Where the exchange listens.
        url: &'a str,
        /// The folder of the journal.
        journal: &'a Path,
    },
    /// It goes on.
    Running {
        /// Faults so far.
        faults: usize,
        /// The engine's anonymous memory, KiB.
        anonymous_kib: u64,
        /// What `fathom ctl status --json` says.
        status: &'a Value,
    },
    /// Nothing goes wrong any more: the engine gets well.
    Calm,
    /// The judge is at work.
    Judging,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Soaked {
    /// What the exchange did wrong: how often each fault.
    pub faults: BTreeMap<&'static str, u64>,
    /// Faults that were to happen and did not.
    pub faults_never: Vec<&'static str>,
    /// What the journal says went wrong, by kind and code.
    pub signs: BTreeMap<String, u64>,
    /// Messages that the engine took.
    pub frames: u64,
    /// Trusted books, each the exchange's own.
    pub books: u64,
    /// Segments of the journal, verified and replayed to the same bytes.
    pub segments: usize,
    /// Its bytes.
    pub bytes: u64,
    /// How often the exchange itself was not let run for so long that the engine had to notice.
    pub stills: usize,
    /// The engine's anonymous memory.
    pub memory: MemoryUse,
    /// The digest of the replay, which is that of the journal.
    pub digest: String,
    /// The folder of the journal.
    pub journal: PathBuf,
}

/// A run that is set up: the exchange listens.
pub struct Soak<'a> {
    plan: &'a Plan<'a>,
    server: Server,
    recorder: Recorder,
    config: PathBuf,
    sets: Vec<String>,
    /// Faults that are to happen.
    possible: Vec<Fault>,
    /// Held as long as the run lasts.
    _lock: File,
}

impl<'a> Soak<'a> {
    /// Writes the engine's configuration and the certificate, and listens.
    ///
    /// # Errors
    /// When the folder cannot be written to, or a key is not one of the configuration's.
    pub fn set_up(plan: &'a Plan<'a>) -> Result<Self> {
        let ca = plan.folder.join("exchange.pem");
        let written = starter::write(plan.folder, plan.venue.market())?;
        ensure_writable(&ca, PEM_MARK)?;
        ensure_writable(&plan.folder.join(LOG), LOG_MARK)?;
        ensure_writable(&plan.folder.join(SAID), SAID_MARK)?;
        let lock = lock(plan.folder)?;
        let stale_ms = STALE_MS / plan.speed;
        let mut sets = vec![format!("venue.stale_ms={stale_ms}"), format!("session.retry_ms_max={RETRY_MS_MAX}")];
        sets.extend(plan.sets.iter().cloned());
        let loaded = config::load(&written.config, &sets)?;
        let (serves, stills) = serves(plan)?;
        let recorder = Recorder::new(Precisions::of(&loaded.config.markets[0]), stills);
        let market_ns = |seconds: u64| seconds.saturating_mul(u64::from(plan.speed)).saturating_mul(1_000_000_000);
        let possible = plan.fault_seconds.map_or(Vec::new(), |_| faults_of(&loaded.config.markets[0]));
        let wrong = plan.fault_seconds.map_or(FaultPlan::new(plan.seed), |mean_s| {
            FaultPlan::spread(plan.seed, &possible, market_ns(mean_s)).until(market_ns(plan.seconds))
        });
        // Connections are found by the log, whether or not anything goes wrong.
        let faults = Some(Faults { plan: wrong, log: recorder.log() });
        let options = Options { tls: true, witness: Some(recorder.witness()), faults, ..Options::new(serves) };
        let server = Server::bind(options)?;
        write_over(&ca, PEM_MARK, server.ca_pem().unwrap_or_default().as_bytes())?;
        let ca = std::path::absolute(&ca).with_context(|| format!("cannot find {}", ca.display()))?;
        sets.push(format!("venue.url={}", server.url()));
        sets.push(format!("link.extra_ca={}", ca.display()));
        sets.extend(server.rest_url().map(|url| format!("venue.rest_url={url}")));
        Ok(Self { plan, server, recorder, config: written.config, sets, possible, _lock: lock })
    }

    /// Serves, lets the engine run, waits until all is well again, and judges.
    ///
    /// # Errors
    /// What is wrong with the system, in one sentence: the journal and the exchange's log stay.
    pub fn run(self, stage: &mut dyn FnMut(Stage<'_>)) -> Result<Soaked> {
        let Self { plan, server, recorder, config, sets, possible, _lock } = self;
        let (journal, said) = (plan.folder.join("journal"), plan.folder.join(SAID));
        let over = AtomicBool::new(false);
        stage(Stage::Begun { url: &server.url(), journal: &journal });
        let (watched, served) = thread::scope(|scope| {
            let serving = scope.spawn(|| server.run(&over));
            let lasts = plan.lasts() + plan.calm() + WELL_WITHIN + MARGIN;
            let begin =
                Begin { program: plan.program, config: &config, sets: &sets, folder: &journal, said: &said, lasts };
            let engine = Engine::begin(&begin);
            let watched = engine.and_then(|engine| watch(plan, engine, &recorder, stage));
            over.store(true, Ordering::Relaxed);
            (watched, serving.join())
        });
        served.map_err(|_| anyhow!("the exchange panicked"))??;
        let evidence = recorder.evidence(usize::MAX, plan.venue == Venue::BinancePerp);
        write_log(&plan.folder.join(LOG), &evidence)?;
        let watched = watched?;
        stage(Stage::Judging);
        let soaked = judged(journal, &watched, &evidence, &possible)?;
        let MemoryUse { first_half_kib, second_half_kib } = soaked.memory;
        ensure!(
            plan.seconds < FLAT_FROM_S || soaked.memory.is_flat(),
            "the engine's memory grew: {first_half_kib} KiB in the first half of the run, {second_half_kib} KiB in the second"
        );
        Ok(soaked)
    }
}

/// One run at a time in a folder.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("soak.lock");
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    ensure!(file.try_lock().is_ok(), "{}: another run goes on in this folder: name another", folder.display());
    Ok(file)
}

fn serves(plan: &Plan<'_>) -> Result<(Serves, Arc<AtomicUsize>)> {
    let speed = f64::from(plan.speed);
    Ok(match plan.venue {
        Venue::Kraken => {
            let pair = Pair::listed("BTC/EUR").ok_or_else(|| anyhow!("BTC/EUR is not listed"))?;
            let (market, stills) = Paced::new(Market::new(plan.seed, &Terms::BTC_EUR), speed);
            (Serves::Market { pair, events: Box::new(market), speed }, stills)
        }
        Venue::BinancePerp => {
            let section = Section::Perpetual;
            let (market, stills) = Paced::new(Market::new(plan.seed, &section.terms()), speed);
            (Serves::BinanceMarket { section, events: Box::new(market), speed }, stills)
        }
    })
}

/// What was seen of the engine.
struct Watched {
    run_id: u64,
    frames: u64,
    memory: MemoryUse,
}

/// Looks at the engine until things have gone wrong for long enough and it is well again; then it is stopped.
fn watch(
    plan: &Plan<'_>,
    mut engine: Engine,
    recorder: &Recorder,
    stage: &mut dyn FnMut(Stage<'_>),
) -> Result<Watched> {
    let (begun, lasts, calm) = (Instant::now(), plan.lasts(), plan.calm());
    // Frames and gaps from when on it may be called well.
    let mut well: Option<(u64, u64)> = None;
    let mut is_calm = false;
    loop {
        thread::sleep(LOOK);
        if plan.signal.load(Ordering::Relaxed) {
            // One that does not answer yet is ended without order.
            let _ = engine.stop();
            bail!("interrupted after {} s", begun.elapsed().as_secs());
        }
        let status = engine.look()?.unwrap_or(Value::Null);
        let [frames, gaps] = ["frames", "gaps"].map(|name| status[name].as_u64().unwrap_or(0));
        let elapsed = begun.elapsed();
        stage(Stage::Running { faults: recorder.faults(), anonymous_kib: engine.anonymous_kib(), status: &status });
        if elapsed < lasts {
            continue;
        }
        if !std::mem::replace(&mut is_calm, true) {
            stage(Stage::Calm);
        }
        if status["trusted"] != true || elapsed < lasts + calm {
            well = None;
        } else if let Some((since, _)) = well.filter(|(_, known)| *known == gaps) {
            if frames >= since + WELL_FRAMES {
                let run_id = status["run_id"].as_str().and_then(|text| u64::from_str_radix(text, 16).ok());
                let run_id = run_id.context("the engine does not say its run")?;
                return Ok(Watched { run_id, frames, memory: engine.stop()? });
            }
        } else {
            well = Some((frames, gaps));
        }
        let bound = lasts + calm + WELL_WITHIN;
        ensure!(elapsed < bound, "the engine was not well again within {} s of good weather", WELL_WITHIN.as_secs());
    }
}

/// The journal, by everything that anybody can do with one.
fn judged(journal: PathBuf, watched: &Watched, evidence: &Evidence, possible: &[Fault]) -> Result<Soaked> {
    let files = files_of_run(&journal, watched.run_id)?;
    let verified = files.iter().map(|path| verify(path)).collect::<Result<Vec<_>>>()?;
    if let Some((_, path)) = verified.iter().zip(&files).find(|(one, _)| !one.is_ok()) {
        bail!("{}: a second implementation disagrees: `journal verify` says where", path.display());
    }
    ensure!(missing_between(&verified) == 0, "{}: records are missing between segments", journal.display());
    let reports = replay(&files, None, None)?;
    let is_match = reports.iter().all(|report| report.is_match() && report.is_whole());
    ensure!(is_match, "{}: replay finds other bytes: `replay` says where", journal.display());
    let reading = Reading::of(&files, &evidence.told)?;
    judge(evidence, &reading)?;
    let mut signs = BTreeMap::new();
    for (_, sign) in &reading.signs {
        *signs.entry(sign.clone()).or_default() += 1;
    }
    let mut bytes = 0;
    for path in &files {
        bytes += std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    }
    Ok(Soaked {
        faults: evidence.told.faults(),
        faults_never: evidence.told.never(possible),
        signs,
        frames: watched.frames,
        books: reading.compared,
        segments: files.len(),
        bytes,
        stills: evidence.stills,
        memory: watched.memory,
        digest: replay::digest(&reports).to_string(),
        journal,
    })
}

/// The exchange's log of faults, as `exchange --fault-log` writes it.
fn write_log(path: &Path, evidence: &Evidence) -> Result<()> {
    let lines = evidence.told.log.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?;
    let text = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
    write_over(path, LOG_MARK, text.as_bytes())
}
