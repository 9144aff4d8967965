//! What can go wrong between an exchange and its client, on demand.
//!
//! Nothing here reads a clock or the system's randomness: instants are arguments, dice come from the plan's seed. So the same plan
//! does the same over sockets and without them.

mod alter;
mod client;
mod form;
mod json;
mod line;
mod log;
mod message;
mod plan;
mod stamps;

pub(super) use line::{Line, Trouble};
pub use log::{FaultLine, FaultLog, Faults};
pub(super) use message::Faulty;
pub use plan::{Fault, FaultPlan};
