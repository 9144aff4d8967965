//! CBCAP: verbatim frames with receive times.
//!
//! The first line is `CBCAP1 <venue> <symbol> <unix_ns>`. Then, again and again:
//! `<receive_ns> <byte_count>`, a line feed, the frame's bytes, a line feed. Receive times are
//! nanoseconds on the recorder's clock, which need not be UTC; the first line ties the first of them
//! to UTC. A frame may be as long as its file.

use super::item::{Broken, Fault, Item, Message, number};

/// How a recording begins.
pub(super) const MARK: &[u8] = b"CBCAP1 ";

/// Most bytes of a line of numbers, its line feed counted.
const LINE_BYTES_MAX: usize = 128;

/// What the first line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The venue's name, as in `venue.name`.
    pub venue: String,
    /// The symbol, as the venue writes it.
    pub symbol: String,
    /// UTC nanoseconds when the recording began.
    pub unix_ns: u64,
}

/// Reads the first line, and says how many bytes it takes. 128 bytes of the text are enough.
pub(super) fn header(text: &[u8]) -> Result<(Header, usize), Broken> {
    let broken = Broken { offset: 0, expected: "a first line `CBCAP1 <venue> <symbol> <unix_ns>`" };
    let line = short_line(text).ok_or(broken)?;
    let words: Vec<&str> = std::str::from_utf8(line).map_err(|_| broken)?.split(' ').collect();
    let ["CBCAP1", venue, symbol, unix_ns] = words[..] else { return Err(broken) };
    let unix_ns = number(unix_ns.as_bytes()).ok_or(broken)?;
    Ok((Header { venue: venue.to_owned(), symbol: symbol.to_owned(), unix_ns }, line.len() + 1))
}

/// Reads a frame.
pub(super) fn read(text: &[u8]) -> Result<Item<'_>, Fault> {
    let expected = "a line `<receive_ns> <byte_count>` of at most 128 bytes";
    let no_line = Fault { at: 0, expected, is_short: text.len() < LINE_BYTES_MAX };
    let line = short_line(text).ok_or(no_line)?;
    let start = line.len() + 1;
    let space = line.iter().position(|byte| *byte == b' ');
    let space = space.ok_or(Fault::at(0, "two numbers with a space between"))?;
    let recv_ns = number(&line[..space]).ok_or(Fault::at(0, "a receive time in whole nanoseconds"))?;
    let no_count = Fault::at(space + 1, "a byte count");
    let count = number(&line[space + 1..]).and_then(|count| usize::try_from(count).ok()).ok_or(no_count)?;
    let end = start.checked_add(count).ok_or(no_count)?;
    let bytes = text.get(start..end).ok_or(Fault::short(start, "as many bytes as the line before says"))?;
    let expected = "a line feed after the frame";
    match text.get(end) {
        Some(b'\n') => Ok(Item { message: Some(Message { recv_ns, is_fetched: false, bytes }), length: end + 1 }),
        Some(_) => Err(Fault::at(end, expected)),
        None => Err(Fault::short(end, expected)),
    }
}

fn short_line(text: &[u8]) -> Option<&[u8]> {
    let window = text.get(..LINE_BYTES_MAX).unwrap_or(text);
    let length = window.iter().position(|byte| *byte == b'\n')?;
    Some(&window[..length])
}

#[cfg(test)]
mod tests {
    use super::super::recording::Recording;
    use proptest::prelude::*;

    #[test]
    fn a_broken_recording_names_the_byte() {
        let good = "CBCAP1 kraken BTC/EUR 5\n7 2\nab\n";
        let cases: [(&str, usize); 9] = [
            ("CBCAP2 kraken BTC/EUR 5\n", 0),
            ("CBCAP1 kraken BTC/EUR -5\n", 0),
            ("CBCAP1 kraken BTC/EUR 5", 0),
            ("CBCAP1 kraken BTC/EUR 5\n7 3\nab\n", 31),
            ("CBCAP1 kraken BTC/EUR 5\n7 9\nab\n", 28),
            ("CBCAP1 kraken BTC/EUR 5\n7 1\nab\n", 29),
            ("CBCAP1 kraken BTC/EUR 5\n7\nab\n", 24),
            ("CBCAP1 kraken BTC/EUR 5\n7 99999999999999999999\nab\n", 26),
            ("CBCAP1 kraken BTC/EUR 5\n+7 2\nab\n", 24),
        ];
        let frames = Recording::read(good.as_bytes()).unwrap();
        let header = frames.header().expect("a header");
        assert_eq!((header.venue.as_str(), header.symbol.as_str(), header.unix_ns), ("kraken", "BTC/EUR", 5));
        let frames: Vec<_> = frames.map(|frame| frame.map(|frame| (frame.recv_ns, frame.bytes))).collect();
        assert_eq!(frames, [Ok((7, b"ab".to_vec()))]);
        for (text, offset) in cases {
            let broken = match Recording::read(text.as_bytes()) {
                Err(broken) => broken,
                Ok(frames) => frames.last().unwrap().unwrap_err(),
            };
            assert_eq!(broken.offset, offset, "{text}: {broken}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(frames in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20), cut in 0_usize..64) {
            let mut file = b"CBCAP1 kraken BTC/EUR 5\n".to_vec();
            let mut ends = vec![file.len()];
            for (recv_ns, bytes) in &frames {
                file.extend(format!("{recv_ns} {}\n", bytes.len()).bytes());
                file.extend(bytes);
                file.push(b'\n');
                ends.push(file.len());
            }
            file.truncate(file.len() - cut.min(file.len() - ends[0]));
            let whole = ends.iter().filter(|end| **end <= file.len()).count() - 1;
            let recording = Recording::read(&file[..]).unwrap();
            let read: Vec<_> = recording.map_while(Result::ok).map(|frame| (frame.recv_ns, frame.bytes)).collect();
            prop_assert_eq!(&read[..], &frames[..whole]);
        }
    }
}
