//! What the dialects of recordings have in common: messages, and the lines and numbers around them.

use std::fmt;

/// Most bytes of a line that holds a message, its line feed left out.
pub const LINE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// One recorded message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The recorder's receive time, nanoseconds.
    pub recv_ns: u64,
    /// Whether it is the body of an answer that the recorder fetched; else it came over a socket.
    pub is_fetched: bool,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Where and why a recording could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Byte offset in the text; of a packed file, in what it unpacks to.
    pub offset: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: expected {}", self.offset, self.expected)
    }
}

/// A message where it lies in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) recv_ns: u64,
    pub(super) is_fetched: bool,
    pub(super) bytes: &'a [u8],
}

impl Message<'_> {
    /// A copy that outlives the text.
    pub(super) fn to_recorded(self) -> Recorded {
        Recorded { recv_ns: self.recv_ns, is_fetched: self.is_fetched, bytes: self.bytes.to_vec() }
    }
}

/// What stands at the start of a piece of text: a message, or something that tells of none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) message: Option<Message<'a>>,
    /// Bytes of the text that it takes.
    pub(super) length: usize,
}

/// Why nothing can be read at the start of a piece of text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    /// Offset in the piece.
    pub(super) at: usize,
    pub(super) expected: &'static str,
    /// Whether more text could mend it.
    pub(super) is_short: bool,
}

impl Fault {
    /// A fault that stays, however the text goes on.
    pub(super) const fn at(at: usize, expected: &'static str) -> Self {
        Self { at, expected, is_short: false }
    }

    /// A fault unless the text goes on.
    pub(super) const fn short(at: usize, expected: &'static str) -> Self {
        Self { at, expected, is_short: true }
    }
}

/// Reads what stands at the start of a piece of text, which is not empty.
pub(super) type Reader = fn(&[u8]) -> Result<Item<'_>, Fault>;

/// The first line of a piece of text, without its line feed.
pub(super) fn first_line(text: &[u8]) -> Result<&[u8], Fault> {
    let window = text.get(..=LINE_BYTES_MAX).unwrap_or(text);
    match window.iter().position(|byte| *byte == b'\n') {
        Some(length) => Ok(&window[..length]),
        None if window.len() > LINE_BYTES_MAX => Err(Fault::at(0, "a line of at most 8 MiB")),
        None => Err(Fault::short(text.len(), "a line feed at the end of the line")),
    }
}

/// A whole number that is written in digits alone.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}
