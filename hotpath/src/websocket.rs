//! WebSocket's framing (RFC 6455), of a client: messages are found in the bytes where they lie.
//!
//! No byte is copied but the parts of a message that came in several frames, which are moved together over
//! their own headers. What breaks a rule of the protocol is a [`Violation`]; whether a text is UTF-8 is the
//! codec's to judge.

use crate::record::FRAME_BYTES_MAX;

/// A part of a message that goes on.
const CONTINUATION: u16 = 0;
/// Opcode of a text message.
pub const TEXT: u16 = 1;
/// Opcode of a binary message.
pub const BINARY: u16 = 2;
/// Opcode of a close; the first of the connection's own.
pub const CLOSE: u16 = 8;
/// Opcode of a ping.
pub const PING: u16 = 9;
/// Opcode of a pong.
pub const PONG: u16 = 10;
/// No opcode of WebSocket: bytes that broke its rules, or were the last of a connection and no whole frame.
pub const BROKEN: u16 = 16;

/// Longest payload of a control frame.
const CONTROL_BYTES_MAX: usize = 125;
/// Longest header of a frame that a server sends.
const HEADER_BYTES_MAX: usize = 10;
/// Most bytes that one read may bring.
pub const READ_BYTES_MAX: usize = 64 * 1024;
/// Memory of [`Frames`]: the longest message in parts, the header of its last part, a control frame between,
/// and a read behind them.
pub const INBOX_BYTES: usize = FRAME_BYTES_MAX + 2 * (HEADER_BYTES_MAX + CONTROL_BYTES_MAX) + READ_BYTES_MAX;
/// What a client's frame has beside its payload, at most.
pub const OUT_HEADER_BYTES_MAX: usize = 14;

/// Why a connection cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// A message above [`FRAME_BYTES_MAX`].
    Oversized,
    /// A rule of the protocol was broken.
    Protocol,
}

/// A whole message, or a control frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// [`TEXT`], [`BINARY`], [`CLOSE`], [`PING`] or [`PONG`].
    pub opcode: u16,
    start: usize,
    end: usize,
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    is_last: bool,
    opcode: u16,
    header_bytes: usize,
    payload_bytes: usize,
}

/// Received bytes, and how far they were read: a message in parts, then what was not looked at yet.
#[derive(Debug)]
pub struct Frames<B> {
    memory: B,
    /// The parts of a message that has not ended.
    partial: Option<Message>,
    at: usize,
    end: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Frames<B> {
    /// Nothing received yet. `memory` has [`INBOX_BYTES`].
    #[must_use]
    pub const fn new(memory: B) -> Self {
        Self { memory, partial: None, at: 0, end: 0 }
    }

    /// Where the next bytes are to be put: at least [`READ_BYTES_MAX`] once [`Frames::next`] found no more
    /// messages.
    pub fn vacant(&mut self) -> &mut [u8] {
        let kept = self.partial.map_or(0, |partial| partial.end.saturating_sub(partial.start));
        if let Some(partial) = &mut self.partial {
            shift(self.memory.as_mut(), (partial.start, partial.end), 0);
            *partial = Message { start: 0, end: kept, ..*partial };
        }
        shift(self.memory.as_mut(), (self.at, self.end), kept);
        self.end = kept.saturating_add(self.end.saturating_sub(self.at));
        self.at = kept;
        self.memory.as_mut().get_mut(self.end..).unwrap_or_default()
    }

    /// The first `count` bytes of what was vacant are filled.
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.memory.as_ref().len());
    }

    /// The next message; none when the bytes hold no further whole one. The one before is gone.
    ///
    /// # Errors
    /// [`Violation`]; the connection is of no more use.
    #[expect(clippy::should_implement_trait, reason = "it borrows nothing: the bytes are looked up by the message")]
    pub fn next(&mut self) -> Result<Option<Message>, Violation> {
        loop {
            let Some(header) = header(self.bytes_from(self.at))? else { return Ok(None) };
            self.check_order(&header)?;
            let start = self.at.saturating_add(header.header_bytes);
            let end = start.saturating_add(header.payload_bytes);
            if end > self.end {
                return Ok(None);
            }
            self.at = end;
            let found = Message { opcode: header.opcode, start, end };
            let whole = if header.opcode >= CLOSE { found } else { self.joined(found) };
            if header.is_last {
                if header.opcode < CLOSE {
                    self.partial = None;
                }
                return Ok(Some(whole));
            }
            self.partial = Some(whole);
        }
    }

    /// Whether another text or binary message is there, to be found before more bytes come. Pings and pongs on the
    /// way to it are passed over; nothing behind a close counts.
    #[must_use]
    pub fn has_next(&self) -> bool {
        let mut at = self.at;
        loop {
            let rest = self.bytes_from(at);
            let Ok(Some(header)) = header(rest) else { return false };
            let frame_bytes = header.header_bytes.saturating_add(header.payload_bytes);
            if frame_bytes > rest.len() || header.opcode == CLOSE {
                return false;
            }
            if header.is_last && header.opcode < CLOSE {
                return true;
            }
            at = at.saturating_add(frame_bytes);
        }
    }

    /// The bytes of a message, until the next is asked for.
    #[must_use]
    pub fn bytes(&self, message: &Message) -> &[u8] {
        self.memory.as_ref().get(message.start..message.end).unwrap_or_default()
    }

    /// What is there of a message in parts, and the bytes that no message was found in.
    #[must_use]
    pub fn remains(&self) -> [&[u8]; 2] {
        let partial = self.partial.as_ref().map_or(&[][..], |partial| self.bytes(partial));
        [partial, self.bytes_from(self.at)]
    }

    fn bytes_from(&self, at: usize) -> &[u8] {
        self.memory.as_ref().get(at..self.end).unwrap_or_default()
    }

    /// Parts follow a beginning, and a message does not begin within another.
    fn check_order(&self, header: &Header) -> Result<(), Violation> {
        let goes_on = header.opcode == CONTINUATION;
        if header.opcode < CLOSE && goes_on != self.partial.is_some() {
            return Err(Violation::Protocol);
        }
        let before = self.partial.filter(|_| goes_on).map_or(0, |partial| partial.end.saturating_sub(partial.start));
        if before.saturating_add(header.payload_bytes) > FRAME_BYTES_MAX {
            return Err(Violation::Oversized);
        }
        Ok(())
    }

    /// A part, moved behind those before it.
    fn joined(&mut self, part: Message) -> Message {
        let Some(partial) = self.partial else { return part };
        shift(self.memory.as_mut(), (part.start, part.end), partial.end);
        let end = partial.end.saturating_add(part.end.saturating_sub(part.start));
        Message { end, ..partial }
    }
}

