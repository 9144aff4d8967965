//! Recordings as each exchange writes them, of one market.

pub mod binance;
pub mod kraken;
