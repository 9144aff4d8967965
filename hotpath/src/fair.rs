//! The first fair mid: a reviewed linear model of two features.
//!
//! fair = mid + micro * (microprice - mid) + imbalance_weight * imbalance * spread / 2, kept within
//! `clamp_ticks` of the mid. Coefficients come from a model file and lie in every checkpoint.

use crate::config::Model;
use crate::features::Touch;
use crate::units::{TicksQ16, ticks_q16};

/// The fair mid for a touch and an imbalance, ticks.
#[must_use]
pub fn fair_mid(model: &Model, touch: &Touch, imbalance_q30: i32) -> TicksQ16 {
    let mid = touch.mid();
    let lean = i128::from(touch.micro().wrapping_sub(mid).to_bits());
    let from_micro = i128::from(model.micro_q16).wrapping_mul(lean) >> 16;
    // At most 32 and 30 bits.
    let weight = model.imbalance_q16.wrapping_mul(i64::from(imbalance_q30)) >> 30;
    let from_imbalance = i128::from(weight).wrapping_mul(i128::from(touch.spread_ticks())) >> 1;
    let bound = i128::from(ticks_q16(model.clamp_ticks).to_bits());
    // `clamp` would panic on a negative bound; this cannot.
    let shift = from_micro.wrapping_add(from_imbalance).min(bound).max(bound.wrapping_neg());
    mid.wrapping_add(TicksQ16::from_bits(i64::try_from(shift).unwrap_or(0)))
}
