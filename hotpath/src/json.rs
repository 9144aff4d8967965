//! A walker over JSON (RFC 8259) that allocates nothing.
//!
//! [`document`] checks the whole text once: syntax, UTF-8, escapes, surrogate pairs, depth. It gives a
//! [`Value`], and values are got from it alone, so walking them meets only legal text. What may still
//! be refused is their meaning: a missing or repeated field, another type, a number out of range.
//!
//! A refusal of syntax names the byte that no JSON text has there, or the end of the text. A refusal
//! of meaning names the first byte of the value; of the object, when a field of it is missing; of the
//! second key, when a field stands twice.

mod syntax;

use crate::decimal;
use crate::time::{TIME_BYTES_MAX, utc_ns};
use crate::venue::{Cause, Refused};
use core::str::Chars;
use syntax::Cursor;

pub use syntax::DEPTH_MAX;

/// A refusal of `cause` at byte `offset`.
pub(crate) const fn refused<T>(cause: Cause, offset: usize) -> Result<T, Refused> {
    Err(Refused { cause, offset })
}

/// Checks that `bytes` are one JSON text and gives its value. Space around it is legal.
///
/// # Errors
/// The first byte that may not be believed: [`Cause::Json`], [`Cause::Utf8`], [`Cause::Truncated`] at
/// the end, [`Cause::Depth`] at the bracket that opens level 33.
pub fn document(bytes: &[u8]) -> Result<Value<'_>, Refused> {
    let error = match core::str::from_utf8(bytes) {
        Ok(text) => return whole(text),
        Err(error) => error,
    };
    // Bytes before the one that is not UTF-8 may be wrong already.
    let offset = error.valid_up_to();
    let head = bytes.get(..offset).and_then(|head| core::str::from_utf8(head).ok()).unwrap_or_default();
    match whole(head) {
        Err(earlier) if earlier.cause != Cause::Truncated => Err(earlier),
        _ => refused(Cause::Utf8, offset),
    }
}

fn whole(text: &str) -> Result<Value<'_>, Refused> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.space();
    let start = cursor.at;
    cursor.value()?;
    let value = Value::between(text, start, cursor.at);
    cursor.space();
    if cursor.at == text.len() { Ok(value) } else { cursor.refuse() }
}

/// A value in a checked text.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// The frame's text up to the end of the value, so that offsets count from the frame's start.
    text: &'a str,
    start: usize,
}

impl<'a> Value<'a> {
    fn between(text: &'a str, start: usize, end: usize) -> Self {
        Self { text: text.get(..end).unwrap_or_default(), start }
    }

    /// Byte offset of the value in the frame.
    #[must_use]
    pub const fn offset(self) -> usize {
        self.start
    }

    /// The value as it was written.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.text.get(self.start..).unwrap_or_default()
    }

    /// A refusal of this value.
    ///
    /// # Errors
    /// Always: `cause` at the value's first byte.
    pub const fn refuse<T>(self, cause: Cause) -> Result<T, Refused> {
        refused(cause, self.start)
    }

    /// The fields of an object by name, in the order of `names`. Other fields are passed over; a field
    /// that is `null` counts as absent.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no object, [`Cause::Duplicate`] when one of the names stands twice.
    pub fn fields<const N: usize>(self, names: [&str; N]) -> Result<Fields<'a, N>, Refused> {
        let mut values = [None; N];
        for (key, value) in self.members()? {
            let named = names.iter().zip(values.iter_mut()).find(|(name, _)| key.is(name));
            if let Some((_, slot)) = named {
                if slot.is_some() {
                    return key.value.refuse(Cause::Duplicate);
                }
                *slot = Some(value);
            }
        }
        Ok(Fields { object: self, values })
    }

    /// The members of an object in the order written, doubles included.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no object.
    pub fn members(self) -> Result<Members<'a>, Refused> {
        self.inside(b'{').map(Members)
    }

    /// The elements of an array.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no array.
    pub fn elements(self) -> Result<Elements<'a>, Refused> {
        self.inside(b'[').map(Elements)
    }

    fn inside(self, open: u8) -> Result<Cursor<'a>, Refused> {
        let mut cursor = Cursor { text: self.text, at: self.start };
        if cursor.eat(open) { Ok(cursor) } else { self.refuse(Cause::Type) }
    }

    /// The characters of a string.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no string.
    pub fn characters(self) -> Result<Text<'a>, Refused> {
        let inside = self.raw().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match inside {
            Some(text) => Ok(Text { chars: text.chars(), value: self }),
            None => self.refuse(Cause::Type),
        }
    }

    /// What `table` gives for a string; `None` when it is not in it.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no string.
    pub fn look_up<T: Copy>(self, table: &[(&str, T)]) -> Result<Option<T>, Refused> {
        let text = self.characters()?;
        Ok(table.iter().find(|(name, _)| text.is(name)).map(|(_, meaning)| *meaning))
    }

    /// A string that is written without escapes, as text: numbers in quotes are.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is none.
    pub fn quoted(self) -> Result<&'a str, Refused> {
        let inside = self.raw().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        match inside.filter(|text| !text.bytes().any(|byte| byte == b'\\')) {
            Some(text) => Ok(text),
            None => self.refuse(Cause::Type),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is neither.
    pub fn boolean(self) -> Result<bool, Refused> {
        match self.raw() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => self.refuse(Cause::Type),
        }
    }

    /// A number in units of 10^-`precision` that lies in `range`.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no number; else the causes of [`decimal::scaled`].
    pub fn scaled(self, precision: u8, range: core::ops::RangeInclusive<i64>) -> Result<i64, Refused> {
        match decimal::scaled(self.number()?.as_bytes(), precision) {
            Ok(value) if range.contains(&value) => Ok(value),
            Ok(_) => self.refuse(Cause::Range),
            Err((cause, _)) => self.refuse(cause),
        }
    }

    /// A whole number from 0 to `max`.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no number; else the causes of [`decimal::unsigned`].
    pub fn unsigned(self, max: u64) -> Result<u64, Refused> {
        match decimal::unsigned(self.number()?.as_bytes()) {
            Ok(value) if value <= max => Ok(value),
            Ok(_) => self.refuse(Cause::Range),
            Err((cause, _)) => self.refuse(cause),
        }
    }

    fn number(self) -> Result<&'a str, Refused> {
        let raw = self.raw();
        if raw.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return Ok(raw);
        }
        self.refuse(Cause::Type)
    }

    /// The UTC nanoseconds of a string that [`utc_ns`] reads.
    ///
    /// # Errors
    /// [`Cause::Type`] when this is no string; else the causes of [`utc_ns`].
    pub fn utc_ns(self) -> Result<u64, Refused> {
        let mut bytes = [0_u8; TIME_BYTES_MAX];
        let mut used = 0_usize;
        for character in self.characters()? {
            let (Some(place), Ok(byte)) = (bytes.get_mut(used), u8::try_from(character)) else {
                return self.refuse(Cause::Time);
            };
            *place = byte;
            used = used.wrapping_add(1);
        }
        utc_ns(bytes.get(..used).unwrap_or_default()).or_else(|cause| self.refuse(cause))
    }
}

