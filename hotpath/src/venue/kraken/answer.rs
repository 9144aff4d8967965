//! Answers to our requests: pongs, acks and errors.

use crate::json::Value;
use crate::lines::Place;
use crate::record::{Ack, Pong, ack_error, channel, method};
use crate::venue::reading::{NO_MARKET, Reading, time_or_none};
use crate::venue::{Cause, Reason, Refused};

/// What a `method` answers.
#[derive(Clone, Copy)]
enum Answer {
    /// A request; one of [`method`].
    To(u8),
    /// A ping.
    Pong,
}

const METHODS: &[(&str, Answer)] = &[
    ("subscribe", Answer::To(method::SUBSCRIBE)),
    ("unsubscribe", Answer::To(method::UNSUBSCRIBE)),
    // The exchange could not tell which request it was.
    ("error", Answer::To(method::UNKNOWN)),
    ("pong", Answer::Pong),
];

const CHANNELS: &[(&str, u8)] = &[
    ("book", channel::BOOK),
    ("trade", channel::TRADE),
    ("ticker", channel::TICKER),
    ("instrument", channel::INSTRUMENT),
];

/// How error texts begin; the symbol may follow.
const ERRORS: &[(&str, u8)] = &[
    ("Currency pair not supported", ack_error::SYMBOL),
    ("Symbol(s) not found", ack_error::SYMBOL),
    ("Subscription depth not supported", ack_error::DEPTH),
    ("Subscription name invalid", ack_error::CHANNEL),
    ("Malformed request", ack_error::MALFORMED),
    ("Exceeded msg rate", ack_error::RATE),
];

/// Reads a message without a channel.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [method, error] = message.fields(["method", "error"])?.optional();
    // Seen for a rate that was exceeded, alone in its object.
    let [capital] = message.fields(["Error"])?.optional();
    let error = error.or(capital);
    let answer = match method {
        Some(method) => method.look_up(METHODS)?,
        None => error.map(|_| Answer::To(method::UNKNOWN)),
    };
    match answer {
        None => reading.ignore(Reason::Method, message),
        Some(Answer::To(code)) => read_ack(reading, message, code, error),
        Some(Answer::Pong) => read_pong(reading, message, error),
    }
}

fn read_pong(reading: &mut Reading<'_, '_, '_>, message: Value<'_>, error: Option<Value<'_>>) -> Result<(), Refused> {
    let [success] = message.fields(["success"])?.optional();
    if error.is_some() || !success.map_or(Ok(true), Value::boolean)? {
        return read_ack(reading, message, method::PING, error);
    }
    let [time_in, time_out] = message.fields(["time_in", "time_out"])?.required()?;
    let time_out_ns = time_out.utc_ns()?;
    let body = Pong { req_id: req_id(message)?, time_in_ns: time_in.utc_ns()?, time_out_ns };
    reading.push(Place { exch_ns: time_out_ns, ..NO_MARKET }, &body, message)
}

fn read_ack(
    reading: &mut Reading<'_, '_, '_>,
    message: Value<'_>,
    method: u8,
    error: Option<Value<'_>>,
) -> Result<(), Refused> {
    let [time_in, time_out] = message.fields(["time_in", "time_out"])?.optional();
    let subject = Subject::read(reading, message)?;
    let error = error_code(message, error)?;
    let body = Ack {
        req_id: req_id(message)?,
        depth: subject.depth,
        method,
        channel: subject.channel,
        success: u8::from(error == ack_error::NONE),
        error,
        time_in_ns: time_or_none(time_in)?,
    };
    let place = Place { instrument: subject.instrument, flags: 0, exch_ns: time_or_none(time_out)? };
    reading.push(place, &body, message)
}

/// An answer without an error text must say that it succeeded.
fn error_code(message: Value<'_>, error: Option<Value<'_>>) -> Result<u8, Refused> {
    if let Some(error) = error {
        let text = error.characters()?;
        let known = ERRORS.iter().find(|(start, _)| text.starts_with(start));
        return Ok(known.map_or(ack_error::OTHER, |(_, code)| *code));
    }
    let [success] = message.fields(["success"])?.required()?;
    Ok(if success.boolean()? { ack_error::NONE } else { ack_error::OTHER })
}

fn req_id(message: Value<'_>) -> Result<u64, Refused> {
    let [req_id] = message.fields(["req_id"])?.optional();
    req_id.map_or(Ok(0), |req_id| req_id.unsigned(u64::MAX))
}

/// What a request was about.
struct Subject {
    instrument: u16,
    channel: u8,
    depth: u32,
}

impl Subject {
    /// Reads `result`, and the symbol, which stands beside an error.
    fn read(reading: &Reading<'_, '_, '_>, message: Value<'_>) -> Result<Self, Refused> {
        let [result, beside] = message.fields(["result", "symbol"])?.optional();
        let [channel, depth, inside] = match result {
            Some(result) => result.fields(["channel", "depth", "symbol"])?.optional(),
            None => [None; 3],
        };
        let channel = channel.map_or(Ok(None), |name| name.look_up(CHANNELS))?.unwrap_or(channel::UNKNOWN);
        let market = inside.or(beside).map_or(Ok(None), |symbol| reading.market(symbol))?;
        Ok(Self {
            instrument: market.map_or(NO_MARKET.instrument, |market| market.instrument),
            channel,
            depth: depth.filter(|_| channel == channel::BOOK).map_or(Ok(0), read_depth)?,
        })
    }
}

fn read_depth(depth: Value<'_>) -> Result<u32, Refused> {
    let levels = depth.unsigned(u64::from(u32::MAX))?;
    u32::try_from(levels).or_else(|_| depth.refuse(Cause::Range))
}
