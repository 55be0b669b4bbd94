#![no_main]
//! See `src/lib.rs`.

libfuzzer_sys::fuzz_target!(|data: &[u8]| pitdesk_fuzz::run("targets", data));
