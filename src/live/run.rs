//! A live run from beginning to end: its threads, and what is known when they are done.

use super::Notice;
use super::access::access;
use super::attendant::{Attendant, Limits};
use super::control::ControlSocket;
use super::hot::{Hot, Load};
use super::leader::{Leader, Pipe, pipe};
use super::settings::{random, settings, spins};
use super::turn::LiveLoop;
use super::watch::{Seen, Watch};
use crate::clock::{Clock, Time};
use crate::config::{FeedConfig, Loaded};
use crate::host;
use crate::link::{Access, ColdStart, Desk, start};
use crate::memory::Memory;
use crate::run::RunError;
use anyhow::{Context, Result, anyhow};
use hotpath::config::Config;
use hotpath::halt::Halt;
use hotpath::record::{Command, Found};
use hotpath::venue::every::Every;
use journal::{Caveat, Feed, Folder, Live, Parts, Role, Totals, segment_path};
use rtrb::{Consumer, RingBuffer};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, Builder};

/// Commands on their way to the hot thread.
const COMMANDS: usize = 16;

/// What is known before the first connection.
#[derive(Debug)]
pub struct Begun {
    /// The folder of runs.
    pub folder: PathBuf,
    /// Promises that its file system cannot keep.
    pub caveats: Vec<Caveat>,
    /// What the last run left there.
    pub found: Option<Found>,
    /// Whether threads spin; otherwise they yield their cores.
    pub spins: bool,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    /// Why it ended: one of [`hotpath::record::close`]; none after a halt.
    pub close: Option<u16>,
    /// The halt that ended it, if one did.
    pub halt: Option<Halt>,
    /// What the journal tells of it.
    pub seen: Seen,
    /// What samples of load came to.
    pub load: Load,
    /// Segments, bytes and syncs.
    pub totals: Totals,
    /// The folder of its journal.
    pub folder: PathBuf,
}

/// Hooks of a run, and how long it lasts.
pub struct Plan<'a> {
    /// The folder of runs.
    pub folder: &'a Path,
    /// How long it runs; none: until it is stopped.
    pub limits: Limits,
    /// Runs first on the hot thread when its start is done: a test's proof of what the thread does.
    pub on_hot: fn(),
    /// Whom the run tells what it notices.
    pub tell: &'a mut dyn FnMut(Notice),
    /// Whom it shows how it gets on.
    pub show: &'a mut dyn FnMut(&Seen),
}

/// Runs the engine on the network until it is stopped.
///
/// # Errors
/// When the configuration cannot be used, another writer has the folder, or the journal fails.
pub fn run(loaded: &Loaded, plan: Plan<'_>, begun: impl FnOnce(&Begun)) -> Result<Ran> {
    let mut config = loaded.config;
    config.session = config.session.activated();
    let ways = ways(loaded)?;
    std::fs::create_dir_all(plan.folder)
        .with_context(|| format!("cannot make the folder {}", plan.folder.display()))?;
    let folder = Folder::take(plan.folder)?;
    let control = ControlSocket::listen(plan.folder)?;
    let first = segment_path(plan.folder, folder.next_segment()?);
    let clock = Clock::start();
    let spins = spins(0);
    let Parts { feed, scribe, keeper, events, found, caveats } = Parts::begin(folder, settings(loaded, &clock)?)?;
    let told = Begun { folder: plan.folder.to_owned(), caveats, found, spins };
    begun(&told);
    let (notices, noticed) = channel();
    let telling = forward(events, notices.clone());
    let live = Live::start(scribe, keeper, spins, |_: Role| {}, move || clock.now_ns())?;
    let (commands, taken) = RingBuffer::new(COMMANDS);
    let hot = HotThread {
        config,
        host: loaded.live.host.clone(),
        feed,
        commands: taken,
        clock,
        found: told.found,
        spins,
        on_hot: plan.on_hot,
        notices,
    };
    let (hot, links) = launch(hot, ways)?;
    let watch = Watch::new(first, loaded.sections.clone());
    let attendant = Attendant::new(watch, control, commands, noticed, plan.limits);
    let attended = attendant.attend(plan.tell, plan.show, || hot.is_finished());
    let (outcome, load, feed) =
        hot.join().map_err(|_| anyhow!("the hot thread panicked: keep the journal and replay it"))?;
    let totals = live.close(feed);
    // A thread that makes a connection is not waited for: it may hang on a name for long, and has nothing to lose.
    drop(links);
    let _ = telling.join();
    let totals = totals?;
    let (close, halt) = match outcome {
        Ok(cause) => (Some(cause), None),
        Err(RunError::Halt(halt)) => (None, Some(halt)),
        Err(error) => return Err(error.into()),
    };
    Ok(Ran { close, halt, seen: attended.finish()?, load, totals, folder: plan.folder.to_owned() })
}

