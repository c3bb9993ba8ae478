//! How a program ended, and what a test demands of that. A demand that is not met shows everything
//! that the program said.

use std::process::ExitStatus;

use crate::{Failure, Result};

/// How a program ended.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// All that it said, on standard output and error in the order of their coming.
    pub output: String,
}

impl Ended {
    /// Refuses any status but 0.
    pub fn must_succeed(&self) -> Result<&Self> {
        if self.status.success() {
            return Ok(self);
        }
        Err(Failure::new(format!("should have succeeded: {}\n{}", self.status, self.output)))
    }

    /// Refuses status 0.
    pub fn must_fail(&self) -> Result<&Self> {
        if self.status.success() {
            return Err(Failure::new(format!("should have failed:\n{}", self.output)));
        }
        Ok(self)
    }

    /// Refuses an output without `text`.
    pub fn must_say(&self, text: &str) -> Result<&Self> {
        if self.output.contains(text) {
            return Ok(self);
        }
        Err(Failure::new(format!(
            "should have said {text:?}, but: {}\n{}",
            self.status, self.output
        )))
    }

    /// Refuses an output with `text`.
    pub fn must_not_say(&self, text: &str) -> Result<&Self> {
        if self.output.contains(text) {
            return Err(Failure::new(format!("should not have said {text:?}:\n{}", self.output)));
        }
        Ok(self)
    }
}
