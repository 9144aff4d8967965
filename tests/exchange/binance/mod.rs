//! The exchange as Binance: recordings and a made-up market, played to a client that shares no code with it.

mod made_up;
mod naive;
mod program;
mod replay;
mod requests;
mod rest;
mod synthetic;

use crate::client::{Client, open};
use crate::running::Running;
use fathom::exchange::{Section, Serves};
use fathom::playback;
use std::io::{Read, Write};
use std::path::Path;

/// A request to subscribe to streams of BTCUSDT.
fn subscribe(topics: &[&str]) -> String {
    let names: Vec<String> = topics.iter().map(|topic| format!("\"btcusdt@{topic}\"")).collect();
    format!(r#"{{"method":"SUBSCRIBE","params":[{}],"id":1}}"#, names.join(","))
}

fn serves(section: Section, path: &Path, speed: Option<f64>) -> Serves {
    Serves::Binance { section, playback: playback::open(path).expect("a recording"), symbol: None, speed }
}

/// A client of the combined streams.
fn client(running: &Running) -> Client {
    Client::connect(&running.url, running.ca_pem.as_deref()).expect("a connection")
}

/// Sends bytes as a request and reads the answer to its end: status, head, body.
fn exchange(running: &Running, request: &[u8]) -> (String, String, String) {
    let url = running.rest_url.as_deref().expect("an address for HTTP");
    let mut stream = open(url, running.ca_pem.as_deref()).expect("a connection");
    stream.write_all(request).expect("it is sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer, then the end");
    let answer = String::from_utf8(answer).expect("text");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {answer}"));
    let status = head.split(' ').nth(1).expect("a status").to_owned();
    assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
    assert!(head.contains("\r\nConnection: close"), "{head}");
    (status, head.to_owned(), body.to_owned())
}

/// Asks for a path; status and body.
fn get(running: &Running, path: &str) -> (String, String) {
    let (status, _, body) = exchange(running, format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").as_bytes());
    (status, body)
}

/// The path of a depth answer.
fn depth(section: Section, limit: usize) -> String {
    let root = if section == Section::Spot { "/api/v3" } else { "/fapi/v1" };
    format!("{root}/depth?symbol=BTCUSDT&limit={limit}")
}
