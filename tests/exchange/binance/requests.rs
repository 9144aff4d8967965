//! Requests over the WebSocket.

use super::synthetic::recorded;
use super::{client, serves, subscribe};
use crate::running::Running;
use fathom::exchange::Section;
use tungstenite::Message;

const LIST: &str = r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#;

/// A recording that stands still: nobody subscribes to its streams.
fn still() -> (tempfile::TempDir, Running) {
    let (folder, path, _) = recorded(Section::Spot, 1, 10);
    (folder, Running::unwitnessed(serves(Section::Spot, &path, Some(1.0)), false))
}

#[test]
fn requests_are_answered_in_the_exchanges_words() {
    let (_folder, running) = still();
    let mut one = client(&running);
    let cases = [
        (r#"{"method":"SUBSCRIBE","params":["ethusdt@trade","ethusdt@depth"],"id":1}"#, r#"{"result":null,"id":1}"#),
        (LIST, r#"{"result":["ethusdt@trade","ethusdt@depth"],"id":3}"#),
        (r#"{"method":"UNSUBSCRIBE","params":["ethusdt@trade"],"id":312}"#, r#"{"result":null,"id":312}"#),
        (LIST, r#"{"result":["ethusdt@depth"],"id":3}"#),
    ];
    for (request, wanted) in cases {
        one.say(request);
        assert_eq!(one.next(), wanted);
    }
    assert_eq!(running.notice(), "client 1 subscribed to ethusdt@trade: the market is BTCUSDT");
    let mut other = client(&running);
    let cases = [
        ("no JSON", r#"{"error":{"code":3,"msg":"Invalid JSON: expected ident at line 1 column 2"}}"#),
        (r#"{"method":"BUY","id":9}"#, r#"{"error":{"code":2,"msg":"Invalid request: unknown variant `BUY`, expected"#),
        (r#"{"method":"SUBSCRIBE","params":["a@b"]}"#, r#"{"error":{"code":2,"msg":"Invalid request: request ID must"#),
    ];
    for (request, wanted) in cases {
        other.say(request);
        let answer = other.next();
        assert!(answer.starts_with(wanted), "{answer}");
    }
    other.send(Message::Binary(LIST.as_bytes().to_vec().into()));
    assert!(other.next().starts_with(r#"{"error":{"code":3,"#), "bytes are no request");
}

/// Too many messages in a second end a connection, whatever they are, and no other one.
#[test]
fn who_says_too_much_is_sent_away() {
    let (_folder, running) = still();
    let mut good = client(&running);
    for kind in 0..2 {
        let mut greedy = client(&running);
        for _ in 0..30 {
            greedy.send(if kind == 0 { Message::Text(LIST.into()) } else { Message::Ping("x".into()) });
        }
        let word = greedy.last_word();
        assert_eq!(word, Some((1008, "Too many requests".to_owned())));
    }
    good.say(LIST);
    assert_eq!(good.next(), r#"{"result":[],"id":3}"#);
}

/// The recording lasts seconds; some of it is enough.
#[test]
fn a_subscription_ends_when_it_is_told_to() {
    let (_folder, path, _) = recorded(Section::Spot, 2, 1_500);
    let running = Running::unwitnessed(serves(Section::Spot, &path, Some(1.0)), false);
    let mut client = client(&running);
    client.say(&subscribe(&["trade", "depth@100ms"]));
    client.next();
    client.next_that(|text| text.contains("@depth"));
    client.say(r#"{"method":"UNSUBSCRIBE","params":["btcusdt@depth@100ms"],"id":"stop"}"#);
    client.next_that(|text| text == r#"{"result":null,"id":"stop"}"#);
    for _ in 0..20 {
        let text = client.next();
        assert!(text.contains("@trade"), "{text}");
    }
}
