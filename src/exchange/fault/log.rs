//! What was done, exactly.

use super::plan::{Fault, FaultPlan};
use serde::Serialize;

/// One line of the log of truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FaultLine {
    /// When, UNIX nanoseconds.
    pub utc_ns: u64,
    /// When, nanoseconds of the market's time; 0 before it runs.
    pub market_ns: u64,
    /// The connection: accepted sockets are counted from 1.
    pub connection: u64,
    /// The fault; none in the line of a connection's first message, by which it is found in a journal.
    pub fault: Option<Fault>,
    /// The message: those handed to the connection are counted from 1. Of a message that did not come, the number of
    /// the next one; of what happens to the connection, that of the last message before it.
    pub message: u64,
    /// CRC-32 of that message as it was handed; none when the line is not about a message that was.
    pub crc32: Option<u32>,
    /// The market.
    pub symbol: String,
    /// What exactly.
    pub detail: String,
}

/// Who is told.
pub type FaultLog = Box<dyn FnMut(&FaultLine) + Send>;

/// The faults of an exchange.
pub struct Faults {
    /// Which.
    pub plan: FaultPlan,
    /// Who is told of each.
    pub log: FaultLog,
}
