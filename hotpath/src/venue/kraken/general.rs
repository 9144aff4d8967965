//! Any legal JSON: keys in any order and spelling, spaces, unknown fields, exponents.
//!
//! The text is checked as a whole before its meaning is looked at, so a refusal of syntax comes first
//! wherever it stands. Fields that no reader asks for may be anything, and may stand twice.

use super::{answer, book, instrument, session, ticker, trade};
use crate::config::Config;
use crate::json::{Value, document, refused};
use crate::lines::Lines;
use crate::venue::reading::Reading;
use crate::venue::{Cause, Frame, Reason, Refused};
use crate::websocket::TEXT;

type Reader = fn(&mut Reading<'_, '_, '_>, Value<'_>) -> Result<(), Refused>;

const CHANNELS: &[(&str, Reader)] = &[
    ("book", book::read),
    ("trade", trade::read),
    ("ticker", ticker::read),
    ("instrument", instrument::read),
    ("status", session::read_status),
    ("heartbeat", session::read_heartbeat),
];

/// Decodes any frame, in time that grows with its length alone: depth is bounded, and each level is
/// walked a fixed number of times.
///
/// # Errors
/// As [`crate::venue::Venue::decode`]. What was pushed before the refusal is still in `events`.
pub fn decode_general(config: &Config, frame: Frame<'_>, events: &mut Lines<'_>) -> Result<(), Refused> {
    if frame.opcode != TEXT {
        return refused(Cause::Binary, 0);
    }
    let message = document(frame.bytes)?;
    let reading = &mut Reading { config, frame, events };
    let [channel] = message.fields(["channel"])?.optional();
    match channel {
        None => answer::read(reading, message),
        Some(channel) => match channel.look_up(CHANNELS)? {
            Some(read) => read(reading, message),
            None => reading.ignore(Reason::Channel, message),
        },
    }
}
