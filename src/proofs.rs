//! How many proofs of each book held, as a journal's records tell it: the exchange's checksums as the engine compared
//! them, and the touches that the exchange states, compared once more.

use crate::memory::Memory;
use crate::verify::{Counts, Twin};
use hotpath::config::{Config, MARKETS_MAX, MarketConfig, sequence_rule};
use hotpath::engine::Engine;
use hotpath::quality::Check;
use hotpath::record::{Ack, Head, Kind, Link, Quality, body_of, channel, flag, method};
use hotpath::venue::every::Every;

/// Proofs of one market's book.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Exchange checksums that hold, and that do not.
    pub checksums: (u64, u64),
    /// Touches that are those that the exchange stated for the same update id, and that are not.
    pub touches: (u64, u64),
}

/// Proofs of the books of a run, record by record.
#[derive(Default)]
pub struct Proofs {
    checksums: [Checksums; MARKETS_MAX],
    /// The markets whose updates chain, when there are some.
    chained: Option<Chained>,
    counts: [Counts; MARKETS_MAX],
}

struct Chained {
    twin: Twin,
    is_chained: [bool; MARKETS_MAX],
    /// Records of the step that has not ended.
    step: Vec<(Head, Vec<u8>)>,
}

impl std::fmt::Debug for Proofs {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Proofs")
            .field("checksums", &self.checksums)
            .field("counts", &self.counts)
            .finish_non_exhaustive()
    }
}

impl Proofs {
    /// Begins with a run.
    pub fn start(&mut self, config: &Config) {
        if let Ok(core) = Memory::new().start(Every, config) {
            self.resume(core.engine());
        }
    }

    /// Goes on with the books of a checkpoint.
    pub fn resume(&mut self, engine: &Engine) {
        let rows = engine.config().markets();
        for (sums, (row, market)) in self.checksums.iter_mut().zip(rows.iter().zip(engine.markets())) {
            sums.book_on = market.state.has_book().then_some(row.connection);
        }
        let chains = |row: &MarketConfig| row.sequence_rule == sequence_rule::CHAIN;
        let mut is_chained = [false; MARKETS_MAX];
        is_chained.iter_mut().zip(rows).for_each(|(is_chained, row)| *is_chained = chains(row));
        let has_some = is_chained.contains(&true);
        self.chained = has_some.then(|| Chained { twin: Twin::of(engine), is_chained, step: Vec::new() });
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        let is_link = head.kind == Kind::LINK;
        for (instrument, sums) in (0..).zip(&mut self.checksums) {
            if is_link || head.instrument == instrument {
                sums.take(head, record);
            }
        }
        let Some(Chained { twin, is_chained, step }) = &mut self.chained else { return };
        let is_about = is_chained.get(usize::from(head.instrument)).copied().unwrap_or(false);
        let is_of_connection = matches!(head.kind, Kind::REFUSED | Kind::SENT);
        if (is_about && head.kind != Kind::FRAME) || is_link || is_of_connection {
            step.push((*head, record.to_vec()));
        }
        if head.has(flag::END_OF_STEP) {
            twin.step(step, &mut self.counts);
            step.clear();
        }
    }

    /// Those of a market.
    #[must_use]
    pub fn of(&self, instrument: u16) -> Proof {
        let at = usize::from(instrument);
        let checksums = self.checksums.get(at).map_or((0, 0), |sums| (sums.ok, sums.bad));
        let touches = self.counts.get(at).map_or((0, 0), |counts| (counts.touches_ok, counts.touches_bad));
        Proof { checksums, touches }
    }
}

/// Exchange checksums of one market: every one that the engine compared, and those that it found wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Checksums {
    ok: u64,
    bad: u64,
    /// The connection that the book came on; none when there is no book that a checksum could prove.
    book_on: Option<u16>,
}

impl Checksums {
    /// Takes in the next record of the market, or of a connection.
    fn take(&mut self, head: &Head, record: &[u8]) {
        match head.kind {
            Kind::LINK if body_of(record).is_some_and(|link: Link| link.up == 0) => {
                self.book_on = self.book_on.filter(|connection| *connection != head.connection);
            }
            Kind::SNAPSHOT => self.book_on = Some(head.connection),
            Kind::BOOK_END => self.ok += u64::from(self.book_on.is_some() && head.has(flag::CHECKSUM)),
            Kind::QUALITY if body_of(record).is_some_and(|body: Quality| body.check == Check::Checksum as u16) => {
                self.ok = self.ok.saturating_sub(1);
                self.bad += 1;
            }
            Kind::ACK if body_of(record).is_some_and(ends_book) => self.book_on = None,
            _ => {}
        }
    }
}

/// Whether an answer confirms that a book is sent no more.
fn ends_book(ack: Ack) -> bool {
    ack.method == method::UNSUBSCRIBE && ack.channel == channel::BOOK && ack.success != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;
    use hotpath::record::{BODY_BYTES, BookEnd, HEAD_BYTES, LINE_BYTES, NO_INSTRUMENT, Snapshot};

    fn take<B: hotpath::record::Body>(sums: &mut Checksums, flags: u16, connection: u16, body: &B) {
        let instrument = if B::KIND == Kind::LINK { NO_INSTRUMENT } else { 0 };
        let head = Head { len: 64, kind: B::KIND, instrument, flags, connection, ..Head::zeroed() };
        let mut line = [0; LINE_BYTES];
        line[..HEAD_BYTES].copy_from_slice(bytemuck::bytes_of(&head));
        line[HEAD_BYTES..].copy_from_slice(&bytemuck::bytes_of(body)[..BODY_BYTES]);
        sums.take(&head, &line);
    }

    /// The book was forgotten whenever any connection went down, a leader's too. Its next checksums were then not
    /// counted, and the first bad one was taken off a count of zero.
    #[test]
    fn only_the_books_own_connection_takes_it_away() {
        let mut sums = Checksums::default();
        let (end, down) = (BookEnd::zeroed(), Link::zeroed());
        let bad = Quality { check: Check::Checksum as u16, ..Quality::zeroed() };
        take(&mut sums, flag::CHECKSUM, 0, &end);
        take(&mut sums, 0, 0, &Snapshot::zeroed());
        take(&mut sums, 0, 1, &down);
        take(&mut sums, flag::CHECKSUM, 0, &end);
        take(&mut sums, 0, 0, &bad);
        assert_eq!((sums.ok, sums.bad), (0, 1));
        take(&mut sums, 0, 0, &down);
        take(&mut sums, flag::CHECKSUM, 0, &end);
        assert_eq!((sums.ok, sums.bad), (0, 1));
    }
}
