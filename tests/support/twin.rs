//! A naive client: serde_json, maps, text digits. Shares nothing with the engine.

use serde_json::Value;
use std::collections::BTreeMap;

/// The book and what a client that checks every checksum believes of it.
#[derive(Clone, Default)]
pub struct Twin {
    pub depth: usize,
    pub price_precision: usize,
    pub qty_precision: usize,
    pub bids: BTreeMap<i64, i64>,
    pub asks: BTreeMap<i64, i64>,
    pub has_book: bool,
    pub trusted: bool,
    pub ok: u64,
    pub bad: u64,
    pub snapshots: u64,
}

impl Twin {
    pub fn new(depth: usize, price_precision: usize, qty_precision: usize) -> Self {
        Self { depth, price_precision, qty_precision, ..Self::default() }
    }

    /// Takes a frame; says whether it was a book message and its checksum held.
    pub fn take(&mut self, text: &str) -> Option<bool> {
        let frame: Value = serde_json::from_str(text).expect("JSON");
        if frame["method"] == "unsubscribe" && frame["success"] == true {
            (self.has_book, self.trusted) = (false, false);
        }
        if frame["channel"] != "book" {
            return None;
        }
        let data = &frame["data"][0];
        let snapshot = frame["type"] == "snapshot";
        if snapshot {
            self.bids.clear();
            self.asks.clear();
            self.has_book = true;
            self.snapshots += 1;
        }
        if !self.has_book {
            self.trusted = false;
            return None;
        }
        // Digits are cut out of the text: a float would lose trailing zeros.
        for (ask, price, qty) in rows(text) {
            let (price, qty) = (scaled(price, self.price_precision), scaled(qty, self.qty_precision));
            let side = if ask { &mut self.asks } else { &mut self.bids };
            match qty {
                0 => side.remove(&price),
                _ => side.insert(price, qty),
            };
        }
        while self.bids.len() > self.depth {
            self.bids.pop_first();
        }
        while self.asks.len() > self.depth {
            self.asks.pop_last();
        }
        let holds = u64::from(self.checksum()) == data["checksum"].as_u64().expect("a checksum");
        let crossed =
            self.bids.last_key_value().zip(self.asks.first_key_value()).is_some_and(|(bid, ask)| bid.0 >= ask.0);
        *(if holds { &mut self.ok } else { &mut self.bad }) += 1;
        self.trusted = holds && !crossed && (snapshot || self.trusted);
        Some(holds)
    }

    fn checksum(&self) -> u32 {
        let best = self.asks.iter().take(10).chain(self.bids.iter().rev().take(10));
        let digits: String = best.map(|(price, qty)| format!("{price}{qty}")).collect();
        crc32fast::hash(digits.as_bytes())
    }
}

/// (ask?, price text, size text) in wire order.
fn rows(text: &str) -> impl Iterator<Item = (bool, &str, &str)> {
    let asks_at = text.find("\"asks\":").expect("asks");
    text.match_indices("{\"price\":").map(move |(at, key)| {
        let rest = &text[at + key.len()..];
        let (price, rest) = rest.split_once(",\"qty\":").expect("a size");
        let (qty, _) = rest.split_once('}').expect("an end");
        (at > asks_at, price, qty)
    })
}

fn scaled(text: &str, precision: usize) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<precision$}").parse().expect("digits")
}
