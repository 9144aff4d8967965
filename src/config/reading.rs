//! Values on their way from what was typed to what they mean; what means nothing is gathered as a fault.

use super::document::Places;
use super::error::Fault;
use hotpath::decimal;
use hotpath::venue::Cause;

/// Faults gather here; a value that could not be read is zero, and the configuration is not used.
pub(super) struct Reading<'a> {
    pub places: &'a Places,
    pub faults: Vec<Fault>,
}

impl Reading<'_> {
    /// The value of a key means nothing.
    pub fn fault(&mut self, path: &str, what: &str) {
        self.faults.push(self.places.fault(path, what));
    }

    /// Decimal text as a multiple of 10^-precision, 1 to `max`.
    pub fn decimal(&mut self, path: &str, text: &str, scale: &Scale, max: i64) -> i64 {
        let Scale { precision, key, unit } = scale;
        let why = match decimal::scaled(text.as_bytes(), *precision) {
            Ok(value) if (1..=max).contains(&value) => return value,
            Ok(value) => format!("which is {value} {unit}; wanted: 1 to {max} {unit}"),
            Err((Cause::Precision, _)) => format!("which has more decimals than `{key}` ({precision})"),
            Err((Cause::Range, _)) => format!("which is out of range; wanted: 1 to {max} {unit}"),
            Err(_) => "which is not a decimal number".into(),
        };
        self.fault(path, &format!("is {text:?}, {why}"));
        0
    }
}

/// What the decimals of a number mean.
pub(super) struct Scale {
    pub precision: u8,
    /// The key that says so.
    pub key: String,
    pub unit: &'static str,
}
