//! The made-up market, over sockets.

use super::naive::{Book, Naive};
use super::{client, depth, get, subscribe};
use crate::running::{PATIENCE, Running};
use fathom::exchange::{Section, Serves};
use fathom::market::{Market, Side};
use serde_json::{Value, json};

const SECTIONS: [Section; 2] = [Section::Spot, Section::Perpetual];
const SEED: u64 = 5;
const TOPICS: [&str; 3] = ["bookTicker", "trade", "depth@100ms"];

fn serves(section: Section, seed: u64) -> Serves {
    Serves::BinanceMarket { section, events: Box::new(Market::new(seed, &section.terms())), speed: 20.0 }
}

fn answered(running: &Running, section: Section) -> String {
    // Spot gives the whole book, a perpetual not.
    let levels = if section == Section::Spot { 5_000 } else { 1_000 };
    let (status, body) = get(running, &depth(section, levels));
    assert_eq!(status, "200", "{body}");
    body
}

/// Clients that ask for the book before anything and in the middle of it hold the exchange's own at every message of changes, as
/// deep as they were answered; each touch that was told with the number of such a message is that of its book.
#[test]
fn the_joined_book_is_the_exchanges_at_every_message() {
    for section in SECTIONS {
        let running = Running::serving(serves(section, SEED), section == Section::Perpetual);
        let mut client = client(&running);
        let mut clients = [Naive::default(), Naive::default(), Naive::default()];
        let first = answered(&running, section);
        clients[0].begin(&first);
        let mut begun = vec![Book::of(&first)];
        client.say(&subscribe(&TOPICS));
        assert_eq!(client.next(), r#"{"result":null,"id":1}"#);
        let (mut diffs, mut held) = (0, 0);
        while diffs < 300 {
            let text = client.next();
            clients.iter_mut().for_each(|naive| naive.take(&text));
            if !text.contains("@depth") {
                continue;
            }
            diffs += 1;
            if diffs % 100 == 50 {
                let answer = answered(&running, section);
                clients[diffs / 100 % 2 + 1].begin(&answer);
                begun.push(Book::of(&answer));
            }
            let truth = running.truths.recv_timeout(PATIENCE).expect("the truth beside each message of changes");
            let wanted = json!({ "lastUpdateId": truth.update_id, "bids": truth.bids, "asks": truth.asks });
            let wanted = Book::of(&wanted.to_string());
            for book in clients.iter().filter_map(Naive::book).filter(|book| book.update_id == wanted.update_id) {
                match section {
                    Section::Spot => assert!(*book == wanted, "spot at {}", book.update_id),
                    Section::Perpetual => {
                        let bounds: Vec<&Book> = begun.iter().collect();
                        assert_eq!(book.within(&bounds), wanted.within(&bounds), "perpetual at {}", book.update_id);
                    }
                }
                held += 1;
            }
        }
        // A busy host answers late, and the books begin later.
        assert!(held > 350, "{section:?}: {held} books");
        for naive in &clients {
            assert_eq!(naive.broken, 0, "{section:?}");
            let (same, other) = naive.touches();
            assert!(same > 5 && other == 0, "{section:?}: {same} touches agree, {other} do not");
        }
    }
}

/// A message without its times, which are those of the server's clock.
fn timeless(text: &str) -> Value {
    let mut message: Value = serde_json::from_str(text).expect("JSON");
    for key in ["E", "T"] {
        if let Some(time) = message["data"].get_mut(key) {
            assert!(time.is_u64(), "{text}");
            *time = Value::Null;
        }
    }
    message
}

fn heard(section: Section, seed: u64, messages: usize) -> Vec<Value> {
    let running = Running::unwitnessed(serves(section, seed), false);
    let mut client = client(&running);
    client.say(&subscribe(&TOPICS));
    client.next();
    (0..messages).map(|_| timeless(&client.next())).collect()
}

#[test]
fn a_seed_says_the_same_to_every_first_client() {
    for section in SECTIONS {
        let wanted = heard(section, SEED, 500);
        assert_eq!(heard(section, SEED, 500), wanted, "{section:?}");
        assert_ne!(heard(section, SEED + 1, 500), wanted, "{section:?}");
    }
}

/// Every trade of the market is told once, in order, and nothing else is.
#[test]
fn the_trades_are_those_of_the_market() {
    for section in SECTIONS {
        // Trades are rare: forty take a quarter of an hour of the market's time.
        let events = Box::new(Market::new(SEED, &section.terms()));
        let running = Running::unwitnessed(Serves::BinanceMarket { section, events, speed: 500.0 }, false);
        let mut client = client(&running);
        client.say(&subscribe(&["trade", "depth@100ms"]));
        client.next();
        let trades = Market::new(SEED, &section.terms()).flat_map(|event| event.trades);
        for (id, trade) in (1..=40).zip(trades) {
            let told: Value = serde_json::from_str(&client.next_that(|text| text.contains("@trade"))).expect("JSON");
            let told = &told["data"];
            let (price, lots) = (format!("{}.{}", trade.price_ticks / 10, trade.price_ticks % 10), trade.qty_lots);
            let (price, qty) = match section {
                Section::Spot => (format!("{price}0000000"), format!("{}.{:05}000", lots / 100_000, lots % 100_000)),
                Section::Perpetual => (price, format!("{}.{:03}", lots / 1_000, lots % 1_000)),
            };
            let wanted = (json!(id), json!(price), json!(qty), json!(trade.taker == Side::Ask));
            assert_eq!((&told["t"], &told["p"], &told["q"], &told["m"]), (&wanted.0, &wanted.1, &wanted.2, &wanted.3));
        }
    }
}

/// The steps are those in which the market moves, and the book stands still until somebody listens.
#[test]
fn what_is_traded_is_told_before_anybody_listens() {
    for (section, path, tick, step) in [
        (Section::Spot, "/api/v3/exchangeInfo?symbol=BTCUSDT", "0.10000000", "0.00001000"),
        (Section::Perpetual, "/fapi/v1/exchangeInfo", "0.1", "0.001"),
    ] {
        let running = Running::unwitnessed(serves(section, SEED), false);
        let (status, body) = get(&running, path);
        let info: Value = serde_json::from_str(&body).expect("JSON");
        let symbol = &info["symbols"][0];
        let filters = &symbol["filters"];
        assert_eq!((status.as_str(), &symbol["symbol"]), ("200", &json!("BTCUSDT")));
        assert_eq!((&filters[0]["tickSize"], &filters[1]["stepSize"]), (&json!(tick), &json!(step)));
        assert_eq!(answered(&running, section), answered(&running, section));
    }
}
