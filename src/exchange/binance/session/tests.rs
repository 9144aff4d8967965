//! What a connection is told, and when.

use super::{PING_NS, PONG_NS_MAX, Session};
use crate::exchange::binance::source::Played;
use crate::exchange::dialect::{Control, Said};

const RECORDED: &str = r#"{"stream":"btcusdt@depth@0ms","data":{"u": 7}}"#;

fn played(is_depth: bool) -> Played {
    let (text, data) = (RECORDED.into(), r#"{"u": 7}"#.into());
    Played { stream: "btcusdt@depth@0ms".into(), text, data, is_depth, is_told: false }
}

fn subscribed(streams: &[&str]) -> Session {
    let mut session = Session::new(0);
    let new = session.subscribe(streams.iter().map(|stream| (*stream).to_owned()).collect());
    assert_eq!(new.expect("not too many").len(), streams.len());
    session
}

fn said(session: &mut Session, text: &str, read_ns: u64) -> String {
    match session.take(text, read_ns).expect("an answer").said {
        Said::Text(text) => text.to_string(),
        other => panic!("{other:?}"),
    }
}

fn texts(session: &Session, is_depth: bool) -> Vec<String> {
    session.messages("BTCUSDT", &played(is_depth)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_message_goes_out_under_every_name_that_it_was_asked_by() {
    let under = |name: &str| RECORDED.replace("btcusdt@depth@0ms", name);
    assert_eq!(texts(&subscribed(&["btcusdt@depth@0ms"]), true), [RECORDED]);
    let many = subscribed(&["btcusdt@depth", "btcusdt@depth@0ms", "btcusdt@depth@100ms", "btcusdt@depth@500ms"]);
    let names = ["btcusdt@depth", "btcusdt@depth@0ms", "btcusdt@depth@100ms", "btcusdt@depth@500ms"];
    assert_eq!(texts(&many, true), names.map(under));
    let others =
        ["btcusdt@depth5", "btcusdt@depth20@100ms", "ethusdt@depth", "BTCUSDT@depth", "btcusdt@trade", "depth"];
    assert_eq!(texts(&subscribed(&others), true), [""; 0]);
    assert_eq!(texts(&many, false), [RECORDED], "of another stream only the name itself counts");
}

#[test]
fn subscriptions_are_listed_once_and_ended() {
    let mut session = Session::new(0);
    let ok = r#"{"result":null,"id":1}"#;
    let request = |method: &str, params: &str| format!(r#"{{"method":"{method}","params":{params},"id":1}}"#);
    let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":"x"}"#;
    assert_eq!(said(&mut session, &request("SUBSCRIBE", r#"["a@trade","b@trade","a@trade"]"#), 0), ok);
    assert_eq!(said(&mut session, list, 1), r#"{"result":["a@trade","b@trade"],"id":"x"}"#);
    assert_eq!(said(&mut session, &request("UNSUBSCRIBE", r#"["a@trade","c@trade"]"#), 2_000_000_000), ok);
    assert_eq!(said(&mut session, list, 2_000_000_001), r#"{"result":["b@trade"],"id":"x"}"#);
    let many: Vec<String> = (0..1_024).map(|number| format!("{number}@trade")).collect();
    let many = request("SUBSCRIBE", &serde_json::to_string(&many).expect("JSON"));
    let wanted = r#"{"error":{"code":4,"msg":"Too many subscriptions"},"id":1}"#;
    assert_eq!(said(&mut session, &many, 4_000_000_000), wanted);
    assert_eq!(said(&mut session, list, 4_000_000_001), r#"{"result":["b@trade"],"id":"x"}"#, "all or none");
}

#[test]
fn the_name_of_the_stream_can_be_left_out() {
    let mut session = subscribed(&["btcusdt@depth"]);
    let get = r#"{"method":"GET_PROPERTY","params":["combined"],"id":2}"#;
    assert_eq!(said(&mut session, get, 0), r#"{"result":true,"id":2}"#);
    said(&mut session, r#"{"method":"SET_PROPERTY","params":["combined",false],"id":2}"#, 0);
    assert_eq!(said(&mut session, get, 0), r#"{"result":false,"id":2}"#);
    assert_eq!(texts(&session, true), [r#"{"u": 7}"#]);
}

/// Five in any second, pings and pongs among them; the sixth is the last.
#[test]
fn who_says_too_much_is_sent_away() {
    let list = r#"{"method":"LIST_SUBSCRIPTIONS","id":3}"#;
    let mut session = subscribed(&["btcusdt@depth"]);
    for second in 0..10 {
        for part in 0..5 {
            said(&mut session, list, second * 1_000_000_000 + part);
        }
    }
    let mut pinging = subscribed(&["btcusdt@depth"]);
    for part in 0..5 {
        assert_eq!(pinging.control(if part == 3 { Control::Pong } else { Control::Ping }, part * 200_000_000), None);
    }
    let said = [session.take(list, 9_999_999_999).map(|taken| taken.said), pinging.control(Control::Pong, 999_999_999)];
    assert_eq!(said, [const { Some(Said::Away("Too many requests")) }; 2]);
    assert!(session.take(list, 20_000_000_000).is_none() && session.timer_ns().is_none());
    assert_eq!(texts(&session, true), [""; 0], "nothing comes behind the last word");
}

#[test]
fn pings_come_and_want_an_answer() {
    let mut session = Session::new(5);
    assert_eq!((session.timer_ns(), session.tick(5 + PING_NS - 1, 9)), (Some(5 + PING_NS), None));
    let ping = Some(Said::Ping("1723161255208".into()));
    assert_eq!(session.tick(5 + PING_NS, 1_723_161_255_208), ping);
    assert_eq!(session.control(Control::Pong, 6 + PING_NS), None);
    let first_ns = 5 + 2 * PING_NS;
    for at_ns in [first_ns, first_ns + PING_NS, first_ns + 2 * PING_NS] {
        assert_eq!(session.tick(at_ns, 1_723_161_255_208), ping, "unanswered pings do not keep others back");
    }
    assert_eq!(session.timer_ns(), Some(first_ns + PONG_NS_MAX));
    assert_eq!(session.tick(first_ns + PONG_NS_MAX, 0), Some(Said::Away("Pong timeout")));
    assert_eq!(session.tick(u64::MAX, 0), None);
}

#[test]
fn after_a_stall_there_is_one_ping() {
    let mut session = Session::new(0);
    let late_ns = 100 * PING_NS;
    assert!(matches!(session.tick(late_ns, 0), Some(Said::Ping(_))));
    assert_eq!((session.tick(late_ns, 0), session.timer_ns()), (None, Some(late_ns + PING_NS)));
}
