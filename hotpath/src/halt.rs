//! Broken invariants: the engine stops instead of going on with a state it cannot explain.

/// Why the engine stopped. The shell cancels everything, writes the record and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Halt {
    /// An input's `taken_ns` lies before the last one's.
    TimeWentBack = 1,
    /// The output buffer has no room; its bound was derived wrongly.
    OutputsFull = 2,
    /// An event or an input names a market that is not configured.
    UnknownInstrument = 3,
    /// A record's body is not what its kind says.
    MalformedRecord = 4,
    /// The state of a checkpoint does not fit this engine.
    MalformedCheckpoint = 5,
    /// The configuration breaks a bound.
    Config = 6,
    /// A frame above [`crate::record::FRAME_BYTES_MAX`] was handed in.
    OversizedFrame = 7,
    /// A side of the book lost its order.
    BookDisorder = 8,
}

/// `Ok` when `condition` holds, else the halt.
///
/// # Errors
/// `halt`, when the condition does not hold.
pub const fn ensure(condition: bool, halt: Halt) -> Result<(), Halt> {
    if condition { Ok(()) } else { Err(halt) }
}
