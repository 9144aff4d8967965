//! Messages that are missing, change places, or come twice.

use crate::case::Case;
use crate::drive::Step;

/// Messages that pass before a snapshot is there again.
const UNTIL_SNAPSHOT: usize = 4;

/// One message of the book after another is left out. A chain shows it at the next one; either kind of book is believed
/// again when the exchange's own is spliced in.
pub fn dropped(case: &Case) {
    for out in case.spread(case.books()) {
        let mut steps = case.told();
        steps.remove(out);
        case.check(&format!("without {out}"), &steps);
    }
    for out in case.updates() {
        let healed_at = case.book_behind(out, UNTIL_SNAPSHOT);
        let snapshot = case.snapshot_at(healed_at);
        let mut steps = case.told();
        steps.insert(healed_at + 1, (None, Step::Message(&snapshot)));
        steps.remove(out);
        let what = format!("without {out}, with a snapshot behind {healed_at}");
        let outcome = case.check(&what, &steps);
        // One step less before it: the snapshot stands where the message was.
        assert!(case.is_believed(&outcome, healed_at), "{}: {what}: not believed again", case.name);
        assert_eq!(outcome.views[healed_at].best, case.reference[healed_at].best, "{}: {what}", case.name);
        if case.is_chained() {
            let next = case.book_behind(out, 1) - 1;
            assert!(!outcome.views[next].is_trusted, "{}: {what}: nobody missed it", case.name);
            assert_eq!(outcome.told.gaps, [hotpath::trust::Cause::Sequence as u16], "{}: {what}", case.name);
        }
    }
}

/// Two neighbours, one of the book at least, change places. What a chain holds between the two is another state than either;
/// behind both it is the old one again.
pub fn swapped(case: &Case) {
    let is_near_book =
        |at: &usize| *at + 1 < case.messages.len() && (case.reference[*at].is_book || case.reference[*at + 1].is_book);
    for first in case.spread((0..case.messages.len()).filter(is_near_book).collect()) {
        let mut steps = case.told();
        steps.swap(first, first + 1);
        if case.is_chained() {
            steps[first].0 = None;
            steps[first + 1].0 = case.reference[first + 1].is_book.then_some(first + 1).or(Some(first));
        }
        case.check(&format!("{first} and the next swapped"), &steps);
    }
}

/// One message comes twice.
pub fn doubled(case: &Case) {
    for at in case.spread(case.books()) {
        let mut steps = case.told();
        steps.insert(at, steps[at]);
        let outcome = case.check(&format!("{at} twice"), &steps);
        // An update of a chain that comes again is passed over; one that is proved by a checksum says the same again.
        let was = &case.reference[at];
        let is = &outcome.views[at + 1];
        assert_eq!((is.is_trusted, is.best), (was.is_trusted, was.best), "{}: {at} twice", case.name);
    }
    // All of them do.
    let steps: Vec<_> = case.told().into_iter().flat_map(|step| [step, step]).collect();
    let outcome = case.check("everything twice", &steps);
    let trusted = outcome.views.iter().filter(|view| view.is_trusted).count();
    let wanted = case.reference.iter().filter(|view| view.is_trusted).count();
    assert_eq!(trusted, 2 * wanted, "{}: everything twice", case.name);
}
