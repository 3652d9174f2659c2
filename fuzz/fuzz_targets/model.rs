//! A whole file, from its bytes to a checked system.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| worstday_fuzz::model(bytes));
