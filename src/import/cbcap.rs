//! CBCAP: verbatim frames with receive times.
//!
//! The first line is `CBCAP1 <venue> <symbol> <unix_ns>`. Then, again and again:
//! `<receive_ns> <byte_count>`, a line feed, the frame's bytes, a line feed. Receive times are
//! nanoseconds on the recorder's clock, which need not be UTC; the first line ties the first of them
//! to UTC.

use std::fmt;

/// Most bytes of a line of numbers.
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

/// One recorded frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded<'a> {
    /// The recorder's receive time, nanoseconds.
    pub recv_ns: u64,
    /// The message.
    pub bytes: &'a [u8],
}

/// Where and why a recording could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Byte offset in the file.
    pub offset: usize,
    /// What should have stood there.
    pub expected: &'static str,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: expected {}", self.offset, self.expected)
    }
}

/// A recording in memory: a header, then frames until the end or the first broken one.
#[derive(Clone, Debug)]
pub struct Recording<'a> {
    bytes: &'a [u8],
    at: usize,
    broken: bool,
}

impl<'a> Recording<'a> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When it is not that of a CBCAP recording.
    pub fn open(bytes: &'a [u8]) -> Result<(Header, Self), Broken> {
        let expected = "a first line `CBCAP1 <venue> <symbol> <unix_ns>`";
        let broken = Broken { offset: 0, expected };
        let (line, at) = line_at(bytes, 0).ok_or(broken)?;
        let words: Vec<&str> = std::str::from_utf8(line).map_err(|_| broken)?.split(' ').collect();
        let ["CBCAP1", venue, symbol, unix_ns] = words[..] else { return Err(broken) };
        let unix_ns = number(unix_ns.as_bytes()).ok_or(broken)?;
        let header = Header { venue: venue.to_owned(), symbol: symbol.to_owned(), unix_ns };
        Ok((header, Self { bytes, at, broken: false }))
    }

    /// Goes on at a place that [`Recording::position`] gave.
    #[must_use]
    pub const fn resume(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, at: position, broken: false }
    }

    /// Bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    fn frame(&mut self) -> Result<Recorded<'a>, Broken> {
        let offset = self.at;
        let broken = |offset, expected| Broken { offset, expected };
        let (line, start) = line_at(self.bytes, offset)
            .ok_or(broken(offset, "a line `<receive_ns> <byte_count>` of at most 128 bytes"))?;
        let space =
            line.iter().position(|byte| *byte == b' ').ok_or(broken(offset, "two numbers with a space between"))?;
        let recv_ns = number(&line[..space]).ok_or(broken(offset, "a receive time in whole nanoseconds"))?;
        let count = number(&line[space + 1..]).and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or(broken(offset + space + 1, "a byte count"))?;
        let end = start.checked_add(count).ok_or(broken(offset + space + 1, "a byte count"))?;
        let bytes = self.bytes.get(start..end).ok_or(broken(start, "as many bytes as the line before says"))?;
        if self.bytes.get(end) != Some(&b'\n') {
            return Err(broken(end, "a line feed after the frame"));
        }
        self.at = end + 1;
        Ok(Recorded { recv_ns, bytes })
    }
}

impl<'a> Iterator for Recording<'a> {
    type Item = Result<Recorded<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.at >= self.bytes.len() {
            return None;
        }
        let frame = self.frame();
        self.broken = frame.is_err();
        Some(frame)
    }
}

/// The line that starts at `at`, and where the next one starts.
fn line_at(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?;
    let window = &rest[..rest.len().min(LINE_BYTES_MAX)];
    let length = window.iter().position(|byte| *byte == b'\n')?;
    Some((&window[..length], at + length + 1))
}

fn number(digits: &[u8]) -> Option<u64> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_broken_recording_names_the_byte() {
        let good = "CBCAP1 kraken BTC/EUR 5\n7 2\nab\n";
        let cases: [(&str, usize); 8] = [
            ("CBCAP2 kraken BTC/EUR 5\n", 0),
            ("CBCAP1 kraken BTC/EUR -5\n", 0),
            ("CBCAP1 kraken BTC/EUR 5\n7 3\nab\n", 31),
            ("CBCAP1 kraken BTC/EUR 5\n7 9\nab\n", 28),
            ("CBCAP1 kraken BTC/EUR 5\n7 1\nab\n", 29),
            ("CBCAP1 kraken BTC/EUR 5\n7\nab\n", 24),
            ("CBCAP1 kraken BTC/EUR 5\n7 99999999999999999999\nab\n", 26),
            ("CBCAP1 kraken BTC/EUR 5\n+7 2\nab\n", 24),
        ];
        let (header, frames) = Recording::open(good.as_bytes()).unwrap();
        assert_eq!((header.venue.as_str(), header.symbol.as_str(), header.unix_ns), ("kraken", "BTC/EUR", 5));
        assert_eq!(frames.collect::<Vec<_>>(), [Ok(Recorded { recv_ns: 7, bytes: b"ab" })]);
        for (text, offset) in cases {
            let broken = match Recording::open(text.as_bytes()) {
                Err(broken) => broken,
                Ok((_, frames)) => frames.last().unwrap().unwrap_err(),
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
            let (_, recording) = Recording::open(&file).unwrap();
            let read: Vec<_> = recording.map_while(Result::ok).map(|frame| (frame.recv_ns, frame.bytes.to_vec())).collect();
            prop_assert_eq!(&read[..], &frames[..whole]);
        }
    }
}
