//! libFuzzer's entry to the target `checkpoint`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::checkpoint(bytes));
