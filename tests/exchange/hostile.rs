//! Clients that mean harm, or mean nothing: an answer or an end, and the others are served on.

use crate::client::{Client, book};
use crate::connections::http;
use crate::market::lively;
use crate::running::{PATIENCE, Running};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use tungstenite::Message;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

/// Most bytes of a request.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

fn assert_served(running: &Running) {
    let snapshot = running.client().book("BTC/EUR", 10);
    assert!(snapshot.starts_with(r#"{"channel":"book","type":"snapshot""#), "{snapshot}");
}

#[test]
fn what_is_no_request_is_malformed() {
    let running = Running::market(lively(7), false);
    let mut client = running.client();
    let deep = format!(r#"{{"method":"subscribe","params":{}"#, "[".repeat(20_000));
    let texts = [
        "",
        "\0",
        "{}",
        "[]",
        "null",
        "\u{feff}{}",
        r#"{"method":null}"#,
        r#"{"method":"subscribe","params":3}"#,
        &deep,
    ];
    for text in texts {
        let answer = client.ask(text);
        assert!(
            answer.starts_with(r#"{"error":"Malformed request","method":"error","success":false,"time_in":""#),
            "{answer}"
        );
    }
    client.send(Message::Binary(vec![0xff; 100].into()));
    client.send(Message::Binary(br#"{"method":"ping"}"#.to_vec().into()));
    for _ in 0..2 {
        let answer = client.next();
        assert!(answer.contains("Malformed request"), "{answer}");
    }
    let many = vec![r#""A/B""#; 5_000].join(",");
    client.say(&format!(r#"{{"method":"subscribe","params":{{"channel":"book","symbol":[{many}]}}}}"#));
    for _ in 0..5_000 {
        let answer = client.news();
        assert!(answer.contains("Currency pair not supported A/B"), "{answer}");
    }
    assert_served(&running);
}

#[test]
fn a_request_that_is_too_long_ends_the_connection() {
    for tls in [false, true] {
        let running = Running::market(lively(7), tls);
        let mut client = running.client();
        let ping = r#"{"method":"ping"}"#;
        let longest = format!("{ping}{}", " ".repeat(REQUEST_BYTES_MAX - ping.len()));
        assert!(client.ask(&longest).contains("pong"));
        client.say(&format!("{longest} "));
        assert_eq!(client.end(), Some(CloseCode::Size.into()));
        // In parts, too.
        let mut client = running.client();
        for part in 0..3 {
            let code = if part == 0 { Data::Text } else { Data::Continue };
            client.send(Message::Frame(Frame::message(vec![b' '; REQUEST_BYTES_MAX / 2], OpCode::Data(code), false)));
        }
        assert_eq!(client.end(), Some(CloseCode::Size.into()));
        assert_served(&running);
    }
}

#[test]
fn what_is_no_websocket_ends_the_connection() {
    let running = Running::market(lively(7), false);
    let mut client = running.client();
    client.send(Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true)));
    assert_eq!(client.end(), Some(CloseCode::Invalid.into()), "text that is none");
    let mut client = running.client();
    let header = FrameHeader { opcode: OpCode::Control(Control::Reserved(11)), ..FrameHeader::default() };
    client.send(Message::Frame(Frame::from_payload(header, vec![0; 10].into())));
    assert_eq!(client.end(), Some(CloseCode::Protocol.into()), "a control frame that is none");
    let mut client = running.client();
    client.send(Message::Frame(Frame::message(vec![0; 10], OpCode::Data(Data::Continue), true)));
    assert_eq!(client.end(), Some(CloseCode::Protocol.into()), "a part of nothing");
    assert_served(&running);
}

#[test]
fn what_is_no_http_is_refused() {
    let running = Running::market(lively(7), false);
    assert_eq!(http(&running, "\r\n\r\nnothing\r\n\r\n"), "400");
    assert_eq!(http(&running, "POST /v2 HTTP/1.1\r\n\r\n"), "400");
    assert_eq!(http(&running, &format!("GET /v2 HTTP/1.1\r\nX: {}", "x".repeat(9_000))), "431");
    assert_eq!(http(&running, &"\0".repeat(9_000)), "400");
    for bytes in [&b""[..], b"G", b"GET /v2 HTTP/1.1\r\n"] {
        let mut stream = TcpStream::connect(running.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        stream.write_all(bytes).expect("it is sent");
        stream.shutdown(Shutdown::Write).expect("it is ended");
        assert_eq!(stream.read(&mut [0; 10]).expect("the end"), 0, "an unfinished request ends with its client");
    }
    assert_served(&running);
}

#[test]
fn what_is_no_tls_is_refused() {
    let running = Running::market(lively(7), true);
    for bytes in [&b"GET /v2 HTTP/1.1\r\n\r\n"[..], &[0xff; 2_000], &[0x16, 0x03, 0x01, 0xff, 0xff, 0x01, 0, 0, 0]] {
        let mut stream = TcpStream::connect(running.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
        stream.write_all(bytes).expect("it is sent");
        stream.shutdown(Shutdown::Write).expect("it is ended");
        // An alert, or nothing; then the end, which may be abrupt.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    assert_served(&running);
}

#[test]
fn who_asks_too_often_is_told() {
    let running = Running::market(lively(7), false);
    let mut client = running.client();
    for _ in 0..400 {
        client.say(r#"{"method":"ping"}"#);
    }
    client.next_that(|text| text == r#"{"Error":"Exceeded msg rate"}"#);
    assert_served(&running);
}

/// A client that asks for ever and one that sends its request byte by byte do not keep others waiting.
#[test]
fn nobody_is_kept_waiting() {
    let running = Running::market(lively(7), false);
    let mut slow = TcpStream::connect(running.address).expect("a connection");
    let mut greedy = running.client();
    for byte in b"GET /v2 HTTP/1.1\r\nHost: here\r\n" {
        slow.write_all(&[*byte]).expect("it is sent");
        greedy.say(&book("subscribe", "A/B", 10));
        greedy.say(r#"{"method":"ping"}"#);
    }
    assert_served(&running);
    let mut also = Client::connect(&running.url, None).expect("a connection");
    assert!(also.next().contains("status"));
}
