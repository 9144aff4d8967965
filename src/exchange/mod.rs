//! An embedded exchange that speaks Kraken's public WebSocket protocol, version 2.
//!
//! It shares no code with the engine that listens to it: its own numbers, checksum, book and JSON. A mistake
//! on one side therefore shows as a disagreement. `README.md` in this folder has the rules, the bounds, and
//! where it differs from Kraken.

mod answer;
mod book;
mod checksum;
mod clock;
mod connection;
mod day;
mod decimal;
mod floor;
mod hall;
mod ladder;
mod last_trades;
mod link;
mod listing;
mod notice;
mod opening;
mod options;
mod rebuilt;
mod recorded;
mod request;
mod server;
mod session;
mod source;
mod stream;
mod tape;
mod tls;
mod topic;
mod transcript;
mod truth;
mod upgrade;
mod window;
mod wire;

pub use book::DEPTHS;
pub(crate) use book::{Book, Rows};
pub use decimal::Decimal;
pub use floor::Events;
pub use hall::Served;
pub(crate) use ladder::Row;
pub use listing::Pair;
pub use notice::Notice;
pub use options::{Options, Serves};
pub use server::Server;
pub use tls::PEM_MARK;
pub(crate) use transcript::{Said, Sort, Transcript};
pub use truth::{Truth, Witness};
pub use wire::Kind;
