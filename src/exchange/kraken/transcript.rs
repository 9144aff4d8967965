//! What one client of a market hears that subscribes to its book and its trades, without a socket between.

use super::answer::{self, About, Times};
use super::floor::Floor;
use super::listing::Pair;
use super::source::{Published, Source};
use super::topic::Topic;
use crate::exchange::reel::Events;
use crate::utc::rfc3339;
use std::collections::VecDeque;
use tungstenite::Utf8Bytes;

/// From the first frame to the answers.
const ANSWER_US: u64 = 237_000;
/// How long an answer takes.
const ANSWERING_US: u64 = 39;
/// From the answers to the snapshot of the book, where the market's time begins.
const SNAPSHOT_US: u64 = 110_000;
const HEARTBEAT_US: u64 = 1_000_000;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// The first frame, or an answer.
    Session,
    /// The whole book within the depth.
    Snapshot,
    /// What changed in it.
    Update,
    /// Trades.
    Trades,
    /// The frame of each second.
    Heartbeat,
}

/// A frame.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    /// When it is sent, UNIX microseconds; never earlier than the one before.
    pub at_us: u64,
    pub sort: Sort,
    pub text: Utf8Bytes,
}

/// The frames, as long as the market goes on.
pub(crate) struct Transcript {
    floor: Floor,
    depth: u32,
    start_us: u64,
    heartbeat_us: u64,
    pending: VecDeque<Said>,
}

impl Transcript {
    /// A connection that is made at `start_us`, UNIX microseconds, to a market whose first event is the whole
    /// book; `depth` is one of [`super::DEPTHS`].
    pub fn new(pair: Pair, events: Events, depth: u32, start_us: u64, connection_id: u64) -> Self {
        let mut transcript = Self {
            floor: Floor::open(pair, events, 1.0, start_us),
            depth,
            start_us,
            heartbeat_us: start_us + ANSWER_US + HEARTBEAT_US,
            pending: VecDeque::new(),
        };
        transcript.open(connection_id);
        transcript
    }

    fn open(&mut self, connection_id: u64) {
        let (start_us, book) = (self.start_us, Topic::Book(self.depth));
        self.say(start_us, Sort::Session, answer::status(connection_id, true));
        for (topic, has_snapshot) in [(book, true), (Topic::Trade, false)] {
            let answer = self.answer(topic, has_snapshot);
            self.say(start_us + ANSWER_US, Sort::Session, answer);
        }
        if let Some(snapshot) = self.floor.snapshot(book) {
            self.say(start_us + ANSWER_US + SNAPSHOT_US, Sort::Snapshot, snapshot.text);
        }
        self.floor.subscribed(book, (ANSWER_US + SNAPSHOT_US) * 1_000);
    }

    fn answer(&self, topic: Topic, has_snapshot: bool) -> Utf8Bytes {
        let [time_in, time_out] = [ANSWER_US, ANSWER_US + ANSWERING_US].map(|us| rfc3339(self.start_us + us));
        let about = About { method: "subscribe", req_id: None, symbol: Some(self.floor.symbol()) };
        answer::confirmed(about, topic, Some(has_snapshot), Times { time_in, time_out })
    }

    /// Goes on by one message of the market, and the heartbeats before it.
    fn advance(&mut self, due_ns: u64) {
        let at_us = self.start_us + due_ns / 1_000;
        while self.heartbeat_us <= at_us {
            self.say(self.heartbeat_us, Sort::Heartbeat, answer::heartbeat());
            self.heartbeat_us += HEARTBEAT_US;
        }
        let book = Topic::Book(self.depth);
        let step = self.floor.step(&|topic| topic == book);
        for Published { topic, text, .. } in step.published {
            self.say(at_us, if topic == Topic::Trade { Sort::Trades } else { Sort::Update }, text);
        }
    }

    fn say(&mut self, at_us: u64, sort: Sort, text: Utf8Bytes) {
        self.pending.push_back(Said { at_us, sort, text });
    }
}

impl Iterator for Transcript {
    type Item = Said;

    fn next(&mut self) -> Option<Said> {
        while self.pending.is_empty() {
            let due_ns = self.floor.due_ns()?;
            self.advance(due_ns);
        }
        self.pending.pop_front()
    }
}
