//! A recorded market: its messages go out as they were recorded, and its book is rebuilt beside them.

use super::book::{Book, Taken};
use super::info::Steps;
use super::opening::{AHEAD_BYTES_MAX, Opening};
use super::recorded::{self, Diff, Message, Recorded};
use super::section::Section;
use super::source::{Played, Source, Step};
use crate::exchange::reel::{Reel, Start};
use crate::playback::Playback;
use anyhow::Result;

/// The tape.
pub(super) struct Tape {
    symbol: String,
    reel: Reel,
    /// What numbers look like, also when there is no book.
    steps: Steps,
    /// None behind a hole in the recording that no recorded answer closes.
    book: Option<Book>,
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
        let steps = Steps::of(&book);
        Ok(Self { symbol, reel: Reel::new(frames, speed)?, steps, book: Some(book), played_id: 0 })
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

impl Source for Tape {
    fn symbol(&self) -> &str {
        &self.symbol
    }

    fn steps(&self) -> Steps {
        self.steps
    }

    fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    fn start(&mut self) -> &mut Start {
        &mut self.reel.start
    }

    fn due_ns(&mut self) -> Option<u64> {
        self.reel.due_ns()
    }

    fn is_unpaced(&self) -> bool {
        self.reel.is_unpaced()
    }

    /// Goes on by one recorded frame.
    fn step(&mut self) -> Step {
        let mut step = Step::default();
        let Some(taped) = self.reel.take() else { return step };
        let wound = self.reel.wind();
        if let Ok(text) = std::str::from_utf8(&taped.bytes) {
            match recorded::read(text) {
                Recorded::Stream(message) => step.played.extend(self.play(text, &message, &mut step.notices)),
                Recorded::Answer(answer) if self.book.is_none() && answer.update_id >= self.played_id => {
                    self.book = Book::new(&answer);
                }
                _ => {}
            }
        }
        step.notices.extend(wound.err().map(|error| format!("{error:#}")));
        step
    }
}

#[cfg(test)]
mod tests;
