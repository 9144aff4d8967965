//! Frames: JSON, and Kraken's messages in it.

use super::markets::two_markets;
use hotpath::config::Config;
use hotpath::json::document;
use hotpath::lines::Lines;
use hotpath::record::{Line, NO_INSTRUMENT, check, head_of};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::venue::kraken::{Kraken, fast, general};
use hotpath::venue::{Cause, Frame, Refused, Venue};

/// Few enough that the longest book of the corpus meets the bound.
const EVENT_LINES: usize = 48;
const FIRST_SEQ: u64 = 41;
const TEXT: u16 = 1;

/// One frame. The walker takes what `serde_json` takes; both paths of the codec give one verdict; a
/// refusal lies inside the frame; an accepted frame gives records that fit the schema, and none of a
/// market that the connection does not carry.
pub fn kraken(bytes: &[u8]) {
    assert_json(bytes);
    let config = two_markets();
    for connection in [0, 1, 9] {
        let frame = Frame::received(connection, TEXT, bytes);
        let verdict = assert_paths(&config, frame);
        match verdict {
            Ok(lines) => assert_records(&lines, connection),
            Err(refused) => assert_inside(refused, bytes.len()),
        }
    }
}

/// The walker against `serde_json`, which differs by design in depth and in the range of numbers.
fn assert_json(bytes: &[u8]) {
    let ours = document(bytes).map(|_| ());
    let theirs = serde_json::from_slice::<serde_json::Value>(bytes);
    match (ours, theirs) {
        (Ok(()), Ok(_)) | (Err(_), Err(_)) => {}
        (Err(refused), Ok(_)) => assert_eq!(refused.cause, Cause::Depth, "only depth is ours alone"),
        (Ok(()), Err(error)) => assert!(error.to_string().starts_with("number out of range"), "{error}"),
    }
    if let Err(refused) = ours {
        assert_inside(refused, bytes.len());
    }
}

/// What all paths agree on.
fn assert_paths(config: &Config, frame: Frame<'_>) -> Result<Vec<Line>, Refused> {
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    let whole = with_lines(&mut memory, frame, |events| Kraken.decode(config, frame, Simd::detect(), events));
    let slow = with_lines(&mut memory, frame, |events| general::decode_general(config, frame, events));
    assert_eq!(whole, slow, "the codec and its general path");
    let mut events = begun(&mut memory, frame);
    if fast::decode_fast(config, frame, &mut events) {
        assert_eq!(Ok(events.as_lines()), slow.as_deref(), "the fast path and the general one");
    } else {
        assert_eq!((events.len(), events.next_seq()), (0, FIRST_SEQ), "the fast path left something behind");
    }
    slow
}

fn with_lines(
    memory: &mut [Line],
    frame: Frame<'_>,
    decode: impl FnOnce(&mut Lines<'_>) -> Result<(), Refused>,
) -> Result<Vec<Line>, Refused> {
    let mut events = begun(memory, frame);
    decode(&mut events).map(|()| events.as_lines().to_vec())
}

fn begun<'a>(memory: &'a mut [Line], frame: Frame<'_>) -> Lines<'a> {
    let mut events = Lines::new(memory);
    events.begin(FIRST_SEQ, 7, frame.connection);
    events
}

fn assert_records(lines: &[Line], connection: u16) {
    assert!(!lines.is_empty(), "an accepted frame gave no event");
    for (record, seq) in records(lines).zip(FIRST_SEQ..) {
        let head = head_of(record).expect("a whole record");
        assert_eq!(check(record, 2), Ok(()), "{head:?}");
        assert_eq!((head.seq, head.connection), (seq, connection));
        assert!(head.kind.is_event(), "{head:?}");
        assert!(head.instrument == connection || head.instrument == NO_INSTRUMENT, "{head:?}");
    }
}

/// A refusal names a byte of the frame, or its end when the frame ends too early.
fn assert_inside(refused: Refused, frame_bytes: usize) {
    let at_end = refused.offset == frame_bytes && refused.cause == Cause::Truncated;
    assert!(refused.offset < frame_bytes || at_end, "{refused:?} in a frame of {frame_bytes} bytes");
}
