//! Kraken's public WebSocket protocol, version 2.

mod answer;
mod book;
mod checksum;
mod day;
mod exchange;
mod floor;
mod last_trades;
mod listing;
mod opening;
mod rebuilt;
mod recorded;
mod request;
mod session;
mod source;
mod tape;
mod topic;
mod transcript;
mod window;
mod wire;

pub use book::DEPTHS;
pub(crate) use book::{Book, Rows};
pub(super) use exchange::Kraken;
pub use listing::Pair;
pub(crate) use transcript::{Said, Sort, Transcript};
