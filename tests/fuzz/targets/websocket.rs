//! Messages in the bytes of a connection.

use hotpath::websocket::{CLOSE, Frames, INBOX_BYTES, Violation};
use std::cell::RefCell;
use std::io::{self, Read, Write};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

/// The longest frame with a length of two bytes.
const FILLING: usize = 65_536;

/// The size of pieces, then what a server sends. Messages are the same however the bytes come, and those of another
/// implementation up to the first close, or to what only one of them judges: the text's encoding there, the shortest
/// form of a length here.
pub fn websocket(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else { return };
    let (found, end) = read(stream, usize::from(*piece) + 1);
    let whole = read(stream, stream.len().max(1));
    assert_eq!((&found, end), (&whole.0, whole.1), "pieces of {piece}");
    // The twin judges a frame when all of it is there, so what we refuse for its header is filled up for it.
    let mut filled = stream.to_vec();
    filled.resize(stream.len() + if end.is_some() { FILLING } else { 0 }, 0);
    let mut twin = WebSocket::from_raw_socket(Source { bytes: &filled }, Role::Client, None);
    for (opcode, payload) in &found {
        match twin.read() {
            // The payload of a close begins with its code.
            Ok(Message::Close(_)) => assert_eq!(*opcode, CLOSE),
            Ok(message) => assert_eq!(payload, &message.clone().into_data(), "{opcode}: {message:?}"),
            Err(Error::Utf8(_)) => return,
            Err(error) if *opcode == CLOSE => return assert!(is_broken(&error), "{error}"),
            Err(error) => panic!("a message of opcode {opcode} that is none: {error}"),
        }
        if *opcode == CLOSE {
            return;
        }
    }
    match (end, twin.read()) {
        // It looks into the parts of a text before the last has come.
        (_, Err(Error::Utf8(_))) => {}
        (None, Err(Error::Io(_) | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake))) => {}
        (Some(Violation::Protocol), Ok(message)) => assert!(is_longer_than_needed(stream), "{message:?}"),
        (Some(Violation::Protocol), Err(error)) => {
            assert!(!matches!(error, Error::Io(_)) || is_longer_than_needed(stream), "{error}");
        }
        // Its own bound is another, and it waits for what is below it.
        (Some(Violation::Oversized), Err(Error::Capacity(CapacityError::MessageTooLong { .. }) | Error::Io(_))) => {}
        (end, outcome) => panic!("{end:?}, and there {outcome:?}"),
    }
}

fn is_broken(error: &Error) -> bool {
    matches!(error, Error::Protocol(_) | Error::Utf8(_))
}

/// Whether some two bytes can be a length in a longer form than needed: what only we refuse.
fn is_longer_than_needed(stream: &[u8]) -> bool {
    stream.windows(2).any(|pair| matches!(pair[1] & 0x7f, 126 | 127))
}

type Found = (Vec<(u16, Vec<u8>)>, Option<Violation>);

thread_local! {
    /// Four megabytes that no run needs to clear.
    static MEMORY: RefCell<Vec<u8>> = RefCell::new(vec![0; INBOX_BYTES]);
}

fn read(stream: &[u8], piece: usize) -> Found {
    MEMORY.with_borrow_mut(|memory| {
        let mut frames = Frames::new(&mut memory[..]);
        let mut found = Vec::new();
        for part in stream.chunks(piece) {
            frames.vacant()[..part.len()].copy_from_slice(part);
            frames.filled(part.len());
            let mut is_foretold = frames.has_next();
            loop {
                match frames.next() {
                    Ok(Some(message)) => {
                        found.push((message.opcode, frames.bytes(&message).to_vec()));
                        if message.opcode < CLOSE {
                            assert!(is_foretold);
                        }
                        if message.opcode <= CLOSE {
                            is_foretold = frames.has_next();
                        }
                    }
                    Ok(None) => break assert!(!is_foretold),
                    Err(violation) => return (found, Some(violation)),
                }
            }
        }
        (found, None)
    })
}

/// What a server sent, and nobody who hears the answers.
struct Source<'a> {
    bytes: &'a [u8],
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.bytes.read(buffer)
    }
}

impl Write for Source<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
