//! A stream that gives no more than one TLS record at a time.
//!
//! Who reads through it never holds the beginning of a record that it did not ask for: the connection can be handed
//! over between two records, and nothing of it lies in a library's buffer.

use std::io::{self, Read, Write};

/// Bytes before a record that tell its length: type, version, length.
const HEADER_BYTES: usize = 5;

/// A stream of records.
#[derive(Debug)]
pub struct ByRecord<S> {
    /// The stream.
    pub stream: S,
    header: [u8; HEADER_BYTES],
    /// Bytes of the header that have come, while it is not whole.
    count: usize,
    /// Bytes of the record's body that are still to come.
    missing: usize,
}

impl<S> ByRecord<S> {
    /// A stream that is at the beginning of a record.
    pub const fn new(stream: S) -> Self {
        Self { stream, header: [0; HEADER_BYTES], count: 0, missing: 0 }
    }

    /// Most bytes that may be read now.
    const fn limit(&self) -> usize {
        if self.missing > 0 { self.missing } else { HEADER_BYTES - self.count }
    }

    fn took(&mut self, bytes: &[u8]) {
        if self.missing > 0 {
            self.missing -= bytes.len();
            return;
        }
        self.header[self.count..self.count + bytes.len()].copy_from_slice(bytes);
        self.count += bytes.len();
        if self.count == HEADER_BYTES {
            let [.., high, low] = self.header;
            self.missing = usize::from(u16::from_be_bytes([high, low]));
            self.count = 0;
        }
    }
}

impl<S: Read> Read for ByRecord<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.limit());
        let count = self.stream.read(&mut buffer[..most])?;
        self.took(&buffer[..count]);
        Ok(count)
    }
}

impl<S: Write> Write for ByRecord<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::ByRecord;
    use proptest::prelude::*;
    use std::io::Read;

    proptest! {
        /// However much is asked for, no read passes the end of a record.
        #[test]
        fn reads_end_where_records_do(
            lengths in prop::collection::vec(0_usize..300, 1..20),
            asked in prop::collection::vec(1_usize..400, 1..6),
        ) {
            let mut stream = Vec::new();
            let mut ends = Vec::new();
            for length in lengths {
                stream.extend([23, 3, 3]);
                stream.extend((length as u16).to_be_bytes());
                stream.extend(vec![7; length]);
                ends.push(stream.len());
            }
            let mut source = ByRecord::new(&stream[..]);
            let mut read = Vec::new();
            let mut sizes = asked.iter().cycle();
            let mut buffer = [0; 400];
            while let Ok(count @ 1..) = source.read(&mut buffer[..*sizes.next().unwrap_or(&1)]) {
                let before = read.len();
                read.extend_from_slice(&buffer[..count]);
                let inside = |end: &usize| before < *end && *end < read.len();
                prop_assert!(!ends.iter().any(inside), "a read over the end of a record");
            }
            prop_assert_eq!(read, stream);
        }
    }
}
