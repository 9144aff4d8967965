//! libFuzzer's entry to the target `cryptofeed`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::cryptofeed(bytes));
