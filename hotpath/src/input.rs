//! What happens to the engine, and how it is read back from records.

use crate::record::{
    Body, Clock, Close, Command, Found, Frame as FrameBody, Head, Health, Host, Kind, Link, Sent, Timer, body_of, flag,
};
use crate::venue::Frame;

/// What happened: the inputs of the engine.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// One whole message.
    Frame {
        /// The message.
        frame: Frame<'a>,
        /// Monotonic nanoseconds when its bytes were read.
        recv_ns: u64,
        /// The kernel's receive stamp, UTC nanoseconds; 0 when it gave none.
        kernel_utc_ns: u64,
        /// Whether it is the last message of a drained read.
        end_of_read: bool,
    },
    /// A reading of the clocks.
    Clock(Clock),
    /// A timer is due.
    Timer(Timer),
    /// An operator's command.
    Command(Command),
    /// A sample of load.
    Health(Health),
    /// A connection changed.
    Link(u16, Link),
    /// The run ends.
    Close(Close),
    /// What this run found of the one before it.
    Found(Found),
    /// What became of a request.
    Sent(u16, Sent),
    /// What the host granted.
    Host(u16, Host),
}

impl<'a> Input<'a> {
    /// The frame of a FRAME record; `bytes` is its whole payload, of all the records that it was cut into.
    #[must_use]
    pub const fn framed(head: &Head, body: &FrameBody, bytes: &'a [u8]) -> Self {
        let frame = Frame { connection: head.connection, instrument: head.instrument, opcode: body.opcode, bytes };
        let end_of_read = head.has(flag::END_OF_READ);
        Self::Frame { frame, recv_ns: body.recv_ns, kernel_utc_ns: body.kernel_utc_ns, end_of_read }
    }

    /// The input that a record is; none for a record that is no input, for a FRAME, and for one that is cut short.
    #[must_use]
    pub fn plain(head: &Head, record: &[u8]) -> Option<Self> {
        fn body<B: Body>(record: &[u8]) -> Option<B> {
            body_of(record)
        }
        Some(match head.kind {
            Kind::CLOCK => Self::Clock(body(record)?),
            Kind::TIMER => Self::Timer(body(record)?),
            Kind::COMMAND => Self::Command(body(record)?),
            Kind::HEALTH => Self::Health(body(record)?),
            Kind::LINK => Self::Link(head.connection, body(record)?),
            Kind::CLOSE => Self::Close(body(record)?),
            Kind::FOUND => Self::Found(body(record)?),
            Kind::SENT => Self::Sent(head.connection, body(record)?),
            Kind::HOST => Self::Host(head.connection, body(record)?),
            _ => return None,
        })
    }
}
