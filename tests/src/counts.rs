//! How often: `make check` runs every scenario at counts that fit its time, `make soak`, which sets
//! `OTPD_SOAK`, at those that `docs/robustness.md` tells the results of. And the figures, each a line
//! that `make soak` shows.

use std::env;

/// Set by `make soak` alone.
const SOAK: &str = "OTPD_SOAK";

/// What precedes a line that a test's second process has for the person who runs it.
pub(crate) const FIGURE: &str = "figure: ";

/// What precedes the reason why a scenario did not run, which is shown always.
pub(crate) const SKIPPED: &str = "did not run: ";

/// The count for `make check`, or the one for `make soak`.
pub fn of(check: usize, soak: usize) -> usize {
    if is_soak() { soak } else { check }
}

/// Whether the long counts run.
pub fn is_soak() -> bool {
    env::var_os(SOAK).is_some()
}

/// Tells a result of a long run, as it goes into `docs/robustness.md`.
#[expect(clippy::print_stdout, reason = "the namespace's outer half passes it on")]
pub fn figure(text: &str) {
    if is_soak() {
        println!("{FIGURE}{text}");
    }
}

/// Tells that a scenario does not run because the kernel lacks something. Nothing else may be
/// skipped.
#[expect(clippy::print_stdout, reason = "the namespace's outer half passes it on")]
pub fn skipped(text: &str) {
    println!("{SKIPPED}{text}");
}
