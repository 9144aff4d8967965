//! What proves a book whose snapshot was fetched: best levels that the exchange states, and the book before it.

use super::rig::Rig;
use crate::feed::bodies;
use hotpath::record::{GapOpen, action, sent};
use hotpath::trust::Cause;

/// A server of snapshots that divided all prices by twenty was believed and quoted for 0.77 seconds, because its answer came
/// before the first best levels were stated.
#[test]
fn where_best_levels_are_asked_for_the_chain_alone_is_no_proof() {
    let mut rig = Rig::stated();
    rig.update();
    rig.until_fetch(300);
    rig.answer(0, 1_000);
    rig.update();
    assert!(!rig.is_trusted(), "nothing was stated yet");
    rig.state();
    assert!(!rig.is_trusted(), "it is told with the next update");
    rig.update();
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);

    let mut spoiled = Rig::stated();
    spoiled.update();
    spoiled.until_fetch(300);
    let id = spoiled.market.id;
    spoiled.body(&format!(r#"{{"lastUpdateId":{id},"bids":[["5.00","1.000"]],"asks":[["5.10","1.000"]]}}"#));
    for _ in 0..50 {
        spoiled.update();
        assert!(!spoiled.is_trusted());
    }
    spoiled.market.update();
    spoiled.state();
    spoiled.update();
    assert!(!spoiled.is_trusted(), "a statement that is not of this state proves nothing");
}

/// Nobody was told that a book waits: a connection on which nothing is stated, say.
#[test]
fn a_book_that_nothing_proves_is_told_of_and_fetched_anew() {
    let mut rig = Rig::stated();
    rig.update();
    rig.until_fetch(300);
    for round in 1..=4 {
        rig.answer(0, 1_000);
        rig.update();
        assert!(!rig.is_trusted());
        rig.go(59_000);
        assert_eq!(rig.told(), vec!["proof-missing"; round - 1]);
        if round < 4 {
            rig.until_fetch(61_000);
        } else {
            rig.go(2_000);
        }
    }
    assert_eq!(
        rig.told(),
        ["proof-missing", "proof-missing", "proof-missing", "proof-missing", "resubscribed-in-vain"]
    );
    assert_eq!(rig.last().request.action, action::DISCONNECT);
    assert!(rig.gaps().is_empty(), "what was never believed is not lost");
}

/// A book that is short is fetched anew while it is trusted: one of another market was believed until the next statement.
#[test]
fn a_new_snapshot_has_the_best_levels_of_the_book_before_it() {
    for is_spoiled in [false, true] {
        let mut rig = Rig::short();
        rig.update();
        assert!(rig.is_trusted());
        if is_spoiled {
            let best = *rig.market.sides[1].first_key_value().expect("an ask").0;
            rig.market.past.iter_mut().for_each(|(_, sides)| sides[1].retain(|price, _| *price != best));
        }
        rig.answer(1, 1_000);
        assert_eq!(rig.is_trusted(), !is_spoiled);
        let gaps = bodies::<GapOpen>(&rig.records);
        let causes: Vec<_> = gaps.iter().map(|gap| gap.cause).collect();
        assert_eq!(causes, if is_spoiled { vec![Cause::Touch as u16] } else { vec![] });
        if is_spoiled {
            rig.until_fetch(61_000);
            rig.update();
            rig.answer(0, 1_000);
            assert!(rig.is_trusted());
        }
    }
}

/// The updates of a book stopped while its best levels went on being stated: an old book was quoted for as long as it lasted,
/// and nobody was told, since the connection was not silent.
#[test]
fn a_book_without_updates_is_not_believed_while_best_levels_go_on() {
    let mut rig = Rig::stated();
    rig.update();
    rig.until_fetch(300);
    rig.answer(0, 1_000);
    rig.state();
    rig.update();
    assert!(rig.is_trusted());
    // Statements run ahead, and an update follows in time.
    for _ in 0..500 {
        rig.go(1_000);
        rig.state_ahead();
        assert!(rig.is_trusted());
    }
    rig.update();
    for second in 0..=600 {
        assert!(rig.is_trusted(), "after {second} s");
        rig.state_ahead();
        rig.go(1_000);
    }
    assert!(!rig.is_trusted());
    let gap = bodies::<GapOpen>(&rig.records).pop().expect("a gap");
    assert_eq!((gap.cause, gap.found), (Cause::Behind as u16, rig.market.id));
    rig.until_fetch(6_000);
    rig.answer(0, 1_000);
    rig.state();
    rig.update();
    assert!(rig.is_trusted(), "it is found again when updates come");
}

/// What was held for a snapshot that did not come was held for the next one too: one from before the book was taken, and
/// quoted.
#[test]
fn a_snapshot_from_before_a_trusted_book_is_passed_over() {
    let mut rig = Rig::short();
    rig.update();
    rig.failed(sent::NOT_SENT, 0);
    rig.update();
    rig.update();
    let (book, id) = (rig.book(), rig.market.id);
    assert!(rig.until_fetch(3_000) >= 500, "it does not wait for an update: the book is there");
    rig.answer(2, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!((rig.book(), rig.bench.core.engine().markets()[0].state.last_id()), (book, id));
    rig.until_fetch(10_000);
    rig.update();
    rig.answer(1, 1_000);
    assert!(rig.is_trusted() && rig.gaps().is_empty());
    assert_eq!(rig.book(), rig.market.sides);
}
