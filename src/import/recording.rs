//! One reader for recordings of every dialect.
//!
//! What a recording is written in is known from its first bytes, whatever it is called, and gzip is seen through. It
//! is read as it is asked for.

use super::cbcap::{self, Header};
use super::item::{Broken, Fault, Message, Reader, Recorded};
use super::leap::Spot;
use super::text::{START_BYTES, Text, UNREADABLE};
use super::{collector, cryptofeed};
use anyhow::{Context, Result, anyhow};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How a recording may start.
const STARTS: &str = "a first line `CBCAP1 <venue> <symbol> <unix_ns>`, or lines `<receive_ns> <message>` or `<unix seconds>: <message>`";

/// What a recording is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Frames by their length, behind a line that names the market.
    Cbcap,
    /// Lines `<receive_ns> <message>`.
    Collector,
    /// Lines `<unix seconds>: <message>`.
    Cryptofeed,
}

impl Dialect {
    fn of<R: Read>(text: &Text<R>) -> Option<Self> {
        let window = text.window();
        let start = window.get(..START_BYTES).unwrap_or(window);
        if start.starts_with(cbcap::MARK) {
            Some(Self::Cbcap)
        } else if collector::is_start(start) {
            Some(Self::Collector)
        } else {
            cryptofeed::is_start(start).then_some(Self::Cryptofeed)
        }
    }

    const fn reader(self) -> Reader {
        match self {
            Self::Cbcap => cbcap::read,
            Self::Collector => collector::read,
            Self::Cryptofeed => cryptofeed::read,
        }
    }
}

/// A recording: its messages until the end or the first broken one.
pub struct Recording<R = File> {
    text: Text<R>,
    dialect: Dialect,
    header: Option<Header>,
    /// Line feeds passed.
    lines: u64,
    /// Where the latest message stands.
    spot: Spot,
    is_broken: bool,
}

impl Recording {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, or is no recording.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| cannot_read(path))?;
        Self::of_file(file, path)
    }

    /// Reads an open file from where it stands; `path` names it.
    ///
    /// # Errors
    /// When it cannot be read, or is no recording.
    pub fn of_file(file: File, path: &Path) -> Result<Self> {
        let text = Text::new(file).with_context(|| cannot_read(path))?;
        let is_cbcap = text.window().starts_with(cbcap::MARK);
        let kind = if is_cbcap { "a CBCAP recording" } else { "a recording" };
        Self::begin(text).map_err(|broken| anyhow!("{}: not {kind}: {broken}", path.display()))
    }

    /// Whether a file is a recording by its first bytes, well written or not.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_at(path: &Path) -> Result<bool> {
        let text = File::open(path).and_then(Text::new).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Dialect::of(&text).is_some())
    }
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read the recording {}", path.display())
}

impl<R: Read> Recording<R> {
    /// Reads the start of a recording.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(source: R) -> Result<Self, Broken> {
        Self::begin(Text::new(source).map_err(|_| Broken { offset: 0, expected: UNREADABLE })?)
    }

    fn begin(mut text: Text<R>) -> Result<Self, Broken> {
        let (dialect, header) = match start(&text) {
            Ok(found) => found,
            // What is wrong may be that the text breaks off there.
            Err(broken) => return Err(text.failure().unwrap_or(broken)),
        };
        let header = header.map(|(header, length)| {
            text.pass(length);
            header
        });
        let lines = u64::from(header.is_some());
        Ok(Self { text, dialect, header, lines, spot: Spot::default(), is_broken: false })
    }

    /// What it is written in.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What the first line says: CBCAP names its market, other dialects do not.
    #[must_use]
    pub const fn header(&self) -> Option<&Header> {
        self.header.as_ref()
    }

    /// Bytes of the text read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.text.position()
    }

    /// Where the latest message stands.
    pub(super) const fn spot(&self) -> Spot {
        self.spot
    }

    fn message(&mut self) -> Result<Option<Recorded>, Broken> {
        loop {
            if self.text.window().is_empty() && !self.text.more() {
                return self.text.failure().map_or(Ok(None), Err);
            }
            let item = match self.dialect.reader()(self.text.window()) {
                Ok(item) => item,
                Err(fault) if fault.is_short => {
                    if self.text.more() {
                        continue;
                    }
                    return Err(self.text.failure().unwrap_or_else(|| self.broken(fault)));
                }
                Err(fault) => return Err(self.broken(fault)),
            };
            let message = item.message.map(Message::to_recorded);
            let length = item.length;
            self.spot = Spot { line: self.lines + 1, offset: self.text.position() };
            let feeds = self.text.window()[..length].iter().filter(|byte| **byte == b'\n').count();
            self.lines += feeds as u64;
            self.text.pass(length);
            if message.is_some() {
                return Ok(message);
            }
        }
    }

    const fn broken(&self, fault: Fault) -> Broken {
        Broken { offset: self.text.position() + fault.at, expected: fault.expected }
    }
}

/// The dialect of a text, and what its first line says.
fn start<R: Read>(text: &Text<R>) -> Result<(Dialect, Option<(Header, usize)>), Broken> {
    let dialect = Dialect::of(text).ok_or(Broken { offset: 0, expected: STARTS })?;
    let header = (dialect == Dialect::Cbcap).then(|| cbcap::header(text.window())).transpose()?;
    Ok((dialect, header))
}

impl<R: Read> Iterator for Recording<R> {
    type Item = Result<Recorded, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_broken {
            return None;
        }
        let message = self.message();
        self.is_broken = message.is_err();
        message.transpose()
    }
}
