//! What the targets of recordings share: a recording read in pieces, and a naive reader of lines.

use fathom::import::recording::{Dialect, Recording};
use fathom::import::{Broken, Recorded};
use std::io::Read;

/// Gives a few bytes at a time.
struct Drip<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for Drip<'_> {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        let count = self.step.min(room.len());
        self.bytes.read(&mut room[..count])
    }
}

/// What a recording is made of, or where its start is broken.
pub type Told = Result<(Dialect, Vec<Result<Recorded, Broken>>), Broken>;

/// Text that only says it is packed is another parser's.
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Reads a recording. However its bytes come, it is the same.
pub fn read(bytes: &[u8]) -> Told {
    fn told<R: Read>(source: R) -> Told {
        Recording::read(source).map(|recording| (recording.dialect(), recording.collect()))
    }
    let whole = told(bytes);
    for step in [1, 130] {
        assert_eq!(told(Drip { bytes, step }), whole, "{step} bytes at a time");
    }
    whole
}

/// A line of a recording, as a naive reader has it: a message, nothing, or what cannot be.
pub enum Line<'a> {
    /// Receive time, whether it was fetched, the message.
    Message(u64, bool, &'a [u8]),
    /// It tells of no message.
    Passed,
    /// It is broken.
    Broken,
}

/// Reads a recording of lines, and by a naive reader too: the same messages up to the same line, which is the first
/// that is broken or has no end.
pub fn lines(bytes: &[u8], dialect: Dialect, naive: fn(&[u8]) -> Line<'_>) {
    if is_gzip(bytes) {
        return;
    }
    let Ok((found, items)) = read(bytes) else { return };
    if found != dialect {
        return;
    }
    let mut items = items.into_iter();
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let read = line.strip_suffix(b"\n").map_or(Line::Broken, naive);
        match read {
            Line::Passed => {}
            Line::Message(recv_ns, is_fetched, text) => {
                let wanted = Recorded { recv_ns, is_fetched, bytes: text.to_vec() };
                assert_eq!(items.next(), Some(Ok(wanted)), "the line at byte {at}");
            }
            Line::Broken => {
                let broken = items.next().expect("a break").expect_err("a break");
                assert!((at..=at + line.len()).contains(&broken.offset), "{broken}, in the line at byte {at}");
                assert!(items.next().is_none(), "the walk goes on behind a broken line");
                return;
            }
        }
        at += line.len();
    }
    assert!(items.next().is_none(), "more than there is");
}
