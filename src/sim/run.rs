//! A simulated run from beginning to end.

use super::disk::Disk;
use super::dock::{Quay, SimDock};
use super::examine::{Examined, Examiner};
use super::hands::{Hands, SimTime};
use super::weather::{Happened, Weather};
use super::world::World;
use crate::config::Loaded;
use crate::exchange::{Fault, FaultPlan, Faults, Offline, Options, Pair, Serves};
use crate::live::{Hot, LiveLoop, journal_settings};
use crate::market::{Market, Random, Terms};
use crate::memory::Memory;
use crate::soak::books::Precisions;
use crate::soak::{Recorder, faults_of};
use anyhow::{Context, Result, anyhow, ensure};
use hotpath::config::MarketConfig;
use hotpath::halt::Halt;
use hotpath::venue::every::Every;
use journal::{Folder, Parts, Totals};
use rtrb::RingBuffer;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

const S: u64 = 1_000_000_000;
/// When simulations begin: 2026-08-01, half an hour before midnight, so that a day ends soon.
const START_UTC_NS: u64 = 1_785_540_600 * S;
/// Good weather behind all that goes wrong, in which everything must be found again, nanoseconds: an exchange that closes for its
/// policy is left alone for a minute.
const CALM_NS: u64 = 180 * S;
const SYMBOL: &str = "BTC/EUR";

/// What is simulated.
#[derive(Debug)]
pub struct Plan<'a> {
    /// The engine's configuration, of Kraken's BTC/EUR.
    pub loaded: &'a Loaded,
    /// The folder of the journal. Segments that are good are removed from it.
    pub folder: &'a Path,
    /// All chance.
    pub seed: u64,
    /// How long things go wrong, seconds of the simulation's time.
    pub seconds: u64,
    /// Mean time between two things that go wrong, seconds; none: nothing does.
    pub fault_seconds: Option<u64>,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Simulated {
    /// What the examination of its segments found.
    pub examined: Examined,
    /// What went wrong on purpose.
    pub happened: Happened,
    /// What the exchange did wrong on purpose: how often each fault.
    pub faults: BTreeMap<&'static str, u64>,
    /// Faults that were to happen and did not.
    pub faults_never: Vec<&'static str>,
    /// Frames that the engine took.
    pub frames: u64,
    /// Whether its book was trusted at the end.
    pub is_trusted: bool,
    /// Segments of the journal.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Runs the engine through a market and bad weather, and examines its journal.
///
/// # Errors
/// What is wrong with the configuration or the folder, which must be new or empty; or what is wrong with the system: a halt, a journal that does not
/// verify, another replay, a trusted book that was never the exchange's, a book that is not found again.
pub fn simulate(plan: &Plan<'_>) -> Result<Simulated> {
    let mut random = Random::new(plan.seed);
    let mut config = plan.loaded.config;
    config.session = config.session.activated();
    let folder = plan.folder.display();
    std::fs::create_dir_all(plan.folder).with_context(|| format!("cannot make the folder {folder}"))?;
    let run_id = random.next();
    let settings = journal_settings(plan.loaded, START_UTC_NS, run_id, random.next() as u32);
    let (disk, feed) = Disk::of(Parts::begin(Folder::take(plan.folder)?, settings)?)?;
    let hands = Hands::new(START_UTC_NS);
    let recorder = Recorder::new(Precisions::of(&config.markets[0]), Arc::default());
    let mean_ns = plan.fault_seconds.map(|seconds| seconds * S);
    let calm_ns = plan.seconds * S;
    let end_ns = calm_ns + mean_ns.map_or(0, |_| CALM_NS);
    let possible = mean_ns.map_or(Vec::new(), |_| faults_here(&config.markets[0]));
    let wrongs = random.next();
    let wrongs =
        mean_ns.map_or(FaultPlan::new(wrongs), |mean_ns| FaultPlan::spread(wrongs, &possible, mean_ns).until(calm_ns));
    let exchange = exchange(&hands, random.next(), &recorder, wrongs)?;
    let quay = Rc::new(RefCell::new(Quay::default()));
    let (commands, taken) = RingBuffer::new(1);
    let weather = Weather::new(random.next(), mean_ns, calm_ns);
    let world = Rc::new(RefCell::new(World {
        hands: hands.clone(),
        exchange,
        quay: Rc::clone(&quay),
        disk,
        weather,
        examiner: Examiner::new(recorder.clone()),
        commands,
        end_ns,
        clears_ns: u64::MAX,
        failed: None,
        is_stopped: false,
    }));
    let mut memory = Memory::new();
    let core = memory.start(Every, &config).map_err(halted)?;
    let mut hot = Hot::new(core, feed, SimTime::new(hands, Rc::clone(&world)), false);
    hot.begin(None)?;
    let mut live = LiveLoop::new(hot, vec![(config.markets[0].connection, SimDock(quay))], Vec::new(), taken);
    let outcome = live.run();
    let hot = live.into_seat();
    let is_trusted = hot.core().engine().markets()[0].state.trust.is_trusted();
    let frames = hot.core().progress().frames;
    drop(hot.into_feed());
    let mut world = world.borrow_mut();
    if let Some(failed) = world.failed.take() {
        return Err(failed);
    }
    outcome?;
    // Before the last segment is examined and removed: it shows why.
    ensure!(
        is_trusted,
        "the book was not found again in {} s of good weather: the journal is in {}",
        CALM_NS / S,
        plan.folder.display()
    );
    let Totals { segments, bytes, .. } = finish(&mut world)?;
    let told = recorder.told();
    let (faults, faults_never) = (told.faults(), told.never(&possible));
    Ok(Simulated {
        examined: world.examiner.found.clone(),
        happened: world.weather.happened,
        faults,
        faults_never,
        frames,
        is_trusted,
        segments,
        bytes,
    })
}

fn halted(halt: Halt) -> anyhow::Error {
    anyhow!("the engine halted: {halt:?}")
}

/// What the exchange does wrong here: there is no TLS to fail.
fn faults_here(market: &MarketConfig) -> Vec<Fault> {
    faults_of(market).into_iter().filter(|fault| *fault != Fault::Tls).collect()
}

fn exchange(hands: &Hands, seed: u64, recorder: &Recorder, plan: FaultPlan) -> Result<Offline> {
    let pair = Pair::listed(SYMBOL).ok_or_else(|| anyhow!("{SYMBOL} is not listed"))?;
    let events = Box::new(Market::new(seed, &Terms::BTC_EUR));
    let (witness, faults) = (Some(recorder.witness()), Some(Faults { plan, log: recorder.log() }));
    let options = Options { witness, faults, ..Options::new(Serves::Market { pair, events, speed: 1.0 }) };
    Offline::open(options, hands.shared(), START_UTC_NS / 1_000)
}

/// The journal is closed, and what is left of it examined.
fn finish(world: &mut World) -> Result<Totals> {
    let totals = world.disk.finish(world.hands.now_ns())?;
    for path in world.disk.sealed() {
        world.examiner.sealed(path)?;
    }
    world.examiner.finish()?;
    Ok(totals)
}
