//! What the exchange says about itself and the connection, unasked.

use crate::json::Value;
use crate::record::{Heartbeat, Status, status};
use crate::venue::reading::{NO_MARKET, Reading};
use crate::venue::{Reason, Refused};

/// Reads a message of the channel `status`: the first frame of a connection, and every change.
pub(super) fn read_status(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    let [data] = message.fields(["data"])?.required()?;
    let mut empty = true;
    for row in data.elements()? {
        let [system, connection_id] = row.fields(["system", "connection_id"])?.required()?;
        let body = Status {
            status: u16::from(status_code(system)?),
            spare: [0; 3],
            connection_id: connection_id.unsigned(u64::MAX)?,
            spare_tail: 0,
        };
        reading.push(NO_MARKET, &body, row)?;
        empty = false;
    }
    if empty { reading.ignore(Reason::Method, data) } else { Ok(()) }
}

/// Reads a message of the channel `heartbeat`; it has no other field.
pub(super) fn read_heartbeat(reading: &mut Reading<'_, '_, '_>, message: Value<'_>) -> Result<(), Refused> {
    reading.push(NO_MARKET, &Heartbeat { spare: [0; 3] }, message)
}

/// The code of a status text, of the exchange's or of a pair's.
pub(in crate::venue) fn status_code(text: Value<'_>) -> Result<u8, Refused> {
    const STATUSES: &[(&str, u8)] = &[
        ("online", status::ONLINE),
        ("post_only", status::POST_ONLY),
        ("limit_only", status::LIMIT_ONLY),
        ("cancel_only", status::CANCEL_ONLY),
        ("maintenance", status::MAINTENANCE),
        ("reduce_only", status::REDUCE_ONLY),
        ("delisted", status::CLOSED),
        ("work_in_progress", status::CLOSED),
    ];
    Ok(text.look_up(STATUSES)?.unwrap_or(status::UNKNOWN))
}
