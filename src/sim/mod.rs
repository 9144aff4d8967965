//! A run without a network, a clock or threads: the loop of the pinned thread, the exchange and the journal's threads on
//! one thread, in a time that only the simulation moves.
//!
//! Everything that decides is the code that runs in earnest. What is simulated are the ends: the clock, the cable
//! between the exchange and the engine, and when the journal's threads get their turns. All chance comes from one
//! seed, so a run that went wrong is made again by its seed.

mod cable;
mod disk;
mod dock;
mod examine;
mod hands;
mod run;
mod weather;
mod world;

pub use examine::Examined;
pub use run::{Plan, Simulated, simulate};
pub use weather::Happened;
