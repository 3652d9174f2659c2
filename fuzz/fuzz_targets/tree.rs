//! Bytes to a tree with places.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| worstday_fuzz::tree(bytes));