/// Passes on what housekeeping says.
fn forward(events: std::sync::mpsc::Receiver<journal::Event>, notices: Sender<Notice>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for event in events {
            // Nobody listens any more when the run is ending.
            let _ = notices.send(Notice::Journal(event));
        }
    })
}

/// What the hot thread takes with it.
struct HotThread {
    config: Config,
    host: crate::config::HostConfig,
    feed: Feed,
    commands: Consumer<Command>,
    clock: Clock,
    found: Option<Found>,
    spins: bool,
    on_hot: fn(),
    notices: Sender<Notice>,
}

/// How the hot thread ended, what load it saw, and the journal's hot side.
type Hotted = (Result<u16, RunError>, Load, Feed);

/// How the venue of a connection is reached, and what it is asked first.
type Way = (u16, Access, &'static (dyn ColdStart + Send + Sync));

/// The ways of all connections.
fn ways(loaded: &Loaded) -> Result<Vec<Way>> {
    let way = |feed: &FeedConfig| {
        let cold_start = feed.venue.cold_start.with_context(|| {
            format!(
                "`{}.name` is {:?}, which is read from recordings only: `journal import` them",
                feed.section, feed.venue
            )
        })?;
        Ok((feed.connection, access(feed, loaded)?, cold_start))
    };
    loaded.feeds.iter().map(way).collect()
}

/// What reads connections: desks of the hot thread's own, and leaders.
#[derive(Default)]
struct Ends {
    desks: Vec<(u16, Desk)>,
    leaders: Vec<Leader>,
    threads: Vec<thread::JoinHandle<()>>,
}

/// Starts the threads that make connections, those of leaders, and the hot thread. The connection of the market that
/// trades is the hot thread's; any other has a thread of its own.
fn launch(hot: HotThread, ways: Vec<Way>) -> Result<(thread::JoinHandle<Hotted>, Vec<thread::JoinHandle<()>>)> {
    let own = hot.config.markets[0].connection;
    let spins = spins(ways.len() - 1);
    let mut ends = Ends::default();
    for (number, access, cold_start) in ways {
        let seed = u64::from_le_bytes(random()?);
        let notices = hot.notices.clone();
        let tell = move |what| {
            let _ = notices.send(Notice::Link(what));
        };
        let (desk, thread) = start(cold_start, access, hot.config, number, seed, tell)
            .context("the system refuses a thread for a connection")?;
        ends.threads.push(thread);
        if number == own {
            ends.desks.push((number, desk));
            continue;
        }
        let (pipe, leader) = pipe(number, hot.config, hot.clock, spins);
        let body = move || lead(pipe, (number, desk));
        let name = format!("leader-{number}");
        ends.threads.push(Builder::new().name(name).spawn(body).context("the system refuses a thread for a leader")?);
        ends.leaders.push(leader);
    }
    let Ends { desks, leaders, threads } = ends;
    let body = move || hot.run(desks, leaders);
    let thread = Builder::new().name("hot".to_owned()).spawn(body).context("the system refuses the hot thread")?;
    Ok((thread, threads))
}

/// A leader's thread: the loop over its one connection, until the hot thread is gone.
fn lead(pipe: Pipe, desk: (u16, Desk)) {
    let (_, no_commands) = RingBuffer::new(1);
    // It ends when nobody takes its inputs any more, and has nothing to tell then.
    let _ = LiveLoop::new(pipe, vec![desk], Vec::new(), no_commands).run();
}

impl HotThread {
    fn run(self, desks: Vec<(u16, Desk)>, leaders: Vec<Leader>) -> Hotted {
        let Self { config, host, feed, commands, clock, found, spins, on_hot, notices } = self;
        let rows = host::ask(&host);
        for row in &rows {
            if let Some(what) = host::refusal(row) {
                let _ = notices.send(Notice::Host(what));
            }
        }
        drop(notices);
        let mut memory = Memory::new();
        let core = match memory.start(Every, &config) {
            Ok(core) => core,
            Err(halt) => return (Err(halt.into()), Load::default(), feed),
        };
        let mut hot = Hot::new(core, feed, clock, spins);
        let begun = hot.begin(found);
        let mut live = LiveLoop::new(hot, desks, leaders, commands);
        let outcome = begun.and_then(|()| live.granted(&rows)).and_then(|()| {
            on_hot();
            live.run()
        });
        let hot = live.into_seat();
        let load = hot.load();
        (outcome, load, hot.into_feed())
    }
}
