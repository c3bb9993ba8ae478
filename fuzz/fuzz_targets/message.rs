#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| otpd_fuzz::parsers::message(bytes));
