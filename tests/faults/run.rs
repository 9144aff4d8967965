//! The engine against an exchange of which things go wrong: what each of them says of it.

use crate::support::config;
use fathom::exchange::{FaultPlan, Faults, Options, Server, Serves};
use fathom::live::{Limits, Plan, Seen, run};
use fathom::soak::books::Precisions;
use fathom::soak::{Evidence, Recorder};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(120);
/// What was served, and how.
pub struct Setting<'a> {
    pub serves: Serves,
    pub stills: Arc<AtomicUsize>,
    pub config: &'a str,
    pub sets: Vec<String>,
    pub rules: Vec<String>,
    /// Lines of faults after which it is enough.
    pub lines: usize,
    /// Messages behind them, with a book that is trusted all along: what follows from a fault has happened then.
    pub behind: u64,
}

/// What came of it.
pub struct Ran {
    pub folder: TempDir,
    pub evidence: Evidence,
}

/// Serves with faults, and runs the engine until all have happened and it is well again.
pub fn ran(setting: Setting<'_>) -> Ran {
    let Setting { serves, stills, config: name, sets, rules, lines, behind } = setting;
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = FaultPlan::new(11);
    rules.iter().for_each(|rule| plan.add(rule).expect("a rule"));
    let recorder = Recorder::new(Precisions::of(&config(name, &texts(&sets)).config.markets[0]), stills);
    let (witness, faults) = (Some(recorder.witness()), Some(Faults { plan, log: recorder.log() }));
    let server = Server::bind(Options { tls: true, witness, faults, ..Options::new(serves) }).expect("a server");
    let mut all = vec![format!("venue.url={}", server.url())];
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem().expect("a certificate")).expect("a file");
    all.push(format!("link.extra_ca={}", ca.display()));
    all.extend(server.rest_url().map(|url| format!("venue.rest_url={url}")));
    all.extend(sets);
    let loaded = config(name, &texts(&all));
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let (stop, over, enough) = (limits.signal.clone(), AtomicBool::new(false), Cell::new(None));
    let mut show = |seen: &Seen| {
        let (happened, logged) = (recorder.faults(), recorder.told().log.len());
        match enough.get() {
            _ if happened < lines || !seen.is_trusted => enough.set(None),
            Some((frames, gaps, _)) if gaps == seen.gaps => {
                if seen.frames >= frames + behind {
                    stop.store(true, Ordering::Relaxed);
                }
            }
            _ => enough.set(Some((seen.frames, seen.gaps, logged))),
        }
    };
    let seen = std::thread::scope(|scope| {
        scope.spawn(|| server.run(&over).expect("an exchange that serves"));
        let plan =
            Plan { folder: &folder.path().join("journal"), limits, on_hot: || {}, tell: &mut drop, show: &mut show };
        let ran = run(&loaded, plan, |_| {});
        over.store(true, Ordering::Relaxed);
        ran.expect("a run").seen
    });
    let (_, _, settled) =
        enough.get().unwrap_or_else(|| panic!("too few faults, or no trusted book behind them: {seen:?}"));
    Ran { folder, evidence: recorder.evidence(settled, name.starts_with("binance")) }
}

fn texts(sets: &[String]) -> Vec<&str> {
    sets.iter().map(String::as_str).collect()
}
