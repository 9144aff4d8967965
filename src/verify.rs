//! `journal verify`: is the file whole, and does every exchange checksum hold?
//!
//! The checksums are computed anew by a second implementation that shares nothing with the engine but
//! the recorded events: a map of levels, text digits and another CRC. Its verdicts must be the ones
//! that the journal records.

use crate::memory::Memory;
use crate::replay::scan::{Scan, first_state, records, state_at};
use anyhow::{Result, anyhow};
use hotpath::checkpoint::decode_config;
use hotpath::config::{DEPTH_MAX, MarketConfig, book_rule, checksum_rule};
use hotpath::engine::Engine;
use hotpath::market::Market;
use hotpath::quality::Check;
use hotpath::record::{Ack, BookEnd, Head, Kind, Level, Link, Quality, body_of, channel, flag, head_of, method};
use journal::{Header, Segment};
use std::collections::BTreeMap;
use std::path::Path;

/// What verification found in one file.
#[derive(Debug)]
pub struct Verified {
    /// The pass over the bytes.
    pub scan: Scan,
    /// The header.
    pub header: Header,
    /// Whole copies of the header.
    pub header_copies: u8,
    /// Byte offsets of damage, header copies included.
    pub damaged_at: Vec<u64>,
    /// Records that are damaged or missing.
    pub records_damaged: u64,
    /// Exchange checksums that hold.
    pub checksums_ok: u64,
    /// Exchange checksums that do not; the engine must have said so too.
    pub checksums_bad: u64,
    /// Book messages that could not be checked: no snapshot before them.
    pub unverifiable: u64,
    /// Byte offsets of book messages whose recorded verdict is not ours.
    pub disagreements: Vec<u64>,
    /// Gaps that opened.
    pub gaps: u64,
}

impl Verified {
    /// Whether the journal is intact and tells the truth. A feed with wrong checksums, faithfully
    /// recorded as such, is a good journal of a bad feed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.damaged_at.is_empty() && self.disagreements.is_empty()
    }
}

/// Verifies one file.
///
/// # Errors
/// When it does not open as a journal.
pub fn verify(path: &Path) -> Result<Verified> {
    let segment = Segment::open(path)?;
    let scan = Scan::of(&segment);
    let state = first_state(&segment);
    state.as_deref().map(decode_config).transpose().map_err(|halt| {
        anyhow!(
            "{}: the opening checkpoint does not fit this program ({halt:?}): use the version that wrote it",
            path.display()
        )
    })?;
    let mut memory = Memory::new();
    let mut verified = Verified {
        header: *segment.header(),
        header_copies: segment.header_copies(),
        damaged_at: Vec::new(),
        records_damaged: 0,
        checksums_ok: 0,
        checksums_bad: 0,
        unverifiable: 0,
        disagreements: Vec::new(),
        gaps: scan.kinds.get(&Kind::GAP_OPEN).copied().unwrap_or(0),
        scan,
    };
    verified.note_damage(&segment);
    for index in 0..verified.scan.spans.len() {
        verified.check_span(&segment, index, &mut memory);
    }
    Ok(verified)
}

/// Records that are missing between the files of a run.
#[must_use]
pub fn missing_between(all: &[Verified]) -> u64 {
    let mut parts: Vec<_> =
        all.iter().map(|verified| (verified.header.run_id, verified.header.first_seq, verified)).collect();
    parts.sort_by_key(|(run_id, first_seq, _)| (*run_id, *first_seq));
    let missing = |pair: &[(u64, u64, &Verified)]| {
        let (run_id, first_seq, verified) = pair[0];
        let after_last = verified.scan.last_seq.map_or(first_seq, |seq| seq.saturating_add(1));
        if pair[1].0 == run_id { pair[1].1.saturating_sub(after_last) } else { 0 }
    };
    parts.windows(2).map(missing).sum()
}

impl Verified {
    fn note_damage(&mut self, segment: &Segment) {
        if self.header_copies < 2 {
            let whole = bytemuck::bytes_of(segment.header());
            let first = segment.bytes().get(..whole.len()) == Some(whole);
            self.damaged_at.push(if first { whole.len() as u64 } else { 0 });
        }
        for damage in &self.scan.damage {
            self.damaged_at.push(damage.offset as u64);
            self.records_damaged += damage.lost.unwrap_or(1);
        }
        let tail = self.scan.damage.last().is_some_and(|damage| damage.lost.is_none());
        if self.scan.end == journal::End::Truncated && !tail {
            let end = self.scan.spans.last().map_or(journal::RECORDS_AT, |span| span.bytes.end);
            self.damaged_at.push(end as u64);
            self.records_damaged += 1;
        }
        // The index is a function of all records: with one lost there is nothing to hold it against.
        if self.scan.is_sealed() && !journal::index_holds(segment.bytes(), segment.header()) {
            self.damaged_at.push(segment.bytes().len() as u64);
        }
    }

