//! The journal as it runs: three threads, paced input, every delay from the push to the commit.

pub mod facts;
mod pusher;
mod report;

use crate::pace::Pace;
use crate::place::{Place, settings};
use crate::records::{Template, count_records};
use anyhow::{Context, Result, ensure};
use clap::Args;
use facts::{Thread, steal_ticks};
use journal::{Folder, Live, Parts, Role};
use pusher::Pusher;
pub use report::LiveReport;
use report::{Counts, Threads};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

/// Records a second at the highest rate.
const MAX_RECORDS_PER_S: f64 = 2e6;
/// Records that one push takes then: as many lines as a step has.
const MAX_RECORDS_A_PUSH: usize = 10;
/// How long the highest rate is kept up.
const MAX_S: f64 = 10.0;
const SEED: u64 = 5;

/// How often something is pushed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// Steps a second, at random intervals.
    Steps(f64),
    /// Two million records a second, evenly.
    Max,
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "max" => Ok(Self::Max),
            Ok(rate) if (0.01..=100_000.0).contains(&rate) => Ok(Self::Steps(rate)),
            _ => Err("wanted: steps a second from 0.01 to 100000, or max".to_owned()),
        }
    }
}

/// What the command `live` takes.
#[derive(Clone, Debug, Args)]
pub struct LiveArgs {
    /// How long steps are written, minutes. `--rate max` writes for 10 seconds.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// How long the journal lies idle before.
    #[arg(long, default_value_t = 60.0)]
    idle_seconds: f64,
    /// Mean steps a second, or max: two million records a second.
    #[arg(long, default_value = "30")]
    rate: Rate,
    /// Where the journal goes: a new folder in this one, removed afterwards. The one for temporary files
    /// unless given.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The journaling thread spins even where there are fewer than three processors.
    #[arg(long)]
    spin: bool,
    /// JSON instead of text.
    #[arg(long)]
    pub json: bool,
}

impl LiveArgs {
    fn spins(&self) -> bool {
        self.spin || std::thread::available_parallelism().is_ok_and(|count| count.get() > 2)
    }

    fn pace(&self) -> Pace {
        match self.rate {
            Rate::Steps(rate) => Pace::random(rate, self.minutes * 60.0, SEED),
            Rate::Max => Pace::even(MAX_RECORDS_PER_S / MAX_RECORDS_A_PUSH as f64, MAX_S),
        }
    }

    fn template(&self) -> Template {
        match self.rate {
            Rate::Steps(_) => Template::step(),
            Rate::Max => Template::lines_of(MAX_RECORDS_A_PUSH),
        }
    }

    fn title(&self) -> String {
        match self.rate {
            Rate::Steps(rate) => format!("steps of five records in ten lines, {rate} a second at random intervals"),
            Rate::Max => "records of 64 bytes, ten a push, two million a second".to_owned(),
        }
    }
}

/// Runs the journal and proves afterwards that every record is in its files.
///
/// # Errors
/// When the folder cannot be used, the journal stops, or a record is missing.
pub fn live(args: &LiveArgs) -> Result<LiveReport> {
    let place = Place::new(args.folder.clone());
    let folder = place.fresh()?;
    let spins = args.spins();
    let settings = settings(crate::place::RING_LINES);
    let Parts { feed, scribe, keeper, caveats, .. } = Parts::begin(Folder::take(folder.path())?, settings)?;
    let (sender, started) = channel();
    let tell = move |role| {
        // Whoever waits for it says that it is missing.
        let _ = sender.send((role, Thread::this()));
    };
    let live = Live::start(scribe, keeper, spins, tell, || 0)?;
    let mut watched = Watched::new(started.iter().take(2))?;
    let mut pusher = Pusher::new(feed, args.template(), args.rate != Rate::Max)?;
    let begun = watched.counts();
    idle(Duration::from_secs_f64(args.idle_seconds));
    let idled = watched.counts();
    let elapsed_s = pusher.run(args.pace(), &mut watched)?;
    let written = watched.counts();
    let (feed, pushed) = pusher.finish();
    let totals = live.close(feed)?;
    let found = count_records(folder.path())?;
    ensure!(found == pushed.records, "{found} records are in the files, {} were pushed", pushed.records);
    let idle = idled - begun;
    let (threads, spins) = (Threads { idle, writing: written - idled }, args.spins());
    Ok(LiveReport::new(args, (place.file_system(), caveats, spins), pushed, elapsed_s, threads, totals))
}

/// As a hot thread waits: it spins.
fn idle(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// The threads whose counts are read.
struct Watched {
    scribe: Thread,
    keeper: Thread,
    hot: Thread,
}

impl Watched {
    fn new(started: impl Iterator<Item = (Role, Result<Thread>)>) -> Result<Self> {
        let (mut scribe, mut keeper) = (None, None);
        for (role, thread) in started {
            match role {
                Role::Scribe => scribe = Some(thread?),
                Role::Keeper => keeper = Some(thread?),
            }
        }
        let missing = "a thread of the journal did not start";
        Ok(Self { scribe: scribe.context(missing)?, keeper: keeper.context(missing)?, hot: Thread::this()? })
    }

    fn counts(&mut self) -> Counts {
        let Self { scribe, keeper, hot } = self;
        Counts { scribe: scribe.facts(), keeper: keeper.facts(), hot: hot.facts(), steal_ticks: steal_ticks() }
    }
}
