//! libFuzzer's entry to the target `kraken_v1`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::kraken_v1(bytes));
