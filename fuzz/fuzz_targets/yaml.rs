#![no_main]

#[path = "../entries.rs"]
#[allow(dead_code, reason = "one target calls one entry")]
mod entries;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| entries::yaml(bytes));
