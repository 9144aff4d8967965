//! Kraken spot, WebSocket v1: what old recordings hold. It is decoded and never asked for anything.
//!
//! Data come as arrays `[channelID, payload, channelName, pair]`, of a book whose sides both change with two payloads;
//! all else as objects with an `event`. Numbers stand in quotes, with as many decimals as the pair has in this protocol,
//! which are not those of v2: `price_precision` of a market is theirs (5 for XBT/USD), and the checksum over the text
//! that was received is that over its ticks. There are no trade numbers and no update ids. A market's symbol is the
//! pair as it is written here (`XBT/USD`).
//!
//! | channel | events |
//! |---|---|
//! | `book-N` | SNAPSHOT, without a checksum, or none; LEVELs in the order of the rows; BOOK_END. The time of all is that of the latest row: rows that are republished (`r`) keep an old one |
//! | `trade` | TRADE of each row |
//! | `ticker` | TICKER with the last trade, without a time |
//! | `spread` | TICKER without the last trade, with the time of the touch |

mod answer;
mod book;
mod row;
mod ticker;
mod trade;

use crate::config::Config;
use crate::json::{Value, document, refused};
use crate::lines::Lines;
use crate::simd::Simd;
use crate::venue::reading::{Market, Reading};
use crate::venue::{Cause, Frame, Reason, Refused, Venue, Wanted};
use crate::websocket::TEXT;

/// The codec. It has no state: what a frame means depends on the market table alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct KrakenV1;

impl Venue for KrakenV1 {
    fn decode(&self, config: &Config, frame: Frame<'_>, _: Simd, events: &mut Lines<'_>) -> Result<(), Refused> {
        if frame.opcode != TEXT {
            return refused(Cause::Binary, 0);
        }
        let message = document(frame.bytes)?;
        let reading = &mut Reading { config, frame, events };
        if message.raw().starts_with('[') { read_data(reading, message) } else { answer::read(reading, message) }
    }

    fn encode(&self, _: &Config, _: &Wanted, _: &mut [u8]) -> Option<usize> {
        None
    }
}

/// What the elements of a data message say, but for the channel's number: it is told by the last two.
#[derive(Clone, Copy)]
struct Data<'a> {
    payload: Value<'a>,
    second: Option<Value<'a>>,
}

type Reader = fn(&mut Reading<'_, '_, '_>, Market<'_>, Data<'_>) -> Result<(), Refused>;

fn read_data(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let mut elements = message.elements()?;
    let mut next = || elements.next();
    let parts = [next(), next(), next(), next(), next(), next()];
    let (payload, second, channel, pair) = match parts {
        [Some(_), Some(payload), Some(channel), Some(pair), None, None] => (payload, None, channel, pair),
        [Some(_), Some(payload), second, Some(channel), Some(pair), None] => (payload, second, channel, pair),
        // Private channels have three.
        [.., None, None, None] => return reading.ignore(Reason::Method, message),
        _ => return message.refuse(Cause::Type),
    };
    let Some(read) = reader(channel)? else { return reading.ignore(Reason::Channel, message) };
    let Some(market) = reading.market(pair)? else { return reading.ignore(Reason::Symbol, message) };
    read(reading, market, Data { payload, second })
}

fn reader(channel: Value<'_>) -> Result<Option<Reader>, Refused> {
    const CHANNELS: &[(&str, Reader)] =
        &[("trade", trade::read), ("ticker", ticker::read), ("spread", ticker::read_spread)];
    if channel.characters()?.starts_with("book-") {
        return Ok(Some(book::read));
    }
    channel.look_up(CHANNELS)
}

impl<'a> Data<'a> {
    /// The payload of a channel whose messages have one.
    fn only(self) -> Result<Value<'a>, Refused> {
        self.second.map_or(Ok(self.payload), |second| second.refuse(Cause::Type))
    }
}
