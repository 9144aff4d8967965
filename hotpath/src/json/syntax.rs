//! JSON's grammar: a cursor that passes over one token or one whole value.

use super::refused;
use crate::decimal;
use crate::venue::{Cause, Refused};

/// Deepest nesting of arrays and objects. The exchange nests five deep.
pub const DEPTH_MAX: u32 = 32;

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

/// The arrays and objects that are open: one bit each, set for an object.
#[derive(Default)]
struct Nesting {
    depth: u32,
    objects: u32,
}

const _: () = assert!(DEPTH_MAX <= u32::BITS);

impl Nesting {
    fn open(&mut self, object: bool, at: usize) -> Result<(), Refused> {
        if self.depth == DEPTH_MAX {
            return refused(Cause::Depth, at);
        }
        self.depth = self.depth.wrapping_add(1);
        self.objects = (self.objects << 1) | u32::from(object);
        Ok(())
    }

    const fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
    }

    /// Whether the innermost is an object; `None` when all are closed.
    const fn innermost(&self) -> Option<bool> {
        if self.depth == 0 { None } else { Some(self.objects & 1 == 1) }
    }
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn advance(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// Passes over `wanted` when it comes next.
    pub(super) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), Refused> {
        if self.eat(wanted) { Ok(()) } else { self.refuse() }
    }

    /// Refuses the next byte, or the end.
    pub(super) fn refuse<T>(&self) -> Result<T, Refused> {
        refused(if self.peek().is_some() { Cause::Json } else { Cause::Truncated }, self.at)
    }

    pub(super) fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.advance();
        }
    }

    /// Passes over one value.
    pub(super) fn value(&mut self) -> Result<(), Refused> {
        let mut open = Nesting::default();
        loop {
            self.space();
            let opened = self.open_or_scalar(&mut open)?;
            if opened || self.closed(&mut open)? {
                continue;
            }
            return Ok(());
        }
    }

    /// Passes over a scalar, an empty container or the opening of another one. Returns whether a value
    /// must follow at once.
    fn open_or_scalar(&mut self, open: &mut Nesting) -> Result<bool, Refused> {
        let (object, close) = match self.peek() {
            Some(b'{') => (true, b'}'),
            Some(b'[') => (false, b']'),
            _ => return self.scalar().map(|()| false),
        };
        open.open(object, self.at)?;
        self.advance();
        self.space();
        if self.eat(close) {
            open.close();
            return Ok(false);
        }
        if object {
            self.key()?;
        }
        Ok(true)
    }

    /// After a value: passes over what closes and over one comma. Returns whether another value must
    /// follow; if not, the outermost value is complete.
    fn closed(&mut self, open: &mut Nesting) -> Result<bool, Refused> {
        while let Some(object) = open.innermost() {
            self.space();
            if self.eat(if object { b'}' } else { b']' }) {
                open.close();
                continue;
            }
            self.expect(b',')?;
            if object {
                self.space();
                self.key()?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    fn key(&mut self) -> Result<(), Refused> {
        self.string()?;
        self.space();
        self.expect(b':')
    }

    fn scalar(&mut self) -> Result<(), Refused> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b't') => self.word(b"true"),
            Some(b'f') => self.word(b"false"),
            Some(b'n') => self.word(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.refuse(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Refused> {
        word.iter().try_for_each(|byte| self.expect(*byte))
    }

    fn number(&mut self) -> Result<(), Refused> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        match decimal::scan(rest) {
            Ok(number) => {
                self.at = self.at.wrapping_add(number.bytes);
                Ok(())
            }
            Err((cause, offset)) => refused(cause, self.at.wrapping_add(offset)),
        }
    }

    /// Passes over a string with its quotes.
    pub(super) fn string(&mut self) -> Result<(), Refused> {
        self.expect(b'"')?;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let plain = rest.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
            self.at = self.at.wrapping_add(plain);
            if self.eat(b'"') {
                return Ok(());
            }
            self.escape()?;
        }
    }

    /// Passes over an escape; a surrogate pair is one. Half a pair is refused at its backslash.
    fn escape(&mut self) -> Result<(), Refused> {
        let start = self.at;
        self.expect(b'\\')?;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.advance();
                return Ok(());
            }
            _ => self.expect(b'u')?,
        }
        match self.hex()? {
            0xd800..0xdc00 if self.low_surrogate()? => Ok(()),
            0xd800..0xe000 => refused(Cause::Json, start),
            _ => Ok(()),
        }
    }

    /// Passes over the escape of a low surrogate; returns whether there was one.
    fn low_surrogate(&mut self) -> Result<bool, Refused> {
        for wanted in [b'\\', b'u'] {
            match self.peek() {
                None => return self.refuse(),
                Some(byte) if byte != wanted => return Ok(false),
                Some(_) => self.advance(),
            }
        }
        Ok((0xdc00..0xe000).contains(&self.hex()?))
    }

    /// Four hexadecimal digits.
    fn hex(&mut self) -> Result<u32, Refused> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return self.refuse();
            };
            unit = (unit << 4) | digit;
            self.advance();
        }
        Ok(unit)
    }
}
