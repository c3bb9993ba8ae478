//! The store's keys, for a caller that may change them.

use std::time::Instant;

use super::Engine;
use crate::{
    store::{KeyRole, KeyUse, KeysError, Resealed, StoreError},
    vault::Tag,
};

impl Engine {
    /// Which keys there are and how many values need each.
    pub async fn keys(&self, before: Instant) -> Result<Vec<KeyUse>, StoreError> {
        self.store.keys(before).await
    }

    /// Makes a key, which seals from now on.
    pub async fn add_key(&self, before: Instant) -> Result<Tag, KeysError> {
        self.store.add_key(before).await
    }

    /// Takes a key out of the keyring that nothing needs. What cannot be a tag is no key's.
    pub async fn retire_key(&self, tag: &str, before: Instant) -> Result<Tag, KeysError> {
        let tag = Tag::parse(tag).ok_or(KeysError::Unknown)?;
        self.store.retire_key(tag.clone(), before).await.map(|()| tag)
    }

    /// Seals up to `most` values with the sealing key that others have sealed; and how many are
    /// left then.
    pub async fn reseal(
        &self,
        most: usize,
        before: Instant,
    ) -> Result<(Resealed, u64), StoreError> {
        let resealed = self.store.reseal(most, before).await?;
        let keys = self.store.keys(before).await?;
        let left = keys.iter().filter(|key| key.role != KeyRole::Seals).map(|key| key.values).sum();
        Ok((resealed, left))
    }
}
