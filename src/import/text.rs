//! The text of a file, packed or not, as a window that moves over it.

use super::item::Broken;
use flate2::read::MultiGzDecoder;
use std::io::{Chain, Cursor, ErrorKind, Read, Result};
use std::ops::Range;

/// How a gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// What was expected where a file cannot be read.
pub(super) const UNREADABLE: &str = "bytes that can be read";
/// Bytes that the first window holds, at least, of a text that has them.
pub(super) const START_BYTES: usize = 128;
/// Bytes of the window's room at first.
const ROOM_BYTES: usize = 64 * 1024;

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

enum Source<R> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
}

/// A window over a text. It holds what was read and not yet passed: at most twice what the
/// longest item takes, or 64 KiB.
pub(super) struct Text<R> {
    source: Source<R>,
    /// Room for the window.
    room: Vec<u8>,
    /// Where the window lies in the room.
    window: Range<usize>,
    /// Offset of the window in the text.
    position: usize,
    is_over: bool,
    failure: Option<&'static str>,
}

impl<R: Read> Text<R> {
    /// The first window of a text; gzip is known by its first two bytes, whatever a file is called.
    ///
    /// # Errors
    /// When the first bytes cannot be read.
    pub(super) fn new(mut source: R) -> Result<Self> {
        let mut first = Vec::new();
        source.by_ref().take(GZIP.len() as u64).read_to_end(&mut first)?;
        let is_gzip = first == GZIP;
        let whole = Cursor::new(first).chain(source);
        let source = if is_gzip { Source::Gzip(Box::new(MultiGzDecoder::new(whole))) } else { Source::Plain(whole) };
        let mut text =
            Self { source, room: vec![0; ROOM_BYTES], window: 0..0, position: 0, is_over: false, failure: None };
        while text.window.len() < START_BYTES && text.more() {}
        Ok(text)
    }

    /// What was read and is not passed.
    pub(super) fn window(&self) -> &[u8] {
        &self.room[self.window.clone()]
    }

    /// Offset of the window in the text.
    pub(super) const fn position(&self) -> usize {
        self.position
    }

    /// Moves the start of the window on.
    pub(super) fn pass(&mut self, length: usize) {
        self.window.start += length;
        self.position += length;
        debug_assert!(self.window.start <= self.window.end, "more was passed than there is");
    }

    /// Moves the end of the window on; false when the text ends there, or cannot be read further.
    pub(super) fn more(&mut self) -> bool {
        if self.window.end == self.room.len() {
            self.room.copy_within(self.window.clone(), 0);
            self.window = 0..self.window.len();
            if self.window.len() > self.room.len() / 2 {
                // Twice the room: an item is looked at a few times, however long it is.
                self.room.resize(self.room.len() * 2, 0);
            }
        }
        let read = self.read();
        self.window.end += read;
        read > 0
    }

    /// Why the text goes no further than the window, when it is not because it ends there.
    pub(super) fn failure(&self) -> Option<Broken> {
        self.failure.map(|expected| Broken { offset: self.position + self.window.len(), expected })
    }

    fn read(&mut self) -> usize {
        while !self.is_over {
            let room = &mut self.room[self.window.end..];
            let read = match &mut self.source {
                Source::Plain(source) => source.read(room),
                Source::Gzip(source) => source.read(room),
            };
            match read {
                Ok(0) => self.is_over = true,
                Ok(read) => return read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => {
                    self.is_over = true;
                    self.failure = Some(match self.source {
                        Source::Plain(_) => UNREADABLE,
                        Source::Gzip(_) => "more of the gzip data, which is cut or damaged",
                    });
                }
            }
        }
        0
    }
}
