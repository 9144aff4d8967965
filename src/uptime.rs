//! How long each book was trusted, of the time in which frames came, or should have come.

use crate::venue::market_names;
use hotpath::engine::Engine;
use hotpath::record::{GapClose, GapOpen, Head, Kind, body_of};
use hotpath::trust::Cause;
use std::collections::BTreeMap;

/// The time of one market in one or more runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uptime {
    /// Its symbol, behind the venue where several have the same one; empty when no state told it.
    pub symbol: String,
    /// Time from the first frame to the last of each run, nanoseconds, summed; of a run without one, that from its first record to
    /// its last.
    pub span_ns: u64,
    /// Time of it with a trusted book, nanoseconds.
    pub trusted_ns: u64,
    /// From when to when the book was trusted, monotonic nanoseconds of each run.
    pub spans: Vec<(u64, u64)>,
}

impl Uptime {
    /// The share of its time with a trusted book, 0 to 1; none when no time went by.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (self.span_ns > 0).then(|| self.trusted_ns as f64 / self.span_ns as f64)
    }
}

/// How long ago a gap began when its record was written: a silence may be noticed late.
#[must_use]
pub fn late_ns(gap: &GapOpen) -> u64 {
    if gap.cause == Cause::Stale as u16 { gap.found.saturating_sub(gap.expected) } else { 0 }
}

/// The books of one run, record by record.
#[derive(Debug, Default)]
pub struct Watch {
    books: BTreeMap<u16, Book>,
    first_frame_ns: Option<u64>,
    last_frame_ns: u64,
    /// Times of the first record and of the last.
    records_ns: Option<(u64, u64)>,
}

#[derive(Debug, Default)]
struct Book {
    symbol: String,
    since_ns: Option<u64>,
    /// From when to when it was trusted.
    spans: Vec<(u64, u64)>,
}

impl Book {
    fn trust(&mut self, at_ns: u64) {
        self.since_ns.get_or_insert(at_ns);
    }

    fn distrust(&mut self, at_ns: u64) {
        if let Some(since_ns) = self.since_ns.take() {
            self.spans.push((since_ns, at_ns.max(since_ns)));
        }
    }
}

impl Watch {
    /// What is known of every book where a file begins.
    pub fn note_state(&mut self, engine: &Engine, taken_ns: u64) {
        let named = market_names(engine.config().markets()).into_iter().zip(engine.markets());
        for (instrument, (name, market)) in (0..).zip(named) {
            let book = self.books.entry(instrument).or_default();
            book.symbol = name;
            let trust = &market.state.trust;
            if trust.is_trusted() {
                book.trust(taken_ns);
            } else if let Some(gap) = trust.open_gap() {
                book.distrust(gap.opened_ns);
            }
        }
    }

    /// One record.
    pub fn note(&mut self, head: &Head, record: &[u8]) {
        let (first_ns, _) = self.records_ns.unwrap_or((head.taken_ns, head.taken_ns));
        self.records_ns = Some((first_ns, head.taken_ns));
        match head.kind {
            Kind::FRAME => {
                self.first_frame_ns.get_or_insert(head.taken_ns);
                self.last_frame_ns = self.last_frame_ns.max(head.taken_ns);
            }
            Kind::TRUST => self.book(head).trust(head.taken_ns),
            Kind::GAP_OPEN => {
                let late_ns = body_of(record).map_or(0, |gap| late_ns(&gap));
                self.book(head).distrust(head.taken_ns.saturating_sub(late_ns));
            }
            Kind::GAP_CLOSE => {
                let book = self.book(head);
                // Damage may have taken the record that opened it.
                if let Some(close) = body_of::<GapClose>(record) {
                    book.distrust(close.opened_ns);
                }
                book.trust(head.taken_ns);
            }
            _ => {}
        }
    }

    fn book(&mut self, head: &Head) -> &mut Book {
        self.books.entry(head.instrument).or_default()
    }

    /// Adds this run to those before it.
    pub fn add_to(self, all: &mut BTreeMap<u16, Uptime>) {
        let frames_ns = self.first_frame_ns.map(|first_ns| (first_ns, self.last_frame_ns));
        let (first_ns, last_ns) = frames_ns.or(self.records_ns).unwrap_or_default();
        for (instrument, mut book) in self.books {
            book.distrust(last_ns);
            let within = |(from_ns, to_ns): &(u64, u64)| {
                to_ns.clamp(&first_ns, &last_ns).saturating_sub(*from_ns.clamp(&first_ns, &last_ns))
            };
            let uptime = all.entry(instrument).or_default();
            uptime.symbol = book.symbol;
            uptime.span_ns = uptime.span_ns.saturating_add(last_ns.saturating_sub(first_ns));
            uptime.trusted_ns = book.spans.iter().map(within).fold(uptime.trusted_ns, u64::saturating_add);
            uptime.spans.extend(book.spans);
        }
    }
}
