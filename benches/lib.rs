//! What a decision and a commit of otpd cost. There is nothing here but the benchmarks themselves:
//! `cargo bench -p otpd-benches`. Compare within one run; never across machines.
