//! Opening, keeping and ending connections.

use crate::client::{Client, HEARTBEAT, book, channel, is_book};
use crate::market::{heavy, lively, still};
use crate::running::{PATIENCE, Running};
use crate::twin::Twin;
use std::io::{Read, Write};
use std::net::TcpStream;
use tungstenite::Message;

/// Clients at a time.
const CLIENTS_MAX: usize = 64;

/// An HTTP request over a plain socket, and the status of the answer.
pub fn http(running: &Running, request: &str) -> String {
    let mut stream = TcpStream::connect(running.address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer, then the end");
    answer.split(' ').nth(1).expect("a status").to_owned()
}

#[test]
fn the_first_frame_is_the_status_plain_and_under_tls() {
    for tls in [false, true] {
        let running = Running::market(still(), tls);
        assert!(running.url.starts_with(if tls { "wss://127.0.0.1:" } else { "ws://127.0.0.1:" }));
        assert!(running.url.ends_with("/v2"));
        let ids = [0; 2].map(|_| {
            let mut client = Client::connect(&running.url, running.ca_pem.as_deref()).expect("a connection");
            let status = client.next();
            let id = status.strip_prefix(r#"{"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":"#);
            let id = id.and_then(|rest| rest.strip_suffix("}]}")).unwrap_or_else(|| panic!("{status}"));
            id.parse::<u64>().expect("a number")
        });
        assert!(ids[0] != ids[1] && ids.iter().all(|id| *id > 1 << 63), "{ids:?}");
        assert_eq!(running.stop().connections, 2);
    }
}

#[test]
fn only_who_was_given_the_authority_trusts_the_certificate() {
    let [running, other] = [0; 2].map(|_| Running::market(still(), true));
    let port = running.address.port();
    let connect = |url: &str, ca_pem: Option<&str>| Client::connect(url, ca_pem).map(|mut client| client.next());
    for host in ["127.0.0.1", "localhost"] {
        connect(&format!("wss://{host}:{port}/v2"), running.ca_pem.as_deref()).expect("a connection");
    }
    assert!(connect(&running.url, other.ca_pem.as_deref()).is_err(), "another exchange's authority");
    assert!(connect(&running.url, None).is_err(), "nobody's");
    assert!(connect(&running.url.replace("wss", "ws"), None).is_err(), "no TLS");
    running.client();
}

#[test]
fn another_path_is_not_found() {
    let running = Running::market(still(), false);
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    assert_eq!(http(&running, &format!("GET / HTTP/1.1\r\n{upgrade}")), "404");
    assert_eq!(http(&running, &format!("GET /v1 HTTP/1.1\r\n{upgrade}")), "404");
    assert_eq!(http(&running, "GET /0/public/AssetPairs HTTP/1.1\r\n\r\n"), "404");
    assert_eq!(http(&running, "GET /v2 HTTP/1.1\r\n\r\n"), "426");
    let error = Client::connect(&running.url.replace("/v2", "/v2/book"), None).err().expect("a refusal");
    assert!(error.to_string().contains("404"), "{error}");
}

#[test]
fn pings_of_both_kinds_are_answered() {
    let running = Running::market(still(), true);
    let mut client = running.client();
    let pong = client.ask(r#"{"method":"ping","req_id":101}"#);
    assert!(pong.starts_with(r#"{"method":"pong","req_id":101,"time_in":""#), "{pong}");
    client.send(Message::Ping("hello".into()));
    assert_eq!(client.read().expect("a pong"), Message::Pong("hello".into()));
}

/// Also when the only subscription was refused, and between data.
#[test]
fn heartbeats_come_once_something_was_asked_for() {
    let [quiet, loud] = [still(), lively(3)].map(|events| Running::market(events, false));
    let mut client = quiet.client();
    assert!(client.ask(&book("subscribe", "XBT/EUR", 10)).contains("Currency pair not supported XBT/EUR"));
    assert_eq!(client.next(), HEARTBEAT);
    let mut client = loud.client();
    client.book("BTC/EUR", 10);
    client.next_that(|text| text == HEARTBEAT);
    client.next_that(is_book);
    client.next_that(|text| text == HEARTBEAT);
}

/// A client that reads late gets everything late: nothing is lost, and every checksum holds.
#[test]
fn a_slow_reader_gets_everything_late() {
    const MESSAGES: usize = 100;
    let running = Running::market(heavy(MESSAGES as u64), false);
    let mut client = running.client();
    client.say(&book("subscribe", "BTC/EUR", 1_000));
    for _ in 0..=MESSAGES {
        running.truths.recv_timeout(PATIENCE).expect("all is handed over before anything is read");
    }
    let mut twin = Twin::new(1_000, 1, 8);
    for _ in 0..=MESSAGES {
        assert_eq!(twin.take(&client.next_that(is_book)), Some(true));
    }
    assert_eq!((twin.snapshots, twin.ok, twin.bad), (1, MESSAGES as u64 + 1, 0));
}

#[test]
fn one_that_does_not_read_at_all_is_let_go_and_others_are_not() {
    let mut running = Running::market(heavy(u64::MAX - 1), false);
    running.want_no_truth();
    let mut good = running.client();
    good.book("BTC/EUR", 10);
    let mut bad = running.client();
    bad.say(&book("subscribe", "BTC/EUR", 1_000));
    let notice = loop {
        good.next_that(is_book);
        if let Ok(notice) = running.notices.try_recv() {
            break notice;
        }
    };
    assert!(notice.starts_with("connection 2 reads too slowly: more than 16777216 bytes"), "{notice}");
    bad.end();
    good.next_that(is_book);
}

#[test]
fn there_is_room_for_so_many_clients() {
    let running = Running::market(still(), false);
    let clients: Vec<_> = (0..CLIENTS_MAX).map(|_| running.client()).collect();
    assert!(Client::connect(&running.url, None).is_err());
    assert_eq!(running.notice(), "64 clients are connected: another one was turned away");
    drop(clients);
    // Their places are free as soon as the exchange has seen them leave.
    while Client::connect(&running.url, None).map(|mut client| client.next()).is_err() {}
}

#[test]
fn the_end_of_the_exchange_is_told() {
    for tls in [false, true] {
        let running = Running::market(still(), tls);
        let mut client = running.client();
        client.ask(&channel("subscribe", "trade"));
        running.stop();
        assert_eq!(client.end(), Some(1001));
    }
}

#[test]
fn a_client_that_closes_is_answered() {
    let running = Running::market(still(), false);
    let mut client = running.client();
    client.send(Message::Close(None));
    assert_eq!(client.end(), None, "a close without a code is answered with one");
    running.client();
}
