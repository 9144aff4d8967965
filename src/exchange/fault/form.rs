//! How a message looks on the wire.

use crate::exchange::parcel::Parcel;
use tungstenite::Utf8Bytes;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Form {
    /// Text, in so many frames.
    Text(Utf8Bytes, u64),
    /// Bytes, said to be a text when they are.
    Bytes { bytes: Vec<u8>, is_text: bool },
    /// A WebSocket ping.
    Ping(String),
    /// The client is sent away.
    Away(&'static str),
}

impl Form {
    /// The frames of it, and the CRC-32 of the message; none of what is no message.
    pub fn parcels(self) -> (Vec<Parcel>, Option<u32>) {
        match self {
            Self::Text(text, frames) => {
                let crc32 = crc32fast::hash(text.as_bytes());
                (if frames == 1 { vec![Parcel::text(text)] } else { fragments(&text, frames) }, Some(crc32))
            }
            Self::Bytes { bytes, is_text } => {
                let crc32 = crc32fast::hash(&bytes);
                (vec![Parcel::bytes(bytes, is_text)], Some(crc32))
            }
            Self::Ping(content) => (vec![Parcel::ping(content)], None),
            Self::Away(why) => (vec![Parcel::Away(why)], None),
        }
    }
}

fn fragments(text: &str, frames: u64) -> Vec<Parcel> {
    let each = text.len().div_ceil(frames.max(1) as usize).max(1);
    let chunks: Vec<_> = text.as_bytes().chunks(each).collect();
    let last = chunks.len().saturating_sub(1);
    let frames = chunks.iter().enumerate();
    frames.map(|(place, chunk)| Parcel::fragment(chunk, place == 0, place == last)).collect()
}
