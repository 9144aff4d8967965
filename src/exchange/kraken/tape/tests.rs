//! Recordings that these tests make, played step by step.

use super::Tape;
use crate::exchange::kraken::answer::Refusal;
use crate::exchange::kraken::source::{Source, Step};
use crate::exchange::kraken::topic::{Topic, Trigger};
use crate::playback::{Playback, Taped};
use anyhow::{Result, anyhow};
use proptest::prelude::*;

const STATUS: &str = r#"{"channel":"status","type":"update","data":[{"connection_id":15113583034416118705}]}"#;
const ACK: &str =
    r#"{"method":"subscribe","result":{"channel":"book","depth":25,"snapshot":true,"symbol":"A/B"},"success":true}"#;
const SNAPSHOT: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"A/B","bids":[{"price":9.90,"qty":1.000}],"asks":[{"price":10.10,"qty":2.000},{"price":10.20,"qty":3.000}],"checksum":1}]}"#;
const UPDATE: &str = r#"{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":9.80,"qty":4.000}],"asks":[{"price":10.10,"qty":0.000}],"checksum":2,"timestamp":"2026-08-01T00:00:00.000001Z"}]}"#;
const TRADE: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"A/B","side":"buy","price":10.10,"qty":2.000,"ord_type":"limit","trade_id":7}]}"#;
const TICKER: &str = r#"{"channel":"ticker","type":"update","data":[{"symbol":"A/B","bid":9.90}]}"#;
const HEARTBEAT: &str = r#"{"channel":"heartbeat"}"#;

fn playback(symbol: Option<&str>, frames: &[&str]) -> Playback {
    let frames: Vec<_> = frames.iter().map(|text| Ok(Taped { gap_ns: 100, bytes: text.as_bytes().to_vec() })).collect();
    Playback { symbol: symbol.map(str::to_owned), frames: Box::new(frames.into_iter()) }
}

fn opened(frames: &[&str]) -> Result<Tape> {
    Tape::open(playback(None, frames), None, Some(1.0))
}

fn tape(frames: &[&str]) -> Tape {
    opened(frames).expect("a recording")
}

/// Plays to the end: what is published, and what people are told.
fn play(tape: &mut Tape) -> (Vec<(Topic, String)>, Vec<String>) {
    tape.subscribed(Topic::Book(25), 0);
    let (mut all, mut notices) = (Vec::new(), Vec::new());
    while tape.due_ns().is_some() {
        let Step { published, notice } = tape.step(&|_| true);
        all.extend(published.into_iter().map(|published| (published.topic, published.text.to_string())));
        notices.extend(notice);
    }
    (all, notices)
}

fn text(published: (Topic, &str)) -> (Topic, String) {
    (published.0, published.1.to_owned())
}

