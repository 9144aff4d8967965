//! Everything that runs on the pinned thread.
//!
//! The crate has no allocator, no clock, no socket and no file: what may not happen on the hot path
//! cannot be written here. Read it in this order: [`record`] (what everything is made of),
//! [`config`], [`venue`] (frame to events), [`book`], [`market`], [`engine`] (events to decisions), [`session`] (connections and subscriptions),
//! [`turn`] (one input, from record to record), [`gate`] (orders wait for their records). `README.md` in this folder tells the design and the
//! formulas.
#![no_std]
#![deny(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::expect_used,
        clippy::float_arithmetic,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

pub mod book;
pub mod chain;
pub mod checkpoint;
pub mod checksum;
pub mod config;
pub mod connection;
pub mod crc;
pub mod decimal;
pub mod diary;
pub mod engine;
pub mod fair;
pub mod features;
pub mod gate;
pub mod halt;
pub mod input;
pub mod json;
pub mod lines;
pub mod market;
pub mod probe;
pub mod progress;
pub mod quality;
pub mod quote;
pub mod record;
pub mod regime;
pub mod session;
pub mod simd;
pub mod stated;
pub mod text;
pub mod time;
pub mod trust;
pub mod turn;
pub mod units;
pub mod venue;
pub mod websocket;

/// Version of what the engine computes. A change that makes old journals differ raises it.
pub const ENGINE_VERSION: u32 = 5;
