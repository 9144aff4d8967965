//! The ordinary life of a connection, and what two of them have to do with each other.

use super::rig::{MS_NS, Rig, active};
use crate::feed::{SECOND_NS, bodies, config, market};
use hotpath::input::Input;
use hotpath::record::{Clock, Close, Feed, action, channel, close, link, sent};

#[test]
fn a_connection_is_made_subscribed_in_order_and_paced_and_trusted() {
    let mut rig = Rig::new(&active(&[0]));
    rig.command();
    assert_eq!(rig.drain(), [(0, "connect", 0)], "any first input starts it");
    rig.go(120);
    assert!(rig.drain().is_empty(), "nothing is asked of a connection that is being made");
    rig.up(0);
    rig.go(1_000);
    assert_eq!(rig.drain(), [(120, "instrument", 0), (170, "book", 0), (220, "trade", 0)]);
    assert!(!rig.bench.trusted());
}

#[test]
fn an_answered_book_is_trusted_and_nothing_more_is_asked_for() {
    let mut rig = Rig::connected();
    rig.serve();
    assert!(rig.bench.trusted());
    assert_eq!(rig.names(), ["connect", "instrument", "book", "trade"]);
    rig.go(600_000);
    assert!(rig.drain().is_empty() && rig.told().is_empty(), "ten quiet minutes");
    assert!(rig.bench.trusted());
}

#[test]
fn pings_are_timed_from_the_socket_to_the_answer() {
    let mut rig = Rig::trusted();
    rig.go(45_000);
    let pings: Vec<_> = rig.asked.iter().filter(|(_, wanted)| wanted.request.action == action::PING).collect();
    assert_eq!(pings.iter().map(|(at_ms, _)| *at_ms).collect::<Vec<_>>(), [20_000, 40_000]);
    let ping = pings[1].1;
    assert_eq!(rig.state(0).round_trip_ns(), 0);
    let pong = |req_id: u64| {
        format!(
            r#"{{"method":"pong","req_id":{req_id},"time_in":"2026-08-01T00:00:01Z","time_out":"2026-08-01T00:00:01Z"}}"#
        )
    };
    rig.text(0, &pong(ping.request.req_id));
    assert_eq!(rig.state(0).round_trip_ns(), 0, "an answer to what was not sent yet");
    rig.sent(&ping, sent::SENT);
    rig.bench.now_ns += 7 * MS_NS;
    rig.text(0, &pong(ping.request.req_id + 1));
    assert_eq!(rig.state(0).round_trip_ns(), 0, "an answer to something else");
    rig.text(0, &pong(ping.request.req_id));
    assert_eq!(rig.state(0).round_trip_ns(), 7 * MS_NS);
}

#[test]
fn two_markets_share_a_connection_and_its_instruments() {
    let mut rig = Rig::new(&active(&[0, 0]));
    rig.wake();
    rig.up(0);
    rig.serve();
    assert_eq!(rig.names(), ["connect", "instrument", "book", "trade", "book", "trade"]);
    assert!(rig.is_trusted(0) && rig.is_trusted(1));
    rig.spoil(1);
    rig.serve();
    assert_eq!(rig.names(), ["leave", "book"]);
    assert!(rig.is_trusted(0) && rig.is_trusted(1), "one symbol is asked for anew, the other goes on");
}

#[test]
fn two_connections_live_and_fail_apart() {
    let mut rig = Rig::new(&active(&[0, 1]));
    rig.wake();
    assert_eq!(rig.drain(), [(0, "connect", 0), (0, "connect", 1)]);
    rig.up(1);
    rig.serve();
    assert!(rig.is_trusted(1) && !rig.is_trusted(0));
    rig.up(0);
    rig.serve();
    assert!(rig.is_trusted(0));
    rig.forget();
    rig.down(0, link::CERTIFICATE, 0);
    rig.go(300_000);
    assert!(rig.is_trusted(1) && rig.state(0).is_stopped() && rig.state(1).is_up());
    assert_eq!((rig.drain(), rig.told()), (Vec::new(), vec!["link-stopped"]));
}

/// A gap costs one subscription, not the socket: the end is confirmed, then the book is asked for anew. The session
/// was not told of a checksum that failed, and looked at the book only when something else was due.
#[test]
fn a_book_in_a_gap_is_subscribed_anew_on_the_same_connection() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    assert!(!rig.bench.trusted());
    assert_eq!(rig.drain(), [(1_000, "leave", 0)]);
    rig.go(100);
    rig.command();
    assert!(rig.drain().is_empty(), "its end is awaited");
    rig.agree();
    assert_eq!(rig.names(), ["book"]);
    rig.agree();
    rig.snapshot(0);
    assert!(rig.bench.trusted());
    rig.go(60_000);
    assert!(rig.drain().is_empty());
}

