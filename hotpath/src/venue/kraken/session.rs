//! What the exchange says about itself and the connection, unasked.

use super::reading::{NO_MARKET, Reading, status_code};
use crate::json::Value;
use crate::record::{Heartbeat, Status};
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
