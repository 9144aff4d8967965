//! Binance's public protocol, spot and USD-M perpetual: combined streams, and the REST answers that a client needs in order
//! to follow a book.

mod book;
mod exchange;
mod floor;
mod info;
mod opening;
mod recorded;
mod request;
mod rest;
mod section;
mod session;
mod source;
mod tape;
mod wire;

pub(super) use exchange::Binance;
pub use section::Section;
