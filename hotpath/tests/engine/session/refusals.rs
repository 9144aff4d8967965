//! What the exchange refuses, and answers that nobody asked for.

use super::rig::{Rig, active};
use hotpath::record::{action, link};

const RATE: &str = "Exceeded msg rate";
const DEPTH: &str = "Subscription depth not supported";

/// A connection whose book is asked for next.
fn before_the_book() -> Rig {
    let mut rig = Rig::connected();
    rig.agree();
    rig.go(50);
    assert_eq!(rig.names(), ["connect", "instrument", "book"]);
    rig
}

#[test]
fn a_book_that_the_exchange_does_not_serve_ends_the_connection_for_good() {
    for error in ["Currency pair not supported XBT/EUR", DEPTH, "Subscription name invalid", "Malformed request"] {
        let mut rig = before_the_book();
        rig.refuse(error);
        assert_eq!((rig.names(), rig.told()), (vec!["disconnect"], vec!["request-refused"]), "{error}");
        rig.down(0, link::ASKED, 0);
        rig.go(3_600_000);
        assert_eq!((rig.names(), rig.told()), (Vec::new(), vec!["link-stopped"]), "{error}");
        assert!(rig.state(0).is_stopped());
    }
}

/// A connection that was given up was made again when the shell told of its end a second time.
#[test]
fn nothing_wakes_a_connection_that_was_given_up() {
    let mut rig = before_the_book();
    rig.refuse(DEPTH);
    rig.down(0, link::ASKED, 0);
    rig.forget();
    rig.down(0, link::BROKEN, 1006);
    rig.go(600_000);
    rig.up(0);
    rig.go(4_000);
    assert!(rig.drain().is_empty() && rig.state(0).is_stopped());
}

#[test]
fn a_book_that_was_served_before_is_asked_for_until_it_is_served_again() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    rig.agree();
    rig.await_request(50);
    rig.forget();
    for _ in 0..6 {
        rig.refuse("Currency pair not supported BTC/EUR");
        assert!(rig.await_request(60_001) >= 1_000);
    }
    assert_eq!(rig.names(), ["book"; 6], "and not too often");
    assert!(rig.told().iter().all(|name| *name == "request-refused"));
    rig.agree();
    rig.snapshot(0);
    assert!(rig.bench.trusted());
}

#[test]
fn a_refusal_in_unknown_words_is_not_the_last() {
    let mut rig = before_the_book();
    rig.refuse("Service is busy");
    rig.await_request(50);
    assert_eq!(rig.names(), ["trade"], "the next channel is not kept waiting");
    rig.agree();
    assert!(rig.await_request(4_000) >= 900);
    assert_eq!(rig.names(), ["book"]);
    rig.agree();
    rig.snapshot(0);
    assert!(rig.bench.trusted());
}

#[test]
fn a_channel_that_is_refused_is_done_without() {
    let mut rig = before_the_book();
    rig.agree();
    rig.snapshot(0);
    rig.go(50);
    assert_eq!(rig.names(), ["trade"]);
    rig.refuse("Subscription name invalid");
    rig.go(600_000);
    assert_eq!((rig.names(), rig.told()), (Vec::new(), vec!["request-refused"]));
    assert!(rig.bench.trusted());
}

/// A leader that the exchange does not serve took the market that trades down with it.
#[test]
fn a_leaders_refusal_leaves_the_market_that_trades_alone() {
    let mut rig = Rig::new(&active(&[0, 0]));
    rig.wake();
    rig.up(0);
    for step in 0..5 {
        if (rig.last().instrument, rig.last().request.channel) == (1, 1) {
            rig.refuse("Currency pair not supported BTC/USD");
        } else {
            rig.agree();
        }
        if step == 1 {
            rig.snapshot(0);
        }
        rig.go(50);
    }
    rig.go(600_000);
    assert!(rig.is_trusted(0) && rig.state(0).is_up());
    assert_eq!(rig.told(), ["request-refused"]);
    assert_eq!(rig.names(), ["connect", "instrument", "book", "trade", "book", "trade"]);
}

#[test]
fn the_refusal_of_the_market_that_trades_stops_its_connection_beside_a_leader() {
    let mut rig = Rig::new(&active(&[0, 0]));
    rig.wake();
    rig.up(0);
    rig.agree();
    rig.go(50);
    rig.refuse(DEPTH);
    assert_eq!(rig.last().request.action, action::DISCONNECT);
}

/// After a message too many the connection gets none for a while; not even the next channel.
#[test]
fn a_message_too_many_stops_all_messages_for_a_while() {
    let mut rig = before_the_book();
    let at_ms = rig.now_ms();
    rig.refuse(RATE);
    rig.go(60_000);
    let first = rig.drain()[0];
    assert_eq!(first, (at_ms + 5_000, "book", 0));
    rig.serve();
    rig.agree();
    rig.snapshot(0);
    assert!(rig.bench.trusted());
}

