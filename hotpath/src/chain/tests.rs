use super::{Chain, HELD_LEVELS_MAX, HELD_UPDATES_MAX, Held, Link, PAST_AHEAD_MAX, PAST_MAX};
use crate::book::{Book, Level};
use crate::record::Update;
use bytemuck::Zeroable;
use proptest::prelude::*;
use std::boxed::Box;
use std::collections::BTreeMap;
use std::vec::Vec;

/// One update of an exchange: what it follows, where it leads, and the sizes that it sets.
#[derive(Clone, Debug)]
struct Told {
    body: Update,
    levels: Vec<(bool, i64, i64)>,
}

type Sides = [BTreeMap<i64, i64>; 2];

fn apply(sides: &mut Sides, levels: &[(bool, i64, i64)]) {
    for (is_ask, price_ticks, qty_lots) in levels {
        let side = &mut sides[usize::from(*is_ask)];
        if *qty_lots == 0 {
            side.remove(price_ticks)
        } else {
            side.insert(*price_ticks, *qty_lots)
        };
    }
}

/// Updates whose ids are far apart, as on an exchange that counts over all its markets.
fn updates() -> impl Strategy<Value = Vec<Told>> {
    let level = (any::<bool>(), 1_i64..40, 0_i64..4);
    let update = (1_u64..30, 0_u64..20, prop::collection::vec(level, 0..6));
    prop::collection::vec(update, 1..60).prop_map(|rows| {
        let mut last_id = 100;
        let told = |(before, within, levels): (u64, u64, Vec<_>)| {
            let follows_id = last_id;
            last_id += before + within;
            Told { body: Update { follows_id, update_id: last_id, spare: 0 }, levels }
        };
        rows.into_iter().map(told).collect()
    })
}

fn held() -> Box<Held> {
    Box::new(Held::zeroed())
}

fn hold(held: &mut Held, told: &Told) {
    if held.begin(&told.body) {
        for (is_ask, price_ticks, qty_lots) in &told.levels {
            held.push(*is_ask, Level { price_ticks: *price_ticks, qty_lots: *qty_lots });
        }
    }
}

fn sides(book: &Book) -> Sides {
    let side = |levels: Vec<Level>| levels.iter().map(|level| (level.price_ticks, level.qty_lots)).collect();
    [side(book.bids.best_first().copied().collect()), side(book.asks.best_first().copied().collect())]
}

proptest! {
    /// Whatever part of the chain is held, and wherever in it the snapshot lies, also within an update: the spliced
    /// book, and each one after it, is the exchange's. Prices of both sides overlap here; the chain does not mind.
    #[test]
    fn a_spliced_book_is_the_exchanges(
        told in updates(),
        first in 0_usize..60,
        shown in 0_usize..60,
        later in 0_usize..60,
        within in 0_u64..20,
    ) {
        let (first, shown) = (first % told.len(), shown % told.len());
        let until = shown.max(first) + later % (told.len() - shown.max(first));
        // The snapshot is the state behind `shown`, and its id may lie before the next one's.
        let mut exchange = Sides::default();
        told[..=shown].iter().for_each(|told| apply(&mut exchange, &told.levels));
        let next_id = told.get(shown + 1).map_or(u64::MAX, |told| told.body.update_id);
        let snapshot_id = (told[shown].body.update_id + within).min(next_id - 1);
        let mut log = held();
        told[first..=until].iter().for_each(|told| hold(&mut log, told));
        let reaches = told[first].body.follows_id <= snapshot_id;
        prop_assert_eq!(log.reaches(snapshot_id), Some(reaches));
        prop_assume!(reaches);
        let mut book: Box<Book> = Box::new(Book::zeroed());
        for (is_ask, side) in [(false, &exchange[0]), (true, &exchange[1])] {
            for (price_ticks, qty_lots) in side {
                book.set(is_ask, Level { price_ticks: *price_ticks, qty_lots: *qty_lots });
            }
        }
        for (is_ask, level) in log.beyond(snapshot_id) {
            book.set(is_ask, level);
        }
        let mut chain = Chain::zeroed();
        chain.spliced(snapshot_id, &log);
        // One that is ahead of all that is held waits for an update that reaches it.
        prop_assert_eq!(chain.is_proven(), log.last_id() >= snapshot_id);
        told[(shown + 1).min(told.len())..=until.max(shown)].iter().for_each(|told| apply(&mut exchange, &told.levels));
        prop_assert_eq!(sides(&book), exchange.clone());
        for told in &told[until + 1..] {
            let link = chain.follow(&told.body);
            // Those that the snapshot has already are passed over.
            prop_assert_eq!(link, if told.body.update_id <= snapshot_id { Link::Past } else { Link::Next });
            if link == Link::Next {
                apply(&mut exchange, &told.levels);
                for (is_ask, price_ticks, qty_lots) in &told.levels {
                    book.set(*is_ask, Level { price_ticks: *price_ticks, qty_lots: *qty_lots });
                }
            }
            prop_assert_eq!(sides(&book), exchange.clone());
        }
    }

    /// One update that is missing is noticed at the next one, one that comes twice changes nothing.
    #[test]
    fn a_missing_update_breaks_the_chain(told in updates(), gone in 0_usize..60) {
        prop_assume!(told.len() > 2);
        let gone = gone % (told.len() - 2) + 1;
        let mut log = held();
        hold(&mut log, &told[0]);
        let mut chain = Chain::zeroed();
        chain.spliced(told[0].body.update_id, &log);
        for told in &told[1..gone] {
            prop_assert_eq!(chain.follow(&told.body), Link::Next);
            let same = chain.last_id();
            prop_assert_eq!(chain.follow(&told.body), Link::Past);
            prop_assert_eq!(chain.last_id(), same);
        }
        prop_assert_eq!(chain.follow(&told[gone + 1].body), Link::Broken);
        // What is held breaks there too, and begins anew.
        told[..gone].iter().for_each(|told| hold(&mut log, told));
        hold(&mut log, &told[gone + 1]);
        prop_assert_eq!(log.updates().len(), 1);
        prop_assert_eq!(log.reaches(told[gone + 1].body.follows_id), Some(true));
        prop_assert_eq!(log.reaches(told[gone + 1].body.follows_id - 1), Some(false));
    }

    #[test]
    fn what_is_held_is_read_back(told in updates()) {
        let mut log = held();
        told.iter().for_each(|told| hold(&mut log, told));
        let mut again = held();
        for update in log.updates() {
            prop_assert_eq!(again.load_update(*update), Ok(()));
        }
        for level in log.levels() {
            prop_assert_eq!(again.load_level(*level), Ok(()));
        }
        prop_assert_eq!(again.loaded(), Ok(()));
        prop_assert!(again.levels() == log.levels() && again.updates() == log.updates());
    }
}

