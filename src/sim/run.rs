//! A simulated run from beginning to end.

use super::disk::Disk;
use super::dock::{Quay, SimDock};
use super::examine::{Examined, Examiner, Witness};
use super::hands::{Hands, SimTime};
use super::weather::{Happened, Weather};
use super::world::World;
use crate::config::Loaded;
use crate::exchange::{Fault, FaultLine, FaultPlan, Faults, Offline, Options, Pair, Serves, Truth};
use crate::live::{Hot, LiveLoop, journal_settings};
use crate::market::{Market, Random, Terms};
use crate::memory::Memory;
use crate::soak::books::Precisions;
use anyhow::{Context, Result, anyhow, ensure};
use hotpath::halt::Halt;
use hotpath::venue::every::Every;
use journal::{Folder, Parts, Totals};
use rtrb::RingBuffer;
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

const S: u64 = 1_000_000_000;
/// When simulations begin: 2026-08-01, half an hour before midnight, so that a day ends soon.
const START_UTC_NS: u64 = 1_785_540_600 * S;
/// Good weather at the end, in which everything must be found again, nanoseconds; or half of the run.
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
    /// How long, seconds of the simulation's time.
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
/// What is wrong with the configuration or the folder; or what is wrong with the system: a halt, a journal that does not
/// verify, another replay, a trusted book that was never the exchange's, a book that is not found again.
pub fn simulate(plan: &Plan<'_>) -> Result<Simulated> {
    let mut random = Random::new(plan.seed);
    let mut config = plan.loaded.config;
    config.session = config.session.activated();
    std::fs::create_dir_all(plan.folder)
        .with_context(|| format!("cannot make the folder {}", plan.folder.display()))?;
    let run_id = random.next();
    let settings = journal_settings(plan.loaded, START_UTC_NS, run_id, random.next() as u32);
    let (disk, feed) = Disk::of(Parts::begin(Folder::take(plan.folder)?, settings)?)?;
    let hands = Hands::new(START_UTC_NS);
    let witness = Witness::new(Precisions::of(&config.markets[0]));
    let end_ns = plan.seconds * S;
    let mean_ns = plan.fault_seconds.map(|seconds| seconds * S);
    let calm_ns = end_ns.saturating_sub(CALM_NS.min(end_ns / 2));
    let wrongs = Wrongs::default();
    let faults = mean_ns.map(|mean_ns| wrongs.plan(random.next(), mean_ns, calm_ns));
    let exchange = exchange(&hands, random.next(), witness.clone(), faults)?;
    let quay = Rc::new(RefCell::new(Quay::default()));
    let (commands, taken) = RingBuffer::new(1);
    let weather = Weather::new(random.next(), mean_ns, calm_ns);
    let world = Rc::new(RefCell::new(World {
        hands: hands.clone(),
        exchange,
        quay: Rc::clone(&quay),
        disk,
        weather,
        examiner: Examiner::new(witness),
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
        CALM_NS.min(end_ns / 2) / S,
        plan.folder.display()
    );
    let Totals { segments, bytes, .. } = finish(&mut world)?;
    Ok(Simulated {
        examined: world.examiner.found.clone(),
        happened: world.weather.happened,
        faults: wrongs.counts(),
        frames,
        is_trusted,
        segments,
        bytes,
    })
}

fn halted(halt: Halt) -> anyhow::Error {
    anyhow!("the engine halted: {halt:?}")
}

/// What the exchange does wrong.
#[derive(Clone, Debug, Default)]
struct Wrongs(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Wrongs {
    /// Faults that do not happen here. There is no TLS; the exchange's books are found by their stamps, which these move or
    /// which do not tell which of two books is meant; and where the book is deeper than the checksum sees, one update that is left
    /// out need not show.
    const LEFT_OUT: [Fault; 5] = [Fault::Tls, Fault::Clock, Fault::Reorder, Fault::Delay, Fault::Drop];

    /// One of them each `mean_ns` or so, until `until_ns`.
    fn plan(&self, seed: u64, mean_ns: u64, until_ns: u64) -> Faults {
        let kinds: Vec<_> = Fault::ALL.iter().copied().filter(|fault| !Self::LEFT_OUT.contains(fault)).collect();
        let plan = FaultPlan::spread(seed, &kinds, mean_ns).until(until_ns);
        let Self(counts) = self.clone();
        let log = Box::new(move |line: &FaultLine| {
            if let Some(fault) = line.fault {
                *counts.lock().unwrap_or_else(PoisonError::into_inner).entry(fault.name()).or_default() += 1;
            }
        });
        Faults { plan, log }
    }

    fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn exchange(hands: &Hands, seed: u64, witness: Witness, faults: Option<Faults>) -> Result<Offline> {
    let pair = Pair::listed(SYMBOL).ok_or_else(|| anyhow!("{SYMBOL} is not listed"))?;
    let events = Box::new(Market::new(seed, &Terms::BTC_EUR));
    let witness = Box::new(move |truth: &Truth| witness.tell(truth));
    let options =
        Options { witness: Some(witness), faults, ..Options::new(Serves::Market { pair, events, speed: 1.0 }) };
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
