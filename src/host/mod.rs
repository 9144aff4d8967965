//! The machine that a live run stands on: what is asked of it, and whether it is fit.

mod ask;
mod fitness;
mod system;

pub use ask::{ask, refusal, row};
pub use fitness::{Finding, fitness};
