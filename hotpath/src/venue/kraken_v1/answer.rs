//! What is no data: the exchange's word on itself and the connection, and answers to requests.

use crate::json::Value;
use crate::lines::Place;
use crate::record::{Ack, Heartbeat, Pong, Status, ack_error, channel, method};
use crate::venue::kraken::status_code;
use crate::venue::reading::{NO_MARKET, Reading};
use crate::venue::{Cause, Reason, Refused};

type Reader = fn(&mut Reading<'_, '_, '_>, Value<'_>) -> Result<(), Refused>;

const EVENTS: &[(&str, Reader)] = &[
    ("heartbeat", read_heartbeat),
    ("systemStatus", read_status),
    ("subscriptionStatus", read_subscription),
    ("pong", read_pong),
    ("error", read_error),
];

/// What a `status` of a subscription answers; an error does not say.
const STATUSES: &[(&str, u8)] =
    &[("subscribed", method::SUBSCRIBE), ("unsubscribed", method::UNSUBSCRIBE), ("error", method::UNKNOWN)];

const CHANNELS: &[(&str, u8)] =
    &[("book", channel::BOOK), ("trade", channel::TRADE), ("ticker", channel::TICKER), ("spread", channel::TICKER)];

/// How error texts begin; the pair may follow.
const ERRORS: &[(&str, u8)] = &[
    ("Currency pair not supported", ack_error::SYMBOL),
    ("Currency pair not in ISO 4217-A3 format", ack_error::SYMBOL),
    ("Subscription depth not supported", ack_error::DEPTH),
    ("Subscription name invalid", ack_error::CHANNEL),
    ("Malformed request", ack_error::MALFORMED),
    ("Exceeded msg rate", ack_error::RATE),
];

/// Reads a message with an `event`; others are not used.
pub(super) fn read(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [event] = message.fields(["event"])?.optional();
    match event.map_or(Ok(None), |event| event.look_up(EVENTS))? {
        Some(read) => read(reading, message),
        None => reading.ignore(Reason::Method, message),
    }
}

fn read_heartbeat(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    reading.push(NO_MARKET, &Heartbeat { spare: [0; 3] }, message)
}

fn read_status(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [status, connection_id] = message.fields(["status", "connectionID"])?.required()?;
    let body = Status {
        status: u16::from(status_code(status)?),
        spare: [0; 3],
        connection_id: connection_id.unsigned(u64::MAX)?,
        spare_tail: 0,
    };
    reading.push(NO_MARKET, &body, message)
}

fn read_pong(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let body = Pong { req_id: req_id(message)?, time_in_ns: 0, time_out_ns: 0 };
    reading.push(NO_MARKET, &body, message)
}

fn read_subscription(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [status] = message.fields(["status"])?.required()?;
    let Some(method) = status.look_up(STATUSES)? else {
        return status.refuse(Cause::Type);
    };
    let [pair, subscription] = message.fields(["pair", "subscription"])?.optional();
    let [name, depth] = match subscription {
        Some(subscription) => subscription.fields(["name", "depth"])?.optional(),
        None => [None; 2],
    };
    let channel = name.map_or(Ok(None), |name| name.look_up(CHANNELS))?.unwrap_or(channel::UNKNOWN);
    let market = pair.map_or(Ok(None), |pair| reading.market(pair))?;
    let depth = depth.filter(|_| channel == channel::BOOK).map_or(Ok(0), read_depth)?;
    let error = if method == method::UNKNOWN { error_code(message)? } else { ack_error::NONE };
    let instrument = market.map_or(NO_MARKET.instrument, |market| market.instrument);
    push_ack(reading, message, Ack { depth, method, channel, error, ..ACK }, instrument)
}

fn read_error(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    push_ack(reading, message, Ack { error: error_code(message)?, ..ACK }, NO_MARKET.instrument)
}

const ACK: Ack = Ack {
    req_id: 0,
    depth: 0,
    method: method::UNKNOWN,
    channel: channel::UNKNOWN,
    success: 0,
    error: ack_error::NONE,
    time_in_ns: 0,
};

fn push_ack(reading: &mut Reading<'_, '_, '_>, message: Value<'_>, ack: Ack, instrument: u16) -> Result<(), Refused> {
    let body = Ack { req_id: req_id(message)?, success: u8::from(ack.error == ack_error::NONE), ..ack };
    reading.push(Place { instrument, ..NO_MARKET }, &body, message)
}

/// The code of an error, which has a text.
fn error_code(message: Value<'_>) -> Result<u8, Refused> {
    let [error] = message.fields(["errorMessage"])?.required()?;
    let text = error.characters()?;
    let known = ERRORS.iter().find(|(start, _)| text.starts_with(start));
    Ok(known.map_or(ack_error::OTHER, |(_, code)| *code))
}

fn req_id(message: Value<'_>) -> Result<u64, Refused> {
    let [req_id] = message.fields(["reqid"])?.optional();
    req_id.map_or(Ok(0), |req_id| req_id.unsigned(u64::MAX))
}

fn read_depth(depth: Value<'_>) -> Result<u32, Refused> {
    let levels = depth.unsigned(u64::from(u32::MAX))?;
    u32::try_from(levels).or_else(|_| depth.refuse(Cause::Range))
}
