//! Every feature against its formula in floating point. The bounds are those that the README states.

use super::{Touch, Vol, half_power_q32, imbalance_q30};
use crate::book::Book;
use bytemuck::Zeroable;
use proptest::prelude::*;
use std::boxed::Box;
use std::vec::Vec;

fn q16(bits: i64) -> f64 {
    bits as f64 / 65_536.0
}

proptest! {
    #[test]
    fn mid_and_microprice_agree_with_floats(
        bid_ticks in 1_i64..1 << 40,
        spread in 1_i64..100_000,
        bid_lots in 1_i64..1 << 60,
        ask_lots in 1_i64..1 << 60,
    ) {
        let touch = Touch { bid_ticks, bid_lots, ask_ticks: bid_ticks + spread, ask_lots };
        let share = bid_lots as f64 / (bid_lots as f64 + ask_lots as f64);
        let mid_above_bid = q16(touch.mid().to_bits() - (bid_ticks << 16));
        prop_assert_eq!(mid_above_bid, spread as f64 / 2.0);
        let micro_above_bid = q16(touch.micro().to_bits() - (bid_ticks << 16));
        let error = (micro_above_bid - spread as f64 * share).abs();
        prop_assert!(error <= 2.0 / 65_536.0 + spread as f64 * 2.0_f64.powi(-29), "{error}");
    }

    #[test]
    fn imbalance_agrees_with_floats(
        levels in 1_u32..16,
        bids in prop::collection::vec(1_i64..1 << 60, 0..20),
        asks in prop::collection::vec(1_i64..1 << 60, 0..20),
    ) {
        let mut book = Box::new(Book::zeroed());
        for (place, lots) in (0_i64..).zip(&bids) {
            book.bids.set(1_000 - place, *lots);
        }
        for (place, lots) in (0_i64..).zip(&asks) {
            book.asks.set(1_001 + place, *lots);
        }
        let sum = |side: &[i64]| side.iter().take(levels as usize).map(|lots| *lots as f64).sum::<f64>();
        let (bids, asks) = (sum(&bids), sum(&asks));
        let expected = if bids + asks == 0.0 { 0.0 } else { (bids - asks) / (bids + asks) };
        let found = f64::from(imbalance_q30(&book, levels)) / 2.0_f64.powi(30);
        prop_assert!((found - expected).abs() <= 2.0_f64.powi(-29), "{found} {expected}");
    }

    #[test]
    fn half_powers_agree_with_floats(x_q32 in 0_u64..1 << 32) {
        let expected = (-(x_q32 as f64) / 2.0_f64.powi(32)).exp2();
        let found = half_power_q32(x_q32) as f64 / 2.0_f64.powi(32);
        prop_assert!((found - expected).abs() <= 1e-6, "{found} {expected}");
    }

    #[test]
    fn volatility_agrees_with_floats(
        half_life_ms in 100_u64..60_000,
        path in prop::collection::vec((-40_i64..41, 0_u64..2_000_000_000), 2..200),
    ) {
        let half_life_ns = half_life_ms * 1_000_000;
        let half_life_s = half_life_ns as f64 / 1e9;
        let mut vol = Vol::zeroed();
        let (mut mid, mut now_ns) = (1_000_000_i64, 5_000_000_000_u64);
        let mut moves: Vec<(f64, u64)> = Vec::new();
        vol.observe(mid, now_ns, half_life_ns);
        for (step, wait_ns) in path {
            now_ns += wait_ns;
            mid += step;
            vol.observe(mid, now_ns, half_life_ns);
            moves.push((step as f64 / 2.0, now_ns));
        }
        let weight = |at: u64| (-((now_ns - at) as f64) / half_life_ns as f64).exp2() * std::f64::consts::LN_2 / half_life_s;
        let expected = moves.iter().map(|(step, at)| step * step * weight(*at)).sum::<f64>().sqrt();
        let found = q16(vol.vol_q16(now_ns, half_life_ns));
        prop_assert!((found - expected).abs() <= expected * 1e-4 + 1e-3, "{found} {expected}");
    }

    #[test]
    fn below_a_bound_is_what_the_root_says(
        half_life_ms in 1_u64..60_000,
        steps in 1_i64..3_000,
        age_ns in 0_u64..400_000_000_000,
        apart in -2_i64..=2,
    ) {
        let half_life_ns = half_life_ms * 1_000_000;
        let mut vol = Vol::zeroed();
        vol.observe(1_000_000, 1, half_life_ns);
        vol.observe(1_000_000 + steps, 2, half_life_ns);
        let root = vol.vol_q16(2 + age_ns, half_life_ns);
        let bound = root + apart;
        prop_assert_eq!(vol.is_below(bound, 2 + age_ns, half_life_ns), root < bound);
        if bound > 0 {
            let over_ns = vol.wears_off_ns(bound, half_life_ns);
            prop_assert!(vol.vol_q16(2 + over_ns, half_life_ns) < bound);
        }
    }

    #[test]
    fn a_share_is_what_wide_integers_say(whole in 1_u64..=3_600_000_000_000, of: u64) {
        let part = of % whole;
        for part in [part, part % (1 << 33), part % (1 << 32)] {
            let part = part.min(whole - 1);
            prop_assert_eq!(u128::from(super::share_q32(part, whole)), (u128::from(part) << 32) / u128::from(whole));
        }
    }
}

#[test]
fn a_gap_does_not_count_as_a_move() {
    let mut vol = Vol::zeroed();
    vol.observe(1_000, 1, 1_000_000_000);
    vol.restart();
    vol.observe(9_000, 2, 1_000_000_000);
    assert_eq!(vol.vol_q16(2, 1_000_000_000), 0);
    vol.observe(9_002, 3, 1_000_000_000);
    assert!(vol.vol_q16(3, 1_000_000_000) > 0);
}

/// The volatility from before a gap once counted as of the end of the gap: an hour without a book left it as high as it was.
#[test]
fn volatility_wears_off_in_a_gap_as_at_any_other_time() {
    let half_life_ns = 10_000_000_000;
    let mut vol = Vol::zeroed();
    vol.observe(1_000, 1_000_000_000, half_life_ns);
    vol.observe(1_200, 2_000_000_000, half_life_ns);
    let without_a_gap = vol.vol_q16(42_000_000_000, half_life_ns);
    vol.restart();
    vol.observe(5_000, 42_000_000_000, half_life_ns);
    assert_eq!(vol.vol_q16(42_000_000_000, half_life_ns), without_a_gap);
    assert!(without_a_gap > 0);
}