#[test]
fn a_snapshot_alone_is_not_proven_until_an_update_reaches_back_to_it() {
    let mut chain = Chain::zeroed();
    chain.spliced(50, &held());
    assert!(!chain.is_proven());
    let update = |follows_id, update_id| Update { follows_id, update_id, spare: 0 };
    assert_eq!(chain.follow(&update(40, 50)), Link::Past);
    assert!(!chain.is_proven());
    let before = chain;
    assert_eq!(chain.follow(&update(51, 60)), Link::Broken);
    assert_eq!(chain, before);
    // With a part of it held that does not reach it, the same.
    let mut log = held();
    assert!(log.begin(&update(40, 45)));
    let mut ahead = Chain::zeroed();
    ahead.spliced(50, &log);
    assert!(!ahead.is_proven());
    assert!(log.begin(&update(45, 50)));
    ahead.spliced(50, &log);
    assert!(ahead.is_proven());
    assert_eq!(chain.follow(&update(45, 60)), Link::Next);
    assert!(chain.is_proven());
    assert_eq!(chain.follow(&update(59, 70)), Link::Broken);
}

/// The exchange began to count anew, and every update was passed over as one that the book had: it stood still for minutes,
/// trusted and quoted, until the recording ended.
#[test]
fn ids_that_went_back_are_another_chain() {
    let update = |update_id| Update { follows_id: update_id - 1, update_id, spare: 0 };
    let mut log = held();
    assert!(log.begin(&update(1_000)));
    let mut chain = Chain::zeroed();
    chain.spliced(1_000, &log);
    for round in [1_u64, 2] {
        // As many doubles as there may be, and it goes on.
        (0..PAST_MAX).for_each(|_| assert_eq!(chain.follow(&update(999 + round)), Link::Past));
        assert_eq!(chain.follow(&update(1_000 + round)), Link::Next);
    }
    (0..u64::from(PAST_MAX)).for_each(|behind| assert_eq!(chain.follow(&update(10 + behind)), Link::Past));
    assert_eq!(chain.follow(&update(10 + u64::from(PAST_MAX))), Link::Broken);
}

/// A snapshot of a state that never comes, of another machine of the exchange's say, was waited for for ever.
#[test]
fn a_snapshot_that_is_too_far_ahead_is_given_up() {
    let update = |update_id| Update { follows_id: update_id - 1, update_id, spare: 0 };
    let mut chain = Chain::zeroed();
    chain.spliced(u64::MAX, &held());
    for update_id in 1..=u64::from(PAST_AHEAD_MAX) {
        assert_eq!(chain.follow(&update(update_id)), Link::Past);
    }
    assert!(!chain.is_proven());
    assert_eq!(chain.follow(&update(u64::from(PAST_AHEAD_MAX) + 1)), Link::Broken);
}

#[test]
fn a_full_log_begins_anew() {
    let mut log = held();
    let update = |id: u64| Update { follows_id: id, update_id: id + 1, spare: 0 };
    for id in 0..HELD_UPDATES_MAX as u64 {
        assert!(log.begin(&update(id)));
    }
    assert_eq!(log.updates().len(), HELD_UPDATES_MAX);
    assert!(log.begin(&update(HELD_UPDATES_MAX as u64)));
    assert_eq!(log.updates().len(), 1);
    let level = Level { price_ticks: 1, qty_lots: 1 };
    assert!((0..HELD_LEVELS_MAX).all(|_| log.push(false, level)));
    assert!(!log.push(false, level));
    assert!(log.is_empty() && log.levels().is_empty());
    assert!(log.begin(&update(9_000)), "what comes next is held again");
}
