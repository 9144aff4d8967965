//! What the loop over sockets needs of whoever takes its inputs: the engine, or the pipe that leads to it.

use crate::clock::Time;
use crate::run::RunError;
use hotpath::input::Input;
use hotpath::venue::Wanted;

/// What was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Something; it is done.
    Done,
    /// Nothing may be taken until the journal has room for a whole turn.
    Full,
    /// Nothing.
    Nothing,
}

/// Takes inputs, and says what is wanted of connections.
pub trait Seat {
    /// What stamps that which is received.
    type Time: Time;

    /// The clock that stamps what is received.
    fn clock(&self) -> &Self::Time;

    /// Whether nothing may be taken just now.
    fn room_is_short(&self) -> bool;

    /// Takes one input, now.
    ///
    /// # Errors
    /// A halt of the engine, or nobody that takes it.
    fn take(&mut self, input: &Input<'_>) -> Result<(), RunError>;

    /// The next request that is to be carried out.
    fn wanted(&mut self) -> Option<Wanted>;

    /// The text of a request: its bytes, when it has any.
    fn encode(&self, wanted: &Wanted, out: &mut [u8]) -> Option<usize>;

    /// Does one thing that is due.
    ///
    /// # Errors
    /// As [`Seat::take`].
    fn due(&mut self) -> Result<Due, RunError>;

    /// Does one thing that waits until there is nothing else to do; whether there was any.
    ///
    /// # Errors
    /// As [`Seat::take`].
    fn catch_up(&mut self) -> Result<bool, RunError>;

    /// Why the run is to end, if it is: one of [`hotpath::record::close`].
    fn is_over(&self) -> Option<u16>;

    /// The last record of the run.
    ///
    /// # Errors
    /// As [`Seat::take`].
    fn close(&mut self, cause: u16) -> Result<(), RunError>;

    /// Nothing is to be done just now.
    fn rest(&self);
}
