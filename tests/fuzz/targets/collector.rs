//! A collector's lines.

use super::recording::{Line, lines};
use fathom::import::recording::Dialect;

/// A recording of lines `<receive_ns> <message>`: as a naive reader has them, however the bytes come.
pub fn collector(bytes: &[u8]) {
    lines(bytes, Dialect::Collector, |line| {
        let Ok(text) = std::str::from_utf8(line.split(|byte| *byte == b' ').next().unwrap_or_default()) else {
            return Line::Broken;
        };
        let message = line.get(text.len() + 1..).unwrap_or_default();
        match text.parse() {
            Ok(recv_ns) if !text.starts_with('+') && !message.is_empty() => {
                Line::Message(recv_ns, message.starts_with(b"{\"lastUpdateId\""), message)
            }
            _ => Line::Broken,
        }
    });
}
