//! A stream on which bytes are late, broken, or do not come.

use std::io::{ErrorKind, Read, Result, Write};

/// A stream. Without trouble it passes everything through.
#[derive(Debug)]
pub(in crate::exchange) struct Line<S> {
    pub stream: S,
    pub trouble: Trouble,
}

/// What is wrong with a stream.
#[derive(Debug, Default)]
pub(in crate::exchange) struct Trouble {
    now_ns: u64,
    /// Until when nothing is read or written.
    mute_ns: u64,
    /// Bytes that still go out one at a time, the time between two, and when the next one may.
    drip_bytes: usize,
    drip_ns: u64,
    next_ns: u64,
    /// Whether the next write is broken.
    is_spoiled: bool,
}

impl<S> Line<S> {
    /// A stream without trouble.
    pub fn new(stream: S) -> Self {
        Self { stream, trouble: Trouble::default() }
    }
}

impl Trouble {
    /// Tells it the time.
    pub const fn set_now(&mut self, now_ns: u64) {
        self.now_ns = now_ns;
    }

    /// Neither reads nor writes up to an instant.
    pub const fn mute(&mut self, until_ns: u64) {
        self.mute_ns = until_ns;
    }

    /// Writes so many bytes one at a time, with a time between two.
    pub const fn drip(&mut self, bytes: usize, each_ns: u64) {
        (self.drip_bytes, self.drip_ns, self.next_ns) = (bytes, each_ns, self.now_ns);
    }

    /// Breaks the last byte of the next write.
    pub const fn spoil(&mut self) {
        self.is_spoiled = true;
    }

    /// When it goes on by itself.
    pub fn due_ns(&self) -> Option<u64> {
        // From then on it waits for nothing but a byte to write.
        let drip_ns = (self.is_dripping() && self.next_ns > self.now_ns).then_some(self.next_ns);
        let mute_ns = (self.mute_ns > self.now_ns).then_some(self.mute_ns);
        drip_ns.max(mute_ns)
    }

    const fn is_mute(&self) -> bool {
        self.now_ns < self.mute_ns
    }

    const fn is_dripping(&self) -> bool {
        self.drip_bytes > 0
    }
}

impl<S: Read> Read for Line<S> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.trouble.is_mute() {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.stream.read(buffer)
    }
}

impl<S: Write> Write for Line<S> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let Self { stream, trouble } = self;
        if trouble.is_mute() || (trouble.is_dripping() && trouble.now_ns < trouble.next_ns) {
            return Err(ErrorKind::WouldBlock.into());
        }
        if let (true, [rest @ .., last]) = (trouble.is_spoiled, bytes) {
            let count = stream.write(&[rest, &[!last]].concat())?;
            trouble.is_spoiled = count < bytes.len();
            return Ok(count);
        }
        let Some(first) = bytes.first().filter(|_| trouble.is_dripping()) else { return stream.write(bytes) };
        let count = stream.write(&[*first])?;
        trouble.drip_bytes -= count;
        trouble.next_ns = trouble.now_ns.saturating_add(trouble.drip_ns);
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use std::io::{Read, Write};

    #[test]
    fn bytes_come_late_broken_or_not_at_all() {
        let mut line = Line::new(Vec::new());
        line.trouble.set_now(5);
        line.trouble.drip(2, 3);
        assert_eq!(line.write(b"abc").unwrap(), 1);
        assert_eq!((line.write(b"bc").is_err(), line.trouble.due_ns()), (true, Some(8)));
        line.trouble.set_now(8);
        assert_eq!((line.write(b"bc").unwrap(), line.trouble.due_ns()), (1, None));
        line.trouble.mute(9);
        assert!(line.write(b"c").is_err() && line.trouble.due_ns() == Some(9));
        line.trouble.set_now(9);
        line.trouble.spoil();
        line.write_all(b"cd").unwrap();
        line.write_all(b"e").unwrap();
        assert_eq!(line.stream, [b'a', b'b', b'c', !b'd', b'e']);
    }

    #[test]
    fn nothing_is_read_of_a_mute_line() {
        let mut line = Line::new(&b"x"[..]);
        line.trouble.mute(1);
        assert!(line.read(&mut [0]).is_err());
        line.trouble.set_now(1);
        assert_eq!(line.read(&mut [0]).unwrap(), 1);
    }
}
