//! The codec of Kraken's WebSocket v1 against documented frames, recordings, and a naive reader.

mod generated;
mod oracle;
mod recordings;
mod refusals;
mod support;
mod wire;
mod words;
