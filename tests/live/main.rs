//! A live run over real sockets, against an exchange that does what the test tells it.

#[path = "../support/venue.rs"]
mod venue;

#[path = "../support/mod.rs"]
mod support;

use fathom::live::{Limits, Notice, Plan, Ran, Seen, run};
use fathom::replay::replay;
use hotpath::record::{
    Command, Feed, Frame, Host, Kind, Link, Sent, action, body_of, close, command, feed, flag, head_of, host, link,
    payload_of, source,
};
use hotpath::websocket::{BROKEN, PING};
use journal::{Item, Segment, segments};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use support::config;
use tungstenite::Message;
use tungstenite::protocol::CloseFrame;
use venue::{Manner, PATIENCE, Peer, SNAPSHOT, UPDATES, Venue};

/// A run that was watched until it had seen enough.
struct Captured {
    ran: Ran,
    notices: Vec<String>,
    folder: tempfile::TempDir,
}

impl Captured {
    fn files(&self) -> Vec<PathBuf> {
        let all = segments(self.folder.path()).expect("a folder");
        all.into_iter().map(|(_, path)| path).filter(|path| !journal::is_unbegun(path).expect("a file")).collect()
    }

    /// Every record of the run, and that it replays.
    fn records(&self) -> Vec<Vec<u8>> {
        let files = self.files();
        let reports = replay(&files, None, None).expect("a replay");
        assert!(reports.iter().all(|report| report.is_match()), "the run does not replay");
        files.iter().flat_map(|path| all_records(path)).collect()
    }

    fn bodies<B: hotpath::record::Body>(&self) -> Vec<B> {
        self.records().iter().filter_map(|record| body_of(record)).collect()
    }
}

fn all_records(path: &Path) -> Vec<Vec<u8>> {
    let segment = Segment::open(path).expect("a journal");
    let items = segment.items();
    items
        .filter_map(|item| match item {
            Item::Record(record) => Some(record.bytes.to_vec()),
            _ => None,
        })
        .collect()
}

/// Runs the engine against a venue until `enough`, and stops it then.
fn capture(venue: &Venue, sets: &[&str], enough: impl Fn(&Seen) -> bool) -> Captured {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("venue.url={}", venue.url);
    let ca = folder.path().join("ca.pem");
    let extra_ca = format!("link.extra_ca={}", ca.display());
    let mut all = vec![&*url];
    if let Some(certificate) = &venue.certificate {
        std::fs::write(&ca, certificate).expect("a file");
        all.push(&extra_ca);
    }
    all.extend(sets);
    let loaded = config("kraken-btc-eur.toml", &all);
    let limits = Limits { lasts: Some(PATIENCE), ..Limits::default() };
    let stop = limits.signal.clone();
    let mut notices = Vec::new();
    let plan = Plan {
        folder: folder.path(),
        limits,
        on_hot: || {},
        tell: &mut |notice| match notice {
            Notice::Link(what) | Notice::Host(what) | Notice::Watch(what) => notices.push(what),
            Notice::Journal(_) => {}
        },
        show: &mut |seen| {
            if enough(seen) {
                stop.store(true, Ordering::Relaxed);
            }
        },
    };
    let ran = run(&loaded, plan, |_| {}).expect("a run");
    Captured { ran, notices, folder }
}

/// The usual session: subscriptions, a snapshot, five updates.
fn usual(peer: &mut Peer) {
    peer.serve_subscriptions();
    UPDATES.iter().for_each(|update| peer.send(update));
    peer.linger();
}

fn has_all(seen: &Seen) -> bool {
    seen.checksums.0 >= 6
}

#[test]
fn a_session_is_captured_over_tls_and_replays() {
    let venue = Venue::open(Manner { is_tls: true, ..Manner::default() }, usual);
    let captured = capture(&venue, &[], has_all);
    let Captured { ran, .. } = &captured;
    assert_eq!((ran.close, ran.halt), (Some(close::STOPPED), None));
    assert_eq!((ran.seen.checksums, ran.seen.touch, ran.seen.gaps), ((6, 0), Some((630_049, 630_050)), 0));
    let commands = captured.bodies::<Command>();
    assert_eq!(
        commands.iter().map(|body| (body.code, body.source)).collect::<Vec<_>>(),
        [(command::STOP, source::SIGNAL)]
    );
    let sent = captured.bodies::<Sent>();
    assert_eq!(sent.len(), 3, "instrument, book, trade");
    assert!(sent.iter().all(|body| body.outcome == hotpath::record::sent::SENT && body.crc != 0));
    let rows = captured.bodies::<Host>();
    assert!(rows.iter().any(|row| row.option == host::NODELAY && row.granted == 1));
}

