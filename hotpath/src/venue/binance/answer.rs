//! Answers to requests, and what the exchange says unasked.

use super::request::Asked;
use crate::json::Value;
use crate::lines::Place;
use crate::record::{Ack, NO_INSTRUMENT, Pong, ack_error, action, channel, method};
use crate::venue::reading::{NO_MARKET, Reading};
use crate::venue::{Cause, Reason, Refused};

/// Codes of errors that say that there were too many requests: on the socket, and as over HTTP.
const RATE_CODES: [&str; 3] = ["4", "-1003", "-1015"];
/// Codes of errors that say that the request was not understood.
const MALFORMED_CODES: [&str; 4] = ["0", "1", "2", "3"];

/// Reads a message without a stream.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [id, error, code, event] = message.fields(["id", "error", "code", "e"])?.optional();
    let error_code = match error {
        Some(error) => Some(error.fields(["code"])?.required()?).map(|[code]| code),
        None => code,
    };
    if error_code.is_none() && message.members()?.all(|(key, _)| !key.is("result")) {
        // The exchange tells of its own restart so. Anything else is an event without its stream: the address is wrong.
        return match event {
            Some(event) if event.raw() != "\"serverShutdown\"" => message.refuse(Cause::Missing),
            _ => reading.ignore(Reason::Method, message),
        };
    }
    let asked = match id {
        None => None,
        Some(id) if id.raw().starts_with('"') => return reading.ignore(Reason::Method, message),
        Some(id) => match Asked::of(id.unsigned(u64::MAX)?).filter(|asked| is_of(reading, asked)) {
            Some(asked) => Some(asked),
            None => return reading.ignore(Reason::Method, message),
        },
    };
    match (asked, error_code) {
        (_, Some(code)) => read_ack(reading, message, asked, error_of(code)),
        (Some(Asked { action: action::PING, req_id, .. }), None) => {
            reading.push(NO_MARKET, &Pong { req_id, time_in_ns: 0, time_out_ns: 0 }, message)
        }
        (Some(_), None) => read_ack(reading, message, asked, ack_error::NONE),
        // An answer to nobody.
        (None, None) => reading.ignore(Reason::Method, message),
    }
}

/// Whether a request of this connection can have been that.
fn is_of(reading: &Reading<'_, '_, '_>, asked: &Asked) -> bool {
    let is_known = matches!(asked.action, action::SUBSCRIBE | action::UNSUBSCRIBE | action::PING);
    let row = reading.config.markets().get(usize::from(asked.instrument));
    let is_carried = row.is_some_and(|row| row.connection == reading.frame.connection);
    is_known && (is_carried || asked.instrument == NO_INSTRUMENT) && channel::name(asked.channel).is_some()
}

fn read_ack(
    reading: &mut Reading<'_, '_, '_>,
    message: Value<'_>,
    asked: Option<Asked>,
    error: u8,
) -> Result<(), Refused> {
    let body = Ack {
        req_id: asked.map_or(0, |asked| asked.req_id),
        depth: 0,
        method: match asked.map(|asked| asked.action) {
            Some(action::SUBSCRIBE) => method::SUBSCRIBE,
            Some(action::UNSUBSCRIBE) => method::UNSUBSCRIBE,
            Some(action::PING) => method::PING,
            _ => method::UNKNOWN,
        },
        channel: asked.map_or(channel::UNKNOWN, |asked| asked.channel),
        success: u8::from(error == ack_error::NONE),
        error,
        time_in_ns: 0,
    };
    let instrument = asked.map_or(NO_INSTRUMENT, |asked| asked.instrument);
    reading.push(Place { instrument, ..NO_MARKET }, &body, message)
}

fn error_of(code: Value<'_>) -> u8 {
    let code = code.raw();
    if RATE_CODES.contains(&code) {
        ack_error::RATE
    } else if MALFORMED_CODES.contains(&code) {
        ack_error::MALFORMED
    } else {
        ack_error::OTHER
    }
}
