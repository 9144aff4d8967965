//! What happens to the engine, and how it is written to records and read back from them.

use crate::diary::Diary;
use crate::halt::{Halt, ensure};
use crate::lines::{Lines, Place};
use crate::record::{
    Body, Clock, Close, Command, FRAME_BYTES_MAX, Found, Frame as FrameBody, Head, Health, Host, Kind, LINE_BYTES,
    Line, Link, NO_CONNECTION, NO_INSTRUMENT, PAYLOAD_BYTES_MAX, Sent, Stamps, Timer, body_of, flag, padded,
};
use crate::venue::Frame;
use bytemuck::{Pod, Zeroable};

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
    /// How long past frames took.
    Stamps(Stamps),
}

/// What the records of an input came to.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The sequence number behind them.
    pub next_seq: u64,
    /// Their lines.
    pub lines: usize,
}

impl<'a> Input<'a> {
    /// Writes the input to a diary. A frame is cut into records of 64 KiB; any other input is one record, which then lies
    /// in `lines`.
    ///
    /// # Errors
    /// [`Halt::OversizedFrame`], of which nothing is written; or what the diary says.
    pub fn record<D: Diary>(
        &self,
        seq: u64,
        taken_ns: u64,
        lines: &mut Lines<'_>,
        diary: &mut D,
    ) -> Result<Written, D::Error> {
        lines.begin(seq, taken_ns, NO_CONNECTION);
        match *self {
            Self::Frame { frame, recv_ns, kernel_utc_ns, end_of_read } => {
                let body = FrameBody { payload_bytes: 0, opcode: frame.opcode, chunk: 0, recv_ns, kernel_utc_ns };
                return record_frame(&frame, body, end_of_read, (seq, taken_ns), diary);
            }
            Self::Clock(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Timer(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Command(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Health(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Link(connection, body) => push(lines, connection, &body)?,
            Self::Close(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Found(body) => push(lines, NO_CONNECTION, &body)?,
            Self::Sent(connection, body) => push(lines, connection, &body)?,
            Self::Host(connection, body) => push(lines, connection, &body)?,
            Self::Stamps(body) => push(lines, NO_CONNECTION, &body)?,
        }
        diary.append_lines(lines.as_lines())?;
        Ok(Written { next_seq: lines.next_seq(), lines: lines.len() })
    }

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
            Kind::STAMPS => Self::Stamps(body(record)?),
            _ => return None,
        })
    }
}

/// The one record of an input that is no frame. It ends a read.
fn push<B: Body>(lines: &mut Lines<'_>, connection: u16, body: &B) -> Result<(), Halt> {
    lines.set_connection(connection);
    lines.push(Place { instrument: NO_INSTRUMENT, flags: flag::END_OF_READ, exch_ns: 0 }, body)
}

fn record_frame<D: Diary>(
    frame: &Frame<'_>,
    body: FrameBody,
    end_of_read: bool,
    (seq, taken_ns): (u64, u64),
    diary: &mut D,
) -> Result<Written, D::Error> {
    ensure(frame.bytes.len() <= FRAME_BYTES_MAX, Halt::OversizedFrame)?;
    let (mut rest, mut chunk, mut lines) = (frame.bytes, 0_u16, 0_usize);
    loop {
        let (payload, tail) = rest.split_at_checked(PAYLOAD_BYTES_MAX).unwrap_or((rest, &[]));
        let flags = match (tail.is_empty(), end_of_read) {
            (false, _) => flag::CONTINUES,
            (true, true) => flag::END_OF_READ,
            (true, false) => 0,
        };
        let whole = padded(payload.len()).wrapping_add(LINE_BYTES);
        let payload_bytes = u32::try_from(payload.len()).map_err(|_| Halt::OversizedFrame)?;
        let head = Head {
            len: u32::try_from(whole).map_err(|_| Halt::OversizedFrame)?,
            crc: 0,
            seq: seq.wrapping_add(chunk.into()),
            taken_ns,
            exch_ns: 0,
            kind: Kind::FRAME,
            instrument: frame.instrument,
            flags,
            connection: frame.connection,
        };
        let first: Line = bytemuck::must_cast(FirstLine { head, body: FrameBody { payload_bytes, chunk, ..body } });
        diary.append(&first, payload)?;
        chunk = chunk.wrapping_add(1);
        lines = lines.wrapping_add(whole / LINE_BYTES);
        if tail.is_empty() {
            return Ok(Written { next_seq: seq.wrapping_add(chunk.into()), lines });
        }
        rest = tail;
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct FirstLine {
    head: Head,
    body: FrameBody,
}
