//! The trading floor of a market that is made up: its events become messages.

use super::answer::Refusal;
use super::book::{Book, DEPTHS, Rows};
use super::day::Day;
use super::last_trades::LastTrades;
use super::listing::{self, Pair};
use super::source::{BookMark, Published, Seen, Source, Step, note};
use super::topic::{Topic, Trigger};
use super::wire::{BookRow, Data, Kind, Scale, TickerRow, TradeRow, raw};
use crate::exchange::decimal::Decimal;
use crate::exchange::ladder::Row;
use crate::exchange::reel::{Events, Start};
use crate::market::{Event, Side, Trade};
use crate::utc::rfc3339;
use std::iter::Peekable;
use tungstenite::Utf8Bytes;

/// Best bid and best ask.
type Touch = [Option<Row>; 2];

/// The floor.
pub(super) struct Floor {
    pair: Pair,
    events: Peekable<Events>,
    /// How many times as fast as the market's own time.
    speed: f64,
    /// UTC at 0 of the server's clock, UNIX microseconds.
    start_us: u64,
    start: Start,
    book: Book,
    /// Time of the last message, UNIX microseconds; no two have the same.
    told_us: u64,
    last_trades: LastTrades,
    trades: u64,
    day: Day,
}

impl Floor {
    /// Opens a market with its starting book; `start_us` is UTC at 0 of the server's clock.
    pub fn open(pair: Pair, events: Events, speed: f64, start_us: u64) -> Self {
        let (mut book, mut events) = (Book::new(), events.peekable());
        if let Some(first) = events.next_if(|event| event.at_ns == 0) {
            book.take(&first.changes);
        }
        let (start, last_trades, day) = (Start::default(), LastTrades::default(), Day::default());
        Self { pair, events, speed, start_us, start, book, told_us: start_us, last_trades, trades: 0, day }
    }

    /// An instant of the market on the server's clock.
    fn at_ns(&self, market_ns: u64) -> Option<u64> {
        self.start.clock_ns(market_ns, self.speed)
    }

    fn touch(&self) -> Touch {
        [Side::Bid, Side::Ask].map(|side| self.book.rows(side).next())
    }

    fn book_message(&self, depth: u32, kind: Kind, rows: Rows) -> Published {
        let scale = self.scale();
        let levels = |rows: Vec<Row>| rows.into_iter().map(|row| scale.level(row)).collect();
        let timestamp = rfc3339(self.told_us);
        let checksum = scale.checksum(self.book.rows(Side::Ask), self.book.rows(Side::Bid));
        let (symbol, bids, asks) = (self.symbol(), levels(rows.bids), levels(rows.asks));
        let data = [BookRow { symbol, bids, asks, checksum, timestamp: Some(&timestamp) }];
        let text = Data { channel: "book", kind, data }.text();
        let mark = BookMark { kind, checksum, timestamp: Some(timestamp) };
        Published { topic: Topic::Book(depth), text, book: Some(mark) }
    }

    fn take_trades(&mut self, event: &Event) -> Utf8Bytes {
        let (scale, timestamp) = (self.scale(), rfc3339(self.told_us));
        let mut rows = Vec::with_capacity(event.trades.len());
        for trade in &event.trades {
            self.trades += 1;
            self.day.count(event.at_ns, trade.price_ticks, trade.qty_lots);
            rows.push(raw(&trade_row(self.symbol(), scale, trade, self.trades, &timestamp)));
        }
        self.last_trades.extend(&rows);
        Data { channel: "trade", kind: Kind::Update, data: rows }.text()
    }

