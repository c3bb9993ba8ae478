//! Disks for the daemon's state that can be full, read-only, frozen, or lose power: a tmpfs, or an
//! ext4 on a loop device. They live in the private mount namespace and go with it.

use std::{collections::BTreeSet, fs, path::Path};

use otp_bus::names::STATE_DIR;

use crate::{Context, DAEMON_UID, Failure, Invocation, Result, rootfs::directory};

/// Backs the loop device.
const IMAGE: &str = "/tmp/volume.ext4";

/// Loop devices that the world's `/dev` gets nodes for.
const LOOPS: usize = 128;

/// Loses what was not synced, as power does (`FS_IOC_SHUTDOWN`, `FSHUTDOWN_NOLOGFLUSH`).
const POWER_CUT: &str = "my $how = pack 'L', 2; open my $dir, '<', $ARGV[0] or die $!; \
    ioctl $dir, 0x8004587d, $how or die $!;";

/// A file system mounted on the daemon's state directory.
#[derive(Debug)]
pub enum Volume {
    /// A tmpfs of so many bytes.
    Memory,
    /// An ext4 on a loop device.
    Ext4,
}

impl Volume {
    /// A tmpfs of this size.
    pub fn memory(kilobytes: usize) -> Result<Self> {
        place()?;
        let options = format!("size={kilobytes}k,mode=700,uid={DAEMON_UID},gid={DAEMON_UID}");
        run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", STATE_DIR])?;
        Ok(Self::Memory)
    }

    /// A fresh ext4 of 24 MB; none where the kernel has no loop devices.
    pub fn ext4() -> Result<Option<Self>> {
        place()?;
        if !loop_devices()? {
            return Ok(None);
        }
        run("truncate", &["--size=24M", IMAGE])?;
        let owner = format!("root_owner={DAEMON_UID}:{DAEMON_UID},lazy_itable_init=0");
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", &owner, IMAGE])?;
        let volume = Self::Ext4;
        volume.mount()?;
        fs::remove_dir(format!("{STATE_DIR}/lost+found"))?;
        run("chmod", &["700", STATE_DIR])?;
        run("sync", &["--file-system", STATE_DIR])?;
        Ok(Some(volume))
    }

    /// Takes the power away: what was not synced is lost, and everything fails from here on.
    pub fn cut_power(&self) -> Result {
        run("perl", &["-e", POWER_CUT, STATE_DIR])
    }

    /// What follows a power cut, once nobody has a file open: mounting anew.
    pub fn remount(&self) -> Result {
        run("umount", &[STATE_DIR])?;
        self.mount()
    }

    /// Takes it away with all that it holds.
    pub fn discard(self) -> Result {
        run("umount", &[STATE_DIR])
    }

    /// Makes it read-only, which takes that nobody has a file open for writing, or writable again.
    pub fn set_writable(&self, writable: bool) -> Result {
        run("mount", &["-o", if writable { "remount,rw" } else { "remount,ro" }, STATE_DIR])
    }

    /// Makes every write wait, or go on.
    pub fn set_frozen(&self, frozen: bool) -> Result {
        run("fsfreeze", &[if frozen { "--freeze" } else { "--unfreeze" }, STATE_DIR])
    }

    /// Fills it to the last byte; tells the file to be removed for room.
    pub fn fill(&self) -> Result<String> {
        let ballast = format!("{STATE_DIR}/ballast");
        let ended = Invocation::of("dd")
            .args(["if=/dev/zero", "bs=4k", "status=none"])
            .arg(format!("of={ballast}"))
            .run()?;
        ended.must_fail()?.must_say("No space left on device")?;
        Ok(ballast)
    }

    fn mount(&self) -> Result {
        match self {
            Self::Memory => Err(Failure::new("a tmpfs that is unmounted is gone")),
            Self::Ext4 => run("mount", &["-o", "loop,noatime", IMAGE, STATE_DIR]),
        }
    }
}

/// The names in the daemon's state directory.
pub fn state_files() -> Result<BTreeSet<String>> {
    let entries = fs::read_dir(STATE_DIR).context(STATE_DIR)?;
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn place() -> Result {
    if Path::new(STATE_DIR).exists() { Ok(()) } else { directory(STATE_DIR, 0o700) }
}

/// Makes the nodes; tells whether the kernel has loop devices.
fn loop_devices() -> Result<bool> {
    if !fs::read_to_string("/proc/devices")?.lines().any(|line| line.trim() == "7 loop") {
        return Ok(false);
    }
    if !Path::new("/dev/loop-control").exists() {
        run("mknod", &["/dev/loop-control", "c", "10", "237"])?;
        for number in 0..LOOPS {
            let number = number.to_string();
            run("mknod", &[&format!("/dev/loop{number}"), "b", "7", &number])?;
        }
    }
    Ok(true)
}

fn run(program: &str, arguments: &[&str]) -> Result {
    Invocation::of(program).args(arguments).run()?.must_succeed().map(drop)
}
