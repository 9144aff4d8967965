//! Frames in time: a session's start, then messages, trades and heartbeats, without end.

use super::exchange::{Exchange, Message};
use super::random::Random;
use super::side::{Row, Way};
use super::wire::{self, Market};
use std::collections::VecDeque;

/// When the exchange accepts the connection, UNIX microseconds: 2026-08-01T00:00:00Z.
const START_US: u64 = 1_785_542_400_000_000;
/// The same in nanoseconds; the time of the recording's header.
pub(super) const START_NS: u64 = START_US * 1_000;
/// Shortest way from the exchange to the recorder.
const DELAY_NS_MIN: u64 = 12_000_000;
/// What chance adds to it.
const JITTER_NS: u64 = 400_000;
const HEARTBEAT_US: u64 = 1_000_000;
/// The mid at the start: 54,000.0 with one decimal, and enough steps for a long walk with any increment.
const MID_TICKS: i64 = 540_000;
const MID_STEPS_MIN: i64 = 100_000;
/// Messages that follow a sweep at once, fewer than this.
const BURST_MESSAGES: u64 = 60;
/// First trade's number.
const TRADE_ID: u64 = 90_000_001;
/// Makes the times' random numbers differ from the book's.
const TIME_SEED: u64 = 0x7469_6d65;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Status or ack.
    Session,
    Snapshot,
    Update,
    Trades,
    Heartbeat,
}

/// One frame as recorded.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub kind: Kind,
    /// UNIX nanoseconds.
    pub recv_ns: u64,
    pub payload: String,
}

/// An endless recording.
pub(super) struct Recording {
    market: Market,
    exchange: Exchange,
    random: Random,
    now_us: u64,
    heartbeat_us: u64,
    recv_ns: u64,
    /// Messages that still follow at once.
    burst: u64,
    trade_id: u64,
    pending: VecDeque<Frame>,
}

impl Recording {
    /// A recording that starts with the connection.
    pub fn new(seed: u64, market: Market) -> Self {
        let mid_steps = (MID_TICKS / market.step_ticks).max(MID_STEPS_MIN);
        let qty_lots_max = 2 * 10_i64.pow(market.qty_precision as u32);
        let exchange = Exchange::new(seed, market.depth, mid_steps, qty_lots_max);
        let mut recording = Self {
            market,
            exchange,
            random: Random::new(seed ^ TIME_SEED),
            now_us: START_US,
            heartbeat_us: 0,
            recv_ns: 0,
            burst: 0,
            trade_id: TRADE_ID,
            pending: VecDeque::new(),
        };
        recording.open();
        recording
    }

    /// Status, acks, snapshot. The connection's number is above 2^63, as those seen.
    fn open(&mut self) {
        let connection_id = self.random.next() | 1 << 63;
        self.push(Kind::Session, wire::status(connection_id));
        self.now_us += 237_000;
        self.push(Kind::Session, self.market.book_ack(self.now_us));
        self.push(Kind::Session, self.market.trade_ack(self.now_us));
        self.heartbeat_us = self.now_us + HEARTBEAT_US;
        self.now_us += 110_000;
        let bids: Vec<_> = self.exchange.visible(Way::Bid).collect();
        let asks: Vec<_> = self.exchange.visible(Way::Ask).collect();
        self.book(Kind::Snapshot, "snapshot", &bids, &asks);
    }

    /// Makes at least one frame pending.
    fn advance(&mut self) {
        let next_us = self.now_us + self.pause_us();
        while self.heartbeat_us <= next_us {
            self.now_us = self.heartbeat_us;
            self.heartbeat_us += HEARTBEAT_US;
            self.push(Kind::Heartbeat, wire::heartbeat());
        }
        self.now_us = next_us;
        let Message { bids, asks, trades } = self.exchange.message();
        self.book(Kind::Update, "update", &bids, &asks);
        if !trades.is_empty() {
            self.push(Kind::Trades, self.market.trades(&trades, self.trade_id, self.now_us));
            self.trade_id += trades.len() as u64;
        }
        // Whoever eats more than one order makes others move.
        if trades.len() > 1 {
            self.burst = self.random.below(BURST_MESSAGES);
        }
    }

    fn book(&mut self, kind: Kind, name: &str, bids: &[Row], asks: &[Row]) {
        let checksum = self.market.checksum(self.exchange.visible(Way::Ask), self.exchange.visible(Way::Bid));
        self.push(kind, self.market.book(name, bids, asks, checksum, self.now_us));
    }

    /// Time to the next message: about thirty a second, in clusters.
    fn pause_us(&mut self) -> u64 {
        if self.burst > 0 {
            self.burst -= 1;
            return 50 + self.random.below(200);
        }
        if self.random.chance(33) { 100 + self.random.below(3_000) } else { 4_000 + self.random.below(86_000) }
    }

    fn push(&mut self, kind: Kind, payload: String) {
        let due_ns = self.now_us * 1_000 + DELAY_NS_MIN + self.random.below(JITTER_NS);
        self.recv_ns = due_ns.max(self.recv_ns + 1);
        self.pending.push_back(Frame { kind, recv_ns: self.recv_ns, payload });
    }
}

impl Iterator for Recording {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if self.pending.is_empty() {
            self.advance();
        }
        self.pending.pop_front()
    }
}
