//! A recorded market: its messages go out as they were recorded, and its book is rebuilt beside them.

use super::book::{Book, Taken};
use super::opening::{AHEAD_BYTES_MAX, Opening};
use super::recorded::{self, Diff, Message, Recorded};
use super::section::Section;
use crate::exchange::reel::Reel;
use crate::playback::Playback;
use anyhow::Result;
use tungstenite::Utf8Bytes;

/// A message that was played.
#[derive(Clone, Debug)]
pub(super) struct Played {
    /// The stream's name as it was recorded.
    pub stream: String,
    /// The whole message.
    pub text: Utf8Bytes,
    /// What it says, without the stream's name.
    pub data: Utf8Bytes,
    /// Whether it tells of all changes of the book.
    pub is_depth: bool,
    /// Whether the book is now as it was after this message.
    pub is_told: bool,
}

/// What a step brought.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub played: Option<Played>,
    /// For people: sentences.
    pub notices: Vec<String>,
}

/// The tape.
pub(super) struct Tape {
    pub symbol: String,
    pub reel: Reel,
    /// None behind a hole in the recording that no recorded answer closes.
    pub book: Option<Book>,
    /// The last update that was played.
    played_id: u64,
}

impl Tape {
    /// Opens a recording of `section`; of `symbol`, if that is given.
    ///
    /// # Errors
    /// When it is not one, or holds no book.
    pub fn open(section: Section, playback: Playback, symbol: Option<String>, speed: Option<f64>) -> Result<Self> {
        let Opening { symbol, book, frames } = Opening::read(section, playback, symbol)?;
        Ok(Self { symbol, reel: Reel::new(frames, speed)?, book: Some(book), played_id: 0 })
    }

    /// Goes on by one recorded frame.
    pub fn step(&mut self) -> Step {
        let mut step = Step::default();
        let Some(taped) = self.reel.take() else { return step };
        let wound = self.reel.wind();
        if let Ok(text) = std::str::from_utf8(&taped.bytes) {
            match recorded::read(text) {
                Recorded::Stream(message) => step.played = self.play(text, &message, &mut step.notices),
                Recorded::Answer(answer) if self.book.is_none() && answer.update_id >= self.played_id => {
                    self.book = Book::new(&answer);
                }
                _ => {}
            }
        }
        step.notices.extend(wound.err().map(|error| format!("{error:#}")));
        step
    }

    fn play(&mut self, text: &str, message: &Message<'_>, notices: &mut Vec<String>) -> Option<Played> {
        let is_depth = recorded::is_depth(message.topic(&self.symbol)?);
        let mut is_told = false;
        if is_depth {
            let Some(diff) = message.diff() else {
                notices.push("a recorded depth message cannot be read and is passed over".into());
                return None;
            };
            is_told = self.follow(&diff, notices);
        }
        let (stream, data) = (message.stream.to_string(), message.data.get().into());
        Some(Played { stream, text: text.into(), data, is_depth, is_told })
    }

    /// Brings the book up to a message; says whether it is as it was then.
    fn follow(&mut self, diff: &Diff<'_>, notices: &mut Vec<String>) -> bool {
        self.played_id = diff.update_id;
        let mut taken = self.book.as_mut().map(|book| book.take(diff));
        if taken == Some(Taken::Broken) {
            self.book = self.book_ahead(diff.follows_id());
            let follows_id = diff.follows_id();
            notices.push(match &self.book {
                Some(book) => {
                    format!("updates before {follows_id} are missing: the book goes on with {}", book.update_id)
                }
                None => format!("updates before {follows_id} are missing, and no answer behind them: there is no book"),
            });
            taken = self.book.as_mut().map(|book| book.take(diff));
        }
        if taken == Some(Taken::Broken) {
            self.book = None;
        }
        taken == Some(Taken::Applied)
    }

    /// The book of the next recorded answer that is not older than an update.
    fn book_ahead(&mut self, update_id: u64) -> Option<Book> {
        let (mut places, mut bytes) = (0, 0);
        while let Some(taped) = self.reel.look(places) {
            if let Some(text) = std::str::from_utf8(&taped.bytes).ok().filter(|text| text.contains("lastUpdateId"))
                && let Recorded::Answer(answer) = recorded::read(text)
                && answer.update_id >= update_id
            {
                return Book::new(&answer);
            }
            places += 1;
            bytes += taped.bytes.len();
            if bytes > AHEAD_BYTES_MAX {
                break;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
