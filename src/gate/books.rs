//! Whether the records of trust in a book follow on one another, and add up to its time.

use super::faults::{At, Faults};
use crate::uptime::late_ns;
use hotpath::record::{GapClose, GapOpen, Head, Kind, body_of};
use hotpath::trust::{Trust, cause_name};
use std::collections::BTreeMap;

/// A connection of a trusted book that sends not one frame for longer was not heard, whatever silence the configuration bears:
/// a venue with heartbeats sends one a second, Binance pings each 20 seconds (spot) or sends updates.
pub(super) const SILENT_NS_MAX: u64 = 60_000_000_000;

/// Where a book stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Never,
    Trusted,
    Gap { number: u32, cause: u16, opened_ns: u64 },
}

/// The time of a book, nanoseconds: all of it is in gaps, trusted, or before it was trusted first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) gap_ns: u64,
    pub(super) trusted_ns: u64,
    pub(super) before_ns: u64,
    /// Of the trusted time, that behind the last frame of the run.
    pub(super) behind_ns: u64,
    /// Of the trusted time before it, that in silences of the connection above [`SILENT_NS_MAX`].
    pub(super) silent_ns: u64,
}

impl Spent {
    /// Time with a trusted book whose connection was heard.
    pub(super) const fn up_ns(&self) -> u64 {
        self.trusted_ns.saturating_sub(self.behind_ns).saturating_sub(self.silent_ns)
    }

    const fn all_ns(&self) -> u64 {
        self.gap_ns.saturating_add(self.trusted_ns).saturating_add(self.before_ns)
    }

    /// Nanoseconds by which the parts miss a span.
    pub(super) const fn rest_ns(&self, span_ns: u64) -> u64 {
        span_ns.abs_diff(self.all_ns())
    }

    /// Adds the time of another run.
    pub(super) const fn add(&mut self, other: &Self) {
        self.gap_ns = self.gap_ns.saturating_add(other.gap_ns);
        self.trusted_ns = self.trusted_ns.saturating_add(other.trusted_ns);
        self.before_ns = self.before_ns.saturating_add(other.before_ns);
        self.behind_ns = self.behind_ns.saturating_add(other.behind_ns);
        self.silent_ns = self.silent_ns.saturating_add(other.silent_ns);
    }
}

#[derive(Debug)]
pub(super) struct Book {
    /// Its symbol, behind the venue where several have the same one.
    pub(super) name: String,
    pub(super) spent: Spent,
    connection: u16,
    state: State,
    number: u32,
    since_ns: u64,
}

impl Book {
    /// The time up to `now_ns` was spent in the state at hand.
    fn spend(&mut self, now_ns: u64) {
        let spent_ns = now_ns.saturating_sub(self.since_ns);
        let sum = match self.state {
            State::Never => &mut self.spent.before_ns,
            State::Trusted => &mut self.spent.trusted_ns,
            State::Gap { .. } => &mut self.spent.gap_ns,
        };
        *sum = sum.saturating_add(spent_ns);
        self.since_ns = self.since_ns.max(now_ns);
    }

    /// The connection was heard at `heard_ns`, and not until `now_ns`.
    fn hear(&mut self, heard_ns: u64, now_ns: u64) {
        if self.state == State::Trusted && now_ns.saturating_sub(heard_ns) > SILENT_NS_MAX {
            let silent_ns = now_ns.saturating_sub(heard_ns.max(self.since_ns));
            self.spent.silent_ns = self.spent.silent_ns.saturating_add(silent_ns);
        }
    }
}

/// The books of one run.
#[derive(Debug, Default)]
pub(super) struct Books {
    books: BTreeMap<u16, Book>,
    /// By connection: when the last frame of it came, or else when the run begins here.
    heard_ns: BTreeMap<u16, u64>,
    /// Gaps that opened, by cause.
    pub(super) causes: BTreeMap<&'static str, u64>,
}

impl Books {
    /// The state at the run's first record here.
    pub(super) fn begin(&mut self, (instrument, connection): (u16, u16), name: &str, trust: &Trust, now_ns: u64) {
        let state = match trust.open_gap() {
            Some(gap) => State::Gap { number: gap.number, cause: gap.cause, opened_ns: gap.opened_ns },
            None if trust.is_trusted() => State::Trusted,
            None => State::Never,
        };
        let (name, spent) = (name.to_owned(), Spent::default());
        let book = Book { name, spent, connection, state, number: trust.gaps(), since_ns: now_ns };
        self.books.insert(instrument, book);
        self.heard_ns.insert(connection, now_ns);
    }

    /// Whether a book is trusted.
    pub(super) fn is_trusted(&self, instrument: u16) -> bool {
        self.books.get(&instrument).is_some_and(|book| book.state == State::Trusted)
    }

    /// All of them, by market.
    pub(super) fn all(&self) -> impl Iterator<Item = (u16, &Book)> {
        self.books.iter().map(|(instrument, book)| (*instrument, book))
    }

    /// One record.
    pub(super) fn note(&mut self, at: At<'_>, head: &Head, record: &[u8], faults: &mut Faults) {
        if head.kind == Kind::FRAME {
            self.frame(head.connection, head.taken_ns);
            return;
        }
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
        book.hear(self.heard_ns.get(&book.connection).copied().unwrap_or(changed_ns), changed_ns);
        book.spend(changed_ns);
        book.state = state;
    }

    /// A frame of a connection.
    fn frame(&mut self, connection: u16, now_ns: u64) {
        let Some(heard_ns) = self.heard_ns.get_mut(&connection) else { return };
        let before_ns = std::mem::replace(heard_ns, now_ns);
        self.books.values_mut().filter(|book| book.connection == connection).for_each(|book| {
            book.hear(before_ns, now_ns);
        });
    }

    /// The run ends; the last frame came before.
    pub(super) fn end(&mut self, now_ns: u64, last_frame_ns: u64) {
        for book in self.books.values_mut() {
            if book.state == State::Trusted {
                book.spent.behind_ns = now_ns.saturating_sub(last_frame_ns.max(book.since_ns));
                book.hear(self.heard_ns.get(&book.connection).copied().unwrap_or(last_frame_ns), last_frame_ns);
            }
            book.spend(now_ns);
        }
    }
}

fn name(kind: Kind) -> &'static str {
    kind.schema().map_or("record", |row| row.name)
}
