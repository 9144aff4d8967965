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
