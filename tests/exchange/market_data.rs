//! Books, trades and tickers of a market that is made up.

use crate::client::{Client, HEARTBEAT, book, channel, is_book};
use crate::market::{lively, still};
use crate::running::{PATIENCE, Running};
use crate::support::{config, imported_bytes};
use crate::twin::Twin;
use fathom::exchange::{DEPTHS, Truth};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a client holds, as the truth writes it: best first.
fn held(side: &BTreeMap<i64, i64>, best_first: impl Fn(Vec<[String; 2]>) -> Vec<[String; 2]>) -> Vec<[String; 2]> {
    let text = |(price, qty): (&i64, &i64)| {
        [format!("{}.{}", price / 10, price % 10), format!("{}.{:08}", qty / 100_000_000, qty % 100_000_000)]
    };
    best_first(side.iter().map(text).collect())
}

fn reversed(mut levels: Vec<[String; 2]>) -> Vec<[String; 2]> {
    levels.reverse();
    levels
}

/// Whether a client's book is the exchange's own.
fn assert_true(twin: &Twin, truth: &Truth) {
    assert_eq!(held(&twin.bids, reversed), truth.bids, "bids at depth {}", twin.depth);
    assert_eq!(held(&twin.asks, |levels| levels), truth.asks, "asks at depth {}", twin.depth);
}

/// One client at each depth, over moves through many levels: every checksum, and after every message the
/// whole book.
#[test]
fn a_naive_client_holds_the_book_at_every_depth() {
    let running = Running::market(lively(1), true);
    let mut readers = Vec::new();
    for depth in DEPTHS {
        let mut client = running.client();
        readers.push(std::thread::spawn(move || {
            let mut twin = Twin::new(depth as usize, 1, 8);
            let mut books = Vec::new();
            assert_eq!(twin.take(&client.book("BTC/EUR", depth as usize)), Some(true));
            while books.len() < 300 {
                let text = client.next_that(is_book);
                assert_eq!(twin.take(&text), Some(true), "depth {depth}: {text}");
                books.push(twin.clone());
            }
            assert_eq!((twin.snapshots, twin.bad), (1, 0));
            books
        }));
    }
    let books: Vec<_> = readers.into_iter().map(|reader| reader.join().expect("a reader")).collect();
    let mut truths: BTreeMap<u32, Vec<Truth>> = BTreeMap::new();
    while truths.len() < DEPTHS.len() || truths.values().any(|truths| truths.len() <= 300) {
        let truth = running.truths.recv_timeout(PATIENCE).expect("truth");
        assert_eq!(truth.symbol, "BTC/EUR");
        truths.entry(truth.depth.expect("a depth")).or_default().push(truth);
    }
    for (depth, books) in DEPTHS.into_iter().zip(books) {
        let connections: Vec<_> = truths[&depth].iter().map(|truth| truth.connection).collect();
        assert!(connections.windows(2).all(|pair| pair[0] == pair[1]));
        // The first truth is the snapshot's.
        books.iter().zip(&truths[&depth][1..]).for_each(|(book, truth)| assert_true(book, truth));
    }
}

#[test]
fn an_update_has_something_new_and_times_only_grow() {
    let running = Running::market(lively(2), false);
    let mut client = running.client();
    let mut last = String::new();
    let mut repeated = 0;
    client.say(&book("subscribe", "BTC/EUR", 10));
    for _ in 0..400 {
        let text = client.next_that(is_book);
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let data = &message["data"][0];
        let prices: Vec<_> = ["bids", "asks"]
            .iter()
            .flat_map(|side| data[side].as_array().expect("rows"))
            .map(|row| row["price"].to_string())
            .collect();
        assert!(!prices.is_empty(), "{text}");
        repeated += usize::from((1..prices.len()).any(|place| prices[..place].contains(&prices[place])));
        let time = data["timestamp"].as_str().expect("a time").to_owned();
        assert!(time > last && time.len() == 27, "{time} behind {last}");
        last = time;
    }
    assert!(repeated > 0, "no message changes a price twice");
}

#[test]
fn unsubscribing_ends_updates_and_resubscribing_begins_with_a_snapshot() {
    let running = Running::market(lively(4), false);
    let mut client = running.client();
    client.book("BTC/EUR", 25);
    client.next_that(is_book);
    client.say(&book("unsubscribe", "BTC/EUR", 25));
    let ended = client.next_that(|text| text.contains("method"));
    assert!(
        ended.starts_with(
            r#"{"method":"unsubscribe","result":{"channel":"book","depth":25,"symbol":"BTC/EUR"},"success":true"#
        ),
        "{ended}"
    );
    // The market goes on, the exchange lives, and nothing is said of the book.
    assert_eq!([client.next(), client.next()], [HEARTBEAT, HEARTBEAT]);
    let mut twin = Twin::new(100, 1, 8);
    assert_eq!(twin.take(&client.book("BTC/EUR", 100)), Some(true));
    for _ in 0..50 {
        assert_eq!(twin.take(&client.next_that(is_book)), Some(true));
    }
    assert_eq!(twin.snapshots, 1);
}

