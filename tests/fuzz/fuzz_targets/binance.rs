//! libFuzzer's entry to the target `binance`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::binance(bytes));
