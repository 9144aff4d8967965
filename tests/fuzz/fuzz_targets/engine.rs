//! libFuzzer's entry to the target `engine`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::engine(bytes));
