//! Decimal numbers.

use hotpath::decimal::{Refusal, scaled, scan, unsigned};
use hotpath::units::PRECISION_MAX;
use hotpath::venue::Cause;

/// A precision (the first byte) and the text of a number. The verdict, and the byte it names, are
/// those of a twin that moves the point in the text.
pub fn decimal(bytes: &[u8]) {
    let Some((precision, text)) = bytes.split_first() else { return };
    let precision = precision % (PRECISION_MAX + 2);
    assert_eq!(scaled(text, precision), twin_scaled(text, precision), "{} at {precision}", text.escape_ascii());
    assert_eq!(unsigned(text), twin_unsigned(text), "{}", text.escape_ascii());
    let taken = scan(text).map(|number| number.bytes);
    assert_eq!(taken, Twin::read(text).map(|(_, bytes)| bytes), "{}", text.escape_ascii());
}

fn twin_scaled(text: &[u8], precision: u8) -> Result<i64, Refusal> {
    let twin = Twin::whole(text)?;
    let magnitude = i128::try_from(twin.magnitude(precision)?).map_err(|_| (Cause::Range, 0))?;
    i64::try_from(if twin.negative { -magnitude } else { magnitude }).map_err(|_| (Cause::Range, 0))
}

fn twin_unsigned(text: &[u8]) -> Result<u64, Refusal> {
    let twin = Twin::whole(text)?;
    let magnitude = u64::try_from(twin.magnitude(0)?).map_err(|_| (Cause::Range, 0))?;
    if twin.negative && magnitude != 0 { Err((Cause::Range, 0)) } else { Ok(magnitude) }
}

/// A number as text.
struct Twin {
    negative: bool,
    /// All digits but those of the exponent, without zeros in front.
    digits: String,
    /// Digits after the point.
    decimals: i128,
    exponent: i128,
}

impl Twin {
    fn whole(text: &[u8]) -> Result<Self, Refusal> {
        let (twin, bytes) = Self::read(text)?;
        if bytes == text.len() { Ok(twin) } else { Err((Cause::Json, bytes)) }
    }

    /// The number at the start of `text`, and its bytes.
    fn read(text: &[u8]) -> Result<(Self, usize), Refusal> {
        let negative = text.starts_with(b"-");
        let mut at = usize::from(negative);
        let whole = if text.get(at) == Some(&b'0') { "0".to_owned() } else { digits(text, at)? };
        at += whole.len();
        let mut fraction = String::new();
        if text.get(at) == Some(&b'.') {
            fraction = digits(text, at + 1)?;
            at += 1 + fraction.len();
        }
        let mut exponent = 0;
        if matches!(text.get(at), Some(b'e' | b'E')) {
            let sign = text.get(at + 1).filter(|byte| matches!(byte, b'+' | b'-'));
            let start = at + 1 + usize::from(sign.is_some());
            let power = digits(text, start)?;
            at = start + power.len();
            // Nothing tells exponents above 64 bits apart.
            let magnitude = power.parse().unwrap_or(i128::MAX).min(i128::from(i64::MAX));
            exponent = if sign == Some(&b'-') { -magnitude } else { magnitude };
        }
        let decimals = fraction.len() as i128;
        let digits = format!("{whole}{fraction}").trim_start_matches('0').to_owned();
        Ok((Self { negative, digits, decimals, exponent }, at))
    }

    /// The number without its sign in units of 10^-`precision`.
    fn magnitude(&self, precision: u8) -> Result<u128, Refusal> {
        let zeros = i128::from(precision) - self.decimals + self.exponent;
        if precision > PRECISION_MAX {
            return Err((Cause::Range, 0));
        }
        if zeros < 0 {
            return Err((Cause::Precision, 0));
        }
        if self.digits.is_empty() {
            return Ok(0);
        }
        if self.digits.len() as i128 + zeros > 20 {
            return Err((Cause::Range, 0));
        }
        Ok(format!("{}{}", self.digits, "0".repeat(zeros as usize)).parse().expect("twenty digits"))
    }
}

/// The digits from `at` on, one or more.
fn digits(text: &[u8], at: usize) -> Result<String, Refusal> {
    let run: String = text.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).map(|byte| *byte as char).collect();
    match (run.is_empty(), at >= text.len()) {
        (false, _) => Ok(run),
        (true, true) => Err((Cause::Truncated, at)),
        (true, false) => Err((Cause::Json, at)),
    }
}
