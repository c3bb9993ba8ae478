//! What `Explain` tells: upper bounds on what an attacker who guesses codes can hope for. A chance
//! is told as the number N of "at most 1 in N", so that no rounding makes it look smaller; where
//! there is no such chance, the key is absent.

use serde::{Deserialize, Serialize};
use zbus::{DeserializeDict, OwnedVariant, SerializeDict, Type, Variant};

/// The bounds for one account.
#[derive(Clone, Debug, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "a{sv}", rename_all = "kebab-case")]
pub struct Explanation {
    /// The canonical name.
    pub user: String,
    /// The confirmed devices, in the order of their enrolment.
    pub devices: Vec<DeviceOdds>,
    /// That one guess is right: at most 1 in so many.
    pub guess: Option<u64>,
    /// Guesses in a row that a lane admits; with the last of them it locks.
    pub guesses_until_locked: u32,
    /// Seconds that these take at least.
    pub seconds_until_locked: u64,
    /// Seconds that a lock lasts; absent: until an administrator unlocks.
    pub unlock_after: Option<u64>,
    /// Guesses that a lane admits in 365 days, however often the owner succeeds in between.
    pub guesses_in_a_year: u64,
    /// That one of those in a row in one lane is right: at most 1 in so many.
    pub lane_until_locked: Option<u64>,
    /// The same in all lanes.
    pub lanes_until_locked: Option<u64>,
    /// That one of those of a year in one lane is right: at most 1 in so many.
    pub lane_in_a_year: Option<u64>,
    /// The same in all lanes.
    pub lanes_in_a_year: Option<u64>,
}

/// What one device offers a guess. Signature `(ssut)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Variant, OwnedVariant)]
pub struct DeviceOdds {
    /// The persistent id, such as `totp/7f3a9c01`.
    pub device: String,
    /// What people call it.
    pub label: String,
    /// How many of its codes are right at one moment.
    pub codes: u32,
    /// That a guess is one of them: at most 1 in so many.
    pub one_in: u64,
}
