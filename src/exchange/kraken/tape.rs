//! A market that was recorded: its messages go out byte for byte.
//!
//! A client that comes in the middle gets a snapshot of the book that the recording has led to so far, made
//! here. What the recorder was answered (status, acks, heartbeats) is not played: those who listen get their own.

use super::answer::Refusal;
use super::last_trades::LastTrades;
use super::listing::{self, Pair};
use super::opening::Opening;
use super::rebuilt::Rebuilt;
use super::recorded::{self, BookFrame, Recorded};
use super::source::{BookMark, Published, Seen, Source, Step, note};
use super::topic::{Topic, Trigger};
use super::wire::{BookRow, Data, Kind, Scale};
use crate::exchange::ladder::{Ladder, Row};
use crate::exchange::reel::Reel;
use crate::playback::Playback;
use anyhow::Result;
use serde_json::value::RawValue;
use tungstenite::Utf8Bytes;

/// The tape.
pub(super) struct Tape {
    pair: Pair,
    depth: u32,
    trigger: Trigger,
    reel: Reel,
    book: Rebuilt,
    last_trades: LastTrades,
    last_ticker: Option<Box<RawValue>>,
    has_begun: bool,
    /// Whether the recorder is subscribed to another depth just now.
    is_elsewhere: bool,
}

impl Tape {
    /// Opens a recording, of the market `symbol` if there is a choice.
    ///
    /// # Errors
    /// When it holds no book that can be played.
    pub fn open(playback: Playback, symbol: Option<String>, speed: Option<f64>) -> Result<Self> {
        let Opening { pair, depth, trigger, frames } = Opening::read(playback, symbol)?;
        Ok(Self {
            pair,
            depth,
            trigger,
            reel: Reel::new(frames, speed)?,
            book: Rebuilt::new(),
            last_trades: LastTrades::default(),
            last_ticker: None,
            has_begun: false,
            is_elsewhere: false,
        })
    }

    fn is_ours(&self, symbol: &str) -> bool {
        symbol == self.pair.symbol
    }

    /// What a frame is to those who listen.
    fn play(&mut self, text: &str) -> Step {
        match recorded::read(text) {
            Recorded::Book(frame) if self.is_ours(&frame.symbol) && !self.is_elsewhere => self.play_book(&frame, text),
            Recorded::Trades { symbol, rows } if self.is_ours(&symbol) => {
                self.last_trades.extend(&rows);
                published(Topic::Trade, text, None)
            }
            Recorded::Ticker { symbol, row } if self.is_ours(&symbol) => {
                self.last_ticker = Some(row);
                published(Topic::Ticker(self.trigger), text, None)
            }
            Recorded::BookAck { symbol, depth } if self.is_ours(&symbol) => self.note_depth(depth),
            Recorded::Unreadable => self.lose_book(),
            _ => Step::default(),
        }
    }

    fn play_book(&mut self, frame: &BookFrame<'_>, text: &str) -> Step {
        // Updates without a snapshot before them are of no use to anybody.
        if frame.kind == Kind::Update && !self.book.is_known {
            return Step::default();
        }
        if self.book.take(frame, self.pair.scale(), self.depth as usize).is_none() {
            return self.lose_book();
        }
        let BookFrame { kind, checksum, .. } = *frame;
        let mark = BookMark { kind, checksum, timestamp: frame.timestamp.clone() };
        published(Topic::Book(self.depth), text, Some(mark))
    }

    fn note_depth(&mut self, depth: u32) -> Step {
        let was_elsewhere = std::mem::replace(&mut self.is_elsewhere, depth != self.depth);
        let is_news = self.is_elsewhere && !was_elsewhere;
        // Back at our depth it begins with a snapshot.
        self.book.is_known &= !self.is_elsewhere;
        let notice = format!("the recording goes on at depth {depth}: that part is passed over");
        Step { notice: is_news.then_some(notice), ..Step::default() }
    }

    fn lose_book(&mut self) -> Step {
        let was_known = std::mem::replace(&mut self.book.is_known, false);
        let notice = "a recorded book message cannot be read: what follows up to the next snapshot is passed over";
        Step { notice: was_known.then(|| notice.into()), ..Step::default() }
    }

    fn book_snapshot(&self) -> Published {
        let (scale, Rebuilt { bids, asks, timestamp, .. }) = (self.pair.scale(), &self.book);
        let levels = |ladder: &Ladder| ladder.rows().map(|row| scale.level(row)).collect();
        let checksum = scale.checksum(asks.rows(), bids.rows());
        let row = BookRow {
            symbol: &self.pair.symbol,
            bids: levels(bids),
            asks: levels(asks),
            checksum,
            timestamp: timestamp.as_deref(),
        };
        let kind = Kind::Snapshot;
        let text = Data { channel: "book", kind, data: [row] }.text();
        let mark = BookMark { kind, checksum, timestamp: timestamp.clone() };
        Published { topic: Topic::Book(self.depth), text, book: Some(mark) }
    }
}

/// A message that goes out as it was recorded.
fn published(topic: Topic, text: &str, book: Option<BookMark>) -> Step {
    Step { published: vec![Published { topic, text: text.into(), book }], notice: None }
}

impl Source for Tape {
    fn symbol(&self) -> &str {
        &self.pair.symbol
    }

    fn scale(&self) -> Scale {
        self.pair.scale()
    }

    fn offers(&self, topic: Topic) -> Result<(), Refusal> {
        match topic {
            Topic::Book(depth) if depth != self.depth => Err(Refusal::Depth),
            Topic::Ticker(trigger) if trigger != self.trigger => Err(Refusal::Trigger),
            _ => Ok(()),
        }
    }

    fn snapshot(&self, topic: Topic) -> Option<Published> {
        let plain = |text: Utf8Bytes| Published { topic, text, book: None };
        match topic {
            Topic::Instrument => Some(plain(listing::snapshot(&self.pair))),
            Topic::Book(_) => self.book.is_known.then(|| self.book_snapshot()),
            Topic::Trade => self.has_begun.then(|| plain(self.last_trades.snapshot())),
            Topic::Ticker(_) => {
                let row = self.last_ticker.as_ref()?;
                Some(plain(Data { channel: "ticker", kind: Kind::Snapshot, data: [row] }.text()))
            }
        }
    }

    fn subscribed(&mut self, topic: Topic, now_ns: u64) {
        note(&mut self.reel.start, topic, now_ns);
    }

    fn started_ns(&self) -> Option<u64> {
        self.reel.start.at_ns()
    }

    fn due_ns(&mut self) -> Option<u64> {
        self.reel.due_ns()
    }

    fn is_unpaced(&self) -> bool {
        self.reel.is_unpaced()
    }

    fn step(&mut self, _: &dyn Fn(Topic) -> bool) -> Step {
        let Some(taped) = self.reel.take() else { return Step::default() };
        self.has_begun = true;
        let mut step = std::str::from_utf8(&taped.bytes).map_or_else(|_| Step::default(), |text| self.play(text));
        if let Err(error) = self.reel.wind() {
            step.notice = Some(format!("{error:#}"));
        }
        step
    }

    fn seen(&self, _: u32) -> Seen {
        let rows = |ladder: &Ladder| ladder.rows().collect::<Vec<Row>>();
        Seen { bids: rows(&self.book.bids), asks: rows(&self.book.asks) }
    }
}

#[cfg(test)]
mod tests;
