//! Frames of Binance: spot and the perpetual, and what is fetched.

use super::markets::two_markets;
use hotpath::config::{Config, venue_id};
use hotpath::json::document;
use hotpath::lines::Lines;
use hotpath::record::{
    BookEnd, Head, Kind, Level, Line, NO_CONNECTION, NO_INSTRUMENT, Snapshot, Ticker, Trade, Update, body_of, check,
    flag, head_of,
};
use hotpath::simd::Simd;
use hotpath::turn::records;
use hotpath::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use hotpath::venue::binance::Binance;
use hotpath::venue::every::Every;
use hotpath::venue::{Cause, Frame, Refused, Venue};

/// Few enough that the longest book of the corpus meets the bound.
const EVENT_LINES: usize = 48;
const FIRST_SEQ: u64 = 41;
const TEXT: u16 = 1;

/// One frame, as it comes over a connection of either side and as a body that was fetched. A refusal lies inside it,
/// and is that of the walker when the frame is no JSON; an accepted one gives records that fit the schema, none of
/// another market than the connection carries or it was fetched for; of a book all or nothing, of one time, counted,
/// with one id from its start to its end. The match of venues says the same.
pub fn binance(bytes: &[u8]) {
    let mut config = two_markets();
    for (row, venue) in config.markets.iter_mut().zip([venue_id::BINANCE_SPOT, venue_id::BINANCE_PERP]) {
        row.venue = venue;
    }
    for (market, codec) in [(0, Binance::SPOT), (1, Binance::PERP)] {
        for frame in [Frame::received(market, TEXT, bytes), Frame::fetched(market, bytes)] {
            let verdict = decoded(&codec, &config, frame);
            assert_eq!(decoded(&Every, &config, frame), verdict, "the match of venues");
            if let Err(broken) = document(bytes) {
                assert_eq!(verdict, Err(broken), "the walker comes first");
            }
            match verdict {
                Ok(lines) => assert_records(&lines, market, &frame),
                Err(refused) => assert_inside(refused, bytes.len()),
            }
        }
    }
}

fn decoded(venue: &dyn Venue, config: &Config, frame: Frame<'_>) -> Result<Vec<Line>, Refused> {
    let mut memory = vec![Line::ZERO; EVENT_LINES];
    let mut events = Lines::new(&mut memory);
    events.begin(FIRST_SEQ, 7, frame.connection);
    venue.decode(config, frame, Simd::detect(), &mut events).map(|()| events.as_lines().to_vec())
}

/// What a book's records say of it.
#[derive(Default)]
struct Told {
    /// The record that opens it, its id, and the levels that it announces.
    opened: Option<(Kind, u64, Option<[u32; 2]>)>,
    levels: [u32; 2],
    is_ended: bool,
}

fn assert_records(lines: &[Line], market: u16, frame: &Frame<'_>) {
    assert!(!lines.is_empty(), "an accepted frame gave no event");
    let mut told = Told::default();
    let mut times = Vec::new();
    for (record, seq) in records(lines).zip(FIRST_SEQ..) {
        let head = head_of(record).expect("a whole record");
        assert_eq!(check(record, 2), Ok(()), "{head:?}");
        assert_eq!((head.seq, head.connection), (seq, frame.connection));
        assert!(head.kind.is_event(), "{head:?}");
        assert!(head.instrument == market || head.instrument == NO_INSTRUMENT, "{head:?}");
        assert!(!told.is_ended, "{head:?} behind the end of a book");
        told.take(&head, record, frame.is_fetched());
        times.push(head.exch_ns);
    }
    assert_eq!(told.is_ended, told.opened.is_some(), "a book without an end");
    assert!(times.windows(2).all(|two| two[0] == two[1]), "{times:?}");
    assert_eq!(frame.is_fetched(), frame.connection == NO_CONNECTION);
    assert!(!frame.is_fetched() || told.is_ended, "what was fetched is a book or refused");
}

impl Told {
    fn take(&mut self, head: &Head, record: &[u8], is_fetched: bool) {
        match head.kind {
            Kind::UPDATE => {
                let Update { follows_id, update_id, .. } = body_of(record).expect("an update");
                assert!(follows_id <= update_id && update_id > 0 && !is_fetched);
                assert!(self.opened.replace((head.kind, update_id, None)).is_none(), "two books");
            }
            Kind::SNAPSHOT => {
                let Snapshot { bids, asks, update_id, .. } = body_of(record).expect("a snapshot");
                assert!(update_id > 0 && is_fetched);
                assert!(self.opened.replace((head.kind, update_id, Some([bids, asks]))).is_none(), "two books");
            }
            Kind::LEVEL => {
                assert!(self.opened.is_some(), "a level of no book");
                let Level { price_ticks, qty_lots, .. } = body_of(record).expect("a level");
                assert!((1..=PRICE_TICKS_MAX).contains(&price_ticks) && (0..=QTY_LOTS_MAX).contains(&qty_lots));
                self.levels[usize::from(head.has(flag::ASK))] += 1;
            }
            Kind::BOOK_END => {
                self.is_ended = true;
                let end: BookEnd = body_of(record).expect("an end");
                let (kind, update_id, announced) = self.opened.expect("the end of no book");
                assert_eq!((end.update_id, end.checksum), (update_id, 0));
                assert_eq!(end.levels, self.levels[0] + self.levels[1]);
                assert_eq!(head.has(flag::SNAPSHOT), kind == Kind::SNAPSHOT);
                assert!(announced.is_none_or(|announced| announced == self.levels));
            }
            _ => {
                assert!(self.opened.is_none(), "{head:?} inside a book");
                assert!(!is_fetched, "{head:?} was fetched");
                assert_values(record);
            }
        }
    }
}

fn assert_values(record: &[u8]) {
    if let Some(trade) = body_of::<Trade>(record) {
        assert!((1..=PRICE_TICKS_MAX).contains(&trade.price_ticks) && (0..=QTY_LOTS_MAX).contains(&trade.qty_lots));
    }
    if let Some(ticker) = body_of::<Ticker>(record) {
        assert!([ticker.bid_ticks, ticker.ask_ticks].iter().all(|ticks| (0..=PRICE_TICKS_MAX).contains(ticks)));
        assert!([ticker.bid_lots, ticker.ask_lots].iter().all(|lots| (0..=QTY_LOTS_MAX).contains(lots)));
    }
}

/// A refusal names a byte of the frame, or its end when the frame ends too early.
fn assert_inside(refused: Refused, frame_bytes: usize) {
    let at_end = refused.offset == frame_bytes && refused.cause == Cause::Truncated;
    assert!(refused.offset < frame_bytes || at_end, "{refused:?} in a frame of {frame_bytes} bytes");
}
