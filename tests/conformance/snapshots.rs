//! Recordings that begin in their middle, and snapshots where none is needed.

use crate::case::Case;
use crate::drive::Step;

/// The recording begins at one place after another: nothing is believed but what a snapshot behind it proves.
pub fn cut(case: &Case) {
    for start in case.updates() {
        let steps = &case.told()[start..];
        let what = format!("from {start} on");
        let outcome = case.check(&what, steps);
        let is_snapshot = |at: usize| case.reference[at].is_book && !case.reference[at].is_update;
        let first = (start..case.messages.len()).find(|at| is_snapshot(*at)).unwrap_or(case.messages.len());
        let early = outcome.views[..first - start].iter().filter(|view| view.is_trusted).count();
        assert_eq!(early, 0, "{}: {what}: believed before any snapshot", case.name);

        let healed_at = case.book_behind(start, 3);
        let snapshot = case.snapshot_at(healed_at);
        let mut steps = steps.to_vec();
        steps.insert(healed_at + 1 - start, (None, Step::Message(&snapshot)));
        let outcome = case.check(&what, &steps);
        let view = outcome.views[healed_at + 1 - start];
        let is_believed = case.is_believed(&outcome, healed_at + 1 - start);
        assert!(is_believed, "{}: {what}, with a snapshot behind {healed_at}: not believed", case.name);
        assert_eq!(view.best, case.reference[healed_at].best, "{}: {what}", case.name);
    }
}

/// A snapshot comes while the book is good: it stays good. One that is behind the time changes nothing where updates form a
/// chain.
pub fn again(case: &Case) {
    for at in case.updates() {
        let snapshot = case.snapshot_at(at);
        let mut steps = case.told();
        steps.insert(at + 1, (Some(at), Step::Message(&snapshot)));
        let outcome = case.check(&format!("a snapshot behind {at}"), &steps);
        assert!(outcome.views[at + 1].is_trusted, "{}: a snapshot behind {at}", case.name);
        assert_eq!(outcome.told.gaps.len(), case.run(&case.steps()).told.gaps.len(), "{}", case.name);
        if case.is_chained() {
            let late = case.book_behind(at, 3);
            let mut steps = case.told();
            steps.insert(late + 1, (Some(late), Step::Message(&snapshot)));
            let outcome = case.check(&format!("the snapshot of {at} behind {late}"), &steps);
            assert!(outcome.views[late + 1].is_trusted && outcome.told.gaps.is_empty(), "{}: {late}", case.name);
        }
    }
}
