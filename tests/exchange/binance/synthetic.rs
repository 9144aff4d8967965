//! Recordings that tests make: a market whose every book is known.

use super::naive::{Book, Level};
use crate::market::Chance;
use fathom::exchange::Section;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

/// The price in the middle at the start, ticks.
const MID_TICKS: i64 = 6_180_000;
/// Between lines, nanoseconds.
const PAUSE_NS: u64 = 1_000_000;

/// A recorder and the market that it records.
pub struct Synthetic {
    section: Section,
    chance: Chance,
    /// Bids, asks: ticks to lots.
    sides: [BTreeMap<i64, i64>; 2],
    update_id: u64,
    told_id: u64,
    lines: Vec<String>,
    /// The whole book at the end of every message, and of every answer.
    pub books: HashMap<u64, Book>,
}

impl Synthetic {
    pub fn new(section: Section, seed: u64) -> Self {
        let side = |sign: i64| (1..=40).map(|place| (MID_TICKS + sign * 10 * place, 1_000 + place)).collect();
        let sides = [side(-1), side(1)];
        let update_id = 50_093_239_000;
        let (lines, books) = (Vec::new(), HashMap::new());
        Self { section, chance: Chance(seed), sides, update_id, told_id: update_id, lines, books }
    }

    /// A level as the market writes it.
    fn level(&self, ticks: i64, lots: i64) -> Level {
        let price = format!("{}.{:02}", ticks / 100, ticks % 100);
        let qty = format!("{}.{:03}", lots / 1_000, lots % 1_000);
        match self.section {
            Section::Spot => [format!("{price}000000"), format!("{qty}00000")],
            Section::Perpetual => [price, qty],
        }
    }

    fn line(&mut self, message: &serde_json::Value) {
        let recv_ns = 1_723_161_253_937_085_768 + self.lines.len() as u64 * PAUSE_NS;
        self.lines.push(format!("{recv_ns} {message}\n"));
    }

    /// Some updates of the market; the prices that changed, by side.
    fn updates(&mut self) -> [Vec<i64>; 2] {
        let mut changed = [Vec::new(), Vec::new()];
        for _ in 0..=self.chance.below(4) {
            self.update_id += 1 + self.chance.below(3);
            let ask = self.chance.below(2) as usize;
            let place = 10 * (1 + self.chance.below(45) as i64);
            let ticks = if ask == 1 { MID_TICKS + place } else { MID_TICKS - place };
            if self.chance.below(3) == 0 {
                self.sides[ask].remove(&ticks);
            } else {
                self.sides[ask].insert(ticks, 1 + self.chance.below(9_000_000) as i64);
            }
            changed[ask].push(ticks);
        }
        changed
    }

    fn note(&mut self) {
        let levels = self
            .sides
            .clone()
            .map(|side| side.into_iter().map(|(ticks, lots)| self.level(ticks, lots)).collect::<Vec<_>>());
        let [bids, asks] = levels;
        let answer = json!({ "lastUpdateId": self.update_id, "bids": bids, "asks": asks });
        self.books.insert(self.update_id, Book::of(&answer.to_string()));
    }

    fn tell(&mut self, changed: [Vec<i64>; 2]) {
        let lots = |ask: usize, ticks: &i64| self.sides[ask].get(ticks).copied().unwrap_or(0);
        let rows = |ask: usize| changed[ask].iter().map(|ticks| self.level(*ticks, lots(ask, ticks))).collect();
        let [bids, asks]: [Vec<Level>; 2] = [rows(0), rows(1)];
        let (first_id, last_id) = (self.told_id + 1, self.update_id);
        let message = match self.section {
            Section::Spot => json!({ "stream": "btcusdt@depth@100ms", "data": {
                "e": "depthUpdate", "E": 1_723_161_255_208_u64, "s": "BTCUSDT",
                "U": first_id, "u": last_id, "b": bids, "a": asks } }),
            Section::Perpetual => json!({ "stream": "btcusdt@depth@0ms", "data": {
                "e": "depthUpdate", "E": 1_723_161_255_208_u64, "T": 1_723_161_255_200_u64, "s": "BTCUSDT",
                "U": first_id, "u": last_id, "pu": self.told_id, "b": bids, "a": asks } }),
        };
        self.told_id = self.update_id;
        self.line(&message);
        self.note();
        let best = [self.sides[0].iter().next_back(), self.sides[1].iter().next()];
        let [bid, ask] = best.map(|level| level.map(|(ticks, lots)| self.level(*ticks, *lots)).expect("a level"));
        self.line(&json!({ "stream": "btcusdt@bookTicker", "data": {
            "u": last_id, "s": "BTCUSDT", "b": bid[0], "B": bid[1], "a": ask[0], "A": ask[1] } }));
    }

    /// So many messages, each with the touch behind it, and a trade now and then.
    pub fn messages(&mut self, count: usize) {
        for number in 0..count {
            let changed = self.updates();
            self.tell(changed);
            if number % 3 == 0 {
                let trade = json!({ "stream": "btcusdt@trade", "data": {
                    "e": "trade", "E": 1_723_161_255_343_u64, "s": "BTCUSDT", "t": number,
                    "p": self.level(MID_TICKS, 1)[0], "q": self.level(1, 20)[1], "T": 1_723_161_255_342_u64, "m": true } });
                self.line(&trade);
            }
        }
    }

    /// An answer whose last update lies within the message that is recorded behind it.
    pub fn answer(&mut self) {
        let mut changed = self.updates();
        self.note();
        let book = &self.books[&self.update_id];
        let bids: Vec<&Level> = book.bids.levels().rev().collect();
        let asks: Vec<&Level> = book.asks.levels().collect();
        let answer = json!({ "lastUpdateId": self.update_id, "bids": bids, "asks": asks });
        self.line(&answer);
        let more = self.updates();
        changed.iter_mut().zip(more).for_each(|(changed, more)| changed.extend(more));
        self.tell(changed);
    }

    /// Updates that were not recorded.
    pub fn hole(&mut self) {
        self.updates();
        self.update_id += 5;
        self.told_id = self.update_id;
    }

    /// Messages of streams, as they were recorded.
    pub fn streams(&self) -> Vec<String> {
        let texts = self.lines.iter().map(|line| line.split_once(' ').expect("a line").1.trim_end().to_owned());
        texts.filter(|text| text.contains("\"stream\":")).collect()
    }

    pub fn write(&self, path: &Path) {
        let file = std::fs::File::create(path).expect("a file");
        let mut encoder = GzEncoder::new(file, Compression::fast());
        encoder.write_all(self.lines.concat().as_bytes()).expect("it is written");
        encoder.finish().expect("it is written");
    }
}

/// A recording with an answer behind its first messages, in a folder.
pub fn recorded(section: Section, seed: u64, messages: usize) -> (tempfile::TempDir, std::path::PathBuf, Synthetic) {
    let mut synthetic = Synthetic::new(section, seed);
    synthetic.messages(5);
    synthetic.answer();
    synthetic.messages(messages);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recording.gz");
    synthetic.write(&path);
    (folder, path, synthetic)
}