#[test]
fn trades_are_numbered_one_after_the_other() {
    let running = Running::market(lively(5), false);
    let mut client = running.client();
    client.say(&channel("subscribe", "trade"));
    let ids = |text: &str| -> Vec<u64> {
        let message: Value = serde_json::from_str(text).expect("JSON");
        let rows = message["data"].as_array().expect("rows").clone();
        rows.iter().map(|row| row["trade_id"].as_u64().expect("a number")).collect()
    };
    let is_trade = |text: &str| text.starts_with(r#"{"channel":"trade""#);
    let mut next = 1;
    while next < 60 {
        for id in ids(&client.next_that(is_trade)) {
            assert_eq!(id, next);
            next += 1;
        }
    }
    // Whoever wants the past gets the last fifty.
    let mut late = running.client();
    late.say(r#"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/EUR"],"snapshot":true}}"#);
    let snapshot = late.next_that(is_trade);
    assert!(
        snapshot.starts_with(r#"{"channel":"trade","type":"snapshot","data":[{"symbol":"BTC/EUR","side":""#),
        "{snapshot}"
    );
    let past = ids(&snapshot);
    assert!(past.len() == 50 && past.windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(ids(&late.next_that(is_trade))[0], past[49] + 1);
}

/// A ticker for quotes tells of every new best price or size: it never repeats itself.
#[test]
fn tickers_are_pulled_by_what_was_asked_for() {
    let running = Running::market(lively(6), false);
    let ticker = |trigger: &str| {
        let mut client = running.client();
        client.say(&format!(r#"{{"method":"subscribe","params":{{"channel":"ticker","symbol":["BTC/EUR"],"event_trigger":"{trigger}"}}}}"#));
        move || {
            let text = client.next_that(|text| text.starts_with(r#"{"channel":"ticker""#));
            let message: Value = serde_json::from_str(&text).expect("JSON");
            (message["type"].as_str().expect("a type").to_owned(), message["data"][0].clone())
        }
    };
    let touch = |row: &Value| ["bid", "bid_qty", "ask", "ask_qty"].map(|key| row[key].to_string());
    let mut quotes = ticker("bbo");
    let mut trades = ticker("trades");
    let (first, mut last) = quotes();
    assert_eq!((first.as_str(), trades().0.as_str()), ("snapshot", "snapshot"));
    for _ in 0..50 {
        let (kind, row) = quotes();
        assert!(kind == "update" && touch(&row) != touch(&last), "{row}");
        last = row;
    }
    let mut volume = 0.0;
    for _ in 0..50 {
        let row = trades().1;
        let now = row["volume"].as_f64().expect("a number");
        assert!(now > volume, "{row}");
        assert!(row["low"].as_f64() <= row["vwap"].as_f64() && row["vwap"].as_f64() <= row["high"].as_f64(), "{row}");
        volume = now;
    }
}

/// The pair that is traded is one of several, and not the first.
#[test]
fn instruments_are_listed() {
    let running = Running::market(still(), false);
    let mut client = running.client();
    client.say(r#"{"method":"subscribe","params":{"channel":"instrument"}}"#);
    let text = client.next_that(|text| text.starts_with(r#"{"channel":"instrument""#));
    let message: Value = serde_json::from_str(&text).expect("JSON");
    let pairs = message["data"]["pairs"].as_array().expect("pairs");
    let online: Vec<_> = pairs.iter().filter(|pair| pair["status"] == "online").collect();
    assert!(pairs.len() > 2 && pairs[0]["symbol"] != "BTC/EUR" && online.len() == 1, "{text}");
    let precisions = ["price_precision", "qty_precision", "cost_precision"].map(|key| online[0][key].as_u64());
    assert_eq!((online[0]["symbol"].as_str(), precisions), (Some("BTC/EUR"), [Some(1), Some(8), Some(5)]));
    let assets: Vec<_> =
        message["data"]["assets"].as_array().expect("assets").iter().map(|asset| asset["id"].as_str()).collect();
    for pair in pairs {
        assert!(assets.contains(&pair["base"].as_str()) && assets.contains(&pair["quote"].as_str()), "{pair}");
        let request = channel("subscribe", "trade").replace("BTC/EUR", pair["symbol"].as_str().expect("a symbol"));
        assert_eq!(client.ask(&request).contains(r#""success":true"#), pair["status"] == "online");
    }
}

/// Everything that the exchange says in a session, taken by the engine: nothing is refused, every checksum holds.
#[test]
fn the_engine_understands_every_word() {
    let running = Running::market(lively(8), true);
    let mut client = Client::connect(&running.url, running.ca_pem.as_deref()).expect("a connection");
    client.say(r#"{"method":"ping","req_id":5}"#);
    client.say(r#"{"method":"subscribe","params":{"channel":"instrument"}}"#);
    client.say(&channel("subscribe", "ticker"));
    client.say(r#"{"method":"subscribe","params":{"channel":"trade","symbol":["BTC/EUR","BTC/USD"],"snapshot":true}}"#);
    client.say(&book("subscribe", "BTC/EUR", 27));
    client.say(&book("subscribe", "BTC/EUR", 10));
    client.say(&book("subscribe", "BTC/EUR", 10));
    client.say("nonsense");
    let texts: Vec<_> = (0..2_000).map(|_| client.next()).collect();
    let mut recording = b"CBCAP1 kraken BTC/EUR 1785542400000000000\n".to_vec();
    for (number, text) in texts.iter().enumerate() {
        recording.extend(format!("{} {}\n{text}\n", number * 1_000_000, text.len()).bytes());
    }
    let (_folder, imported) = imported_bytes(&recording, &config("kraken-btc-eur.toml", &[]));
    let books = texts.iter().filter(|text| is_book(text)).count() as u64;
    assert!(books > 1_000, "{books} messages of the book");
    assert_eq!((imported.frames, imported.refused), (2_000, 0));
    let counts = imported.markets[0].counts;
    assert_eq!((counts.checksums_ok, counts.checksums_bad), (books, 0));
}
