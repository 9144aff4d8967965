//! What is fuzzed: one function for each parser, with the claims that hold for any bytes at all.
//!
//! A target panics when a claim is broken and returns otherwise. It depends on nothing but its
//! argument, so an input that fails once fails again. Two programs call the targets: `tests/fuzz.rs`,
//! which is part of `cargo test`, and the package of the folder above, which hands them to libFuzzer.

mod binance;
mod cbcap;
mod chained;
mod checkpoint;
mod collector;
mod config;
mod cryptofeed;
mod decimal;
mod engine;
mod exchange;
mod journal;
mod kraken;
mod kraken_v1;
mod markets;
mod recording;
mod tape;
mod time;
mod websocket;

pub use binance::binance;
pub use cbcap::cbcap;
pub use checkpoint::checkpoint;
pub use collector::collector;
pub use config::config;
pub use cryptofeed::cryptofeed;
pub use decimal::decimal;
pub use engine::{engine, played};
pub use journal::journal;
pub use kraken::kraken;
pub use kraken_v1::kraken_v1;
pub use tape::Tape;
pub use time::time;
pub use websocket::websocket;

/// A function of bytes that panics when a claim about them is broken.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus folder.
pub const TARGETS: [(&str, Target); 13] = [
    ("binance", binance),
    ("cbcap", cbcap),
    ("checkpoint", checkpoint),
    ("collector", collector),
    ("config", config),
    ("cryptofeed", cryptofeed),
    ("decimal", decimal),
    ("engine", engine),
    ("journal", journal),
    ("kraken", kraken),
    ("kraken_v1", kraken_v1),
    ("time", time),
    ("websocket", websocket),
];
