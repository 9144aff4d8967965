//! Fathom's shell: everything around the engine that may allocate, read files and talk to people.
//!
//! The engine itself is the crate `hotpath`; the files are the crate `journal`. The shell decides
//! nothing about a price or an order.

pub mod cli;
pub mod clock;
pub mod config;
pub mod delay;
pub mod demo;
pub mod exchange;
pub mod files;
pub mod gaps;
pub mod gate;
pub mod host;
pub mod import;
pub mod info;
pub mod latency;
pub mod left_out;
pub mod link;
pub mod live;
pub mod market;
pub mod memory;
pub mod play;
pub mod playback;
pub mod proofs;
pub mod render;
pub mod replay;
pub mod report;
pub mod run;
pub mod sample;
pub mod sim;
pub mod soak;
pub mod starter;
pub mod tie;
pub mod uptime;
pub mod utc;
pub mod venue;
pub mod verify;
