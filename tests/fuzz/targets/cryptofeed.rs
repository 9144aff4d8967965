//! cryptofeed's raw lines.

use super::recording::{Line, lines};
use fathom::import::recording::Dialect;

/// A recording of lines `<unix seconds>: <message>`: as a naive reader has them, however the bytes come.
pub fn cryptofeed(bytes: &[u8]) {
    lines(bytes, Dialect::Cryptofeed, |line| {
        let Some(colon) = line.windows(2).position(|two| two == b": ") else { return Line::Passed };
        let (time, message) = (&line[..colon], &line[colon + 2..]);
        let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        if !time.first().is_some_and(u8::is_ascii_digit) || !time.iter().all(is_number) {
            return Line::Passed;
        }
        let time = std::str::from_utf8(time).expect("digits");
        match nanoseconds(time) {
            Some(recv_ns) if !message.is_empty() => Line::Message(recv_ns, false, message),
            _ => Line::Broken,
        }
    });
}

/// Moves the point in the text by nine places and reads a whole number.
fn nanoseconds(time: &str) -> Option<u64> {
    let mut parts = time.split('.');
    let (seconds, decimals) = (parts.next()?, parts.next());
    if parts.next().is_some() || decimals == Some("") || decimals.is_some_and(|decimals| decimals.len() > 9) {
        return None;
    }
    format!("{seconds}{:0<9}", decimals.unwrap_or_default()).parse().ok()
}