#[test]
fn data_goes_out_byte_for_byte_and_nothing_else() {
    let spaced = TRADE.replace(",", ", ");
    let ticker_ack = ACK.replace(r#""book","depth":25"#, r#""ticker","event_trigger":"bbo""#);
    let foreign = UPDATE.replace("A/B", "C/D");
    let frames =
        [STATUS, ACK, &ticker_ack, HEARTBEAT, SNAPSHOT, HEARTBEAT, &spaced, &foreign, "nonsense", TICKER, UPDATE, ACK];
    let mut tape = tape(&frames);
    assert_eq!((tape.symbol(), tape.scale().price_decimals, tape.scale().qty_decimals), ("A/B", 2, 3));
    let ticker = Topic::Ticker(Trigger::Bbo);
    let wanted = [(Topic::Book(25), SNAPSHOT), (Topic::Trade, &spaced), (ticker, TICKER), (Topic::Book(25), UPDATE)];
    assert_eq!(play(&mut tape), (wanted.map(text).to_vec(), Vec::new()));
    let offers = [Topic::Book(25), Topic::Book(10), Topic::Trade, ticker, Topic::Ticker(Trigger::Trades)];
    let answers = [Ok(()), Err(Refusal::Depth), Ok(()), Ok(()), Err(Refusal::Trigger)];
    assert_eq!(offers.map(|topic| tape.offers(topic)), answers);
}

/// A journal holds what several venues said.
#[test]
fn what_another_venue_said_is_passed_over() {
    let binance = r#"{"stream":"btcusdt@trade","data":{"e":"trade"}}"#;
    let mut tape = tape(&[binance, ACK, SNAPSHOT, binance, UPDATE]);
    let wanted = [(Topic::Book(25), SNAPSHOT), (Topic::Book(25), UPDATE)];
    assert_eq!(play(&mut tape), (wanted.map(text).to_vec(), Vec::new()));
    let error = opened(&[binance]).err().expect("a refusal").to_string();
    assert_eq!(error, "the recording holds messages of Binance: name --venue binance-spot or binance-perp");
}

#[test]
fn time_runs_from_the_first_message_as_it_was_recorded() {
    let mut tape = tape(&[STATUS, ACK, TRADE, HEARTBEAT, SNAPSHOT, UPDATE]);
    assert_eq!(tape.due_ns(), None, "before anybody subscribed");
    tape.subscribed(Topic::Book(25), 5_000);
    let mut due = Vec::new();
    while let Some(due_ns) = tape.due_ns() {
        due.push(due_ns);
        tape.step(&|_| true);
    }
    assert_eq!(due, [5_000, 5_100, 5_200, 5_300]);
    for (speed, due_ns) in [(Some(4.0), Some(25)), (None, Some(0))] {
        let mut tape = Tape::open(playback(None, &[SNAPSHOT, UPDATE]), None, speed).expect("a recording");
        tape.subscribed(Topic::Book(10), 0);
        tape.step(&|_| true);
        assert_eq!((tape.due_ns(), tape.is_unpaced()), (due_ns, speed.is_none()));
    }
}

/// What the exchange would have said: levels as they are by then, its own checksum, the time of the last message.
#[test]
fn who_comes_in_the_middle_gets_the_book_so_far() {
    let mut tape = tape(&[ACK, SNAPSHOT, TRADE, UPDATE, TICKER]);
    for topic in [Topic::Book(25), Topic::Trade, Topic::Ticker(Trigger::Trades)] {
        assert!(tape.snapshot(topic).is_none(), "{topic:?}: the recording's own follows");
    }
    play(&mut tape);
    let checksum = crc32fast::hash(b"1020300099010009804000");
    let book = format!(
        r#"{{"channel":"book","type":"snapshot","data":[{{"symbol":"A/B","bids":[{{"price":9.90,"qty":1.000}},{{"price":9.80,"qty":4.000}}],"asks":[{{"price":10.20,"qty":3.000}}],"checksum":{checksum},"timestamp":"2026-08-01T00:00:00.000001Z"}}]}}"#
    );
    let snapshot = tape.snapshot(Topic::Book(25)).expect("a book");
    assert_eq!(snapshot.text.as_str(), book);
    assert_eq!(snapshot.book.map(|mark| mark.checksum), Some(checksum));
    let text = |topic| tape.snapshot(topic).map(|published| published.text.to_string());
    assert_eq!(text(Topic::Trade), Some(TRADE.replace("update", "snapshot")));
    assert_eq!(text(Topic::Ticker(Trigger::Trades)), Some(TICKER.replace("update", "snapshot")));
}

#[test]
fn the_book_is_cut_to_the_depth_that_was_recorded() {
    let ten = ACK.replace("25", "10");
    let level = |place: i64| format!(r#"{{"price":{}.0,"qty":1}}"#, 100 - place);
    let rows = |places: std::ops::Range<i64>| places.map(level).collect::<Vec<_>>().join(",");
    let message = |kind: &str, bids: &str| {
        format!(
            r#"{{"channel":"book","type":"{kind}","data":[{{"symbol":"A/B","bids":[{bids}],"asks":[],"checksum":1}}]}}"#
        )
    };
    let frames = [ten, message("snapshot", &rows(1..11)), message("update", &level(0))];
    let mut tape = tape(&frames.each_ref().map(String::as_str));
    play(&mut tape);
    let bids: Vec<_> = tape.seen(10).bids.iter().map(|row| row.price_ticks / 10).collect();
    assert_eq!(bids, (91..=100).rev().collect::<Vec<_>>());
}

#[test]
fn what_cannot_be_used_is_passed_over_and_said() {
    let eleven = r#"{"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[{"price":9.805,"qty":4.000}],"asks":[],"checksum":2}]}"#;
    let deeper = ACK.replace("25", "100");
    let lost = [ACK, UPDATE, SNAPSHOT, eleven, UPDATE, SNAPSHOT];
    let elsewhere = [&deeper, SNAPSHOT, UPDATE, ACK, UPDATE, SNAPSHOT, UPDATE];
    let frames = [&lost[..], &elsewhere[..]].concat();
    let (published, notices) = play(&mut tape(&frames));
    let texts: Vec<_> = published.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(texts, [SNAPSHOT, SNAPSHOT, SNAPSHOT, UPDATE]);
    assert_eq!(notices.len(), 2, "{notices:?}");
    assert!(notices[0].contains("cannot be read") && notices[1].contains("depth 100"), "{notices:?}");
}

#[test]
fn a_recording_that_breaks_off_is_played_up_to_there() {
    let whole = playback(None, &[SNAPSHOT, UPDATE]);
    let frames = Box::new(whole.frames.chain([Err(anyhow!("byte 7: broken"))]));
    let mut tape = Tape::open(Playback { symbol: None, frames }, None, Some(1.0)).expect("a recording");
    let (published, notices) = play(&mut tape);
    assert_eq!((published.len(), notices), (2, vec!["byte 7: broken".to_owned()]));
}

#[test]
fn a_recording_without_a_book_is_refused() {
    let refusal = |tape: Result<Tape>| tape.err().expect("a refusal").to_string();
    assert_eq!(
        refusal(opened(&[STATUS, ACK, TRADE])),
        "the recording holds no book snapshot of any market: name its market with --symbol"
    );
    let other = Tape::open(playback(Some("A/B"), &[SNAPSHOT]), Some("C/D".into()), None);
    assert!(refusal(other).contains("no book snapshot of C/D"));
    let eleven = refusal(opened(&[&ACK.replace("25", "11"), SNAPSHOT]));
    assert!(eleven.ends_with("offers: 11"), "{eleven}");
}

/// Without an answer in the recording the depth is the smallest that holds the snapshot.
#[test]
fn the_depth_is_guessed_when_nobody_says_it() {
    assert_eq!(tape(&[SNAPSHOT]).offers(Topic::Book(10)), Ok(()));
    let level = r#"{"price":10.20,"qty":3.000}"#;
    let eleven = SNAPSHOT.replace(level, &[level; 10].join(","));
    assert_eq!(tape(&[&eleven]).offers(Topic::Book(25)), Ok(()));
}

/// Frames, whole and broken in one place.
fn any_frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let whole = prop::sample::select(vec![STATUS, ACK, SNAPSHOT, UPDATE, TRADE, TICKER, HEARTBEAT]);
    let broken = (whole, any::<prop::sample::Index>(), any::<Option<u8>>()).prop_map(|(text, place, with)| {
        let mut bytes = text.as_bytes().to_vec();
        let place = place.index(bytes.len());
        match with {
            Some(byte) => bytes[place] = byte,
            None => bytes.truncate(place),
        }
        bytes
    });
    prop::collection::vec(broken, 0..40)
}

proptest! {
    /// A broken recording is played or refused. What is played was recorded, and the book is one.
    #[test]
    fn a_broken_recording_is_played_or_refused(frames in any_frames()) {
        let taped: Vec<_> = frames.iter().map(|bytes| Ok(Taped { gap_ns: u64::MAX / 2, bytes: bytes.clone() })).collect();
        let playback = Playback { symbol: None, frames: Box::new(taped.into_iter()) };
        if let Ok(mut tape) = Tape::open(playback, None, Some(0.001)) {
            let (published, _) = play(&mut tape);
            for (_, text) in published {
                prop_assert!(frames.iter().any(|bytes| bytes == text.as_bytes()));
            }
            if let Some(snapshot) = tape.snapshot(Topic::Book(10)) {
                prop_assert!(serde_json::from_str::<serde_json::Value>(&snapshot.text).is_ok());
            }
        }
    }
}
