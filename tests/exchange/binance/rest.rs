//! Plain HTTP requests, good and bad.

use super::synthetic::recorded;
use super::{depth, exchange, get, serves};
use crate::running::{PATIENCE, Running};
use crate::support::recording;
use fathom::exchange::Section;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

fn still(section: Section) -> (tempfile::TempDir, Running) {
    let (folder, path, _) = recorded(section, 1, 10);
    (folder, Running::unwitnessed(serves(section, &path, Some(1.0)), false))
}

fn asked(running: &Running, path: &str) -> (String, Value) {
    let (status, body) = get(running, path);
    (status, serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

#[test]
fn the_book_is_answered_at_the_limits_of_each_section() {
    for (section, root) in [(Section::Spot, "/api/v3"), (Section::Perpetual, "/fapi/v1")] {
        let (_folder, running) = still(section);
        let (status, whole) = asked(&running, &depth(section, 1_000));
        assert_eq!(status, "200");
        assert!(whole["lastUpdateId"].is_u64() && whole["bids"].as_array().expect("bids").len() > 20);
        assert_eq!(
            (whole["E"].is_u64(), whole["T"].is_u64()),
            [(false, false), (true, true)][usize::from(section != Section::Spot)]
        );
        let (_, five) = asked(&running, &depth(section, 5));
        for side in ["bids", "asks"] {
            assert_eq!(five[side].as_array().expect("levels")[..], whole[side].as_array().expect("levels")[..5]);
        }
        let unlimited = asked(&running, &format!("{root}/depth?symbol=BTCUSDT")).1;
        assert_eq!(unlimited["bids"], whole["bids"]);
        let missing = "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.";
        let characters = "Illegal characters found in parameter 'limit'; legal range is '^[0-9]{1,20}$'.";
        let none = if section == Section::Spot {
            (-1130, "Data sent for parameter 'limit' is not valid.")
        } else {
            (-4021, "0 is not valid depth limit")
        };
        let cases = [
            ("depth?symbol=ETHUSDT&limit=5", (-1121, "Invalid symbol.")),
            ("depth?symbol=btcusdt", (-1121, "Invalid symbol.")),
            ("depth?limit=5", (-1102, missing)),
            ("depth", (-1102, missing)),
            ("depth?symbol=BTCUSDT&limit=x", (-1100, characters)),
            ("depth?symbol=BTCUSDT&limit=-5", (-1100, characters)),
            ("depth?symbol=BTCUSDT&limit=", (-1100, characters)),
            ("depth?symbol=BTCUSDT&limit=0", none),
        ];
        for (query, (code, msg)) in cases {
            let (status, body) = asked(&running, &format!("{root}/{query}"));
            assert_eq!((status.as_str(), body), ("400", json!({ "code": code, "msg": msg })), "{query}");
        }
        let (status, body) = asked(&running, &format!("{root}/depth?limit=7&symbol=BTCUSDT"));
        match section {
            Section::Spot => assert_eq!((status.as_str(), body["asks"].as_array().expect("asks").len()), ("200", 7)),
            Section::Perpetual => assert_eq!(body, json!({ "code": -4021, "msg": "7 is not valid depth limit" })),
        }
        let (_, most) = asked(&running, &format!("{root}/depth?symbol=BTCUSDT&limit=99999999999999999999"));
        assert_eq!(most["code"], if section == Section::Spot { Value::Null } else { json!(-4021) });
    }
}

fn filter<'a>(symbol: &'a Value, name: &str) -> &'a Value {
    let filters = symbol["filters"].as_array().expect("filters");
    filters.iter().find(|filter| filter["filterType"] == name).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn what_is_traded_is_told_with_its_steps() {
    let (_folder, running) = still(Section::Spot);
    let (status, info) = asked(&running, "/api/v3/exchangeInfo?symbol=BTCUSDT");
    let [symbol] = info["symbols"].as_array().expect("symbols").as_slice() else { panic!("{info}") };
    assert_eq!(
        (status.as_str(), &symbol["status"], &symbol["baseAsset"], &symbol["quoteAsset"]),
        ("200", &json!("TRADING"), &json!("BTC"), &json!("USDT"))
    );
    assert_eq!(filter(symbol, "PRICE_FILTER")["tickSize"], "0.10000000");
    let lots = filter(symbol, "LOT_SIZE");
    assert_eq!((&lots["stepSize"], &lots["minQty"]), (&json!("0.00100000"), &json!("0.00100000")));
    assert_eq!(
        (&symbol["quotePrecision"], &filter(symbol, "NOTIONAL")["minNotional"]),
        (&json!(8), &json!("5.00000000"))
    );
    assert_eq!(asked(&running, "/api/v3/exchangeInfo").1["symbols"], info["symbols"]);
    let (status, refused) = asked(&running, "/api/v3/exchangeInfo?symbol=ETHUSDT");
    assert_eq!((status.as_str(), &refused["code"]), ("400", &json!(-1121)));

    let (_folder, running) = still(Section::Perpetual);
    let (status, info) = asked(&running, "/fapi/v1/exchangeInfo");
    let [symbol] = info["symbols"].as_array().expect("symbols").as_slice() else { panic!("{info}") };
    assert_eq!(
        (status.as_str(), &symbol["status"], &symbol["contractType"]),
        ("200", &json!("TRADING"), &json!("PERPETUAL"))
    );
    assert_eq!((&symbol["pricePrecision"], &symbol["quantityPrecision"]), (&json!(2), &json!(3)));
    assert_eq!(
        (&filter(symbol, "PRICE_FILTER")["tickSize"], &filter(symbol, "LOT_SIZE")["stepSize"]),
        (&json!("0.10"), &json!("0.001"))
    );
    assert_eq!(filter(symbol, "MIN_NOTIONAL")["notional"], "100");
    assert_eq!(asked(&running, "/fapi/v1/exchangeInfo?symbol=ETHUSDT").1["symbols"], info["symbols"]);
}

/// The steps of August 2024, when they were recorded.
#[test]
fn the_steps_of_real_recordings_are_the_exchanges() {
    let cases = [
        (Section::Spot, "binance/spot_btcusdt_20240808.gz", "/api/v3/exchangeInfo", ["0.01000000", "0.00001000"]),
        (Section::Perpetual, "binance/usdm_btcusdt_20240808.gz", "/fapi/v1/exchangeInfo", ["0.10", "0.001"]),
    ];
    for (section, name, path, steps) in cases {
        let Some(recorded) = recording(name) else { continue };
        let running = Running::unwitnessed(serves(section, &recorded, Some(1.0)), false);
        let symbol = asked(&running, path).1["symbols"][0].clone();
        let [price, qty] = [("PRICE_FILTER", "tickSize"), ("LOT_SIZE", "stepSize")]
            .map(|(name, key)| filter(&symbol, name)[key].clone());
        assert_eq!([price, qty], steps.map(|step| json!(step)));
    }
}

#[test]
fn other_paths_are_not_found_and_other_requests_are_refused() {
    let (_folder, running) = still(Section::Spot);
    let status = |request: &str| exchange(&running, request.as_bytes()).0;
    for path in
        ["/", "/v2", "/ws", "/stream/", "/fapi/v1/depth?symbol=BTCUSDT", "/api/v3/", "/api/v3/depth/", "/api/v3/klines"]
    {
        assert_eq!(get(&running, path), ("404".to_owned(), String::new()), "{path}");
    }
    assert_eq!(status("GET /stream?streams=btcusdt@trade HTTP/1.1\r\n\r\n"), "426");
    assert_eq!(status("POST /api/v3/depth?symbol=BTCUSDT HTTP/1.1\r\n\r\n"), "400");
    assert_eq!(status("GET nothing\r\n\r\n"), "400");
    assert_eq!(status(&format!("GET /api/v3/depth?symbol={} HTTP/1.1\r\n", "x".repeat(9_000))), "431");
    let strange = ["symbol", "symbol=", "&&==&", "symbol=%42TCUSDT", "symbol=BTCUSDT%00", "symbol=BTC&symbol=BTCUSDT"];
    for query in strange {
        assert_eq!(get(&running, &format!("/api/v3/depth?{query}")).0, "400", "{query}");
    }
}

/// Clients that never finish, never read or say more than they should keep nobody from an answer.
#[test]
fn nobody_is_kept_waiting() {
    let (_folder, running) = still(Section::Spot);
    let mut idle: Vec<TcpStream> = Vec::new();
    for bytes in [&b""[..], b"G", b"GET /api/v3/depth?symbol=BTCUSDT HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(running.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        stream.write_all(bytes).expect("it is sent");
        idle.push(stream);
    }
    let mut piped = TcpStream::connect(running.address).expect("a connection");
    let request = format!("GET {} HTTP/1.1\r\nHost: here\r\n\r\n", depth(Section::Spot, 5));
    piped.write_all(request.repeat(20).as_bytes()).expect("it is sent");
    assert_eq!(get(&running, &depth(Section::Spot, 5)).0, "200");
    let mut answers = String::new();
    // One request is one connection: the others were not read, and the end may be abrupt.
    let _ = piped.read_to_string(&mut answers);
    assert!(answers.matches("HTTP/1.1 ").count() <= 1, "{answers}");
    for mut stream in idle {
        stream.shutdown(Shutdown::Write).expect("it is ended");
        assert_eq!(stream.read(&mut [0; 10]).expect("the end"), 0, "an unfinished request ends with its client");
    }
}
