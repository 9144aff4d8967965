//! The whole system on one machine, without a network: an exchange on the loopback over TLS, the engine through a real
//! socket, and then what anybody can do with a journal: verify it, replay it, look at it.
//!
//! Every part is the one that works in earnest; only the address and the certificate are the demo's own.

use crate::config::{self, Loaded};
use crate::exchange::{Options, PEM_MARK, Pair, Served, Server, Serves};
use crate::files::{ensure_writable, files_of_run};
use crate::live::{self, Begun, Limits, Notice, Plan, Ran, Seen};
use crate::market::{Market, Terms};
use crate::replay::replay;
use crate::replay::report::SegmentReport;
use crate::report::{self, Report, Summary};
use crate::starter;
use crate::verify::{missing_between, verify};
use anyhow::{Context, Result, anyhow};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// The pair that is traded.
const SYMBOL: &str = "BTC/EUR";
/// Seed of the market: the same one shows the same.
const SEED: u64 = 1;
/// How many times as fast as a quiet day's market it goes: a demo is short.
pub const SPEED: u32 = 10;

/// The page in the demo's folder.
const PAGE: &str = "session.html";
/// What the page says of itself.
const NOTE: &str = "A demonstration: the market is made up, and goes ten times as fast as a quiet day's. The exchange \
    is the embedded one on the same machine; its own waits, up to a millisecond, are part of the delays from it.";

/// What the demo is at.
#[derive(Debug)]
pub enum Stage<'a> {
    /// The exchange listens.
    Listening(&'a str),
    /// The engine has begun.
    Begun(&'a Begun),
    /// It goes on.
    Running(&'a Seen),
    /// Something was noticed.
    Noticed(Notice),
    /// The journal is verified.
    Verifying,
    /// It is replayed.
    Replaying,
    /// The page is written.
    Drawing,
}

/// What came of it.
#[derive(Debug)]
pub struct Shown {
    /// The run.
    pub ran: Ran,
    /// What the exchange did.
    pub served: Served,
    /// Whether the journal is whole and its verdicts on checksums are those of a second implementation.
    pub is_verified: bool,
    /// The replay of each segment.
    pub reports: Vec<SegmentReport>,
    /// The folder of the journal.
    pub journal: PathBuf,
    /// The page.
    pub page: PathBuf,
    /// The page's figures.
    pub summary: Summary,
}

impl Shown {
    /// Whether the replay gave the same bytes.
    #[must_use]
    pub fn is_match(&self) -> bool {
        self.reports.iter().all(|report| report.is_match() && report.is_whole())
    }

    /// Exchange checksums that hold, and that do not, as the replay found them.
    #[must_use]
    pub fn checksums(&self) -> (u64, u64) {
        let outcomes = || self.reports.iter().flat_map(|report| &report.outcomes);
        let sum = |part: fn(&(u64, u64)) -> u64| outcomes().map(|outcome| part(&outcome.checksums)).sum();
        (sum(|checksums| checksums.0), sum(|checksums| checksums.1))
    }

    /// Whether the demo shows what it promises.
    #[must_use]
    pub fn is_good(&self) -> bool {
        let (ok, bad) = self.checksums();
        self.is_verified && self.is_match() && ok > 0 && bad == 0 && self.ran.halt.is_none()
    }
}

/// Runs the demo for a time into a folder, which is made if it is missing.
///
/// # Errors
/// When the folder cannot be written to, or a part cannot be started.
pub fn demo(
    folder: &Path,
    lasts: Duration,
    signal: Arc<AtomicBool>,
    stage: &mut dyn FnMut(Stage<'_>),
) -> Result<Shown> {
    let (ca, page) = (folder.join("exchange.pem"), folder.join(PAGE));
    ensure_writable(&ca, PEM_MARK)?;
    ensure_writable(&page, report::MARK.as_bytes())?;
    let written = starter::write(folder, starter::MARKETS[0])?;
    let pair = Pair::listed(SYMBOL).ok_or_else(|| anyhow!("{SYMBOL} is not listed"))?;
    let events = Box::new(Market::new(SEED, &Terms::BTC_EUR));
    let options = Options { tls: true, ..Options::new(Serves::Market { pair, events, speed: SPEED.into() }) };
    let server = Server::bind(options)?;
    let url = server.url();
    let certificate = server.ca_pem().unwrap_or_default();
    std::fs::write(&ca, certificate).with_context(|| format!("cannot write {}", ca.display()))?;
    let ca = std::path::absolute(&ca).with_context(|| format!("cannot find {}", ca.display()))?;
    let sets = [format!("venue.url={url}"), format!("link.extra_ca={}", ca.display())];
    let loaded = config::load(&written.config, &sets)?;
    stage(Stage::Listening(&url));
    let over = AtomicBool::new(false);
    let (ran, served) = thread::scope(|scope| {
        let serving = scope.spawn(|| server.run(&over));
        let ran = capture(&loaded, &folder.join("journal"), Limits { lasts: Some(lasts), signal }, stage);
        over.store(true, Ordering::Relaxed);
        (ran, serving.join())
    });
    let served = served.map_err(|_| anyhow!("the exchange panicked"))??;
    examine(folder, ran?, served, stage)
}

fn capture(loaded: &Loaded, journal: &Path, limits: Limits, stage: &mut dyn FnMut(Stage<'_>)) -> Result<Ran> {
    // Three callbacks share it, one at a time.
    let stage = std::cell::RefCell::new(stage);
    let plan = Plan {
        folder: journal,
        limits,
        on_hot: || {},
        tell: &mut |notice| stage.borrow_mut()(Stage::Noticed(notice)),
        show: &mut |seen| stage.borrow_mut()(Stage::Running(seen)),
    };
    live::run(loaded, plan, |begun| stage.borrow_mut()(Stage::Begun(begun)))
}

/// What anybody can do with the journal of a run.
fn examine(folder: &Path, ran: Ran, served: Served, stage: &mut dyn FnMut(Stage<'_>)) -> Result<Shown> {
    let journal = ran.folder.clone();
    let files = files_of_run(&journal, ran.seen.run_id)?;
    stage(Stage::Verifying);
    let verified = files.iter().map(|path| verify(path)).collect::<Result<Vec<_>>>()?;
    let is_verified = verified.iter().all(|one| one.is_ok()) && missing_between(&verified) == 0;
    stage(Stage::Replaying);
    let reports = replay(&files, None, None)?;
    stage(Stage::Drawing);
    let page = folder.join(PAGE);
    let report = Report::of(&files, None)?.noted(Some(NOTE.to_owned()));
    report.write(&page)?;
    let summary = report.summary().clone();
    Ok(Shown { ran, served, is_verified, reports, journal, page, summary })
}
