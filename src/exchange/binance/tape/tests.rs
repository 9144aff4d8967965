//! Recordings that these tests make, played step by step.

use super::{Source, Step, Tape};
use crate::exchange::binance::section::Section;
use crate::playback::{Playback, Taped};
use anyhow::{Result, anyhow};
use proptest::prelude::*;

const ACK: &str = r#"{"result":null,"id":1}"#;
const OLDER: &str = r#"{"stream":"abusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"ABUSDT","U":5,"u":7,"b":[],"a":[["10.30","9.000"]]}}"#;
const ANSWER: &str = r#"{"lastUpdateId":10,"bids":[["9.90","1.000"]],"asks":[["10.10","2.000"],["10.20","3.000"]]}"#;
const JOINING: &str = r#"{"stream":"abusdt@depth@100ms","data":{"e":"depthUpdate","E":2,"s":"ABUSDT","U":8,"u":12,"b":[["9.80","4.000"]],"a":[["10.10","0.000"]]}}"#;
const NEXT: &str = r#"{"stream":"abusdt@depth@100ms","data":{"e":"depthUpdate","E":3,"s":"ABUSDT","U":13,"u":13,"b":[["9.90","0.500"]],"a":[]}}"#;
const BEHIND_A_HOLE: &str =
    r#"{"stream":"abusdt@depth@100ms","data":{"e":"depthUpdate","E":4,"s":"ABUSDT","U":15,"u":16,"b":[],"a":[]}}"#;
const TICKER: &str =
    r#"{"stream":"abusdt@bookTicker","data":{"u":9,"s":"ABUSDT","b":"9.90","B":"1.000","a":"10.10","A":"2.000"}}"#;
const FOREIGN: &str = r#"{"stream":"cdusdt@trade","data":{"e":"trade"}}"#;
const FRAMES: [&str; 8] = [ACK, TICKER, OLDER, ANSWER, JOINING, FOREIGN, NEXT, TICKER];

fn playback(frames: &[&str]) -> Playback {
    let frames: Vec<_> = frames.iter().map(|text| Ok(Taped { gap_ns: 100, bytes: text.as_bytes().to_vec() })).collect();
    Playback { symbol: None, frames: Box::new(frames.into_iter()) }
}

fn opened(frames: &[&str]) -> Result<Tape> {
    Tape::open(Section::Spot, playback(frames), None, Some(1.0))
}

/// Plays to the end: each message with the book's update once it is told, and what people are told.
fn play(tape: &mut Tape) -> (Vec<(String, Option<u64>)>, Vec<String>) {
    tape.reel.start.at_once(0);
    let (mut all, mut notices) = (Vec::new(), Vec::new());
    while tape.reel.due_ns().is_some() {
        let Step { played, notices: told } = tape.step();
        let update_id = tape.book.as_ref().map(|book| book.update_id);
        all.extend(played.into_iter().map(|played| (played.text.to_string(), update_id.filter(|_| played.is_told))));
        notices.extend(told);
    }
    (all, notices)
}

#[test]
fn the_book_of_the_answer_stands_until_a_message_joins_on() {
    let mut tape = opened(&FRAMES).expect("a recording");
    assert_eq!((tape.symbol.as_str(), tape.book.as_ref().map(|book| book.update_id)), ("ABUSDT", Some(10)));
    let wanted = [(TICKER, None), (OLDER, None), (JOINING, Some(12)), (NEXT, Some(13)), (TICKER, None)];
    let wanted = wanted.map(|(text, update_id)| (text.to_owned(), update_id));
    assert_eq!(play(&mut tape), (wanted.to_vec(), Vec::new()));
    let book = tape.book.expect("a book");
    let sides = [crate::market::Side::Bid, crate::market::Side::Ask].map(|side| book.texts(side, 10).concat().concat());
    assert_eq!(sides, ["9.900.5009.804.000", "10.203.000"]);
}

/// A journal holds what several venues said.
#[test]
fn what_another_venue_said_is_passed_over() {
    let kraken = r#"{"channel":"heartbeat"}"#;
    let frames: Vec<&str> = FRAMES.iter().flat_map(|frame| [kraken, frame]).collect();
    let [alone, beside] = [&FRAMES[..], &frames].map(|frames| play(&mut opened(frames).expect("a recording")));
    assert_eq!(alone, beside);
    let error = opened(&[kraken]).err().expect("a refusal").to_string();
    assert_eq!(error, "the recording holds messages of Kraken, not of binance-spot: leave --venue out");
}

