//! Chance that can be had again: what a test does at random it does by a seed, which it tells where
//! it fails. `OTPD_SEED` brings a run back.

use std::{env, fs};

use crate::{Context, Result};

const SEED: &str = "OTPD_SEED";

/// `SplitMix64` (Steele, Lea, Flood 2014): good enough to find odd corners, for nothing else.
#[derive(Clone, Debug)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// Of this seed.
    pub fn of(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Of the seed in the environment or else of a new one, which is told.
    pub fn thrown() -> Result<Self> {
        let seed = match env::var(SEED) {
            Ok(text) => text.parse().context(SEED)?,
            Err(_) => {
                let id = fs::read_to_string("/proc/sys/kernel/random/uuid")?;
                u64::from_str_radix(id.get(..8).unwrap_or_default(), 16).context(id)?
            }
        };
        #[expect(clippy::print_stderr, reason = "libtest shows it for failed tests alone")]
        {
            eprintln!("{SEED}={seed}");
        }
        Ok(Self::of(seed))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.number() % bound).unwrap_or(0)
    }

    /// Whether one in so many comes up.
    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// One of these; none of none.
    pub fn pick<'a, T>(&mut self, among: &'a [T]) -> Option<&'a T> {
        among.get(self.below(among.len()))
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.number().to_le_bytes()[0]).collect()
    }
}
