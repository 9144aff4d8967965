//! Leaders that do what a test tells them.

use crate::support::config;
use crate::venue::{Manner, Peer, UPDATES, Venue};
use crate::{bodies, kraken, proved, run_until};
use fathom::live::control;
use hotpath::record::{Features, Frame, GapOpen, Link, close, flag, link, payload_of};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::channel;

/// Updates of a busy leader.
const BUSY: usize = 3_000;
/// Kills of a run with a leader, unless the environment variable says how many.
const KILLS: u64 = 3;

fn calm(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    peer.linger();
}

fn busy(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    for _ in 0..BUSY / 2 {
        peer.send(UPDATES[3]);
        peer.send(UPDATES[4]);
    }
    peer.linger();
}

fn sets(own: &Venue, leaders: &[Vec<String>]) -> Vec<String> {
    // However busy the machine is, no book goes stale.
    let always = [format!("venue.url={}", own.url), "venue.stale_ms=3600000".to_owned()];
    always.into_iter().chain(leaders.iter().flatten().cloned()).collect()
}

fn loaded(sets: &[String]) -> fathom::config::Loaded {
    config("kraken-btc-eur.toml", &sets.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Each message of both connections is there, in one order of time, and the leader's book and features are its own.
#[test]
fn what_a_leader_says_is_in_the_one_journal() {
    let (own, other) = (Venue::open(Manner::default(), calm), Venue::open(Manner::default(), busy));
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = loaded(&sets(&own, &[kraken(1, &other.url)]));
    let all = (BUSY + UPDATES.len()) as u64;
    let ran = run_until(&loaded, folder.path(), |seen, _| seen.is_trusted && seen.frames > all + 8);
    assert_eq!((ran.close, ran.seen.gaps), (Some(close::STOPPED), 0));
    let records = proved(folder.path());
    let frames = bodies::<Frame>(&records);
    let of_leader = frames.iter().filter(|(head, _)| head.connection == 1);
    assert!(of_leader.clone().count() as u64 >= all);
    assert!(frames.iter().all(|(head, body)| body.recv_ns <= head.taken_ns), "taken before it was received");
    assert!(of_leader.clone().map(|(_, body)| body.recv_ns).is_sorted(), "a leader's order is kept");
    let features = bodies::<Features>(&records);
    for market in [0, 1] {
        let best = features.iter().rfind(|(head, _)| head.instrument == market).expect("features").1;
        assert_eq!((best.bid_ticks, best.ask_ticks), (630_049, 630_050), "market {market}");
    }
    let ends: Vec<_> = bodies::<Link>(&records).into_iter().filter(|(_, body)| body.up == 0).collect();
    assert!(ends.iter().all(|(_, body)| body.cause == link::ASKED), "{ends:?}");
    assert_eq!(ends.iter().map(|(head, _)| head.connection).collect::<Vec<_>>(), [0, 1], "both ends are recorded");
}

/// A message as long as the pipe can take is put together again.
#[test]
fn a_long_message_of_a_leader_arrives_whole() {
    let long = format!(r#"{{"channel":"unheard-of","data":"{}"}}"#, "x".repeat(3_900_000));
    let sent = long.clone();
    let own = Venue::open(Manner::default(), calm);
    let other = Venue::open(Manner::default(), move |peer: &mut Peer| {
        peer.serve_subscriptions();
        peer.send(&sent);
        UPDATES.iter().for_each(|update| peer.send(update));
        peer.linger();
    });
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = loaded(&sets(&own, &[kraken(1, &other.url)]));
    // Two statuses, five answers, two snapshots, the updates, and the message.
    let all = 2 * UPDATES.len() as u64 + 10;
    run_until(&loaded, folder.path(), |seen, _| seen.frames >= all);
    let records = proved(folder.path());
    let parts = records.iter().filter(|(head, bytes)| {
        head.connection == 1 && payload_of(bytes).is_some_and(|bytes| bytes.len() > 4_096 || bytes.starts_with(b"xx"))
    });
    let whole: Vec<u8> = parts.clone().flat_map(|(_, bytes)| payload_of(bytes).expect("a payload").to_vec()).collect();
    assert!(whole == long.as_bytes(), "{} bytes of {}", whole.len(), long.len());
    assert!(parts.clone().rev().skip(1).all(|(head, _)| head.has(flag::CONTINUES)));
}

/// The leader goes away for good in the middle, another one was never there: the market that trades is trusted as ever,
/// and goes on.
#[test]
fn a_leader_that_is_lost_costs_only_its_trust() {
    let (go_on, behind) = channel();
    let own = Venue::open(Manner::default(), move |peer: &mut Peer| {
        peer.serve_subscriptions();
        UPDATES.iter().for_each(|update| peer.send(update));
        let () = behind.recv().expect("the test goes on");
        for _ in 0..BUSY / 2 {
            peer.send(UPDATES[3]);
            peer.send(UPDATES[4]);
        }
        peer.linger();
    });
    let other = Venue::open(Manner { upgrades: vec![101, 101, 404], ..Manner::default() }, |peer: &mut Peer| {
        peer.serve_subscriptions();
        UPDATES.iter().for_each(|update| peer.send(update));
        peer.reset();
    });
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let nowhere = format!("ws://{}/v2", nobody.local_addr().expect("an address"));
    drop(nobody);
    let folder = tempfile::tempdir().expect("a folder");
    let loaded = loaded(&sets(&own, &[kraken(1, &other.url), kraken(2, &nowhere)]));
    let mut is_lost = false;
    run_until(&loaded, folder.path(), |seen, told| {
        if !is_lost && seen.is_trusted && told.iter().any(|what| what.contains("404")) {
            is_lost = true;
            go_on.send(()).expect("the exchange waits");
        }
        is_lost && seen.frames > BUSY as u64
    });
    let records = proved(folder.path());
    let gaps: Vec<_> = bodies::<GapOpen>(&records).iter().map(|(head, _)| head.instrument).collect();
    assert_eq!(gaps, [1], "the gaps of all markets");
    let links = bodies::<Link>(&records);
    assert!(links.iter().all(|(head, body)| head.connection != 2
        || (body.up, body.cause) == (0, link::NOT_REACHED)
        || body.cause == link::ASKED));
    let refused = links.iter().any(|(head, body)| head.connection == 1 && body.cause == link::NOT_UPGRADED);
    assert!(refused, "the leader is asked again, and says no");
    let last = bodies::<Features>(&records).last().expect("features").0;
    assert_eq!(last.instrument, 0, "the market that trades goes on");
}

/// Whatever was in the pipe when the process died, the journal is whole up to its last step.
#[test]
fn a_killed_run_with_a_leader_replays() {
    let kills = std::env::var("FATHOM_KILLS").map_or(KILLS, |count| count.parse().expect("a number of kills"));
    // The kill comes while both are heard. What the second update says does not verify: gaps, and requests without end.
    let endless = |peer: &mut Peer| {
        peer.serve_subscriptions();
        for update in UPDATES.iter().cycle().take(100 * BUSY) {
            peer.send(update);
            if !peer.is_there() {
                break;
            }
        }
    };
    let (own, other) = (Venue::open(Manner::default(), busy), Venue::open(Manner::default(), endless));
    for round in 0..kills {
        let folder = tempfile::tempdir().expect("a folder");
        kill(&sets(&own, &[kraken(1, &other.url)]), folder.path(), round);
        let records = proved(folder.path());
        assert!(bodies::<Frame>(&records).iter().any(|(head, _)| head.connection == 1), "the leader was heard");
    }
}

/// Starts the program and kills it once it has heard enough.
pub fn kill(sets: &[String], folder: &Path, round: u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fathom"));
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/kraken-btc-eur.toml");
    command.arg("run").arg(config).arg("--out").arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    for set in sets {
        command.args(["--set", set]);
    }
    let mut child = command.spawn().expect("the program");
    let frames = 500 + round * 400;
    while control::ask(folder, "status").map_or(0, |answer| answer["frames"].as_u64().unwrap_or(0)) < frames {
        assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    child.kill().and_then(|()| child.wait()).expect("it is killed");
}
