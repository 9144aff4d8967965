//! libFuzzer's entry to the target `websocket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::websocket(bytes));
