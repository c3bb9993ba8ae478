//! Random bytes, from the kernel and from nowhere else.

use zeroize::Zeroizing;

/// The kernel's random number generator does not answer. Nothing may be made up in its place.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the kernel gives no random bytes ({0}); check the machine")]
pub struct NoEntropy(getrandom::Error);

/// Fills an array that need not be kept secret.
///
/// # Errors
/// When the kernel gives none.
pub fn array<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Makes secret bytes, which are wiped when dropped.
///
/// # Errors
/// When the kernel gives none.
pub fn secret(len: usize) -> Result<Zeroizing<Vec<u8>>, NoEntropy> {
    let mut bytes = Zeroizing::new(vec![0; len]);
    fill(&mut bytes)?;
    Ok(bytes)
}

#[allow(clippy::disallowed_methods)] // this is randomness's home
fn fill(bytes: &mut [u8]) -> Result<(), NoEntropy> {
    getrandom::fill(bytes).map_err(NoEntropy)
}
