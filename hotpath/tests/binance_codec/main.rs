//! Binance's codec, spot and perpetual, against documented frames, recordings, and a naive reader.

mod answers;
mod generated;
mod messages;
mod oracle;
mod recordings;
mod refusals;
mod requests;
mod support;
mod wire;