/// Seen alone in its object, with a capital E: whichever request it was, what is out may not have arrived.
#[test]
fn a_nameless_message_too_many_takes_back_all_that_is_out() {
    let mut rig = before_the_book();
    rig.text(0, r#"{"Error":"Exceeded msg rate"}"#);
    assert_eq!(rig.told(), ["request-refused"]);
    let lost = rig.last();
    rig.go(4_999);
    assert!(rig.drain().is_empty());
    // It had arrived after all.
    rig.ack(&lost);
    rig.snapshot(0);
    rig.go(60_000);
    assert_eq!(rig.names()[..1], ["trade"], "the book is not asked for twice");
    assert!(rig.bench.trusted());
}

#[test]
fn other_nameless_errors_are_told_and_time_decides() {
    let mut rig = before_the_book();
    rig.text(0, r#"{"error":"Malformed request","method":"error","success":false}"#);
    assert_eq!(rig.told(), ["request-refused"]);
    assert!(rig.drain().is_empty());
    rig.go(5_000);
    assert!(rig.told().contains(&"ack-missing"));
    assert!(rig.names().contains(&"disconnect"));
}

/// Refused while the first snapshot was missing, the end of a subscription left a book that was counted as
/// served, was never trusted and never asked for again.
#[test]
fn an_end_that_is_refused_for_the_rate_leaves_no_book_for_dead() {
    let mut rig = before_the_book();
    rig.agree();
    rig.go(5_000);
    assert_eq!(rig.last().request.action, action::UNSUBSCRIBE);
    rig.refuse(RATE);
    rig.forget();
    rig.go(5_000);
    assert_eq!(rig.names(), ["leave"]);
    rig.agree();
    rig.serve();
    assert!(rig.bench.trusted());
}

#[test]
fn an_end_that_is_refused_costs_the_connection() {
    let mut rig = Rig::trusted();
    rig.spoil(0);
    rig.refuse("Subscription Not Found");
    assert_eq!(rig.names(), ["leave", "disconnect"]);
}

/// An exchange that ended what it had just agreed to was asked again twenty times a second.
#[test]
fn an_end_that_nobody_asked_for_is_answered_with_growing_waits() {
    let mut rig = Rig::trusted();
    let end = r#"{"method":"unsubscribe","result":{"channel":"book","depth":10,"symbol":"BTC/EUR"},"success":true}"#;
    let mut waits_ms = Vec::new();
    for _ in 0..8 {
        let before = rig.last().request.req_id;
        rig.text(0, end);
        let is_at_once = rig.last().request.req_id != before;
        waits_ms.push(if is_at_once { 0 } else { rig.await_request(60_001) });
        rig.agree();
        rig.snapshot(0);
        assert!(rig.bench.trusted());
        rig.go(100);
    }
    assert_eq!(rig.names(), ["book"; 8]);
    assert!(waits_ms[0] == 0 && waits_ms[1] <= 1_001, "{waits_ms:?}");
    assert!(waits_ms[6] >= 16_000 && waits_ms.is_sorted(), "{waits_ms:?}");
}

/// The answer to the subscription before this one says nothing about this one.
#[test]
fn the_ack_of_an_old_subscription_is_not_that_of_the_new_one() {
    let mut rig = before_the_book();
    let old = rig.last();
    rig.snapshot(0);
    rig.spoil(0);
    rig.go(50);
    assert_eq!(rig.last().request.action, action::UNSUBSCRIBE, "served before its ack, and wrong");
    rig.agree();
    rig.go(50);
    let names = rig.names();
    assert_eq!(names.last(), Some(&"book"), "{names:?}");
    rig.ack(&old);
    rig.go(4_000);
    rig.forget();
    rig.go(1_000);
    assert!(rig.told().contains(&"ack-missing"));
    assert_eq!(rig.names(), ["disconnect"]);
}

/// While the exchange describes another instrument its book is left alone; then it is asked for at once.
#[test]
fn a_barred_book_is_asked_for_when_it_is_the_configured_one_again() {
    let describe = |precision: u8| {
        format!(
            "{{\"channel\":\"instrument\",\"type\":\"update\",\"data\":{{\"assets\":[],\"pairs\":[{{\"symbol\":\"BTC/EUR\",\
             \"status\":\"online\",\"qty_precision\":8,\"qty_increment\":0.00000001,\"price_precision\":{precision},\
             \"cost_precision\":5,\"cost_min\":0.5,\"price_increment\":0.1,\"qty_min\":0.00005}}]}}}}"
        )
    };
    let mut rig = Rig::trusted();
    rig.text(0, &describe(2));
    assert!(!rig.bench.trusted());
    rig.go(60_000);
    assert!(rig.drain().is_empty());
    rig.text(0, &describe(1));
    assert_eq!(rig.names(), ["leave"]);
    rig.agree();
    rig.serve();
    assert!(rig.bench.trusted());
}
