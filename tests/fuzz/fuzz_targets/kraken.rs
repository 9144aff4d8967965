//! libFuzzer's entry to the target `kraken`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::kraken(bytes));
