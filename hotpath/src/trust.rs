//! Whether a book may be believed, and the gaps in which it may not.
//!
//! A book is trusted from a snapshot that verifies until the first sign against it. Every loss of
//! trust is a gap with a number and a cause; only the next good snapshot closes it.

use crate::halt::Halt;
use crate::lines::{Lines, Place};
use crate::record::{GapClose, GapOpen, Trust as Told};
use bytemuck::{Pod, Zeroable};

/// Why a book is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Cause {
    /// The exchange's checksum is not ours.
    Checksum = 1,
    /// The best bid is at or above the best ask after a whole message.
    Crossed = 2,
    /// A frame of the connection was refused: it may have changed the book.
    Refused = 3,
    /// An update came before any snapshot.
    NoSnapshot = 4,
    /// The connection was silent beyond `stale_ns_max`.
    Stale = 5,
    /// The exchange confirmed that it sends no more updates.
    Unsubscribed = 6,
    /// The connection went down.
    LinkDown = 7,
    /// The exchange describes the instrument otherwise than the configuration.
    Instrument = 8,
    /// The exchange confirmed a depth that the book cannot hold.
    Depth = 9,
    /// An update does not follow on the one before it.
    Sequence = 10,
    /// The best levels are not those that the exchange states for the same update id.
    Touch = 11,
    /// Best levels are stated of states that no update leads to.
    Behind = 12,
}

/// Text of a cause number, for people.
#[must_use]
pub const fn cause_name(cause: u16) -> &'static str {
    match cause {
        1 => "checksum",
        2 => "crossed",
        3 => "refused-frame",
        4 => "no-snapshot",
        5 => "stale",
        6 => "unsubscribed",
        7 => "link-down",
        8 => "instrument",
        9 => "depth",
        10 => "sequence",
        11 => "touch",
        12 => "behind",
        _ => "unknown",
    }
}

const NEVER: u16 = 0;
const TRUSTED: u16 = 1;
const GAP: u16 = 2;

/// The state of trust in one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Trust {
    /// 0 never trusted yet, 1 trusted, 2 in a gap.
    phase: u16,
    /// Cause of the open gap.
    cause: u16,
    /// Gaps so far.
    number: u32,
    /// When the open gap began.
    opened_ns: u64,
}

impl Trust {
    /// Whether the book may be believed.
    #[must_use]
    pub const fn is_trusted(&self) -> bool {
        self.phase == TRUSTED
    }

    /// Whether a gap is open.
    #[must_use]
    pub const fn is_gap(&self) -> bool {
        self.phase == GAP
    }

    /// Whether no snapshot was ever believed and none was refused.
    #[must_use]
    pub const fn is_untried(&self) -> bool {
        self.phase == NEVER
    }

    /// The gap that is open now.
    #[must_use]
    pub const fn open_gap(&self) -> Option<OpenGap> {
        if !self.is_gap() {
            return None;
        }
        Some(OpenGap { cause: self.cause, number: self.number, opened_ns: self.opened_ns })
    }

    /// Gaps so far.
    #[must_use]
    pub const fn gaps(&self) -> u32 {
        self.number
    }

    /// Opens a gap unless one is open. Returns whether it opened.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn lose(
        &mut self,
        cause: Cause,
        sign: Sign,
        place: Place,
        now_ns: u64,
        out: &mut Lines<'_>,
    ) -> Result<bool, Halt> {
        if self.is_gap() {
            return Ok(false);
        }
        self.phase = GAP;
        self.cause = cause as u16;
        self.number = self.number.saturating_add(1);
        self.opened_ns = now_ns;
        let Sign { expected, found } = sign;
        out.push(place, &GapOpen { cause: self.cause, spare: 0, number: self.number, expected, found })?;
        Ok(true)
    }

    /// A good book: it is trusted for the first time, which took what is `told`, or the open gap closes, if any. Returns
    /// whether one closed.
    ///
    /// # Errors
    /// [`Halt::OutputsFull`].
    pub fn regain(&mut self, told: Told, place: Place, now_ns: u64, out: &mut Lines<'_>) -> Result<bool, Halt> {
        let (was_untried, was_gap) = (self.is_untried(), self.is_gap());
        self.phase = TRUSTED;
        if was_untried {
            out.push(place, &told)?;
        }
        if was_gap {
            let duration_ns = now_ns.saturating_sub(self.opened_ns);
            let (cause, number, opened_ns) = (self.cause, self.number, self.opened_ns);
            out.push(place, &GapClose { cause, spare: 0, number, opened_ns, duration_ns })?;
        }
        Ok(was_gap)
    }
}

/// A gap that was not closed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenGap {
    /// The number of its [`Cause`].
    pub cause: u16,
    /// Its number in the run.
    pub number: u32,
    /// When it began, monotonic nanoseconds.
    pub opened_ns: u64,
}

/// What told against the book: what the exchange said and what we found.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sign {
    /// The exchange's value.
    pub expected: u64,
    /// Ours.
    pub found: u64,
}
