//! libFuzzer's entry to the target `decimal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::decimal(bytes));
