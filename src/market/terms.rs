//! What a market trades in.

use std::fmt;

/// The terms of a market. Inside, prices count in steps of the price increment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    increment_ticks: i64,
    lots_per_unit: i64,
    mid_steps: i64,
}

/// Why there is no such market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsError {
    /// The price increment.
    Increment,
    /// The decimals of sizes.
    QtyPrecision,
    /// The price at the start.
    Mid,
}

/// Largest price increment, ticks.
const INCREMENT_TICKS_MAX: i64 = 1 << 40;
/// Most decimals of a size.
const QTY_PRECISION_MAX: u8 = 12;
/// The lowest start: the efficient price never halves, and no order rests farther from it than a third
/// of this.
const MID_STEPS_MIN: i64 = 100_000;
/// The highest start; prices then fit into 64 bits with the largest increment.
const MID_STEPS_MAX: i64 = 1 << 21;

impl Terms {
    /// BTC/EUR at 54,000.0 EUR: prices in 0.1 EUR, sizes in 1e-8 BTC.
    pub const BTC_EUR: Self = Self { increment_ticks: 1, lots_per_unit: 100_000_000, mid_steps: 540_000 };

    /// A market whose prices are multiples of `increment_ticks` (1 to 2^40), whose sizes have `qty_precision`
    /// decimals (0 to 12), and whose price starts at `mid_ticks`, between 100,000 and 2^21 increments.
    ///
    /// # Errors
    /// When one of them is out of its range.
    pub const fn new(increment_ticks: i64, qty_precision: u8, mid_ticks: i64) -> Result<Self, TermsError> {
        if increment_ticks < 1 || increment_ticks > INCREMENT_TICKS_MAX {
            return Err(TermsError::Increment);
        }
        if qty_precision > QTY_PRECISION_MAX {
            return Err(TermsError::QtyPrecision);
        }
        let mid_steps = mid_ticks / increment_ticks;
        if mid_steps < MID_STEPS_MIN || mid_steps > MID_STEPS_MAX {
            return Err(TermsError::Mid);
        }
        Ok(Self { increment_ticks, lots_per_unit: 10_i64.pow(qty_precision as u32), mid_steps })
    }

    /// The same, starting as near to `mid_ticks` as such a market can.
    ///
    /// # Errors
    /// When the increment or the precision is out of its range.
    pub const fn near(increment_ticks: i64, qty_precision: u8, mid_ticks: i64) -> Result<Self, TermsError> {
        if increment_ticks < 1 || increment_ticks > INCREMENT_TICKS_MAX {
            return Err(TermsError::Increment);
        }
        let mid_steps = match mid_ticks / increment_ticks {
            ..MID_STEPS_MIN => MID_STEPS_MIN,
            mid_steps @ MID_STEPS_MIN..=MID_STEPS_MAX => mid_steps,
            _ => MID_STEPS_MAX,
        };
        Self::new(increment_ticks, qty_precision, mid_steps * increment_ticks)
    }

    /// The price at the start, steps.
    pub(super) const fn mid_steps(&self) -> i64 {
        self.mid_steps
    }

    /// Steps as ticks.
    pub(super) const fn ticks(&self, steps: i64) -> i64 {
        steps * self.increment_ticks
    }

    /// Hundred-millionths of the base currency as lots, at least one.
    pub(super) const fn lots(&self, size: i64) -> i64 {
        let lots = size as i128 * self.lots_per_unit as i128 / 100_000_000;
        if lots < 1 { 1 } else { lots as i64 }
    }

    /// Lots as units of the base currency.
    pub(super) fn units(&self, lots: i64) -> f64 {
        lots as f64 / self.lots_per_unit as f64
    }
}

impl fmt::Display for TermsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Increment => write!(out, "the price increment is 1 to {INCREMENT_TICKS_MAX} ticks"),
            Self::QtyPrecision => write!(out, "sizes have 0 to {QTY_PRECISION_MAX} decimals"),
            Self::Mid => write!(out, "the price starts at {MID_STEPS_MIN} to {MID_STEPS_MAX} price increments"),
        }
    }
}

impl std::error::Error for TermsError {}

#[cfg(test)]
mod tests {
    use super::{Terms, TermsError};

    #[test]
    fn terms_out_of_range_are_refused_by_name() {
        assert_eq!(Terms::new(0, 8, 540_000), Err(TermsError::Increment));
        assert_eq!(Terms::new(1 << 41, 8, i64::MAX), Err(TermsError::Increment));
        assert_eq!(Terms::new(1, 13, 540_000), Err(TermsError::QtyPrecision));
        assert_eq!(Terms::new(1, 8, 99_999), Err(TermsError::Mid));
        assert_eq!(Terms::new(1, 8, (1 << 21) + 1), Err(TermsError::Mid));
        assert_eq!(Terms::new(1, 8, 540_000), Ok(Terms::BTC_EUR));
        assert_eq!(Terms::near(0, 8, 540_000), Err(TermsError::Increment));
        assert_eq!(Terms::near(1, 13, 540_000), Err(TermsError::QtyPrecision));
    }

    #[test]
    fn the_nearest_start_is_within_the_range() {
        let near = |increment, mid| Terms::near(increment, 8, mid).map(|terms| terms.mid_steps());
        assert_eq!(near(1, 540_000), Ok(540_000));
        assert_eq!(near(50, 540_000), Ok(100_000));
        assert_eq!(near(1, i64::MAX), Ok(1 << 21));
        assert_eq!(near(1, i64::MIN), Ok(100_000));
    }

    #[test]
    fn sizes_are_lots_and_never_none() {
        let lots = |precision| Terms::new(1, precision, 540_000).map(|terms| terms.lots(5_309_027));
        assert_eq!(lots(8), Ok(5_309_027));
        assert_eq!(lots(12), Ok(53_090_270_000));
        assert_eq!(lots(4), Ok(530));
        assert_eq!(lots(0), Ok(1));
    }
}
