//! The start of a recording: whose it is, and the first answer that gives its book.

use super::book::Book;
use super::recorded::{self, DepthAnswer, Diff, Recorded};
use super::section::Section;
use crate::playback::{Frames, Playback};
use anyhow::{Result, bail};
use std::collections::VecDeque;

/// Most bytes that are read ahead for a depth answer.
pub(super) const AHEAD_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A recording that begins with the first message of its market.
pub(super) struct Opening {
    /// The symbol, in capitals.
    pub symbol: String,
    /// The book of the first answer that joins on to the recorded changes.
    pub book: Book,
    pub frames: Frames,
}

impl Opening {
    /// Reads up to the first depth answer that is of use.
    ///
    /// # Errors
    /// When there is none, or the recording is another exchange's, another section's or of another symbol.
    pub fn read(section: Section, playback: Playback, symbol: Option<String>) -> Result<Self> {
        let Playback { mut frames, .. } = playback;
        let mut learnt = Learnt { section, symbol, is_said: false, is_foreign: false, follows_id: None };
        let (mut ahead, mut bytes) = (VecDeque::new(), 0);
        let book = loop {
            let Some(taped) = frames.next().transpose()?.filter(|_| bytes <= AHEAD_BYTES_MAX) else {
                bail!("{}", learnt.missing(bytes));
            };
            bytes += taped.bytes.len();
            let Ok(text) = std::str::from_utf8(&taped.bytes) else { continue };
            let (mut book, mut is_market) = (None, true);
            match recorded::read(text) {
                Recorded::Stream(message) if message.is_depth() => learnt.take(message.diff())?,
                Recorded::Stream(_) => {}
                Recorded::Answer(answer) => book = learnt.book(&answer),
                Recorded::Kraken => (learnt.is_foreign, is_market) = (true, false),
                Recorded::Other => is_market = false,
            }
            // Everything before the first message of the market is left out.
            if is_market || !ahead.is_empty() {
                ahead.push_back(taped);
            }
            if let Some(book) = book {
                break book;
            }
        };
        // A recording may begin with its answer: the symbol stands in the changes behind it.
        while !learnt.is_said {
            let Some(taped) = frames.next().transpose()?.filter(|_| bytes <= AHEAD_BYTES_MAX) else {
                bail!("the recording holds no change of a book behind its depth answer");
            };
            bytes += taped.bytes.len();
            if let Ok(text) = std::str::from_utf8(&taped.bytes)
                && let Recorded::Stream(message) = recorded::read(text)
                && message.is_depth()
            {
                learnt.take(message.diff())?;
            }
            ahead.push_back(taped);
        }
        if let Some(first) = ahead.front_mut() {
            first.gap_ns = 0;
        }
        let frames = Box::new(ahead.into_iter().map(Ok).chain(frames));
        Ok(Self { symbol: learnt.symbol.unwrap_or_default(), book, frames })
    }
}

/// What is learnt from the frames up to the first answer.
struct Learnt {
    section: Section,
    symbol: Option<String>,
    /// Whether a message has said the symbol.
    is_said: bool,
    /// Whether there are messages of Kraken's, which a journal may hold beside others.
    is_foreign: bool,
    /// The update that the first recorded change follows.
    follows_id: Option<u64>,
}

impl Learnt {
    fn take(&mut self, diff: Option<Diff<'_>>) -> Result<()> {
        let Some(diff) = diff else { bail!("the recording's first depth messages cannot be read") };
        if diff.section() != self.section {
            bail!(
                "the recording is of {}, not of {}: name it with --venue",
                diff.section().name(),
                self.section.name()
            );
        }
        let symbol = self.symbol.get_or_insert_with(|| diff.s.clone());
        if *symbol != diff.s {
            // Depth answers name no symbol: of two markets nobody could say whose one is.
            bail!("the recording is of {}, not of {symbol}: only a recording of one symbol can be played", diff.s);
        }
        self.is_said = true;
        self.follows_id.get_or_insert(diff.follows_id());
        Ok(())
    }

    /// The book of an answer, unless it is older than what the first change follows.
    fn book(&self, answer: &DepthAnswer<'_>) -> Option<Book> {
        let is_of_use = self.follows_id.is_none_or(|follows_id| answer.update_id >= follows_id);
        Book::new(answer).filter(|_| is_of_use)
    }

    fn missing(&self, bytes: usize) -> String {
        let section = self.section.name();
        if self.is_said {
            format!("the recording holds no depth answer in its first {bytes} bytes that its changes join on to")
        } else if self.is_foreign {
            format!("the recording holds messages of Kraken, not of {section}: leave --venue out")
        } else {
            format!("the recording holds no depth message of {section}: name another file or its venue")
        }
    }
}
