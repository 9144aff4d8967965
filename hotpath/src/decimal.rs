//! Decimal text to integers, exactly.
//!
//! The grammar is JSON's number (RFC 8259). A number is a mantissa and a count of digits after the
//! point; an exponent moves the point. Nothing is ever rounded: a number that was written with more
//! digits after the point than the precision is refused, zeros included, because the exchange that
//! writes them has changed its precision without our knowing.

use crate::units::PRECISION_MAX;
use crate::venue::Cause;

/// Why a number was refused, and at which byte of its text.
pub type Refusal = (Cause, usize);

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// Bytes of its text.
    pub bytes: usize,
    negative: bool,
    /// All digits as one integer; `None` above 64 bits.
    mantissa: Option<u64>,
    /// Digits after the point, less the exponent; saturated.
    fraction_digits: i64,
}

/// Reads the number that `text` starts with; what follows it is not looked at.
///
/// # Errors
/// [`Cause::Json`] at the first byte that no number has there, [`Cause::Truncated`] at the end of
/// `text` when a digit is missing there.
pub fn scan(text: &[u8]) -> Result<Number, Refusal> {
    let mut scanner = Scanner { text, at: 0, mantissa: Some(0) };
    let negative = scanner.eat(b"-").is_some();
    if scanner.eat(b"0").is_none() {
        scanner.digits()?;
    }
    let mut fraction_digits = 0;
    if scanner.eat(b".").is_some() {
        fraction_digits = scanner.digits()?;
    }
    // What the exponent's digits do to the mantissa is not wanted.
    let mantissa = scanner.mantissa;
    if scanner.eat(b"eE").is_some() {
        fraction_digits = fraction_digits.saturating_sub(scanner.exponent()?);
    }
    Ok(Number { bytes: scanner.at, negative, mantissa, fraction_digits })
}

/// Reads the whole of `text` as a multiple of 10^-`precision`, for precisions 0 to 12.
///
/// # Errors
/// As [`scan`]; [`Cause::Json`] for bytes after the number; [`Cause::Precision`] at 0 for more
/// digits after the point than `precision`; [`Cause::Range`] at 0 for what 64 bits signed do not
/// hold and for a precision above 12.
pub fn scaled(text: &[u8], precision: u8) -> Result<i64, Refusal> {
    let number = whole(text)?;
    number.scaled(precision).map_err(|cause| (cause, 0))
}

/// As [`scaled`], but digits beyond the precision may stand there when they are all zeros: some exchanges write every
/// number with the same eight, whatever they mean.
///
/// # Errors
/// As [`scaled`].
pub fn scaled_padded(text: &[u8], precision: u8) -> Result<i64, Refusal> {
    scaled(unpadded(text, precision), precision)
}

/// The text without zeros that lie beyond the precision. What is not written so is left as it is.
fn unpadded(text: &[u8], precision: u8) -> &[u8] {
    let Some(point) = text.iter().position(|byte| *byte == b'.') else { return text };
    let fraction = point.saturating_add(1);
    let end = fraction.saturating_add(usize::from(precision));
    let (Some(kept), Some(rest)) = (text.get(..end), text.get(end..)) else { return text };
    if rest.is_empty() || !rest.iter().all(|byte| *byte == b'0') {
        return text;
    }
    // A point has a digit behind it.
    if precision == 0 { text.get(..point).unwrap_or(text) } else { kept }
}

/// Reads the whole of `text` as an integer of 64 bits without sign. `1e3` is 1,000.
///
/// # Errors
/// As [`scaled`] at precision 0; [`Cause::Range`] for a negative number too.
pub fn unsigned(text: &[u8]) -> Result<u64, Refusal> {
    let number = whole(text)?;
    number.unsigned().map_err(|cause| (cause, 0))
}

fn whole(text: &[u8]) -> Result<Number, Refusal> {
    let number = scan(text)?;
    if number.bytes == text.len() { Ok(number) } else { Err((Cause::Json, number.bytes)) }
}

impl Number {
    fn scaled(&self, precision: u8) -> Result<i64, Cause> {
        let magnitude = i128::from(self.magnitude(precision)?);
        let value = if self.negative { magnitude.wrapping_neg() } else { magnitude };
        i64::try_from(value).map_err(|_| Cause::Range)
    }

    fn unsigned(&self) -> Result<u64, Cause> {
        match self.magnitude(0)? {
            0 => Ok(0),
            _ if self.negative => Err(Cause::Range),
            magnitude => Ok(magnitude),
        }
    }

