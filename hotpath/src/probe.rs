//! Where the time of a step goes: marks for whoever measures a step from outside, and nothing for everyone else.
//!
//! The engine has no clock. It says what it has just done, and a probe that has one notes when. The probe of every run, live
//! or replayed, is `()`, whose marks are no code.

/// What was done since the last mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The input is in the diary; what follows is timed.
    Recorded,
    /// The frame's events are made.
    Decoded,
    /// Events have acted on books and markets.
    Applied,
    /// A market's features and fair mid are made.
    Valued,
    /// What is wanted of them is decided and told.
    Decided,
    /// Regimes are judged, and connections and subscriptions looked after.
    Acted,
}

/// Is told of each mark.
pub trait Probe {
    /// This was done.
    fn mark(&mut self, mark: Mark);
}

impl Probe for () {
    #[inline(always)]
    fn mark(&mut self, _: Mark) {}
}