#[test]
fn time_runs_from_the_first_message() {
    let mut tape = opened(&FRAMES).expect("a recording");
    assert_eq!(tape.reel.due_ns(), None, "before anybody subscribed");
    tape.reel.start.in_a_moment(0);
    tape.reel.start.at_once(5_000);
    let mut due = Vec::new();
    while let Some(due_ns) = tape.reel.due_ns() {
        due.push(due_ns);
        tape.step();
    }
    assert_eq!(due, [5_000, 5_100, 5_200, 5_300, 5_400, 5_500, 5_600], "the ack is no message of the market");
}

#[test]
fn behind_a_hole_the_next_answer_counts_that_is_not_older() {
    let old = ANSWER.replace("10,", "13,");
    let new = ANSWER.replace("10,", "14,");
    for (answers, update_id) in [([old.as_str(), &new], Some(16)), ([&new, &old], Some(16)), ([&old, &old], None)] {
        let frames = [ANSWER, JOINING, NEXT, BEHIND_A_HOLE, TICKER, answers[0], answers[1]];
        let mut tape = opened(&frames).expect("a recording");
        let (played, notices) = play(&mut tape);
        assert_eq!((played[2].1, notices.len()), (update_id, 1), "{notices:?}");
        assert_eq!(tape.book.map(|book| book.update_id), update_id);
    }
    // One that comes late, when nobody can look for it any more, counts too.
    let mut tape = opened(&[ANSWER, JOINING, BEHIND_A_HOLE, TICKER]).expect("a recording");
    play(&mut tape);
    assert!(tape.book.is_none());
}

#[test]
fn a_recording_of_no_use_is_refused() {
    let perpetual = OLDER.replace(r#""u":7"#, r#""u":7,"pu":4"#);
    let other = NEXT.replace("ABUSDT", "CDUSDT");
    let stale = ANSWER.replace("10,", "3,");
    let empty = r#"{"lastUpdateId":10,"bids":[],"asks":[]}"#;
    let cases: [(&[&str], &str); 8] = [
        (&[], "holds no depth message of binance-spot"),
        (&[TICKER, ACK], "holds no depth message of binance-spot"),
        (&[OLDER, JOINING], "holds no depth answer"),
        (&[OLDER, &stale, JOINING], "holds no depth answer"),
        (&[OLDER, empty], "holds no depth answer"),
        (&[ANSWER, TICKER], "holds no change of a book behind its depth answer"),
        (&[&perpetual, ANSWER], "is of binance-perp, not of binance-spot"),
        (&[OLDER, &other, ANSWER], "is of CDUSDT, not of ABUSDT"),
    ];
    for (frames, sentence) in cases {
        let error = opened(frames).err().unwrap_or_else(|| panic!("{frames:?} is played")).to_string();
        assert!(error.contains(sentence), "{error}");
    }
}

#[test]
fn what_breaks_off_is_played_up_to_there_and_said() {
    let whole = FRAMES.map(|text| Ok(Taped { gap_ns: 0, bytes: text.as_bytes().to_vec() }));
    let frames = whole.into_iter().take(7).chain([Err(anyhow!("it ends here"))]);
    let playback = Playback { symbol: None, frames: Box::new(frames.collect::<Vec<_>>().into_iter()) };
    let mut tape = Tape::open(Section::Spot, playback, None, None).expect("a recording");
    let (played, notices) = play(&mut tape);
    assert_eq!((played.len(), notices), (4, vec!["it ends here".to_owned()]));
}

proptest! {
    /// Frames in any order, cut and changed anywhere: the recording is played to its end or refused.
    #[test]
    fn a_broken_recording_is_played_or_refused(
        picks in prop::collection::vec((0..FRAMES.len(), any::<prop::sample::Index>(), any::<Option<u8>>()), 0..30),
    ) {
        let frames = picks.into_iter().map(|(pick, place, byte)| {
            let mut bytes = FRAMES[pick].as_bytes().to_vec();
            match (place.index(bytes.len() * 3), byte) {
                (at, Some(byte)) if at < bytes.len() => bytes[at] = byte,
                (at, None) => bytes.truncate(at),
                _ => {}
            }
            Ok(Taped { gap_ns: 1, bytes })
        });
        let frames: Vec<Result<Taped>> = frames.collect();
        let count = frames.len();
        let playback = Playback { symbol: None, frames: Box::new(frames.into_iter()) };
        if let Ok(mut tape) = Tape::open(Section::Spot, playback, None, None) {
            let (played, _) = play(&mut tape);
            prop_assert!(played.len() <= count);
        }
    }
}
