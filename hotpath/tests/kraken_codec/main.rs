//! The Kraken codec against wire facts, recordings, and itself: the fast path against the general one.

mod frames;
mod oracle;
mod paths;
mod recordings;
mod refusals;
mod support;
mod wire;
