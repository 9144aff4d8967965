//! Delays that a journal's stamps tell: from the exchange to our read, and from the kernel to the engine.

use crate::tie::Tie;
use hotpath::record::{Clock, Frame, Head, Kind, body_of, flag};

/// An update of a book that was read: when, and how far behind the exchange's stamp on it, by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Whose book.
    pub instrument: u16,
    /// On which connection.
    pub connection: u16,
    /// When it was read, monotonic nanoseconds.
    pub recv_ns: u64,
    /// The difference of the stamps, nanoseconds.
    pub difference_ns: i64,
}

/// What a record adds to the delays, nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// An update of a book.
    pub arrival: Option<Arrival>,
    /// From the kernel's receive stamp to our read.
    pub kernel_ns: Option<i64>,
    /// From our read to the engine.
    pub taken_ns: Option<i64>,
}

/// Follows the clocks and the frames of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stamps {
    tie: Option<Tie>,
    /// The first reading of the clocks: what delays from the exchange are measured by, so that a step of UTC is none.
    first: Option<Tie>,
    recv_ns: Option<u64>,
}

impl Stamps {
    /// Goes on from the state of a checkpoint.
    pub fn resume(&mut self, state: &[u8]) {
        self.tie = Tie::of_state(state).or(self.tie);
        self.first = self.first.or(self.tie);
        self.recv_ns = None;
    }

    /// Takes in the next record.
    pub fn take(&mut self, head: &Head, record: &[u8]) -> Measured {
        match head.kind {
            Kind::CLOCK => {
                self.tie = Tie::of(record).or(self.tie);
                self.first = self.first.or(self.tie);
                Measured::default()
            }
            Kind::FRAME => body_of(record).map_or(Measured::default(), |frame| self.frame(head, &frame)),
            Kind::BOOK_END if !head.has(flag::SNAPSHOT) && head.exch_ns != 0 => {
                let (instrument, connection) = (head.instrument, head.connection);
                let arrival = |(tie, recv_ns): (Tie, u64)| {
                    let difference_ns = tie.since_utc_ns(head.exch_ns, recv_ns);
                    Arrival { instrument, connection, recv_ns, difference_ns }
                };
                Measured { arrival: self.first.zip(self.recv_ns).map(arrival), ..Measured::default() }
            }
            _ => Measured::default(),
        }
    }

    /// The last reading of the clocks.
    #[must_use]
    pub const fn tie(&self) -> Option<Tie> {
        self.tie
    }

    fn frame(&mut self, head: &Head, frame: &Frame) -> Measured {
        self.recv_ns = Some(frame.recv_ns);
        if head.has(flag::CONTINUES) {
            return Measured::default();
        }
        let stamped = self.tie.filter(|_| frame.kernel_utc_ns != 0);
        Measured {
            arrival: None,
            kernel_ns: stamped.map(|tie| tie.since_utc_ns(frame.kernel_utc_ns, frame.recv_ns)),
            taken_ns: Some(head.taken_ns.wrapping_sub(frame.recv_ns).cast_signed()),
        }
    }
}

/// What readings of the clocks say of how well our time is tied to UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clocks {
    /// Readings.
    pub readings: u64,
    /// How far apart the two clocks of a reading may have been read, at worst; 0 when no reading says.
    pub uncertainty_ns_max: u64,
    /// Furthest that UTC moved against our monotonic time from one reading to the next.
    pub moved_ns_max: u64,
    last: Option<Tie>,
}

impl Clocks {
    /// Takes in the next record.
    pub fn take(&mut self, record: &[u8]) {
        let (Some(clock), Some(tie)) = (body_of::<Clock>(record), Tie::of(record)) else { return };
        self.readings += 1;
        self.uncertainty_ns_max = self.uncertainty_ns_max.max(clock.uncertainty_ns);
        let moved_ns = self.last.map_or(0, |last| last.utc_ns(tie.mono_ns).abs_diff(tie.utc_ns));
        self.moved_ns_max = self.moved_ns_max.max(moved_ns);
        self.last = Some(tie);
    }
}
