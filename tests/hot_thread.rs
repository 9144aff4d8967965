//! What the pinned thread asks of the system and of the allocator once it has started: nothing but its sockets' calls,
//! and what TLS allocates for each record, counted.
//!
//! The kernel is asked to kill the process at any other call of that thread (seccomp). The test starts itself again
//! for that.

#[path = "support/counting.rs"]
mod counting;
#[path = "support/filter.rs"]
mod filter;
#[path = "support/venue.rs"]
mod venue;

mod support;

use counting::{calls, mark, marked_calls};
use fathom::clock::Clock;
use fathom::link::{Dialled, Dialler, Endpoint, Port, Read, Wire, client_config};
use fathom::live::{Limits, Plan, Seen, run};
use filter::{SIGSYS, allow_only, ended};
use hotpath::websocket::TEXT;
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::Ordering;
use support::config;
use venue::{Manner, PATIENCE, Peer, UPDATES, Venue};

const WORK: &str = "FATHOM_HOT_THREAD_WORK";
/// Messages of a connection: enough for a steady state.
const MESSAGES: u64 = 2_000;

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

/// A leader: read by another thread, its messages taken by this one.
fn leading(peer: &mut Peer) {
    peer.serve_subscriptions();
    for _ in 0..MESSAGES / 4 {
        UPDATES.iter().for_each(|update| peer.send(update));
    }
    peer.linger();
}

/// Runs until both connections are through. Returns the last that was seen.
fn run_through(is_tls: bool, on_hot: fn(), at_end: fn(&Seen)) -> Seen {
    let venue = Venue::open(Manner { is_tls, ..Manner::default() }, two_connections);
    let leader = Venue::open(Manner::default(), leading);
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("venue.url={}", venue.url);
    let ca = folder.path().join("ca.pem");
    let extra_ca = format!("link.extra_ca={}", ca.display());
    let led = [
        "name=kraken",
        &format!("url={}", leader.url),
        "rest_url=off",
        "symbol=BTC/EUR",
        "depth=10",
        "price_precision=1",
        "qty_precision=8",
        "price_increment=0.1",
        "stale_ms=3600000",
        "channels=[\"book\", \"trade\"]",
        "imbalance_levels=5",
        "vol_half_life_ms=1000",
    ]
    .map(|set| format!("leader.1.{set}"));
    let mut sets = vec![&*url, "link.quickack=true"];
    sets.extend(led.iter().map(String::as_str));
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
    let sockets = [libc::SYS_recvmsg, libc::SYS_sendto, libc::SYS_writev, libc::SYS_setsockopt];
    let yields = (!fathom::live::spins(0)).then_some(libc::SYS_sched_yield);
    allow_only(sockets.into_iter().chain(yields));
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

#[test]
fn the_hot_thread_makes_no_call_but_its_sockets() {
    for work in ["plain", "tls"] {
        let ended = ended(WORK, work);
        assert!(ended.success(), "{work}: {ended}");
    }
}

/// The filter filters: one call is the end.
#[test]
fn another_call_of_the_hot_thread_is_fatal() {
    assert_eq!(ended(WORK, "look").signal(), Some(SIGSYS));
}

/// Without TLS nothing is allocated, over two connections; with TLS what `one_vector_a_record` counts. One after the
/// other: marked threads share a counter.
#[test]
fn the_hot_thread_allocates_nothing_but_what_tls_does() {
    run_through(false, mark, |_| {});
    assert_eq!(marked_calls(), 0);
    let seen = run_through(true, mark, |_| {});
    let tls = marked_calls();
    // The counter counts: a vector for each record, and every message of the book is one. Beside them come the other
    // messages of two connections, tickets, requests and goodbyes; what the leader says was read by another thread.
    let books = seen.checksums.0;
    assert!((books..books + 60).contains(&tls), "{tls} for {books} messages of books");
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
        endpoint: Endpoint::parse("venue", &loaded.feed().url).expect("a URL"),
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
