//! Numbers with fixed decimals: whole units in here, trailing zeros on the wire.

use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;
use std::fmt;

/// Most decimals of any number that an exchange of this kind writes.
pub const DECIMALS_MAX: u8 = 18;

/// `units` / 10^`decimals`, written with exactly that many decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Smallest units: ticks of a price, lots of a size.
    pub units: i64,
    /// Digits behind the point.
    pub decimals: u8,
}

impl Decimal {
    /// A number of so many units.
    #[must_use]
    pub const fn new(units: i64, decimals: u8) -> Self {
        Self { units, decimals }
    }

    /// Reads a plain number, not negative, without an exponent, that has at most `decimals` digits behind
    /// its point; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str, decimals: u8) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_plain =
            !whole.is_empty() && [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let missing = usize::from(decimals).checked_sub(fraction.len()).filter(|_| is_plain)?;
        let units = format!("{whole}{fraction}{:0<missing$}", "").parse().ok()?;
        Some(Self { units, decimals })
    }

    /// How many digits a plain number has behind its point; `None` when it is not plain.
    #[must_use]
    pub fn decimals_of(text: &str) -> Option<u8> {
        let decimals = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let decimals = u8::try_from(decimals).ok().filter(|decimals| *decimals <= DECIMALS_MAX)?;
        Self::parse(text, decimals).map(|number| number.decimals)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = usize::from(self.decimals);
        let sign = if self.units < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", self.units.unsigned_abs(), width = decimals + 1);
        match digits.split_at(digits.len() - decimals) {
            (whole, "") => write!(f, "{sign}{whole}"),
            (whole, fraction) => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

/// A bare JSON number, zeros kept.
impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;
    use proptest::prelude::*;

    #[test]
    fn zeros_are_kept() {
        let texts = [
            (630_049, 1, "63004.9"),
            (100_000, 8, "0.00100000"),
            (0, 8, "0.00000000"),
            (17, 0, "17"),
            (-5, 2, "-0.05"),
        ];
        for (units, decimals, text) in texts {
            assert_eq!(serde_json::to_string(&Decimal::new(units, decimals)).unwrap(), text);
        }
    }

    #[test]
    fn only_plain_numbers_are_read() {
        assert_eq!(Decimal::parse("5.1", 2), Some(Decimal::new(510, 2)));
        assert_eq!(Decimal::parse("7", 1), Some(Decimal::new(70, 1)));
        for text in ["", ".", "-1", "+1", "1e5", ".5", "1.234", "1.2.3", " 1", "99999999999999999999"] {
            assert_eq!(Decimal::parse(text, 2), None, "{text}");
        }
        assert_eq!(Decimal::decimals_of("63004.9"), Some(1));
        assert_eq!(Decimal::decimals_of("1e5"), None);
        assert_eq!(Decimal::decimals_of("0.0000000000000000000"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(units in 0..i64::MAX, decimals in 0_u8..=18) {
            let number = Decimal::new(units, decimals);
            prop_assert_eq!(Decimal::parse(&number.to_string(), decimals), Some(number));
            prop_assert_eq!(Decimal::decimals_of(&number.to_string()), Some(decimals));
        }
    }
}
