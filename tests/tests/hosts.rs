//! Every program that lets somebody in, real and each by its own way of asking: a code opens, a
//! used one and a wrong one do not, and without the daemon nothing does.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use testbed::{
    Account, Deadline, Dialogue, Invocation, Method, PROMPT, Polkit, Result, Sshd, World, inside,
    manage, su, sudo,
};

use crate::scene::{MODULE, STEP, Scene};

/// What a host's login says once it is in.
const IN: &str = "logged in as";

/// Asks polkit whether the shell that runs this may become root, and is asked for somebody's code.
const PKCHECK: &str = "pkcheck --enable-internal-agent --allow-user-interaction --process $$ \
    --action-id org.freedesktop.policykit.exec && echo logged in as $(id -un)";

/// `pamtester`, for whoever runs it.
const PAMTESTER: &str = "pamtester otp alice authenticate && echo logged in as $(id -un)";

/// A login and how one talks to it.
pub(crate) struct Host {
    /// The PAM service.
    pub(crate) service: &'static str,
    login: Invocation,
    way: Way,
    /// What it says to whom it does not let in, with a daemon and without.
    refuses: [&'static str; 2],
}

/// How a host asks.
#[derive(Clone, Copy)]
enum Way {
    /// On a terminal, on which it may have to be woken by the Enter key.
    Terminal,
    Woken,
    /// On its standard input.
    Pipes,
    /// It runs the program that [`helper`] makes.
    Helper,
}

impl Host {
    /// `sudo` on a terminal.
    pub(crate) fn sudo(world: &World) -> Self {
        let refuses = ["Sorry, try again", "3 incorrect password attempts"];
        let login = sudo(&world.alice);
        Self { service: "sudo", login, way: Way::Terminal, refuses }
    }

    /// `su` to alice.
    pub(crate) fn su(world: &World) -> Self {
        let refuses = ["Authentication failure", "cannot retrieve authentication info"];
        let login = su(&world.bob, "alice");
        Self { service: "su", login, way: Way::Terminal, refuses }
    }

    /// `login`, as a getty starts it.
    pub(crate) fn console(world: &World) -> Result<Self> {
        let profile = world.alice.home().join(".bash_profile");
        fs::write(profile, "echo logged in as $(id -un)\nexit\n")?;
        let login = Invocation::of("login").arg("alice").env("TERM", "dumb");
        let refuses = ["Login incorrect", "Login incorrect"];
        Ok(Self { service: "login", login, way: Way::Terminal, refuses })
    }

    /// `vlock`, which locks a terminal.
    pub(crate) fn lock(world: &World) -> Self {
        let locked = "vlock --current && echo logged in as $(id -un)";
        let login = Invocation::of("sh").args(["-c", locked]).by(&world.alice);
        let login = login.env("TERM", "dumb");
        let refuses = ["Authentication failure", "cannot retrieve authentication info"];
        Self { service: "vlock", login, way: Way::Woken, refuses }
    }

    /// polkit's own helper, which asks for the code of an administrator.
    pub(crate) fn polkit(world: &World) -> Self {
        let login = Invocation::of("sh").args(["-c", PKCHECK]).by(&world.bob);
        let refuses = ["AUTHENTICATION FAILED", "AUTHENTICATION FAILED"];
        Self { service: "polkit-1", login, way: Way::Terminal, refuses }
    }

    /// `ssh` to an sshd that asks for what PAM does.
    pub(crate) fn sshd(sshd: &Sshd, world: &World) -> Self {
        let login = sshd.login(Method::Keyboard, "alice", &world.bob);
        let refuses = ["Permission denied", "Permission denied"];
        Self { service: "sshd", login, way: Way::Terminal, refuses }
    }

    /// What it says to whom it does not let in.
    pub(crate) fn refusal(&self) -> &'static str {
        self.refuses[0]
    }

    /// Begins a login and waits for its first question, which is for a password.
    pub(crate) fn at_the_password(&self, world: &World) -> Result<Dialogue> {
        let mut dialogue = self.open(world, "")?;
        asked(&mut dialogue, "assword")?;
        Ok(dialogue)
    }

    /// Answers a question of its on a terminal.
    pub(crate) fn type_hidden(&self, dialogue: &mut Dialogue, line: &str) -> Result {
        match self.way {
            Way::Woken => {
                waits("vlock-main")?;
                dialogue.answer(line)?;
            }
            Way::Terminal | Way::Pipes | Way::Helper => {
                dialogue.answer_hidden(line)?;
            }
        }
        Ok(())
    }

    fn open(&self, world: &World, code: &str) -> Result<Dialogue> {
        match self.way {
            Way::Helper => {
                fs::write(world.alice.home().join("code"), format!("{code}\n"))?;
                self.login.on_terminal()
            }
            Way::Terminal => self.login.on_terminal(),
            Way::Pipes => self.login.on_pipes(),
            Way::Woken => {
                let mut dialogue = self.login.on_terminal()?;
                dialogue.expect("[ENTER]")?.answer("")?;
                Ok(dialogue)
            }
        }
    }

    /// At the end of an attempt with this code it must say `text`.
    fn must_say(&self, world: &World, code: &str, text: &str) -> Result<String> {
        let mut dialogue = self.open(world, code)?;
        match self.way {
            Way::Helper => {}
            Way::Pipes => drop(dialogue.expect(PROMPT)?.answer(code)?),
            Way::Terminal | Way::Woken => {
                asked(&mut dialogue, PROMPT)?;
                self.type_hidden(&mut dialogue, code)?;
            }
        }
        dialogue.expect(text)?;
        Ok(dialogue.heard().to_owned())
    }