    /// The number without its sign, in units of 10^-`precision`.
    fn magnitude(&self, precision: u8) -> Result<u64, Cause> {
        if precision > PRECISION_MAX {
            return Err(Cause::Range);
        }
        let zeros = i64::from(precision).saturating_sub(self.fraction_digits);
        if zeros < 0 {
            return Err(Cause::Precision);
        }
        if self.mantissa == Some(0) {
            return Ok(0);
        }
        let scale = u32::try_from(zeros).ok().and_then(|zeros| 10_u64.checked_pow(zeros));
        let magnitude = self.mantissa.zip(scale).and_then(|(mantissa, scale)| mantissa.checked_mul(scale));
        magnitude.ok_or(Cause::Range)
    }
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    mantissa: Option<u64>,
}

impl Scanner<'_> {
    /// Takes the next byte when it is one of `wanted`.
    fn eat(&mut self, wanted: &[u8]) -> Option<u8> {
        let byte = self.text.get(self.at).copied().filter(|byte| wanted.contains(byte))?;
        self.at = self.at.wrapping_add(1);
        Some(byte)
    }

    /// Takes one digit or more into the mantissa; returns how many.
    fn digits(&mut self) -> Result<i64, Refusal> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let run = rest.iter().take_while(|byte| byte.is_ascii_digit());
        for digit in run.map(|byte| byte & 0x0f) {
            let tens = self.mantissa.and_then(|mantissa| mantissa.checked_mul(10));
            self.mantissa = tens.and_then(|tens| tens.checked_add(u64::from(digit)));
            self.at = self.at.wrapping_add(1);
        }
        match i64::try_from(self.at.wrapping_sub(start)) {
            Ok(0) if self.at == self.text.len() => Err((Cause::Truncated, self.at)),
            Ok(0) => Err((Cause::Json, self.at)),
            Ok(count) => Ok(count),
            Err(_) => Err((Cause::Range, start)),
        }
    }

    /// Takes sign and digits of an exponent; beyond 64 bits it saturates.
    fn exponent(&mut self) -> Result<i64, Refusal> {
        let negative = self.eat(b"+-") == Some(b'-');
        self.mantissa = Some(0);
        self.digits()?;
        let magnitude = self.mantissa.and_then(|value| i64::try_from(value).ok()).unwrap_or(i64::MAX);
        Ok(if negative { magnitude.wrapping_neg() } else { magnitude })
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, scaled, scaled_padded, unsigned};
    use crate::venue::Cause;
    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};

    /// The number by moving the point in its text: slow, and with nothing in common with the scanner.
    fn twin(negative: bool, whole: &str, fraction: &str, exponent: i64, precision: u8) -> Result<i64, Refusal> {
        let zeros = i64::from(precision) - (fraction.len() as i64 - exponent);
        if zeros < 0 {
            return Err((Cause::Precision, 0));
        }
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_string();
        if digits.is_empty() {
            return Ok(0);
        }
        if digits.len() as i64 + zeros > 19 {
            return Err((Cause::Range, 0));
        }
        let sign = if negative { "-" } else { "" };
        let text = format!("{sign}{digits}{}", "0".repeat(zeros as usize));
        text.parse().map_err(|_| (Cause::Range, 0))
    }

    proptest! {
        #[test]
        fn equals_moving_the_point_in_the_text(
            negative: bool,
            whole in "0|[1-9][0-9]{0,20}",
            fraction in "[0-9]{0,14}",
            exponent in prop_oneof![Just(None), (-25_i64..25).prop_map(Some)],
            capital: bool,
            plus: bool,
            precision in 0_u8..=12,
        ) {
            let sign = if negative { "-" } else { "" };
            let point = if fraction.is_empty() { "" } else { "." };
            let power = exponent.map_or_else(String::new, |value| {
                let letter = if capital { 'E' } else { 'e' };
                if plus && value >= 0 { format!("{letter}+{value}") } else { format!("{letter}{value}") }
            });
            let text = format!("{sign}{whole}{point}{fraction}{power}");
            let expected = twin(negative, &whole, &fraction, exponent.unwrap_or(0), precision);
            prop_assert_eq!(scaled(text.as_bytes(), precision), expected, "{} at {}", text, precision);
        }

        /// Zeros at the end change nothing, other digits are too many.
        #[test]
        fn padded_numbers_are_read_without_their_zeros(
            whole in "0|[1-9][0-9]{0,9}",
            fraction in "[0-9]{0,6}",
            zeros in 0_usize..6,
            precision in 0_u8..=8,
        ) {
            let kept = fraction.trim_end_matches('0');
            let point = if fraction.is_empty() && zeros == 0 { "" } else { "." };
            let text = format!("{whole}{point}{fraction}{}", "0".repeat(zeros));
            let expected = twin(false, &whole, kept, 0, precision);
            prop_assert_eq!(scaled_padded(text.as_bytes(), precision), expected, "{} at {}", text, precision);
        }

        #[test]
        fn every_integer_survives(value: i64, large: u64) {
            prop_assert_eq!(scaled(value.to_string().as_bytes(), 0), Ok(value));
            prop_assert_eq!(unsigned(large.to_string().as_bytes()), Ok(large));
        }
    }

    /// A size of a cheap coin, with the eight decimals that every number has, is longer than 64 bits hold.
    #[test]
    fn zeros_beyond_the_precision_need_no_room() {
        assert_eq!(scaled_padded(b"123456789012.00000000", 2), Ok(12_345_678_901_200));
        assert_eq!(scaled_padded(b"123456789012.00000000", 0), Ok(123_456_789_012));
        assert_eq!(scaled_padded(b"0.00000000", 2), Ok(0));
        for (text, refusal) in [
            ("1.001", (Cause::Precision, 0)),
            ("0.0000e-9223372036854775807", (Cause::Precision, 0)),
            (".00", (Cause::Json, 0)),
            ("1.0x0", (Cause::Json, 3)),
        ] {
            assert_eq!(scaled_padded(text.as_bytes(), 2), Err(refusal), "{text}");
        }
    }

    #[test]
    fn accepts() {
        let table = [
            ("1.25e1", 1, 125),
            ("1e-08", 8, 1),
            ("5e-05", 8, 5_000),
            ("0.00100000", 8, 100_000),
            ("63004.9", 1, 630_049),
            ("63004", 1, 630_040),
            ("0.000001", 12, 1_000_000),
            ("-0", 0, 0),
            ("-0.0e7", 0, 0),
            ("0e99999999999999999999999", 12, 0),
            ("9223372036854775807", 0, i64::MAX),
            ("-9223372036854775808", 0, i64::MIN),
        ];
        for (text, precision, value) in table {
            assert_eq!(scaled(text.as_bytes(), precision), Ok(value), "{text}");
        }
        assert_eq!(unsigned(b"15113583034416118705"), Ok(15_113_583_034_416_118_705));
        assert_eq!(unsigned(b"1e3"), Ok(1_000));
    }

    #[test]
    fn refuses() {
        let table = [
            ("1.250e1", 1, Cause::Precision, 0),
            ("1.0", 0, Cause::Precision, 0),
            ("1e-99999999999999999999", 12, Cause::Precision, 0),
            ("1e99999999999999999999", 12, Cause::Range, 0),
            ("9223372036854775808", 0, Cause::Range, 0),
            ("-9223372036854775809", 0, Cause::Range, 0),
            ("1", 13, Cause::Range, 0),
            ("", 0, Cause::Truncated, 0),
            ("-", 0, Cause::Truncated, 1),
            ("1.", 1, Cause::Truncated, 2),
            ("1e", 1, Cause::Truncated, 2),
            ("1e+", 1, Cause::Truncated, 3),
            ("01", 0, Cause::Json, 1),
            ("+1", 0, Cause::Json, 0),
            (".5", 1, Cause::Json, 0),
            ("1.e5", 1, Cause::Json, 2),
            ("1 ", 0, Cause::Json, 1),
            ("NaN", 0, Cause::Json, 0),
            ("0x10", 0, Cause::Json, 1),
        ];
        for (text, precision, cause, offset) in table {
            assert_eq!(scaled(text.as_bytes(), precision), Err((cause, offset)), "{text}");
        }
        assert_eq!(unsigned(b"-1"), Err((Cause::Range, 0)));
        assert_eq!(unsigned(b"18446744073709551616"), Err((Cause::Range, 0)));
    }

    #[test]
    fn a_megabyte_of_digits_is_only_read() {
        let digits = "7".repeat(1 << 20);
        assert_eq!(scaled(digits.as_bytes(), 0), Err((Cause::Range, 0)));
        assert_eq!(scaled(format!("1e{digits}").as_bytes(), 0), Err((Cause::Range, 0)));
        assert_eq!(scaled(format!("0.{digits}").as_bytes(), 12), Err((Cause::Precision, 0)));
        let zeros = "0".repeat(1 << 20);
        assert_eq!(scaled(format!("0.{zeros}7e1048577").as_bytes(), 0), Ok(7));
    }
}