#[test]
fn a_book_that_stays_wrong_gets_growing_waits_and_then_a_new_connection() {
    let mut rig = Rig::trusted();
    let mut waits_ms = Vec::new();
    for _ in 0..3 {
        rig.spoil(0);
        rig.serve();
        let asked = rig.drain();
        assert_eq!(asked.iter().map(|(_, name, _)| *name).collect::<Vec<_>>()[..1], ["leave"]);
        rig.go(3_000);
        rig.serve();
        let book_ms = asked.iter().chain(&rig.drain()).find(|(_, name, _)| *name == "book").map(|(at_ms, _, _)| *at_ms);
        waits_ms.push(book_ms.expect("asked for anew") - asked[0].0);
    }
    assert_eq!(waits_ms[0], 50, "the first time it follows its end at the pace");
    assert!((500..=1_001).contains(&waits_ms[1]) && (1_000..=2_001).contains(&waits_ms[2]), "{waits_ms:?}");
    rig.told();
    rig.spoil(0);
    assert_eq!((rig.names(), rig.told()), (vec!["disconnect"], vec!["resubscribed-in-vain"]));
    rig.down(0, link::ASKED, 0);
    assert_eq!(rig.names(), ["connect"]);
}

/// A book that was good for a minute starts afresh: four gaps in an hour are no reason to part.
#[test]
fn gaps_that_lie_apart_never_cost_the_connection() {
    let mut rig = Rig::trusted();
    for _ in 0..10 {
        rig.go(61_000);
        rig.spoil(0);
        rig.serve();
        assert!(rig.bench.trusted());
        assert_eq!(rig.names(), ["leave", "book"]);
    }
}

#[test]
fn utc_that_steps_is_told_of_and_one_that_drifts_is_not() {
    let mut rig = Rig::trusted();
    let utc_ns = 1_785_542_400 * SECOND_NS;
    let mut read = |mono_ns: u64, utc_ns: u64, uncertainty_ns: u64| {
        let body = Clock { mono_ns, utc_ns, uncertainty_ns, ..bytemuck::Zeroable::zeroed() };
        bodies::<Feed>(&rig.take(Input::Clock(body))).iter().map(|body| (body.expected, body.found)).collect::<Vec<_>>()
    };
    assert_eq!(read(0, utc_ns, 0), [], "the first reading has nothing to differ from");
    assert_eq!(read(SECOND_NS, utc_ns + SECOND_NS + 100 * MS_NS, 0), [], "at the bound");
    let (before, after) = (utc_ns + 2 * SECOND_NS + 100 * MS_NS, utc_ns + 2 * SECOND_NS + 201 * MS_NS);
    assert_eq!(read(2 * SECOND_NS, after, MS_NS), [], "within what the reading knows");
    assert_eq!(read(3 * SECOND_NS, before, 0), [((after + SECOND_NS) as i64, before as i64)], "back by a second");
}

/// What comes from a recording asks for nothing, whatever happens.
#[test]
fn an_inactive_session_is_silent() {
    let mut rig = Rig::new(&config(&[market("BTC/EUR", 1, 8, 10)]));
    rig.wake();
    rig.up(0);
    rig.snapshot(0);
    rig.spoil(0);
    rig.text(0, r#"{"error":"Subscription depth not supported","method":"subscribe","success":false}"#);
    rig.down(0, link::NOT_UPGRADED, 404);
    rig.go(600_000);
    assert!(rig.drain().is_empty() && rig.told().is_empty());
    assert_eq!(rig.bench.core.engine().deadline_ns(), u64::MAX);
}

#[test]
fn a_run_that_has_ended_asks_for_nothing_more() {
    let mut rig = Rig::connected();
    rig.take(Input::Close(Close { cause: close::STOPPED, spare: [0; 11] }));
    rig.forget();
    rig.hush(0);
    rig.go(600_000);
    assert!(rig.drain().is_empty() && rig.told().is_empty());
}

#[test]
fn only_the_channels_that_are_configured_are_asked_for() {
    let mut config = active(&[0]);
    config.markets[0].channels = 1 << channel::BOOK | 1 << channel::TICKER;
    let mut rig = Rig::new(&config);
    rig.wake();
    rig.up(0);
    rig.serve();
    let channels: Vec<_> = rig.asked.iter().map(|(_, wanted)| wanted.request.channel).collect();
    assert_eq!(channels, [0, u16::from(channel::BOOK), u16::from(channel::TICKER)]);
}

/// What has been good for just a minute is forgiven even if nothing happened to make the engine look.
#[test]
fn a_good_minute_of_a_book_counts_when_it_is_over() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    rig.recover(1_000);
    rig.go(60_000);
    rig.spoil(0);
    rig.agree();
    assert!(rig.await_request(60_000) <= 50, "asked for anew like a first time");
}

/// The same of a connection.
#[test]
fn a_good_minute_of_a_connection_counts_when_it_is_over() {
    let mut config = active(&[0]);
    config.session.tries_at_once = 1;
    let mut rig = Rig::new(&config);
    rig.wake();
    rig.down(0, link::BROKEN, 1006);
    rig.up(0);
    rig.recover(1_000);
    rig.go(60_000);
    rig.forget();
    rig.down(0, link::BROKEN, 1006);
    assert_eq!(rig.names(), ["connect"], "made again like a first time");
}