    /// Everything that is true of every host.
    fn prove(&self, scene: Scene) -> Result {
        let Self { service, refuses: [refusal, unavailable], .. } = self;
        let world = &scene.world;
        let code = scene.code()?;
        self.must_say(world, &code, IN)?;
        world.log.expect(&["otpd", "alice", "accepted", service])?;
        let heard = self.must_say(world, &code, refusal)?;
        assert!(!heard.contains(IN), "in with a used code:\n{heard}");
        world.log.expect(&["otpd", "alice", "refused", service, "used"])?;
        scene.clock.advance(STEP)?;
        let heard = self.must_say(world, &scene.wrong()?, refusal)?;
        assert!(!heard.contains(IN), "in with a wrong code:\n{heard}");
        world.log.expect(&["otpd", "alice", "refused", service, "wrong"])?;
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert_eq!(status.lanes.iter().map(|lane| lane.failures).sum::<u32>(), 1, "{status:?}");
        let code = scene.code()?;
        let Scene { daemon, bus: _bus, world, .. } = scene;
        daemon.kill()?;
        world.log.clear();
        let mut dialogue = self.open(&world, &code)?;
        world.log.expect(&["pam_otp", service])?;
        dialogue.expect(unavailable)?;
        let heard = dialogue.heard();
        assert!(!heard.contains(IN) && !heard.contains(PROMPT), "without a daemon:\n{heard}");
        Ok(())
    }
}

/// Waits for a question of a program that may have closed and reopened its terminal before.
fn asked(dialogue: &mut Dialogue, question: &str) -> Result {
    let deadline = Deadline::after(Duration::from_secs(20));
    deadline.poll(question, || Ok(dialogue.says(question)?.then_some(())))
}

/// Waits until a program sleeps: vlock throws away what is typed until it listens, and shows
/// nothing all the while.
fn waits(program: &str) -> Result {
    let sleeps = || {
        for entry in fs::read_dir("/proc")? {
            let stat = fs::read_to_string(entry?.path().join("stat")).unwrap_or_default();
            if stat.contains(&format!("({program}) S")) {
                return Ok(Some(()));
            }
        }
        Ok(None)
    };
    Deadline::after(Duration::from_secs(10)).poll(program, sleeps)
}

/// A program that answers with what stands in a file.
fn helper(account: &Account) -> Result<String> {
    let path = account.home().join("askpass");
    fs::write(&path, "#!/bin/sh\ncat ~/code\n")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path.display().to_string())
}

fn sudo_by(option: &str, by: &Account) -> Invocation {
    Invocation::of("sudo").args([option, "-k", "sh", "-c", "echo logged in as $(id -un)"]).by(by)
}

#[test]
fn sudo_on_a_terminal() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        Host::sudo(&scene.world).prove(scene)
    })
}

#[test]
fn sudo_from_standard_input() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let login = sudo_by("-S", &scene.world.alice);
        Host { login, way: Way::Pipes, ..Host::sudo(&scene.world) }.prove(scene)
    })
}

#[test]
fn sudo_with_a_helper() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let alice = &scene.world.alice;
        let login = sudo_by("-A", alice).env("SUDO_ASKPASS", helper(alice)?);
        Host { login, way: Way::Helper, ..Host::sudo(&scene.world) }.prove(scene)
    })
}

#[test]
fn who_interrupts_the_prompt_is_not_in_and_has_spent_nothing() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        for login in [sudo(&scene.world.alice), su(&scene.world.bob, "alice")] {
            let mut dialogue = login.on_terminal()?;
            dialogue.expect(PROMPT)?;
            dialogue.interrupt()?.must_fail()?.must_not_say(IN)?;
        }
        let status = manage(async |proxy| proxy.status("alice").await)?;
        assert!(status.lanes.iter().all(|lane| lane.failures == 0), "{status:?}");
        Host::sudo(&scene.world).must_say(&scene.world, &scene.code()?, IN)?;
        Ok(())
    })
}

#[test]
fn su_to_another() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        Host::su(&scene.world).prove(scene)
    })
}

#[test]
fn login_on_a_console() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("login", &[MODULE])?;
        Host::console(&scene.world)?.prove(scene)
    })
}

#[test]
fn a_terminal_lock() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        scene.world.stack("vlock", &[MODULE])?;
        Host::lock(&scene.world).prove(scene)
    })
}

/// As a lock screen of a desktop does, which has no privileges: it takes the bus.
#[test]
fn a_program_without_privileges() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let login = Invocation::of("sh").args(["-c", PAMTESTER]).by(&scene.world.alice);
        Host { service: "otp", login, way: Way::Pipes, ..Host::su(&scene.world) }.prove(scene)
    })
}

#[test]
fn a_program_of_roots() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let login = Invocation::of("sh").args(["-c", PAMTESTER]);
        Host { service: "otp", login, way: Way::Pipes, ..Host::su(&scene.world) }.prove(scene)
    })
}

/// The code asked for is the administrator's, and the program that asks is polkit's own.
#[test]
fn polkits_helper() -> Result {
    inside(|| {
        let scene = Scene::new()?;
        let _polkit = Polkit::start(&scene.world, &scene.world.alice, "")?;
        scene.world.stack("polkit-1", &[MODULE])?;
        Host::polkit(&scene.world).prove(scene)
    })
}
