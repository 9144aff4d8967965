//! Ratios against peers, measured in one run.
//!
//! [`harness`] interleaves the cases of a table and reports medians, ratios and percentiles;
//! [`tables`] holds the cases; [`decoders`], [`books`] and [`client`] are the peers. `README.md` in
//! this folder tells the method and what was measured.

pub mod beside;
pub mod books;
pub mod client;
pub mod clock;
pub mod decoders;
pub mod harness;
pub mod instructions;
pub mod live;
pub mod machine;
pub mod pace;
pub mod place;
pub mod records;
pub mod report;
pub mod size;
pub mod socket;
pub mod stream;
pub mod tables;
