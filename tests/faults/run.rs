//! The engine against an exchange of which things go wrong: what each of them says of it.

use crate::support::config;
use fathom::exchange::{FaultLine, FaultPlan, Faults, Options, Server, Serves, Truth};
use fathom::live::{Limits, Plan, Seen, run};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(120);
/// What was served, and how.
pub struct Setting<'a> {
    pub serves: Serves,
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
    pub log: Vec<FaultLine>,
    /// Lines of the log that have had time to show.
    pub settled: usize,
    pub told: Vec<Truth>,
    pub seen: Seen,
}

/// A list that grows elsewhere.
fn shared<T>() -> [Arc<Mutex<Vec<T>>>; 2] {
    let list = Arc::new(Mutex::new(Vec::new()));
    [Arc::clone(&list), list]
}

/// Serves with faults, and runs the engine until all have happened and it is well again.
pub fn ran(setting: Setting<'_>) -> Ran {
    let Setting { serves, config: name, sets, rules, lines, behind } = setting;
    let folder = tempfile::tempdir().expect("a folder");
    let mut plan = FaultPlan::new(11);
    rules.iter().for_each(|rule| plan.add(rule).expect("a rule"));
    let ([teller, told], [logger, log]) = (shared::<Truth>(), shared::<FaultLine>());
    let witness = Box::new(move |truth: &Truth| teller.lock().expect("nobody panicked").push(truth.clone()));
    let noted = Box::new(move |line: &FaultLine| logger.lock().expect("nobody panicked").push(line.clone()));
    let faults = Some(Faults { plan, log: noted });
    let server =
        Server::bind(Options { tls: true, witness: Some(witness), faults, ..Options::new(serves) }).expect("a server");
    let mut all = vec![format!("venue.url={}", server.url())];
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem().expect("a certificate")).expect("a file");
    all.push(format!("link.extra_ca={}", ca.display()));
    all.extend(server.rest_url().map(|url| format!("venue.rest_url={url}")));
    all.extend(sets);
    let loaded = config(name, &all.iter().map(String::as_str).collect::<Vec<_>>());
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let (stop, over, enough) = (limits.signal.clone(), AtomicBool::new(false), Cell::new(None));
    let mut show = |seen: &Seen| {
        let (happened, logged) = {
            let log = log.lock().expect("nobody panicked");
            (log.iter().filter(|line| line.fault.is_some()).count(), log.len())
        };
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
    let (log, told) = (log.lock().expect("nobody panicked"), told.lock().expect("nobody panicked"));
    let (_, _, settled) =
        enough.get().unwrap_or_else(|| panic!("too few faults, or no trusted book behind them: {seen:?} {log:#?}"));
    Ran { folder, log: log.clone(), settled, told: told.clone(), seen }
}
