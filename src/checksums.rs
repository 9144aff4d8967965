//! How many exchange checksums held, as a journal's records tell it.

use hotpath::quality::Check;
use hotpath::record::{Ack, Head, Kind, Link, Quality, body_of, channel, flag, method};

/// Exchange checksums of market 0: every one that the engine compared, and those that it found wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Checksums that hold.
    pub ok: u64,
    /// Checksums that do not.
    pub bad: u64,
    /// The connection that the book came on; none when there is no book that a checksum could prove.
    book_on: Option<u16>,
}

impl Checksums {
    /// Goes on with a book that came on a connection, or with none.
    pub const fn resume(&mut self, book_on: Option<u16>) {
        self.book_on = book_on;
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) {
        match head.kind {
            Kind::LINK if body_of(record).is_some_and(|link: Link| link.up == 0) => {
                self.book_on = self.book_on.filter(|connection| *connection != head.connection);
            }
            _ if head.instrument != 0 => {}
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
