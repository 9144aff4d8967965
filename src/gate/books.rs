//! Whether the records of trust in a book follow on one another, and add up to its time.

use super::Faults;
use super::ledger::At;
use crate::uptime::late_ns;
use hotpath::record::{GapClose, GapOpen, Head, Kind, body_of};
use hotpath::trust::{Trust, cause_name};
use std::collections::BTreeMap;

/// Where a book stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Never,
    Trusted,
    Gap { number: u32, cause: u16, opened_ns: u64 },
}

#[derive(Debug)]
struct Book {
    state: State,
    number: u32,
    since_ns: u64,
}

/// The books of one run.
#[derive(Debug, Default)]
pub(super) struct Books {
    books: BTreeMap<u16, Book>,
    /// Gaps that opened, by cause.
    pub(super) causes: BTreeMap<&'static str, u64>,
    /// Time of market 0 in gaps, trusted, and before it was trusted first, nanoseconds.
    pub(super) gap_ns: u64,
    pub(super) trusted_ns: u64,
    pub(super) before_ns: u64,
    /// Of the trusted time that behind the last frame, nanoseconds.
    pub(super) behind_ns: u64,
}

impl Books {
    /// The state at the run's first record here.
    pub(super) fn begin(&mut self, instrument: u16, trust: &Trust, now_ns: u64) {
        let state = match trust.open_gap() {
            Some(gap) => State::Gap { number: gap.number, cause: gap.cause, opened_ns: gap.opened_ns },
            None if trust.is_trusted() => State::Trusted,
            None => State::Never,
        };
        self.books.insert(instrument, Book { state, number: trust.gaps(), since_ns: now_ns });
    }

    /// Whether a book is trusted.
    pub(super) fn is_trusted(&self, instrument: u16) -> bool {
        self.books.get(&instrument).is_some_and(|book| book.state == State::Trusted)
    }

    /// One record.
    pub(super) fn note(&mut self, at: At<'_>, head: &Head, record: &[u8], faults: &mut Faults) {
        let Some(book) = self.books.get_mut(&head.instrument) else { return };
        let (was, now_ns) = (book.state, head.taken_ns);
        let mut changed_ns = now_ns;
        let (state, fits) = match head.kind {
            Kind::TRUST => (State::Trusted, was == State::Never),
            Kind::GAP_OPEN => {
                let Some(open) = body_of::<GapOpen>(record) else { return };
                *self.causes.entry(cause_name(open.cause)).or_default() += 1;
                changed_ns = now_ns.saturating_sub(late_ns(&open));
                let follows = open.number == book.number.saturating_add(1);
                book.number = open.number;
                let opened_ns = changed_ns;
                let state = State::Gap { number: open.number, cause: open.cause, opened_ns };
                (state, !matches!(was, State::Gap { .. }) && follows && cause_name(open.cause) != "unknown")
            }
            Kind::GAP_CLOSE => {
                let Some(close) = body_of::<GapClose>(record) else { return };
                let GapClose { number, cause, opened_ns, duration_ns, .. } = close;
                let lasted = duration_ns == now_ns.saturating_sub(opened_ns);
                (State::Trusted, was == State::Gap { number, cause, opened_ns } && lasted)
            }
            _ => return,
        };
        if !fits {
            faults.note(|| format!("{at}: a {} does not follow on {was:?}", name(head.kind)));
        }
        let spent_ns = changed_ns.saturating_sub(book.since_ns);
        (book.state, book.since_ns) = (state, changed_ns.max(book.since_ns));
        if head.instrument == 0 {
            self.spend(was, spent_ns);
        }
    }

    const fn spend(&mut self, was: State, spent_ns: u64) {
        let sum = match was {
            State::Never => &mut self.before_ns,
            State::Trusted => &mut self.trusted_ns,
            State::Gap { .. } => &mut self.gap_ns,
        };
        *sum = sum.saturating_add(spent_ns);
    }

    /// The run ends; the last frame came before.
    pub(super) fn end(&mut self, now_ns: u64, last_frame_ns: u64) {
        let Some(Book { state, since_ns, .. }) = self.books.get(&0) else { return };
        let (state, spent_ns) = (*state, now_ns.saturating_sub(*since_ns));
        if state == State::Trusted {
            self.behind_ns = now_ns.saturating_sub(last_frame_ns.max(*since_ns));
        }
        self.spend(state, spent_ns);
    }
}

fn name(kind: Kind) -> &'static str {
    kind.schema().map_or("record", |row| row.name)
}
