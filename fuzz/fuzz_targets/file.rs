//! Bytes to a typed file.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| worstday_fuzz::file(bytes));
