//! Connections as the loop has them, over a network or over none.

use super::thread::{Answer, Fetch};
use super::wire::{Inbox, Read};
use crate::clock::Time;
use hotpath::record::Host;

/// An established connection: reads that never wait, messages where they lie.
pub trait Port {
    /// What the host granted of the socket's options.
    fn granted(&self) -> &[Host];

    /// Received messages.
    fn inbox(&self) -> &Inbox;

    /// Received messages, to look for the next.
    fn inbox_mut(&mut self) -> &mut Inbox;

    /// Reads once, opens what came and puts it in the inbox. A connection that takes nothing more is read on until
    /// nothing is left in it.
    fn read(&mut self, clock: &impl Time) -> Read;

    /// Sends one frame; whether all of it was taken. A connection that does not take a frame has stalled: it takes no
    /// other, and ends when nothing is left to read of it.
    #[must_use]
    fn send(&mut self, opcode: u16, payload: &[u8]) -> bool;
}

/// Where a connection is made again and again, and where snapshots are fetched. Nothing of it waits.
pub trait Dock {
    /// What it makes.
    type Port: Port;

    /// Asks for a connection; false when nothing can come of it.
    #[must_use]
    fn connect(&mut self) -> bool;

    /// Asks for a snapshot; false when nothing can come of it.
    #[must_use]
    fn fetch(&mut self, fetch: Fetch) -> bool;

    /// Gives back what was fetched, to be freed.
    fn spend(&mut self, body: Vec<u8>);

    /// Gives a connection back to be closed.
    fn bury(&mut self, port: Box<Self::Port>);

    /// What came of a connect or a fetch.
    #[must_use]
    fn answer(&mut self) -> Option<Answer<Self::Port>>;
}
