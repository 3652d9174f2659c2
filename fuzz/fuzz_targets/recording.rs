//! Recorded arrivals: instants, counts, web logs.
#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| worstday_fuzz::recording(bytes));
