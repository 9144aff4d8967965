//! libFuzzer's entry to the target `collector`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::collector(bytes));