/// What was sent is what SENT vouches for, and the kernel's stamps are those of this minute.
#[test]
fn a_plain_session_is_captured_with_the_kernels_stamps() {
    let venue = Venue::open(Manner::default(), usual);
    let captured = capture(&venue, &[], has_all);
    assert_eq!(captured.ran.seen.checksums, (6, 0));
    let frames = captured.bodies::<Frame>();
    let clocks = captured.bodies::<hotpath::record::Clock>();
    let behind = frames.iter().filter(|frame| frame.kernel_utc_ns != 0).map(|frame| {
        let recv_utc_ns = clocks[0].utc_ns + frame.recv_ns - clocks[0].mono_ns;
        recv_utc_ns.cast_signed() - frame.kernel_utc_ns.cast_signed()
    });
    let behind: Vec<i64> = behind.collect();
    assert!(behind.len() >= 6, "a stamp for each read of one message");
    let second_ns = 1_000_000_000;
    assert!(behind.iter().all(|wait_ns| (-second_ns..60 * second_ns).contains(wait_ns)), "{behind:?}");
}

#[test]
fn pings_are_answered_and_messages_in_parts_are_whole() {
    let venue = Venue::open(Manner::default(), |peer| {
        peer.serve_subscriptions();
        peer.message(Message::Ping("are you there".into()));
        let pong = peer.read();
        assert_eq!(pong, Some(Message::Pong("are you there".into())));
        let (first, second) = UPDATES[0].split_at(50);
        peer.raw(&[&[0x01, first.len() as u8][..], first.as_bytes()].concat());
        peer.message(Message::Ping("within".into()));
        assert_eq!(peer.read(), Some(Message::Pong("within".into())));
        peer.raw(&[&[0x80, 126, 0, second.len() as u8][..], second.as_bytes()].concat());
        peer.linger();
    });
    let captured = capture(&venue, &[], |seen| seen.checksums.0 >= 2);
    assert_eq!(captured.ran.seen.checksums, (2, 0));
    let pings = captured.bodies::<Frame>().iter().filter(|frame| frame.opcode == PING).count();
    assert_eq!(pings, 2);
}

