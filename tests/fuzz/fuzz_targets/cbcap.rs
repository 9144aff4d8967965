//! libFuzzer's entry to the target `cbcap`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::cbcap(bytes));
