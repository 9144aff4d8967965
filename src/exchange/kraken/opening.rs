//! What the start of a recording says of its market.

use super::book::DEPTHS;
use super::listing::Pair;
use super::recorded::{self, Recorded};
use super::topic::Trigger;
use super::wire::{Kind, Scale};
use crate::playback::{Frames, Playback};
use anyhow::{Result, bail};
use serde::Deserialize;
use std::collections::VecDeque;

/// A recording that begins with the first message of its market.
pub(super) struct Opening {
    pub pair: Pair,
    /// Depth of the book that was subscribed to.
    pub depth: u32,
    /// What made a ticker be sent.
    pub trigger: Trigger,
    pub frames: Frames,
}

impl Opening {
    /// Reads up to the first snapshot of `symbol`'s book, or of the market that the recording names, or of
    /// the first one in it.
    ///
    /// # Errors
    /// When there is none, or it is of a depth that no exchange offers.
    pub fn read(playback: Playback, symbol: Option<String>) -> Result<Self> {
        let Playback { symbol: recorded, mut frames } = playback;
        let symbol = symbol.or(recorded);
        let wanted = symbol.clone().unwrap_or_else(|| "any market".into());
        let mut learnt = Learnt { symbol, depth: None, trigger: Trigger::Trades, book: None };
        let (mut ahead, mut is_foreign) = (VecDeque::new(), false);
        let book = loop {
            let Some(taped) = frames.next().transpose()? else {
                if is_foreign {
                    bail!("the recording holds messages of Binance: name --venue binance-spot or binance-perp");
                }
                bail!("the recording holds no book snapshot of {wanted}: name its market with --symbol");
            };
            let is_data = learnt.take(&taped.bytes);
            // A journal may hold those of another venue beside its own.
            is_foreign |= !is_data && is_of_binance(&taped.bytes);
            // Everything before the first message of the market is left out.
            if is_data || !ahead.is_empty() {
                ahead.push_back(taped);
            }
            if let Some(book) = learnt.book.take() {
                break book;
            }
        };
        if let Some(first) = ahead.front_mut() {
            first.gap_ns = 0;
        }
        let (pair, depth) = (book.pair(), depth(learnt.depth, book.levels)?);
        let frames = Box::new(ahead.into_iter().map(Ok).chain(frames));
        Ok(Self { pair, depth, trigger: learnt.trigger, frames })
    }
}

/// Whether a frame is a message of Binance's combined streams.
fn is_of_binance(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Foreign {
        #[serde(rename = "stream")]
        _stream: String,
    }
    serde_json::from_slice::<Foreign>(bytes).is_ok()
}

/// The depth that was acknowledged, or the smallest that holds as many levels as the first snapshot.
fn depth(acknowledged: Option<u32>, levels: usize) -> Result<u32> {
    let offered = match acknowledged {
        Some(depth) => DEPTHS.into_iter().find(|offered| *offered == depth),
        None => DEPTHS.into_iter().find(|offered| *offered as usize >= levels),
    };
    let Some(depth) = offered else {
        bail!("the recording's book has a depth that no exchange offers: {}", acknowledged.unwrap_or(levels as u32));
    };
    Ok(depth)
}

/// What is learnt from the frames up to the first snapshot.
struct Learnt {
    symbol: Option<String>,
    depth: Option<u32>,
    trigger: Trigger,
    book: Option<FirstBook>,
}

/// What the first snapshot with a level says.
struct FirstBook {
    symbol: String,
    scale: Scale,
    /// Levels of its longer side.
    levels: usize,
}

impl FirstBook {
    fn pair(&self) -> Pair {
        let Scale { price_decimals, qty_decimals } = self.scale;
        let listed = Pair::listed(&self.symbol).filter(|pair| pair.scale() == self.scale);
        listed.unwrap_or_else(|| Pair::unlisted(&self.symbol, price_decimals, qty_decimals))
    }
}

impl Learnt {
    /// Takes a frame; says whether it is a message of the market.
    fn take(&mut self, bytes: &[u8]) -> bool {
        let Ok(text) = std::str::from_utf8(bytes) else { return false };
        match recorded::read(text) {
            Recorded::Book(frame) if self.is_ours(&frame.symbol) => {
                let is_snapshot = frame.kind == Kind::Snapshot;
                let levels = frame.bids.len().max(frame.asks.len());
                let scale = frame.bids.iter().chain(&frame.asks).find_map(|level| level.scale());
                self.book =
                    scale.filter(|_| is_snapshot).map(|scale| FirstBook { symbol: frame.symbol, scale, levels });
                is_snapshot
            }
            Recorded::BookAck { symbol, depth } if self.is_ours(&symbol) => {
                self.depth = Some(depth);
                false
            }
            Recorded::TickerAck { symbol, trigger } if self.is_ours(&symbol) => {
                self.trigger = trigger;
                false
            }
            Recorded::Trades { symbol, .. } | Recorded::Ticker { symbol, .. } => self.is_ours(&symbol),
            _ => false,
        }
    }

    /// Whether a symbol is that of the market; every one may be until one is known.
    fn is_ours(&self, symbol: &str) -> bool {
        self.symbol.as_deref().is_none_or(|ours| ours == symbol)
    }
}
