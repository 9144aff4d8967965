//! Books whose snapshot is fetched: what is asked and when, and an exchange and a network that do anything.

mod proofs;
mod rig;

use crate::feed::bodies;
use hotpath::input::Input;
use hotpath::record::{Feed, GapClose, Sent, action, channel, feed as feed_code, link as cause, sent};
use hotpath::trust::Cause;
use rig::Rig;

#[test]
fn a_snapshot_is_fetched_behind_the_first_update() {
    let mut rig = Rig::confirmed();
    rig.go(1_000);
    assert_eq!(rig.asked.len(), 2, "a connect and a subscribe: {:?}", rig.asked);
    rig.update();
    assert_eq!(rig.until_fetch(300), 250);
    let wanted = rig.last();
    assert_eq!((wanted.request.action, wanted.request.channel), (action::FETCH, u16::from(channel::BOOK)));
    assert_eq!(rig.encoded(&wanted), "/api/v3/depth?symbol=BTCUSDT&limit=100");
    rig.update();
    rig.answer(1, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);
}

/// Where nothing is pushed a snapshot is fetched all the same, and believed once an update reaches back to it.
#[test]
fn a_still_market_waits_for_its_first_update() {
    let mut rig = Rig::confirmed();
    assert!((4_900..5_100).contains(&rig.until_fetch(6_000)));
    rig.answer(0, 1_000);
    assert!(!rig.is_trusted());
    rig.go(120_000);
    assert!(!rig.asked.iter().any(|(_, wanted)| wanted.request.action == action::DISCONNECT), "{:?}", rig.asked);
    rig.update();
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);
}

#[test]
fn a_fetch_that_fails_is_tried_again_after_growing_waits() {
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    let mut waits = Vec::new();
    for _ in 0..6 {
        rig.failed(sent::NOT_SENT, 0);
        waits.push(rig.until_fetch(61_000));
    }
    // Waits double, less up to half by chance; fetches are spaced by three seconds besides.
    assert!(waits.windows(2).skip(2).all(|pair| pair[1] > pair[0]), "{waits:?}");
    assert!(waits.iter().all(|wait| (500..=60_000).contains(wait)), "{waits:?}");
    rig.answer(0, 1_000);
    assert!(rig.is_trusted() && rig.told().is_empty());
}

#[test]
fn who_fetched_too_often_is_silent_for_a_minute() {
    for status in [429, 418] {
        let mut rig = Rig::confirmed();
        rig.update();
        rig.until_fetch(300);
        rig.failed(sent::REFUSED, status);
        let refused = bodies::<Feed>(&rig.records).pop().expect("it is told");
        assert_eq!((refused.code, refused.expected), (feed_code::REQUEST_REFUSED, i64::from(status)));
        assert!((60_000..61_000).contains(&rig.until_fetch(62_000)));
    }
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    rig.failed(sent::REFUSED, 503);
    assert!((5_000..6_000).contains(&rig.until_fetch(7_000)));
}

#[test]
fn a_snapshot_that_does_not_come_is_told_of_and_fetched_again() {
    let mut rig = Rig::confirmed();
    rig.update();
    rig.until_fetch(300);
    assert!((5_000..6_500).contains(&rig.until_fetch(7_000)));
    assert_eq!(rig.told(), ["snapshot-missing"]);
    rig.answer(0, 1_000);
    assert!(rig.is_trusted());
}

/// A missing update costs trust at the next one; a snapshot heals it without a new connection. The fourth time in a row
/// the connection is given up.
#[test]
fn a_broken_chain_is_mended_on_the_same_connection() {
    let mut rig = Rig::trusted();
    for round in 1..4 {
        rig.market.update();
        rig.update();
        assert!(!rig.is_trusted());
        assert_eq!(rig.gaps().len(), round);
        rig.until_fetch(61_000);
        rig.update();
        rig.answer(1, 1_000);
        assert!(rig.is_trusted());
        assert_eq!(rig.book(), rig.market.sides);
    }
    assert!(rig.gaps().iter().all(|gap| *gap == Cause::Sequence as u16));
    assert_eq!(bodies::<GapClose>(&rig.records).len(), 3);
    rig.market.update();
    rig.update();
    rig.go(10);
    assert_eq!((rig.last().request.action, rig.told().pop()), (action::DISCONNECT, Some("resubscribed-in-vain")));
}

/// What was fetched may lie behind what is pushed: then it is fetched again, and nothing is believed in between.
#[test]
fn a_snapshot_from_before_the_chain_is_fetched_again() {
    let mut rig = Rig::trusted();
    rig.market.update();
    rig.update();
    rig.until_fetch(300);
    rig.answer(3, 1_000);
    assert!(!rig.is_trusted());
    rig.update();
    assert!(rig.until_fetch(5_000) >= 500);
    rig.update();
    rig.answer(0, 1_000);
    assert!(rig.is_trusted());
    assert_eq!(rig.book(), rig.market.sides);
    assert_eq!(rig.gaps(), [Cause::Sequence as u16], "one gap in all");
}

