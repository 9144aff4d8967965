//! A synthetic market: order flow through a matching engine, the book its consequence.

mod event;

pub use event::{Change, Event, Side, Trade};
