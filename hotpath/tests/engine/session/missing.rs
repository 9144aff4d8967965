//! What does not come: answers, snapshots, heartbeats, bytes, the shell's own word.

use super::rig::{MS_NS, Rig, active};
use hotpath::record::{action, channel, link, sent};

/// Answers that are lost must not be waited for: a book's makes the connection doubtful.
#[test]
fn a_book_without_an_ack_costs_the_connection() {
    let mut rig = Rig::connected();
    rig.agree();
    rig.go(50);
    assert_eq!(rig.names(), ["connect", "instrument", "book"]);
    rig.go(50);
    rig.agree();
    rig.forget();
    rig.go(4_949);
    assert!(rig.drain().is_empty() && rig.told().is_empty());
    rig.go(1);
    assert_eq!((rig.drain(), rig.told()), (vec![(5_050, "disconnect", 0)], vec!["ack-missing"]));
    rig.go(60_000);
    assert!(rig.drain().is_empty(), "it is parted from once");
    rig.down(0, link::ASKED, 0);
    assert_eq!(rig.names(), ["connect"]);
}

#[test]
fn a_channel_without_an_ack_is_asked_for_again_and_costs_nothing() {
    let mut rig = Rig::connected();
    rig.serve();
    let trade = rig.last();
    rig.down(0, link::BROKEN, 0);
    rig.up(0);
    for _ in 0..2 {
        rig.agree();
        if rig.last().request.channel == 1 {
            rig.snapshot(0);
        }
        rig.go(50);
    }
    rig.forget();
    rig.go(7_000);
    assert_eq!(rig.last().request.channel, trade.request.channel);
    assert_eq!((rig.names(), rig.told()), (vec!["trade"], vec!["ack-missing"]));
    assert!(rig.bench.trusted());
}

/// An answer that came late was thrown away, and the channel was asked for until the exchange, which served
/// it all the while, refused.
#[test]
fn a_late_ack_of_a_channel_is_an_ack() {
    let mut rig = Rig::connected();
    rig.agree();
    rig.go(50);
    rig.agree();
    rig.snapshot(0);
    rig.go(50);
    let first = rig.last();
    rig.forget();
    rig.go(5_000);
    assert_eq!(rig.told(), ["ack-missing"]);
    rig.ack(&first);
    rig.go(600_000);
    assert!(rig.drain().is_empty());
}

/// Subscribed, acked, and then no data (nautilus_trader #4255).
#[test]
fn a_snapshot_that_does_not_come_is_asked_for_anew() {
    let mut rig = Rig::connected();
    rig.agree();
    rig.go(50);
    rig.agree();
    rig.go(50);
    rig.agree();
    rig.forget();
    rig.go(4_950);
    assert_eq!((rig.drain(), rig.told()), (vec![(5_050, "leave", 0)], vec!["snapshot-missing"]));
    rig.serve();
    assert_eq!(rig.names(), ["book"]);
    assert!(rig.bench.trusted());
}

/// The exchange merges the snapshots of subscriptions that follow one another fast: 8 acks, 5 snapshots.
#[test]
fn merged_snapshots_leave_no_book_behind() {
    let mut rig = Rig::trusted();
    let mut merged = 0;
    for round in 0..8 {
        rig.go(100);
        rig.spoil(0);
        if rig.last().request.action == action::UNSUBSCRIBE {
            rig.agree();
            rig.await_request(10_000);
            rig.agree();
            merged += 1;
        }
        assert!(!rig.bench.trusted());
        rig.recover(70_000);
        assert!(rig.bench.trusted(), "round {round}");
    }
    assert!(merged > 2);
}

#[test]
fn a_snapshot_before_the_ack_counts() {
    let mut rig = Rig::connected();
    rig.agree();
    rig.go(50);
    rig.snapshot(0);
    assert!(rig.bench.trusted());
    rig.go(30);
    rig.agree();
    rig.serve();
    rig.forget();
    rig.go(60_000);
    assert!(rig.drain().is_empty() && rig.told().is_empty());
}

#[test]
fn a_snapshot_in_mid_stream_is_a_book_like_any_other() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    rig.snapshot(0);
    assert!(rig.bench.trusted());
    rig.serve();
    assert_eq!(rig.names(), ["leave", "book"], "what was asked for goes its way");
    assert!(rig.bench.trusted());
    rig.snapshot(0);
    rig.go(60_000);
    assert!(rig.drain().is_empty());
}