/// Several messages in one read, and a ping behind them: the last message ends it, so that the engine decides on it. It
/// once was the ping, which decides nothing.
#[test]
fn a_read_ends_with_its_last_message() {
    let venue = Venue::open(Manner::default(), |peer| {
        peer.serve_subscriptions();
        let framed = UPDATES.map(|update| [&[0x81, 126, 0, update.len() as u8][..], update.as_bytes()].concat());
        peer.raw(&[&framed.concat()[..], &[0x89, 0]].concat());
        peer.linger();
    });
    let captured = capture(&venue, &[], has_all);
    let records = captured.records();
    let updates: Vec<_> = records
        .iter()
        .filter(|record| head_of(record).is_some_and(|head| head.kind == Kind::FRAME))
        .filter(|record| {
            payload_of(record).is_some_and(|text| text.starts_with(br#"{"channel":"book","type":"update""#))
        })
        .map(|record| (body_of::<Frame>(record).expect("a frame").recv_ns, head_of(record).expect("a head")))
        .collect();
    let reads: std::collections::BTreeSet<_> = updates.iter().map(|(recv_ns, _)| *recv_ns).collect();
    let ends = updates.iter().filter(|(_, head)| head.has(flag::END_OF_READ)).count();
    assert_eq!(updates.len(), 5);
    assert_eq!(ends, reads.len(), "as many ends as reads");
    assert!(updates.last().expect("the last").1.has(flag::END_OF_READ));
}

/// How a run goes on after the exchange ended its first connection in some way.
fn reconnects(end: impl Fn(&mut Peer) + Send + 'static, cause: u16, close_code: u16) -> Captured {
    let venue = Venue::open(Manner::default(), move |peer| {
        peer.serve_subscriptions();
        if peer.number == 0 {
            end(peer);
        } else {
            UPDATES.iter().for_each(|update| peer.send(update));
            peer.linger();
        }
    });
    let captured = capture(&venue, &[], |seen| seen.is_trusted && seen.checksums.0 >= 7);
    let downs: Vec<_> = captured.bodies::<Link>().into_iter().filter(|link| link.up == 0).collect();
    // The second one ends with the run.
    let expected = [(cause, close_code), (link::ASKED, 0)];
    assert_eq!(downs.iter().map(|link| (link.cause, link.close_code)).collect::<Vec<_>>(), expected);
    assert_eq!((captured.ran.seen.gaps, captured.ran.seen.is_trusted), (1, true));
    for sentence in ["it is made again", "is not trusted (link-down)", "is trusted again, after"] {
        let told = captured.notices.iter().filter(|what| what.contains(sentence)).count();
        assert_eq!(told, 1, "{sentence}: {:?}", captured.notices);
    }
    captured
}

#[test]
fn a_close_is_followed_by_a_new_connection() {
    let restart = CloseFrame { code: 1001.into(), reason: "CloudFlare WebSocket proxy restarting".into() };
    let end = move |peer: &mut Peer| {
        peer.message(Message::Close(Some(restart.clone())));
        peer.linger();
    };
    reconnects(end, link::CLOSED, 1001);
}

#[test]
fn a_reset_is_followed_by_a_new_connection() {
    reconnects(Peer::reset, link::BROKEN, 1006);
}

/// What breaks WebSocket's rules is kept as it came.
#[test]
fn broken_framing_is_journaled_and_followed_by_a_new_connection() {
    const GARBAGE: &[u8] = &[0xff, 0xfe, b'g', b'a', b'r', b'b', b'a', b'g', b'e'];
    let end = |peer: &mut Peer| {
        peer.raw(GARBAGE);
        peer.linger();
    };
    let captured = reconnects(end, link::PROTOCOL, 0);
    let records = captured.records();
    let kept = records.iter().find(|record| body_of::<Frame>(record).is_some_and(|frame| frame.opcode == BROKEN));
    assert_eq!(kept.and_then(|record| payload_of(record)), Some(GARBAGE));
}

/// Half a message, then nothing more.
#[test]
fn a_truncated_message_is_journaled() {
    let end = |peer: &mut Peer| {
        peer.raw(&[&[0x81, 126, 1, 0][..], b"{\"channel\":"].concat());
        peer.reset();
    };
    let captured = reconnects(end, link::BROKEN, 1006);
    let records = captured.records();
    let kept = records.iter().find(|record| body_of::<Frame>(record).is_some_and(|frame| frame.opcode == BROKEN));
    assert_eq!(
        kept.and_then(|record| payload_of(record)),
        Some(&[&[0x81, 126, 1, 0][..], b"{\"channel\":"].concat()[..])
    );
}

/// A message that is no JSON costs trust, not the connection: the book is subscribed anew over the same socket.
#[test]
fn a_refused_message_is_followed_by_a_new_subscription() {
    let venue = Venue::open(Manner::default(), |peer| {
        peer.serve_subscriptions();
        peer.send("{\"channel\":\"book\",");
        while let Some(request) = peer.request() {
            peer.ack(&request);
            if request["method"] == "subscribe" {
                peer.send(SNAPSHOT);
            }
        }
    });
    let captured = capture(&venue, &[], |seen| seen.gaps == 1 && seen.is_trusted);
    assert_eq!((captured.ran.seen.gaps, captured.ran.seen.is_trusted), (1, true));
    let changes: Vec<_> = captured.bodies::<Link>().iter().map(|link| link.cause).collect();
    assert_eq!(changes, [link::CONNECTED, link::ASKED], "the connection holds to the end of the run");
    let asked: Vec<_> = captured
        .bodies::<hotpath::record::Request>()
        .iter()
        .map(|request| request.action)
        .filter(|asked| *asked != action::PING)
        .collect();
    let expected = [action::CONNECT, action::SUBSCRIBE, action::SUBSCRIBE, action::SUBSCRIBE];
    assert_eq!(asked, [&expected[..], &[action::UNSUBSCRIBE, action::SUBSCRIBE]].concat());
}

fn stops_for_good(manner: Manner, sets: &[&str], cause: u16, sentence: &str) {
    let mut venue = Venue::open(manner, usual);
    // Nobody vouches for the certificate then.
    if cause == link::CERTIFICATE {
        venue.certificate = None;
    }
    let captured = capture(&venue, sets, |_| false);
    assert_eq!(captured.ran.close, Some(close::LINK_STOPPED));
    assert_eq!(captured.bodies::<Link>().iter().map(|link| link.cause).collect::<Vec<_>>(), [cause]);
    assert_eq!(captured.bodies::<Feed>().iter().filter(|body| body.code == feed::LINK_STOPPED).count(), 1);
    assert!(captured.notices.iter().any(|what| what.contains(sentence)), "{:?}", captured.notices);
}

#[test]
fn a_certificate_that_nobody_vouches_for_ends_the_run() {
    stops_for_good(Manner { is_tls: true, ..Manner::default() }, &[], link::CERTIFICATE, "link.extra_ca");
}

#[test]
fn another_instrument_ends_the_run() {
    stops_for_good(Manner { price_precision: 2, ..Manner::default() }, &[], link::INSTRUMENT, "venue.price_precision");
}

#[test]
fn a_host_that_has_no_such_path_ends_the_run() {
    stops_for_good(Manner { upgrades: vec![404], ..Manner::default() }, &[], link::NOT_UPGRADED, "venue.url");
}

/// The first read of a connection may hold more than the answer to the upgrade.
#[test]
fn the_status_that_comes_with_the_upgrade_is_not_lost() {
    let venue = Venue::open(Manner::default(), usual);
    let captured = capture(&venue, &[], has_all);
    let statuses = captured.bodies::<hotpath::record::Status>();
    assert_eq!(statuses.len(), 1);
    assert_eq!(statuses[0].connection_id, 15_113_583_034_416_118_705);
}
