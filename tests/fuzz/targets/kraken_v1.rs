//! Frames of Kraken's WebSocket v1.

use super::markets::two_markets;
use hotpath::config::{Config, venue_id};
use hotpath::json::document;
use hotpath::lines::Lines;
use hotpath::record::{BookEnd, Kind, Line, NO_INSTRUMENT, Snapshot, body_of, check, flag, head_of};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::venue::every::Every;
use hotpath::venue::kraken_v1::KrakenV1;
use hotpath::venue::{Cause, Frame, Refused, Venue};

/// Few enough that the longest book of the corpus meets the bound.
const EVENT_LINES: usize = 48;
const FIRST_SEQ: u64 = 41;
const TEXT: u16 = 1;

/// One frame. A refusal lies inside it, and is that of the walker when the frame is no JSON; an accepted one gives
/// records that fit the schema, none of a market that the connection does not carry, and of a book all or nothing:
/// levels between its snapshot and its end, counted there, of one time. The match of venues says the same.
pub fn kraken_v1(bytes: &[u8]) {
    let mut config = two_markets();
    config.markets.iter_mut().for_each(|row| row.venue = venue_id::KRAKEN_V1);
    for connection in [0, 1] {
        let frame = Frame::received(connection, TEXT, bytes);
        let verdict = decoded(&KrakenV1, &config, frame);
        assert_eq!(decoded(&Every, &config, frame), verdict, "the match of venues");
        if let Err(broken) = document(bytes) {
            assert_eq!(verdict, Err(broken), "the walker comes first");
        }
        match verdict {
            Ok(lines) => assert_records(&lines, connection),
            Err(refused) => assert_inside(refused, bytes.len()),
        }
    }
}

fn decoded(venue: &dyn Venue, config: &Config, frame: Frame<'_>) -> Result<Vec<Line>, Refused> {
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    let mut events = Lines::new(&mut memory);
    events.begin(FIRST_SEQ, 7, frame.connection);
    venue.decode(config, frame, Simd::detect(), &mut events).map(|()| events.as_lines().to_vec())
}

fn assert_records(lines: &[Line], connection: u16) {
    assert!(!lines.is_empty(), "an accepted frame gave no event");
    let (mut levels, mut stated, mut times) = ([0_u32, 0], None, Vec::new());
    let mut ended = false;
    for (record, seq) in records(lines).zip(FIRST_SEQ..) {
        let head = head_of(record).expect("a whole record");
        assert_eq!(check(record, 2), Ok(()), "{head:?}");
        assert_eq!((head.seq, head.connection), (seq, connection));
        assert!(head.kind.is_event(), "{head:?}");
        assert!(head.instrument == connection || head.instrument == NO_INSTRUMENT, "{head:?}");
        assert!(!ended, "{head:?} behind the end of a book");
        match head.kind {
            Kind::SNAPSHOT => {
                let Snapshot { bids, asks, .. } = body_of(record).expect("a snapshot");
                assert!(seq == FIRST_SEQ, "a snapshot in the middle");
                stated = Some([bids, asks]);
            }
            Kind::LEVEL => levels[usize::from(head.has(flag::ASK))] += 1,
            Kind::BOOK_END => {
                ended = true;
                let end: BookEnd = body_of(record).expect("an end");
                assert_eq!(end.levels, levels[0] + levels[1]);
                assert_eq!(head.has(flag::SNAPSHOT), stated.is_some());
                assert!(head.has(flag::CHECKSUM) || stated.is_some(), "an update without a checksum");
                assert!(head.has(flag::CHECKSUM) || end.checksum == 0);
            }
            _ => continue,
        }
        times.push(head.exch_ns);
    }
    assert_eq!(ended, !times.is_empty(), "a book without an end");
    assert!(times.windows(2).all(|two| two[0] == two[1]), "{times:?}");
    assert!(stated.is_none_or(|stated| stated == levels), "{stated:?} {levels:?}");
}

/// A refusal names a byte of the frame, or its end when the frame ends too early.
fn assert_inside(refused: Refused, frame_bytes: usize) {
    let at_end = refused.offset == frame_bytes && refused.cause == Cause::Truncated;
    assert!(refused.offset < frame_bytes || at_end, "{refused:?} in a frame of {frame_bytes} bytes");
}