/// The best levels come close to what the snapshot did not show: a new one is fetched, and the book goes on.
#[test]
fn a_short_book_is_fetched_anew_while_it_is_trusted() {
    let mut rig = Rig::short();
    assert_eq!(rig.last().request.action, action::FETCH);
    rig.update();
    assert!(rig.is_trusted(), "it goes on meanwhile");
    rig.answer(1, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides, "what was not shown is there now");
}

/// An answer that comes for a book that is trusted and asked for nothing changes nothing, whatever it says.
#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut rig = Rig::trusted();
    let before = rig.book();
    rig.answer(0, 3);
    rig.body(r#"{"lastUpdateId":99999999,"bids":[["1.00","1.000"]],"asks":[["2.00","1.000"]]}"#);
    rig.body("<html>");
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), before);
    rig.update();
    assert_eq!(rig.book(), rig.market.sides);
}

/// What a network and an exchange may do to a fetched book, at random. Wherever the book is trusted it is the
/// exchange's as of the last update that arrived, and once all behave again it is trusted soon.
#[test]
fn a_trusted_book_is_the_exchanges_whatever_happens() {
    let mut trusted = 0;
    for seed in 0..150 {
        let mut rig = Rig::new(seed);
        let mut late: Vec<(u64, String)> = Vec::new();
        let mut is_up = false;
        for step in 0..2_000 {
            let calm = step >= 450;
            if step > 600 && rig.is_trusted() {
                break;
            }
            let roll = if calm { 20 + rig.market.below(80) } else { rig.market.below(100) };
            match roll {
                // The connection breaks, an update is lost or comes twice.
                0..=2 if is_up => {
                    rig.link(0, cause::BROKEN);
                    is_up = false;
                }
                3..=5 => drop(rig.market.update()),
                6..=8 if is_up => {
                    let text = rig.market.update();
                    rig.text(&text);
                    rig.text(&text);
                }
                9 if is_up => rig.text(r#"{"stream":"btcusdt@depth@100ms","data":{}}"#),
                _ if is_up => rig.update(),
                _ => {}
            }
            let wait = 1 + rig.market.below(400);
            rig.go(wait);
            serve(&mut rig, &mut is_up, &mut late, calm);
            let now = rig.ms();
            let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut late).into_iter().partition(|(at, _)| *at <= now);
            late = later;
            due.iter().for_each(|(_, body)| rig.body(body));
            if rig.is_trusted() {
                trusted += 1;
                let id = rig.bench.core.engine().markets()[0].state.last_id();
                let (_, sides) = rig.market.past.iter().rfind(|(past, _)| *past <= id).expect("a state");
                assert_eq!(&rig.book(), sides, "seed {seed}, step {step}");
            }
        }
        assert!(rig.is_trusted(), "seed {seed}: not trusted at the end, {:?}", rig.gaps());
    }
    assert!(trusted > 15_000, "{trusted} trusted steps");
}

/// Shell and exchange answer what was asked; while it is not calm, late, in part, or not at all.
fn serve(rig: &mut Rig, is_up: &mut bool, late: &mut Vec<(u64, String)>, calm: bool) {
    for (_, wanted) in std::mem::take(&mut rig.asked) {
        let roll = if calm { 99 } else { rig.market.below(100) };
        match wanted.request.action {
            action::CONNECT => {
                rig.asked.clear();
                rig.link(1, cause::CONNECTED);
                *is_up = true;
            }
            action::DISCONNECT => {
                rig.link(0, cause::ASKED);
                *is_up = false;
            }
            action::FETCH if roll < 15 => {
                let (outcome, status) = if roll < 8 { (sent::NOT_SENT, 0) } else { (sent::REFUSED, 503) };
                let sent_ns = rig.bench.now_ns;
                let body = Sent { req_id: wanted.request.req_id, sent_ns, crc: 0, bytes: status, outcome };
                rig.take(Input::Sent(0, body));
            }
            action::FETCH => {
                let ago = if calm { 0 } else { rig.market.below(6) as usize };
                let delay = if calm { 0 } else { rig.market.below(9_000) };
                late.push((rig.ms() + delay, rig.market.snapshot(ago, 1_000)));
            }
            action::SUBSCRIBE | action::UNSUBSCRIBE if *is_up && roll >= 10 => rig.ack(&wanted),
            _ => {}
        }
    }
}
