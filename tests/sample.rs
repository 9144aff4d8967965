//! The synthetic recording, read by a client that shares no code with it.

use fathom::config::{Loaded, load};
use fathom::sample::{Summary, cbcap};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("configs").join(name)
}

fn loaded(overrides: &[&str]) -> Loaded {
    let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
    load(&config("kraken-btc-eur.toml"), &overrides).expect("the shipped configuration loads")
}

fn recording(seed: u64, frames: usize, loaded: &Loaded) -> (Summary, Vec<u8>) {
    let mut bytes = Vec::new();
    let summary = cbcap(seed, frames, loaded, &mut bytes).expect("memory takes everything");
    (summary, bytes)
}

/// Frames of a CBCAP recording: receive time and text.
fn frames(bytes: &[u8]) -> Vec<(u64, String)> {
    let text = std::str::from_utf8(bytes).expect("text");
    let (_, mut rest) = text.split_once('\n').expect("a header");
    let mut frames = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_once('\n').expect("a frame head");
        let (recv_ns, count) = head.split_once(' ').expect("time and count");
        let count: usize = count.parse().expect("a count");
        frames.push((recv_ns.parse().expect("a time"), tail[..count].to_owned()));
        rest = tail[count..].strip_prefix('\n').expect("a line end");
    }
    frames
}

/// What the client saw.
#[derive(Default, Debug)]
struct Seen {
    updates: u64,
    tight: u64,
    crossed_inside: u64,
    two_sided: u64,
    repeated: u64,
    rows: [u64; 3],
    mids: Vec<i64>,
    rows_per_update: BTreeMap<usize, u64>,
}

const SET: usize = 0;
const REMOVED: usize = 1;
const NEW: usize = 2;

/// A client as the exchange's documentation describes it: price text to size text.
struct Client {
    depth: usize,
    price_precision: usize,
    qty_precision: usize,
    /// Bids, asks: price in ticks to digits of price and size.
    sides: [BTreeMap<i64, (String, String)>; 2],
    seen: Seen,
}

impl Client {
    fn new(loaded: &Loaded) -> Self {
        let row = &loaded.config.markets[0];
        Self {
            depth: row.depth as usize,
            price_precision: row.price_precision.into(),
            qty_precision: row.qty_precision.into(),
            sides: Default::default(),
            seen: Seen::default(),
        }
    }