/// Moves bytes towards the front.
fn shift(bytes: &mut [u8], (start, end): (usize, usize), to: usize) {
    // `copy_within` panics outside its bounds; these hold by construction and are seen to here.
    if start < end && to < start && end <= bytes.len() {
        bytes.copy_within(start..end, to);
    }
}

/// Reads a frame's header; none when it is not whole yet.
fn header(bytes: &[u8]) -> Result<Option<Header>, Violation> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    let opcode = u16::from(first & 0x0f);
    let is_last = first & 0x80 != 0;
    let length = second & 0x7f;
    let is_known = matches!(opcode, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG);
    // No extension was agreed on, and a server does not mask.
    if !is_known || first & 0x70 != 0 || second & 0x80 != 0 {
        return Err(Violation::Protocol);
    }
    if opcode >= CLOSE && (!is_last || usize::from(length) > CONTROL_BYTES_MAX) {
        return Err(Violation::Protocol);
    }
    let (header_bytes, payload_bytes) = match (length, rest) {
        (126, [high, low, ..]) => (4, u64::from(u16::from_be_bytes([*high, *low]))),
        (127, [a, b, c, d, e, f, g, h, ..]) => (10, u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h])),
        (126 | 127, _) => return Ok(None),
        _ => (2, u64::from(length)),
    };
    // The shortest form is the only legal one.
    if (length == 126 && payload_bytes < 126) || (length == 127 && payload_bytes <= u64::from(u16::MAX)) {
        return Err(Violation::Protocol);
    }
    let payload_bytes = usize::try_from(payload_bytes).map_err(|_| Violation::Oversized)?;
    Ok(Some(Header { is_last, opcode, header_bytes, payload_bytes }))
}

/// The code of a close; 1005 when it has none, as RFC 6455 counts it.
///
/// # Errors
/// [`Violation::Protocol`] for a close of one byte, or a code that may not be sent.
pub fn close_code(payload: &[u8]) -> Result<u16, Violation> {
    const NONE: u16 = 1005;
    match payload {
        [] => Ok(NONE),
        [high, low, ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            let may_be_sent = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
            if may_be_sent { Ok(code) } else { Err(Violation::Protocol) }
        }
        [_] => Err(Violation::Protocol),
    }
}

/// Writes a client's frame, masked as the protocol wants it, and returns its length; none when it does not fit.
pub fn encode(opcode: u16, payload: &[u8], mask: [u8; 4], out: &mut [u8]) -> Option<usize> {
    const LAST: u8 = 0x80;
    const MASKED: u8 = 0x80;
    let first = LAST | u8::try_from(opcode & 0x0f).ok()?;
    let length = payload.len();
    let mut header = [0_u8; OUT_HEADER_BYTES_MAX];
    let long = u64::try_from(length).ok()?.to_be_bytes();
    let used = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if usize::from(short) <= CONTROL_BYTES_MAX => put(&mut header, &[first, MASKED | short]),
        (_, Ok(middle)) => {
            let [high, low] = middle.to_be_bytes();
            put(&mut header, &[first, MASKED | 126, high, low])
        }
        _ => {
            let [a, b, c, d, e, f, g, h] = long;
            put(&mut header, &[first, MASKED | 127, a, b, c, d, e, f, g, h])
        }
    };
    put(header.get_mut(used..)?, &mask);
    let header_bytes = used.checked_add(mask.len())?;
    let whole = header_bytes.checked_add(length)?;
    let place = out.get_mut(..whole)?;
    let (head, body) = place.split_at_mut_checked(header_bytes)?;
    head.iter_mut().zip(header).for_each(|(to, from)| *to = from);
    let masks = mask.iter().cycle();
    body.iter_mut().zip(payload).zip(masks).for_each(|((to, from), mask)| *to = from ^ mask);
    Some(whole)
}

fn put(to: &mut [u8], from: &[u8]) -> usize {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
    from.len()
}

#[cfg(test)]
mod tests;
