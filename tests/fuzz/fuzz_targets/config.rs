//! libFuzzer's entry to the target `config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::config(bytes));