    fn check_span(&mut self, segment: &Segment, index: usize, memory: &mut Memory) {
        let range = self.scan.spans[index].bytes.clone();
        let state = state_at(segment.bytes(), range.clone());
        let Ok(engine) = memory.load(&state) else {
            self.disagreements.push(range.start as u64);
            return;
        };
        let mut twin = Twin::of(engine);
        // Of the current step: messages that we find wrong, and records that say so.
        let (mut wrong, mut said_wrong) = (0, 0);
        for (offset, record) in records(segment.bytes(), range) {
            let Some(head) = head_of(record) else { break };
            let quality = body_of::<Quality>(record).filter(|body| body.check == Check::Checksum as u16);
            said_wrong += u64::from(quality.is_some());
            match twin.take(&head, record) {
                Some(Verdict::Ok) => self.checksums_ok += 1,
                Some(Verdict::Unverifiable) => self.unverifiable += 1,
                Some(Verdict::Bad) => {
                    self.checksums_bad += 1;
                    wrong += 1;
                }
                None => {}
            }
            if head.has(flag::END_OF_STEP) {
                if wrong != said_wrong {
                    self.disagreements.push(offset as u64);
                }
                (wrong, said_wrong) = (0, 0);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Ok,
    Bad,
    Unverifiable,
}

/// The naive book of each market.
struct Twin {
    markets: Vec<TwinMarket>,
}

struct TwinMarket {
    config: MarketConfig,
    depth: usize,
    depth_acked: usize,
    has_book: bool,
    bids: BTreeMap<i64, i64>,
    asks: BTreeMap<i64, i64>,
}

impl Twin {
    fn of(engine: &Engine) -> Self {
        let market = |(config, market): (&MarketConfig, &Market)| TwinMarket {
            config: *config,
            depth: market.state.depth() as usize,
            depth_acked: market.state.depth_acked() as usize,
            has_book: market.state.has_book(),
            bids: market.book.bids.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect(),
            asks: market.book.asks.best_first().map(|level| (level.price_ticks, level.qty_lots)).collect(),
        };
        Self { markets: engine.config().markets().iter().zip(engine.markets()).map(market).collect() }
    }

    fn take(&mut self, head: &Head, record: &[u8]) -> Option<Verdict> {
        if let Some(body) = body_of::<Link>(record)
            && body.up == 0
        {
            let lost = self.markets.iter_mut().filter(|market| market.config.connection == head.connection);
            lost.for_each(TwinMarket::forget);
        }
        self.markets.get_mut(usize::from(head.instrument))?.take(head, record)
    }
}

impl TwinMarket {
    fn forget(&mut self) {
        self.has_book = false;
        self.bids.clear();
        self.asks.clear();
    }

    fn take(&mut self, head: &Head, record: &[u8]) -> Option<Verdict> {
        match head.kind {
            Kind::ACK => self.ack(&body_of(record)?),
            Kind::SNAPSHOT => {
                self.forget();
                self.has_book = true;
                self.depth = self.depth_acked;
            }
            Kind::LEVEL if self.has_book => {
                let Level { price_ticks, qty_lots, .. } = body_of(record)?;
                let side = if head.has(flag::ASK) { &mut self.asks } else { &mut self.bids };
                match qty_lots {
                    0 => side.remove(&price_ticks),
                    _ => side.insert(price_ticks, qty_lots),
                };
            }
            Kind::BOOK_END if self.config.checksum_rule == checksum_rule::CRC32_TOP10 => {
                let end: BookEnd = body_of(record)?;
                self.cut();
                return head.has(flag::CHECKSUM).then(|| self.verdict(end.checksum));
            }
            _ => {}
        }
        None
    }

    fn ack(&mut self, ack: &Ack) {
        if ack.channel != channel::BOOK || ack.success == 0 {
            return;
        }
        match ack.method {
            method::UNSUBSCRIBE => self.forget(),
            method::SUBSCRIBE if (1..=DEPTH_MAX).contains(&(ack.depth as usize)) => {
                self.depth_acked = ack.depth as usize
            }
            _ => {}
        }
    }

    fn cut(&mut self) {
        if self.config.book_rule == book_rule::CUT {
            while self.bids.len() > self.depth {
                self.bids.pop_first();
            }
            while self.asks.len() > self.depth {
                self.asks.pop_last();
            }
        }
    }

    fn verdict(&self, checksum: u32) -> Verdict {
        if !self.has_book {
            return Verdict::Unverifiable;
        }
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let digits: String = best.map(|(price_ticks, qty_lots)| format!("{price_ticks}{qty_lots}")).collect();
        if crc32fast::hash(digits.as_bytes()) == checksum { Verdict::Ok } else { Verdict::Bad }
    }
}
