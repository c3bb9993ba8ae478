//! In which groups a user is, for rules that ask. libc tells the groups that it could find and never
//! that a source did not answer; so every group that a rule names is asked for by itself, and one that
//! is not found is one of which nothing can be told.

use std::{collections::BTreeMap, ffi::CString};

use nix::unistd::{Gid, Group, User, getgrouplist};
use otp_core::UserName;

use super::NssUnavailable;

/// The group of nobody, for those whom NSS does not know: they are asked about alike.
const NOGROUP: Gid = Gid::from_raw(65_534);

/// Whether a user is in each of some groups.
pub type Memberships = BTreeMap<String, bool>;

/// In which of these groups a user is. A group of which that cannot be told is left out.
pub(super) fn memberships(
    name: &UserName,
    groups: Vec<String>,
) -> Result<Memberships, NssUnavailable> {
    let failed = |errno: nix::Error| NssUnavailable(errno.desc().to_owned());
    let user = User::from_name(name.as_str()).map_err(failed)?;
    let primary = user.map_or(NOGROUP, |user| user.gid);
    let nul = |_| NssUnavailable("the name holds a NUL".to_owned());
    let text = CString::new(name.as_str()).map_err(nul)?;
    let gids: Vec<Gid> = getgrouplist(&text, primary).map_err(failed)?;
    let mut known = Memberships::new();
    for name in groups {
        if let Ok(Some(group)) = Group::from_name(&name) {
            known.insert(name, gids.contains(&group.gid));
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_is_not_found_is_not_one_that_somebody_is_not_in() {
        let of = |name: &str| {
            let groups = ["root", "daemon", "no such group"].map(str::to_owned).to_vec();
            memberships(&UserName::parse(name).unwrap(), groups).unwrap()
        };
        let known = |root| [("root".to_owned(), root), ("daemon".to_owned(), false)].into();
        assert_eq!(of("root"), known(true));
        assert_eq!(of("no such user"), known(false));
    }
}
