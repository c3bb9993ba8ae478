//! That a store was made here is said in the file of the lock. A database that is gone, or was cut
//! to nothing, is refused then: taken for a first start it would leave nobody enrolled, and
//! `nullok` would let everybody in.

use std::{fs::File, io, os::unix::fs::FileExt};

const SAID: &[u8] = b"a store was made here\n";

/// Whether it was said.
pub(super) fn is_said(lock: &File) -> io::Result<bool> {
    Ok(lock.metadata()?.len() > 0)
}

/// Says it, once the store is durable and before anything is promised.
pub(super) fn say(lock: &File) -> io::Result<()> {
    lock.write_all_at(SAID, 0)?;
    lock.sync_all()
}
