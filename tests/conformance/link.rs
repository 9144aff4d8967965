//! Silence, and connections that break.

use crate::case::Case;
use crate::drive::Step;
use hotpath::trust::Cause;

/// Silence beyond the bound costs trust; what comes behind it does not bring it back, a snapshot does.
pub fn silent(case: &Case) {
    let bound_ns = case.config.markets[0].stale_ns_max;
    for at in case.updates() {
        let later = |ns: u64| {
            case.told().into_iter().enumerate().map(move |(step, (origin, told))| match told {
                Step::Message(message) if step > at => (origin, Step::Later(message, ns)),
                _ => (origin, told),
            })
        };
        let quiet_ns = case.messages[at + 1].recv_ns - case.messages[at].recv_ns;
        // One nanosecond less than the bound is no silence.
        let short: Vec<_> = later(bound_ns.saturating_sub(quiet_ns + 1)).collect();
        let outcome = case.check("silence within the bound", &short);
        assert!(!outcome.told.gaps.contains(&(Cause::Stale as u16)), "{}: {at}", case.name);

        let next = case.book_behind(at, 1);
        let healed_at = case.book_behind(at, 3);
        let snapshot = case.snapshot_at(healed_at);
        let mut steps: Vec<_> = later(bound_ns - quiet_ns.min(bound_ns)).collect();
        steps.insert(healed_at + 1, (None, Step::Later(&snapshot, bound_ns - quiet_ns.min(bound_ns))));
        let outcome = case.check("silence", &steps);
        assert!(outcome.told.gaps.contains(&(Cause::Stale as u16)), "{}: {at}: {:?}", case.name, outcome.told.gaps);
        assert!(outcome.views[at].is_trusted, "{}: {at}", case.name);
        let is_pushed = case.reference[at + 1..=next].iter().any(|view| view.is_book && !view.is_update);
        assert!(is_pushed || !outcome.views[next].is_trusted, "{}: believed behind a silence at {at}", case.name);
        assert!(case.is_believed(&outcome, healed_at + 1), "{}: silence at {at}: not believed again", case.name);
        assert_eq!(outcome.views[healed_at + 1].best, case.reference[healed_at].best, "{}: {at}", case.name);
    }
}

/// Messages within which a chained book is proved, in every recording.
const PROVED_WITHIN: usize = 1_500;

/// A silence costs trust, updates come, and behind another silence comes the snapshot. One that is pushed ends it; one that
/// is fetched says nothing of the connection, and waits for an update. The journal of it verifies and replays.
pub fn late(case: &Case) {
    let late_ns = case.config.markets[0].stale_ns_max + 1;
    for at in case.updates().into_iter().step_by(4) {
        let (healed_at, next) = (case.book_behind(at, 3), case.book_behind(at, 4));
        let is_pushed = case.reference[at + 1..=next].iter().any(|view| view.is_book && !view.is_update);
        if is_pushed {
            continue;
        }
        // As many more as the exchange may need to state best levels that prove the book.
        let last = if case.is_chained() { (next + PROVED_WITHIN).min(case.messages.len() - 1) } else { next };
        let mut messages = case.messages[..=last].to_vec();
        messages.insert(healed_at + 1, case.snapshot_at(healed_at));
        messages[at + 1..].iter_mut().for_each(|message| message.recv_ns += late_ns);
        messages[healed_at + 1..].iter_mut().for_each(|message| message.recv_ns += late_ns);
        let origins = (0..=healed_at).chain(healed_at..=last).map(Some);
        let steps: Vec<_> = origins.zip(messages.iter().map(Step::Message)).collect();
        let outcome = case.check("a snapshot in a silence", &steps);
        let views = &outcome.views;
        assert!(views[at].is_trusted && !views[healed_at].is_trusted, "{}: {at}", case.name);
        assert_eq!(views[healed_at + 1].is_trusted, !case.is_chained(), "{}: behind {healed_at}", case.name);
        assert!(case.is_believed(&outcome, next + 1), "{}: not believed again behind {next}", case.name);
        assert_eq!(outcome.told.gaps.last(), Some(&(Cause::Stale as u16)), "{}: {at}", case.name);
        crate::whole::assert_replays(case, &messages);
    }
}

/// The connection breaks between two messages. Nothing is believed until the book is proven anew.
pub fn reconnected(case: &Case) {
    for at in case.updates() {
        let next = case.book_behind(at, 1);
        let healed_at = case.book_behind(at, 3);
        let snapshot = case.snapshot_at(healed_at);
        let mut steps = case.told();
        steps.insert(healed_at + 1, (None, Step::Message(&snapshot)));
        steps.insert(at + 1, (None, Step::Reconnect));
        let outcome = case.check("another connection", &steps);
        let told = &outcome.views;
        assert!(told[at].is_trusted && !told[at + 1].is_trusted, "{}: {at}", case.name);
        let is_pushed = case.reference[at + 1..=next].iter().any(|view| view.is_book && !view.is_update);
        assert!(is_pushed || !told[next + 1].is_trusted, "{}: believed on another connection, {at}", case.name);
        assert!(outcome.told.gaps.contains(&(Cause::LinkDown as u16)), "{}: {:?}", case.name, outcome.told.gaps);
        assert!(case.is_believed(&outcome, healed_at + 2), "{}: {at}: not believed again", case.name);
        assert_eq!(told[healed_at + 2].best, case.reference[healed_at].best, "{}: {at}", case.name);
        first_of_all(case, at);
    }
}

/// The snapshot is the first thing on the new connection: one that a chain must bear out waits for an update.
fn first_of_all(case: &Case, at: usize) {
    let next = case.book_behind(at, 1);
    let snapshot = case.snapshot_at(at);
    let mut steps = case.told();
    steps.splice(at + 1..at + 1, [(None, Step::Reconnect), (Some(at), Step::Message(&snapshot))]);
    let outcome = case.check("a snapshot first of all", &steps);
    assert_eq!(outcome.views[at + 2].is_trusted, !case.is_chained(), "{}: {at}", case.name);
    assert!(case.is_believed(&outcome, next + 2), "{}: {at}: not believed at the next update", case.name);
    // Nothing but the chain's own words opened a gap.
    assert_eq!(outcome.views[next + 2].best, case.reference[next].best, "{}: {at}", case.name);
}
