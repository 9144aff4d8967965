//! Both paths against each other, and against the text.

use super::{CHECKSUM_LEVELS, Residue, crc32_top10};
use crate::simd::Simd;
use crate::units::{PRICE_TICKS_MAX, QTY_LOTS_MAX};
use proptest::prelude::*;
use std::format;
use std::string::String;
use std::vec::Vec;

/// Numbers of every length alike, and powers of ten with their neighbours.
fn number(max: i64) -> impl Strategy<Value = i64> {
    let any_length = (1..=max, 0_u32..60).prop_map(|(number, bits)| (number >> bits).max(1));
    let near_power = (0_u32..19, -1_i64..=1).prop_map(move |(power, step)| (10_i64.pow(power) + step).clamp(1, max));
    prop_oneof![1..=max, any_length, near_power]
}

fn level() -> impl Strategy<Value = (i64, i64)> {
    (number(PRICE_TICKS_MAX), number(QTY_LOTS_MAX))
}

fn paths() -> [Simd; 2] {
    [Simd::NONE, Simd::detect()]
}

fn text(best_first: &[(i64, i64)]) -> String {
    best_first.iter().take(CHECKSUM_LEVELS).map(|(price, qty)| format!("{price}{qty}")).collect()
}

fn residues(best_first: &[(i64, i64)], simd: Simd) -> Vec<Residue> {
    best_first.iter().rev().map(|(price, qty)| Residue::of(*price, *qty, simd)).collect()
}

proptest! {
    #[test]
    fn a_level_is_the_same_on_both_paths((price, qty) in level()) {
        let [plain, fast] = paths().map(|simd| Residue::of(price, qty, simd));
        prop_assert_eq!(plain, fast);
        prop_assert_eq!(plain.digits, format!("{price}{qty}").len() as u32);
    }

    #[test]
    fn a_book_is_that_of_its_text(
        asks in proptest::collection::vec(level(), 0..=12),
        bids in proptest::collection::vec(level(), 0..=12),
    ) {
        let expected = crc32fast::hash((text(&asks) + &text(&bids)).as_bytes());
        for simd in paths() {
            prop_assert_eq!(crc32_top10(&residues(&asks, simd), &residues(&bids, simd), simd), expected);
        }
    }
}

/// The longest text that there can be, and none.
#[test]
fn the_ends_of_the_range() {
    let largest = [(PRICE_TICKS_MAX, QTY_LOTS_MAX); CHECKSUM_LEVELS];
    let expected = crc32fast::hash((text(&largest) + &text(&largest)).as_bytes());
    for simd in paths() {
        let side = residues(&largest, simd);
        assert_eq!(crc32_top10(&side, &side, simd), expected);
        assert_eq!(crc32_top10::<Residue>(&[], &[], simd), 0);
    }
}