    fn book(&mut self, text: &str) {
        let snapshot = text.starts_with(r#"{"channel":"book","type":"snapshot""#);
        if snapshot {
            self.sides = Default::default();
        }
        let (mut count, mut prices) = (0, BTreeSet::new());
        for (side, name, ends) in [(0, r#""bids":["#, r#"],"asks""#), (1, r#""asks":["#, r#"],"checksum""#)] {
            let rows = between(text, name, ends);
            for row in rows.split("},{").filter(|row| !row.is_empty()) {
                let price = between(row, r#""price":"#, ",");
                self.row(side, price, row.rsplit(':').next().expect("a size"), snapshot);
                prices.insert((side, price));
                count += 1;
            }
        }
        let crossed = |sides: &[BTreeMap<i64, _>; 2]| {
            sides[0].last_key_value().map(|level| *level.0) >= sides[1].first_key_value().map(|level| *level.0)
        };
        assert!(!crossed(&self.sides), "crossed after a whole message: {text}");
        while self.sides[0].len() > self.depth {
            self.sides[0].pop_first();
        }
        while self.sides[1].len() > self.depth {
            self.sides[1].pop_last();
        }
        assert_eq!(self.checksum().to_string(), between(text, r#""checksum":"#, ","), "{text}");
        assert_eq!((self.sides[0].len(), self.sides[1].len()), (self.depth, self.depth), "{text}");
        if !snapshot {
            assert!(count > 0, "an update without rows: {text}");
            self.note(count);
            self.seen.repeated += u64::from(prices.len() < count);
            self.seen.two_sided +=
                u64::from(prices.range((1, "")..).count() > 0 && prices.range(..(1, "")).count() > 0);
        }
    }

    fn row(&mut self, side: usize, price: &str, qty: &str, snapshot: bool) {
        let qty = qty.trim_end_matches('}');
        assert_eq!(decimals(price), self.price_precision, "{price}");
        assert_eq!(decimals(qty), self.qty_precision, "{qty}");
        let (price_digits, qty_digits) = (digits(price), digits(qty));
        let ticks: i64 = price_digits.parse().expect("a price above zero");
        let held = if qty_digits.is_empty() {
            assert!(self.sides[side].remove(&ticks).is_some(), "removes what is not held: {price}");
            REMOVED
        } else {
            let old = self.sides[side].insert(ticks, (price_digits, qty_digits));
            if old.is_some() { SET } else { NEW }
        };
        if !snapshot {
            self.seen.rows[held] += 1;
            let (bid, ask) = (self.sides[0].last_key_value(), self.sides[1].first_key_value());
            self.seen.crossed_inside += u64::from(bid.zip(ask).is_some_and(|(bid, ask)| bid.0 >= ask.0));
        }
    }

    fn checksum(&self) -> u32 {
        let asks = self.sides[1].values().take(10);
        let best = asks.chain(self.sides[0].values().rev().take(10));
        crc32fast::hash(best.map(|(price, qty)| format!("{price}{qty}")).collect::<String>().as_bytes())
    }

    fn note(&mut self, rows: usize) {
        let bid = *self.sides[0].last_key_value().expect("a bid").0;
        let ask = *self.sides[1].first_key_value().expect("an ask").0;
        self.seen.updates += 1;
        self.seen.tight += u64::from(ask - bid == 1);
        self.seen.mids.push(bid + ask);
        *self.seen.rows_per_update.entry(rows).or_default() += 1;
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start} in {text}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end} in {rest}")).0
}

fn digits(number: &str) -> String {
    number.replace('.', "").trim_start_matches('0').to_owned()
}

fn decimals(number: &str) -> usize {
    number.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

fn is_book(text: &str) -> bool {
    text.starts_with(r#"{"channel":"book""#)
}

fn client_of(loaded: &Loaded, bytes: &[u8]) -> Client {
    let mut client = Client::new(loaded);
    frames(bytes).iter().filter(|(_, text)| is_book(text)).for_each(|(_, text)| client.book(text));
    client
}

#[test]
fn every_checksum_is_a_naive_clients() {
    let pairs: [&[&str]; 6] = [
        &[],
        &["venue.depth=25"],
        &["venue.depth=100"],
        &["venue.depth=1000"],
        &["venue.price_precision=2", "venue.price_increment=0.05", "venue.qty_precision=6"],
        &["venue.price_precision=5", "venue.price_increment=0.00001", "venue.qty_precision=0", "quote.qty=1"],
    ];
    for (seed, overrides) in (1..).zip(pairs) {
        let loaded = loaded(overrides);
        let (summary, bytes) = recording(seed, 3_000, &loaded);
        let client = client_of(&loaded, &bytes);
        assert_eq!(client.seen.updates, summary.updates, "{overrides:?}");
    }
}

/// An hour of it: every shape of message that a reader must cope with, and a price that walks without running
/// away. Whether it resembles the exchange's is for `market_fit.rs`.
#[test]
fn an_hour_holds_every_shape_of_message() {
    let loaded = loaded(&[]);
    let (summary, bytes) = recording(7, 60_000, &loaded);
    let seen = client_of(&loaded, &bytes).seen;
    eprintln!(
        "{:?} {:?} {} {} {} {}",
        seen.rows, seen.rows_per_update, seen.two_sided, seen.repeated, seen.crossed_inside, seen.tight
    );
    assert!(seen.rows.iter().all(|rows| *rows > 5_000), "set, removed, new: {:?}", seen.rows);
    assert!((1..=3).all(|rows| seen.rows_per_update[&rows] > 100), "{:?}", seen.rows_per_update);
    assert!(seen.two_sided > 0 && seen.repeated > 0, "{} two-sided, {} repeated", seen.two_sided, seen.repeated);
    assert!(seen.crossed_inside > 0, "no message is crossed half way");
    assert!(seen.tight > 1_000 && seen.updates - seen.tight > 1_000, "{} of {} tight", seen.tight, seen.updates);
    let (low, high) = (seen.mids.iter().min().expect("mids") / 2, seen.mids.iter().max().expect("mids") / 2);
    assert!(high - low > 20, "the mid does not walk: {low} to {high}");
    assert!(low > 500_000 && high < 580_000, "the mid runs away: {low} to {high}");
    assert!(summary.trades > 100, "{summary:?}");
}

#[test]
fn opens_and_beats_as_the_exchange_does() {
    let (summary, bytes) = recording(3, 2_000, &loaded(&["venue.depth=25"]));
    let text = String::from_utf8(bytes.clone()).expect("text");
    assert!(text.starts_with("CBCAP1 kraken BTC/EUR 1785542400000000000\n"));
    let frames = frames(&bytes);
    let openings = [
        r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":1"#,
        r#"{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"BTC/EUR"},"success":true,"time_in":"2026-08-01T00:00:00.237000Z","time_out":"2026-08-01T00:00:00.237039Z"}"#,
        r#"{"method":"subscribe","result":{"channel":"trade","snapshot":false,"symbol":"BTC/EUR"},"success":true,"#,
        r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/EUR","bids":[{"price":5"#,
    ];
    for (frame, opening) in frames.iter().zip(openings) {
        assert!(frame.1.starts_with(opening), "{} does not open with {opening}", frame.1);
    }
    assert!(frames.windows(2).all(|pair| pair[0].0 < pair[1].0), "receive times increase");
    let beats: Vec<_> = frames.iter().filter(|frame| frame.1 == r#"{"channel":"heartbeat"}"#).collect();
    assert!(beats.len() > 30, "{} heartbeats", beats.len());
    assert!(beats.windows(2).all(|pair| (pair[1].0 - pair[0].0).abs_diff(1_000_000_000) < 1_000_000));
    assert_eq!(summary.heartbeats, beats.len() as u64);
    assert_eq!((summary.frames, summary.snapshots, summary.bytes), (2_000, 1, bytes.len() as u64));
    let counted = summary.snapshots + summary.updates + summary.trades + summary.heartbeats;
    assert_eq!(counted + 3, summary.frames);
}

#[test]
fn every_frame_is_json_and_times_never_run_back() {
    let (_, bytes) = recording(11, 5_000, &loaded(&[]));
    let mut last = String::new();
    let mut id = 0;
    for (_, text) in frames(&bytes) {
        let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let Some(data) = value["data"].as_array() else { continue };
        for row in data {
            if let Some(time) = row["timestamp"].as_str() {
                assert!(time >= last.as_str(), "{time} after {last}");
                last = time.to_owned();
            }
            if let Some(trade_id) = row["trade_id"].as_u64() {
                assert!(trade_id > id && row["qty"].as_f64() > Some(0.0), "{text}");
                id = trade_id;
            }
        }
    }
    assert!(id > 0, "no trades");
}

#[test]
fn the_seed_decides_every_byte() {
    let loaded = loaded(&[]);
    let (_, first) = recording(42, 1_000, &loaded);
    assert!(first == recording(42, 1_000, &loaded).1, "two runs differ");
    assert!(first.starts_with(&recording(42, 300, &loaded).1), "a longer recording begins otherwise");
    assert!(first != recording(43, 1_000, &loaded).1, "another seed gives the same");
}

#[test]
fn a_market_that_cannot_be_made_is_refused_in_a_sentence() {
    let loaded = loaded(&["venue.price_increment=300000000000"]);
    let error = cbcap(1, 10, &loaded, &mut Vec::new()).expect_err("an increment above 2^40 ticks");
    let told = format!("{error:#}");
    assert_eq!(told, "no synthetic market has the terms of BTC/EUR: the price increment is 1 to 1099511627776 ticks");
}