/// Fields of an object, as many as names were asked for.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a, const N: usize> {
    object: Value<'a>,
    values: [Option<Value<'a>>; N],
}

impl<'a, const N: usize> Fields<'a, N> {
    /// Each field, or `None` where it is absent or `null`.
    #[must_use]
    pub fn optional(self) -> [Option<Value<'a>>; N] {
        self.values.map(|value| value.filter(|value| value.raw() != "null"))
    }

    /// Each field.
    ///
    /// # Errors
    /// [`Cause::Missing`] at the object when one is absent or `null`.
    pub fn required(self) -> Result<[Value<'a>; N], Refused> {
        let mut found = [self.object; N];
        for (place, value) in found.iter_mut().zip(self.optional()) {
            let Some(value) = value else {
                return self.object.refuse(Cause::Missing);
            };
            *place = value;
        }
        Ok(found)
    }
}

/// The members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a>(Cursor<'a>);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = next_inside(&mut self.0)?;
        self.0.space();
        self.0.eat(b':');
        let value = next_value(&mut self.0)?;
        Some((key.characters().ok()?, value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a>(Cursor<'a>);

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        next_inside(&mut self.0)
    }
}

/// The next value inside a container. The closing bracket begins no value, so it ends the walk.
fn next_inside<'a>(cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
    cursor.space();
    cursor.eat(b',');
    next_value(cursor)
}

fn next_value<'a>(cursor: &mut Cursor<'a>) -> Option<Value<'a>> {
    cursor.space();
    let start = cursor.at;
    cursor.value().ok()?;
    Some(Value::between(cursor.text, start, cursor.at))
}

/// The characters of a string, escapes resolved.
#[derive(Clone, Debug)]
pub struct Text<'a> {
    chars: Chars<'a>,
    value: Value<'a>,
}

impl Text<'_> {
    /// Whether the string is `text`.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.clone().eq(text.chars())
    }

    /// Whether the string starts with `text`.
    #[must_use]
    pub fn starts_with(&self, text: &str) -> bool {
        let mut own = self.clone();
        text.chars().all(|wanted| own.next() == Some(wanted))
    }

    fn hex(&mut self) -> u32 {
        let digits = self.chars.by_ref().take(4).filter_map(|digit| digit.to_digit(16));
        digits.fold(0, |unit, digit| (unit << 4) | digit)
    }

    /// The character of a `\u` escape whose `\u` is passed over.
    fn unicode(&mut self) -> Option<char> {
        let unit = self.hex();
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        // The text was checked: the other half follows, after its own `\u`.
        self.chars.by_ref().take(2).for_each(drop);
        char::from_u32(((unit & 0x3ff) << 10 | self.hex() & 0x3ff).wrapping_add(0x1_0000))
    }
}

impl Iterator for Text<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.chars.next()? {
            '\\' => match self.chars.next()? {
                'b' => Some('\u{8}'),
                'f' => Some('\u{c}'),
                'n' => Some('\n'),
                'r' => Some('\r'),
                't' => Some('\t'),
                'u' => self.unicode(),
                itself => Some(itself),
            },
            plain => Some(plain),
        }
    }
}

#[cfg(test)]
mod tests;
