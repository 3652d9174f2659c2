//! A model with an overlay and a `--set` over it.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| worstday_fuzz::overlay(bytes));
