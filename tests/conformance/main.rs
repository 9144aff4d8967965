//! What every venue owes the engine, whatever its protocol: recordings are cut, robbed, shuffled, silenced and poisoned, and
//! whenever a book is believed after a message of it, it is the book of the untouched recording.
//!
//! A venue is one row of the table at the end. Its recordings are written here, as its exchange writes; real ones are used
//! too when `FATHOM_DATA` names their folder.

mod case;
#[expect(dead_code, reason = "no thread is looked at from another here")]
#[path = "../support/counting.rs"]
mod counting;
mod drive;
mod hostile;
mod link;
mod market;
mod order;
mod snapshots;
#[path = "../support/mod.rs"]
mod support;
#[path = "../fuzz/targets/tape.rs"]
mod tape;
mod whole;
mod writers;

use case::Row;
use writers::{binance, kraken};

/// The tests of each venue.
macro_rules! venues {
    ($($name:ident: $row:expr,)*) => {$(
        mod $name {
            use super::*;

            const ROW: Row = $row;

            #[test]
            fn a_recording_that_begins_in_its_middle() {
                ROW.cases().iter().for_each(snapshots::cut);
            }

            #[test]
            fn another_snapshot_in_mid_stream() {
                ROW.cases().iter().for_each(snapshots::again);
            }

            #[test]
            fn a_message_that_is_missing() {
                ROW.cases().iter().for_each(order::dropped);
            }

            #[test]
            fn two_messages_that_changed_places() {
                ROW.cases().iter().for_each(order::swapped);
            }

            #[test]
            fn a_message_that_comes_twice() {
                ROW.cases().iter().for_each(order::doubled);
            }

            #[test]
            fn silence() {
                ROW.cases().iter().for_each(link::silent);
            }

            #[test]
            fn a_snapshot_in_a_silence() {
                ROW.cases().iter().for_each(link::late);
            }

            #[test]
            fn another_connection() {
                ROW.cases().iter().for_each(link::reconnected);
            }

            #[test]
            fn a_number_with_more_decimals() {
                ROW.cases().iter().for_each(hostile::precise);
            }

            #[test]
            fn bytes_that_no_exchange_sends() {
                ROW.cases().iter().for_each(hostile::poisoned);
            }

            #[test]
            fn nothing_is_allocated() {
                ROW.cases().iter().for_each(whole::allocates_nothing);
            }

            #[test]
            fn the_whole_recording_is_believed_and_replays() {
                ROW.cases().iter().for_each(whole::replays);
            }
        }
    )*};
}

venues! {
    kraken_v2: Row {
        config: "kraken-btc-usd.toml",
        sets: &["venue.depth=25"],
        write: kraken::v2,
        snapshot: kraken::v2_snapshot,
        real: &["kraken-v2/kraken_btcusd_sample.cbcap", "kraken-v2/kraken_btcusd_l2.cbcap"],
    },
    kraken_v1: Row {
        config: "kraken-v1.toml",
        sets: &[],
        write: kraken::v1,
        snapshot: kraken::v1_snapshot,
        real: &["kraken-v1/KRAKEN-c197c0.0.gz"],
    },
    binance_spot: Row {
        config: "binance-btc-usdt.toml",
        sets: &[],
        write: binance::spot,
        snapshot: binance::spot_snapshot,
        real: &["binance/spot_btcusdt_20240808.gz"],
    },
    binance_perp: Row {
        config: "binance-perp-btc-usdt.toml",
        sets: &[],
        write: binance::perp,
        snapshot: binance::perp_snapshot,
        real: &["binance/usdm_btcusdt_20240808.gz"],
    },
}
