//! What the pinned thread asks of the system and of the allocator once it has started: nothing but its sockets' calls,
//! and what TLS allocates for each record, counted.
//!
//! The kernel is asked to kill the process at any other call of that thread (seccomp). The test starts itself again
//! for that.

#[path = "support/venue.rs"]
mod venue;

mod support;

use fathom::clock::Clock;
use fathom::link::{Dialled, Dialler, Endpoint, Read, Wire, client_config};
use fathom::live::{Limits, Plan, Seen, run};
use hotpath::websocket::TEXT;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use support::config;
use venue::{Manner, PATIENCE, Peer, UPDATES, Venue};

const WORK: &str = "FATHOM_HOT_THREAD_WORK";
const SIGSYS: i32 = 31;
/// Messages of a connection: enough for a steady state.
const MESSAGES: u64 = 2_000;

/// The system's allocator, counting the calls of threads that were marked.
struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls of marked threads that asked for memory.
static CALLS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// Constant to begin with and without a destructor: reading it never allocates.
    static IS_MARKED: Cell<bool> = const { Cell::new(false) };
}

fn count() {
    if IS_MARKED.get() {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: every method hands its arguments to the system's allocator, which keeps the contract of the
// trait, and returns what that returned; counting touches no memory that is handed out.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises a layout of more than zero bytes, as this call wants it.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller promises a layout of more than zero bytes, as this call wants it.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller promises that `place` came from this allocator with `layout`, and all that
        // comes from it came from the system's; it promises a legal new size too.
        unsafe { System.realloc(place, layout, new_size) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller promises that `place` came from this allocator with `layout`, and all that
        // comes from it came from the system's.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Two connections: the first is closed in the middle. Every message is a TLS record of its own.
fn two_connections(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    for _ in 0..MESSAGES / 2 {
        peer.send(UPDATES[3]);
        peer.send(UPDATES[4]);
    }
    if peer.number > 0 {
        peer.linger();
    }
}

/// Runs until both connections are through. Returns the last that was seen.
fn run_through(is_tls: bool, on_hot: fn(), at_end: fn(&Seen)) -> Seen {
    let venue = Venue::open(Manner { is_tls, ..Manner::default() }, two_connections);
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("venue.url={}", venue.url);
    let ca = folder.path().join("ca.pem");
    let extra_ca = format!("link.extra_ca={}", ca.display());
    let mut sets = vec![&*url, "link.quickack=true"];
    if let Some(certificate) = &venue.certificate {
        std::fs::write(&ca, certificate).expect("a file");
        sets.push(&extra_ca);
    }
    let loaded = config("kraken-btc-eur.toml", &sets);
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let stop = limits.signal.clone();
    let mut show = |seen: &Seen| {
        if seen.checksums.0 >= 2 * (MESSAGES + 6) {
            at_end(seen);
            stop.store(true, Ordering::Relaxed);
        }
    };
    let plan = Plan { folder: folder.path(), limits, on_hot, tell: &mut drop, show: &mut show };
    let ran = run(&loaded, plan, |_| {}).expect("a run");
    assert_eq!(ran.seen.checksums, (2 * (MESSAGES + 6), 0), "both connections are through");
    ran.seen
}

/// From here on this thread may read and write sockets, and yield where there are fewer cores than threads.
fn allow_sockets_only() {
    let here = std::env::consts::ARCH.try_into().expect("an architecture that the filter knows");
    let mut calls = vec![libc::SYS_recvmsg, libc::SYS_sendto, libc::SYS_writev, libc::SYS_setsockopt];
    if !fathom::live::spins() {
        calls.push(libc::SYS_sched_yield);
    }
    let rules = calls.into_iter().map(|call| (call, Vec::new())).collect();
    let filter = SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, here);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    seccompiler::apply_filter(&program).expect("a kernel with seccomp");
}

fn allow_sockets_only_and_look() {
    allow_sockets_only();
    let _ = std::fs::metadata("/");
}

/// The child: ends well as soon as both connections are through, with the hot thread still at work.
#[test]
#[ignore = "the other tests start it"]
fn child() {
    let work = std::env::var(WORK).expect("the other tests start this one, with its work");
    let on_hot = if work == "look" { allow_sockets_only_and_look } else { allow_sockets_only };
    run_through(work != "plain", on_hot, |_| std::process::exit(0));
}

fn child_ended(work: &str) -> ExitStatus {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(WORK, work)
        .stdout(Stdio::null())
        .status()
        .expect("this program once more")
}

#[test]
fn the_hot_thread_makes_no_call_but_its_sockets() {
    for work in ["plain", "tls"] {
        let ended = child_ended(work);
        assert!(ended.success(), "{work}: {ended}");
    }
}

/// The filter filters: one call is the end.
#[test]
fn another_call_of_the_hot_thread_is_fatal() {
    assert_eq!(child_ended("look").signal(), Some(SIGSYS));
}

/// Without TLS nothing is allocated, over two connections; with TLS what the next test counts. One after the other:
/// they share the counter.
#[test]
fn the_hot_thread_allocates_nothing_but_what_tls_does() {
    let mark = || IS_MARKED.set(true);
    run_through(false, mark, |_| {});
    assert_eq!(CALLS.swap(0, Ordering::Relaxed), 0);
    let seen = run_through(true, mark, |_| {});
    let tls = CALLS.swap(0, Ordering::Relaxed);
    // The counter counts: a vector for each record, and every message is one. Beside them come tickets, requests and
    // goodbyes of two connections.
    assert!((seen.frames..seen.frames + 40).contains(&tls), "{tls} for {} messages", seen.frames);
    one_vector_a_record();
}

/// What the TLS library allocates: one vector for each record that is read, and one for each that is written.
fn one_vector_a_record() {
    const SENDS: u64 = 500;
    let venue = Venue::open(Manner { is_tls: true, ..Manner::default() }, |peer| {
        for _ in 0..SENDS {
            peer.send(UPDATES[3]);
        }
        peer.linger();
    });
    let folder = tempfile::tempdir().expect("a folder");
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, venue.certificate.as_ref().expect("a certificate")).expect("a file");
    let loaded = config("kraken-btc-eur.toml", &[&format!("venue.url={}", venue.url)]);
    let dialler = Dialler {
        endpoint: Endpoint::parse(&loaded.url).expect("a URL"),
        tls: client_config(Some(&ca)).expect("a configuration"),
        options: loaded.live.link,
        longest: PATIENCE,
    };
    let Dialled { stream, rest, granted } = dialler.dial().expect("a connection");
    let mut wire = Wire::new(stream.into_parts().expect("a socket"), &rest, 1, granted, false);
    // The first request lets the exchange begin.
    assert!(wire.send(TEXT, br#"{"method":"ping"}"#));
    let clock = Clock::start();
    let mut messages = 0;
    // The status first: what a new session tells in between (tickets) is through by then.
    read_messages(&mut wire, &clock, &mut messages, 1 + SENDS / 2);
    let before = messages;
    let counted = calls(|| read_messages(&mut wire, &clock, &mut messages, 1 + SENDS));
    assert_eq!(counted, messages - before, "one for each record that is read");
    let counted = calls(|| (0..SENDS).for_each(|_| assert!(wire.send(TEXT, br#"{"method":"ping"}"#))));
    assert_eq!(counted, SENDS, "one for each record that is written");
}

fn read_messages(wire: &mut Wire, clock: &Clock, messages: &mut u64, until: u64) {
    while *messages < until {
        assert!(!matches!(wire.read(clock), Read::Ended(..)), "the connection holds");
        while let Ok(Some(_)) = wire.inbox_mut().next() {
            *messages += 1;
        }
    }
}

/// How often `work` asked for memory.
fn calls(work: impl FnOnce()) -> u64 {
    let before = CALLS.load(Ordering::Relaxed);
    IS_MARKED.set(true);
    work();
    IS_MARKED.set(false);
    CALLS.load(Ordering::Relaxed) - before
}