    fn ticker(&self, kind: Kind) -> Utf8Bytes {
        let (scale, day) = (self.scale(), self.day.summary());
        let [bid, ask] = self.touch().map(|row| scale.level(row.unwrap_or(Row { price_ticks: 0, qty_lots: 0 })));
        let row = TickerRow {
            symbol: self.symbol(),
            bid: bid.price,
            bid_qty: bid.qty,
            ask: ask.price,
            ask_qty: ask.qty,
            last: scale.price(day.last_ticks),
            volume: scale.qty(day.qty_lots),
            vwap: scale.price(day.vwap_ticks),
            low: scale.price(day.low_ticks),
            high: scale.price(day.high_ticks),
            change: scale.price(day.change_ticks),
            change_pct: Decimal::new(day.change_per_myriad, 2),
            timestamp: &rfc3339(self.told_us),
        };
        Data { channel: "ticker", kind, data: [row] }.text()
    }
}

fn trade_row<'a>(symbol: &'a str, scale: Scale, trade: &Trade, trade_id: u64, timestamp: &'a str) -> TradeRow<'a> {
    TradeRow {
        symbol,
        side: if trade.taker == Side::Bid { "buy" } else { "sell" },
        price: scale.price(trade.price_ticks),
        qty: scale.qty(trade.qty_lots),
        ord_type: if trade.is_market_order { "market" } else { "limit" },
        trade_id,
        timestamp,
    }
}

const fn plain(topic: Topic, text: Utf8Bytes) -> Published {
    Published { topic, text, book: None }
}

impl Source for Floor {
    fn symbol(&self) -> &str {
        &self.pair.symbol
    }

    fn scale(&self) -> Scale {
        self.pair.scale()
    }

    fn offers(&self, _: Topic) -> Result<(), Refusal> {
        Ok(())
    }

    fn snapshot(&self, topic: Topic) -> Option<Published> {
        Some(match topic {
            Topic::Instrument => plain(topic, listing::snapshot(&self.pair)),
            Topic::Book(depth) => {
                let Seen { bids, asks } = self.seen(depth);
                self.book_message(depth, Kind::Snapshot, Rows { bids, asks })
            }
            Topic::Trade => plain(topic, self.last_trades.snapshot()),
            Topic::Ticker(_) => plain(topic, self.ticker(Kind::Snapshot)),
        })
    }

    fn subscribed(&mut self, topic: Topic, now_ns: u64) {
        note(&mut self.start, topic, now_ns);
    }

    fn started_ns(&self) -> Option<u64> {
        self.start.at_ns()
    }

    fn due_ns(&mut self) -> Option<u64> {
        let market_ns = self.events.peek()?.at_ns;
        self.at_ns(market_ns)
    }

    fn is_unpaced(&self) -> bool {
        false
    }

    fn step(&mut self, wanted: &dyn Fn(Topic) -> bool) -> Step {
        let mut step = Step::default();
        let Some(event) = self.events.next() else { return step };
        let at_us = self.at_ns(event.at_ns).map_or(0, |at_ns| self.start_us.saturating_add(at_ns / 1_000));
        self.told_us = at_us.max(self.told_us + 1);
        let before = self.touch();
        let seen = self.book.take(&event.changes);
        for (depth, rows) in DEPTHS.into_iter().zip(seen).filter(|(_, rows)| !rows.is_empty()) {
            if wanted(Topic::Book(depth)) {
                step.published.push(self.book_message(depth, Kind::Update, rows));
            }
        }
        let has_traded = !event.trades.is_empty();
        if has_traded {
            let text = self.take_trades(&event);
            step.published.push(plain(Topic::Trade, text));
        }
        for (trigger, is_pulled) in [(Trigger::Trades, has_traded), (Trigger::Bbo, self.touch() != before)] {
            if is_pulled && wanted(Topic::Ticker(trigger)) {
                step.published.push(plain(Topic::Ticker(trigger), self.ticker(Kind::Update)));
            }
        }
        step
    }

    fn seen(&self, depth: u32) -> Seen {
        let [bids, asks] = [Side::Bid, Side::Ask].map(|side| self.book.rows(side).take(depth as usize).collect());
        Seen { bids, asks }
    }
}

#[cfg(test)]
mod tests;
