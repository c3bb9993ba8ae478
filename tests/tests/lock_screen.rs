//! A lock screen of a desktop for real: i3lock on an X server without a screen, both run by the
//! user, who types at a keyboard that `xdotool` plays. It calls libpam without any privilege, puts
//! one question whatever libpam asks, and shows nothing of what the module says.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use testbed::{Account, Deadline, Invocation, PASSWORD, Result, Service, inside};

use crate::scene::{MODULE, Scene};

/// How long an X server may take to start, and i3lock to begin or end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A desktop of one user.
struct Desktop<'a> {
    display: &'static str,
    user: &'a Account,
    _server: Service,
}

impl<'a> Desktop<'a> {
    fn start(user: &'a Account, display: &'static str) -> Result<Self> {
        let sockets = "/tmp/.X11-unix";
        fs::create_dir_all(sockets)?;
        fs::set_permissions(sockets, fs::Permissions::from_mode(0o1777))?;
        // Without the abstract socket, which all of this machine's rooms share.
        let words = [display, "-screen", "0", "640x480x24", "-nolisten", "local"];
        let server = Service::start(&Invocation::of("Xvfb").args(words).by(user))?;
        let desktop = Self { display, user, _server: server };
        let up = desktop.on("xdotool").arg("getdisplaygeometry");
        Deadline::after(PATIENCE)
            .poll("an X server", || Ok(up.run()?.status.success().then_some(())))?;
        Ok(desktop)
    }

    /// A program of the user's on it.
    fn on(&self, program: &str) -> Invocation {
        Invocation::of(program).env("DISPLAY", self.display).by(self.user)
    }

    /// It goes to the background once the screen is locked.
    fn lock(&self) -> Result {
        self.on("i3lock").run()?.must_succeed()?;
        assert!(is_locked()?, "i3lock has ended");
        Ok(())
    }

    fn types(&self, text: &str) -> Result {
        self.on("xdotool").args(["type", "--delay", "5", text]).run()?.must_succeed()?;
        self.on("xdotool").args(["key", "Return"]).run()?.must_succeed()?;
        Ok(())
    }
}

/// Whether an i3lock runs in here.
fn is_locked() -> Result<bool> {
    for entry in fs::read_dir("/proc")? {
        let stat = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
        // One that nobody waited for has ended all the same.
        if stat.contains("(i3lock)") && !stat.contains("(i3lock) Z") {
            return Ok(true);
        }
    }
    Ok(false)
}

fn unlocked() -> Result {
    Deadline::after(PATIENCE).poll("an unlocked screen", || Ok((!is_locked()?).then_some(())))
}

#[test]
fn a_code_unlocks_and_a_wrong_one_does_not() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("i3lock", &[MODULE])?;
        let desktop = Desktop::start(&scene.world.alice, ":77")?;
        desktop.lock()?;
        desktop.types(&scene.wrong()?)?;
        scene.world.log.expect(&["alice refused by self: wrong code"])?;
        assert!(is_locked()?);
        desktop.types(&scene.code()?)?;
        unlocked()?;
        scene.world.log.expect(&["alice accepted by self"])?;
        // It is spent by that.
        desktop.lock()?;
        desktop.types(&scene.code()?)?;
        scene.world.log.expect(&["alice refused by self: used code"])?;
        assert!(is_locked()?);
        Ok(())
    })
}

/// What people type into the one field that there is.
#[test]
fn a_password_and_a_code_in_one_answer_unlock() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let stack = ["requisite pam_otp.so forward_pass", "required pam_unix.so use_first_pass"];
        scene.world.stack("i3lock", &stack)?;
        let desktop = Desktop::start(&scene.world.alice, ":78")?;
        desktop.lock()?;
        desktop.types(&format!("{PASSWORD}{}", scene.wrong()?))?;
        scene.world.log.expect(&["alice refused by self: wrong code"])?;
        assert!(is_locked()?);
        desktop.types(&format!("{PASSWORD}{}", scene.code()?))?;
        unlocked()?;
        Ok(())
    })
}