#[test]
fn heartbeats_that_stop_and_come_back_are_told_of_once_each() {
    let mut rig = Rig::trusted();
    rig.hush(0);
    for _ in 0..10 {
        rig.go(1_000);
        rig.snapshot(0);
    }
    assert_eq!(rig.told(), ["heartbeat-missing"]);
    rig.text(0, r#"{"channel":"heartbeat"}"#);
    assert_eq!(rig.told(), ["heartbeat-back"]);
    rig.go(2_999);
    rig.snapshot(0);
    assert!(rig.told().is_empty());
    rig.go(1);
    assert_eq!(rig.told(), ["heartbeat-missing"], "and it may be missing again");
    assert!(rig.bench.trusted(), "what is no more than strange costs no trust");
}

/// Before anything is subscribed the exchange sends no heartbeat.
#[test]
fn no_heartbeat_is_due_before_anything_is_subscribed() {
    let mut rig = Rig::connected();
    rig.hush(0);
    rig.go(4_000);
    assert!(rig.told().is_empty());
}

#[test]
fn silence_costs_the_connection_and_the_book() {
    let mut rig = Rig::trusted();
    rig.hush(0);
    rig.go(5_000);
    assert_eq!((rig.names(), rig.told()), (vec!["disconnect"], vec!["heartbeat-missing", "silent"]));
    assert!(!rig.bench.trusted());
    rig.down(0, link::ASKED, 0);
    assert_eq!(rig.names(), ["connect"], "at once: it is the first time");
    rig.up(0);
    rig.serve();
    assert!(rig.bench.trusted());
}

#[test]
fn a_control_frame_is_a_sign_of_life() {
    let mut rig = Rig::trusted();
    rig.hush(0);
    for _ in 0..10 {
        rig.go(2_000);
        let frame = hotpath::venue::Frame::received(0, 9, b"");
        let recv_ns = rig.bench.now_ns;
        rig.take(hotpath::input::Input::Frame { frame, recv_ns, kernel_utc_ns: 0, end_of_read: true });
    }
    assert!(rig.bench.trusted() && rig.state(0).is_up());
    assert_eq!(rig.told(), ["heartbeat-missing"]);
}

#[test]
fn a_connection_that_takes_long_is_told_of_once() {
    let mut rig = Rig::new(&active(&[0]));
    rig.wake();
    rig.go(14_999);
    assert!(rig.told().is_empty());
    rig.go(60_000);
    assert_eq!((rig.names(), rig.told()), (vec!["connect"], vec!["connect-slow"]));
    rig.up(0);
    rig.serve();
    assert!(rig.bench.trusted());
}

/// A subscribe that never left was waited for like one whose answer is late, and cost the connection.
#[test]
fn a_request_that_was_not_sent_is_asked_for_again() {
    let mut rig = Rig::connected();
    rig.go(100);
    assert_eq!(rig.asked.len(), 4);
    for (_, wanted) in rig.asked.split_off(1) {
        rig.sent(&wanted, sent::NOT_SENT);
    }
    rig.forget();
    rig.go(1_100);
    let mut names = rig.names();
    names.sort_unstable();
    assert_eq!(names, ["book", "instrument", "trade"]);
    rig.serve();
    assert!(rig.bench.trusted());
    rig.go(60_000);
    assert!(rig.drain().is_empty() && rig.told().is_empty());
}

/// The end of a subscription that never left: the book is not served twice, and not forgotten.
#[test]
fn an_unsubscribe_that_was_not_sent_is_asked_for_again() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    let leave = rig.last();
    rig.sent(&leave, sent::NOT_SENT);
    rig.go(1_001);
    assert_eq!(rig.names(), ["leave", "leave"]);
    rig.serve();
    rig.agree();
    rig.serve();
    assert!(rig.bench.trusted());
}

#[test]
fn a_ping_that_was_not_sent_is_asked_for_again() {
    let mut rig = Rig::trusted();
    rig.go(19_000);
    let (at_ms, ping) = *rig.asked.last().expect("a ping");
    assert_eq!((at_ms, ping.request.action), (20_000, action::PING));
    rig.sent(&ping, sent::NOT_SENT);
    rig.go(1_000);
    let (at_ms, again) = *rig.asked.last().expect("a ping");
    assert_eq!((at_ms, again.request.action), (21_000, action::PING));
    rig.bench.now_ns += MS_NS;
    rig.go(19_998);
    assert_eq!(rig.asked.len(), 2);
}

/// The word that a request was sent comes before any answer; without it the answer counts all the same.
#[test]
fn the_answer_counts_without_the_shells_word() {
    let mut rig = Rig::connected();
    rig.go(50);
    let book = rig.last();
    rig.ack(&book);
    rig.snapshot(0);
    rig.go(4_000);
    assert!(rig.bench.trusted() && rig.told().is_empty());
}

/// Where no book is trusted the silence is the session's alone to notice.
#[test]
fn silence_is_noticed_while_nothing_else_is_due() {
    let mut config = active(&[0]);
    config.markets[0].channels = 1 << channel::BOOK;
    let mut rig = Rig::new(&config);
    rig.wake();
    rig.up(0);
    for _ in 0..5 {
        rig.refuse("Service is busy");
        assert!(rig.await_request(60_000) > 900);
    }
    rig.refuse("Service is busy");
    rig.go(300);
    rig.forget();
    rig.hush(0);
    rig.go(5_000);
    assert_eq!((rig.names(), rig.told()), (vec!["disconnect"], vec!["silent"]));
}
