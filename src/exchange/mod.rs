//! An embedded exchange: it speaks the public protocol of Kraken, version 2, or of Binance, spot and perpetual.
//!
//! It shares no code with the engine that listens to it: its own numbers, checksum, book and JSON. A mistake
//! on one side therefore shows as a disagreement. `README.md` in this folder has the rules, the bounds, and
//! where it differs from the real ones.

mod binance;
mod clock;
mod connection;
mod decimal;
mod dialect;
mod fault;
mod hall;
mod kraken;
mod ladder;
mod link;
mod notice;
mod offline;
mod options;
mod parcel;
mod reel;
mod server;
mod stream;
mod tls;
mod truth;
mod upgrade;

pub use binance::Section;
pub use decimal::Decimal;
pub use fault::{Fault, FaultLine, FaultLog, FaultPlan, Faults};
pub use hall::Served;
pub(crate) use kraken::{Book, Rows, Said, Sort, Transcript};
pub use kraken::{DEPTHS, Pair};
pub(crate) use ladder::Row;
pub use notice::Notice;
pub use offline::Offline;
pub use options::{Options, Serves};
pub use reel::Events;
pub use server::Server;
pub use stream::Duplex;
pub use tls::PEM_MARK;
pub(crate) use tls::identity;
pub use truth::{Kind, Truth, Witness};
