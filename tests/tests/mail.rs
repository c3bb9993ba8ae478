//! Codes by e-mail, from otp-deliver to a mail server on this machine: with STARTTLS and a password,
//! or not at all; and who can reach otp-deliver.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpListener,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    time::Duration,
};

use testbed::{
    Account, CHANNELS, DAEMON_UID, DAEMON_USER, DELIVER_UID, DELIVER_USER, Deadline, Delivery,
    Invocation, Method, Result, Service, Sshd, deliver_socket, enroll_address, inside, manage,
};

use crate::scene::Scene;

const SERVER: &str = include_str!("../host/smtp.py");
const KEPT: &str = "/run/mail";
const ADDRESS: &str = "bob@example.org";

/// A port that nobody has; the worlds share the machine's.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A mail server; what it got is in a file.
fn serve(port: u16, mode: &[&str]) -> Result<Service> {
    let script = "/run/smtp.py";
    fs::write(script, SERVER)?;
    let port = port.to_string();
    let server = Invocation::of("/usr/bin/python3").args([script, &port, KEPT]).args(mode);
    let server = Service::start(&server)?;
    Deadline::after(Duration::from_secs(20)).poll("a mail server", || {
        Ok(fs::metadata(format!("{KEPT}.ready")).is_ok().then_some(()))
    })?;
    Ok(server)
}

/// The mails that came, a line of JSON each.
fn mails() -> Vec<String> {
    let text = fs::read_to_string(KEPT).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn code(mail: &str) -> String {
    let rest = mail.split_once("Subject: ").map_or("", |(_, rest)| rest);
    rest.chars().take_while(char::is_ascii_digit).collect()
}

/// A certificate of an authority of its own for this name: both, and its key.
fn certificate(name: &str) -> Result<()> {
    let run = |args: &[&str]| -> Result {
        Invocation::of("openssl").args(args).run()?.must_succeed()?;
        Ok(())
    };
    let key = ["-newkey", "rsa:2048", "-nodes", "-days", "2"];
    let ca = ["req", "-x509", "-keyout", "/run/ca.key", "-out", "/run/ca.pem", "-subj", "/CN=ca"];
    run(&[&ca[..], &key[..]].concat())?;
    let subject = format!("/CN={name}");
    let request = ["req", "-keyout", "/run/key.pem", "-out", "/run/request.pem", "-subj", &subject];
    run(&[&request[..], &key[..3]].concat())?;
    fs::write("/run/names", format!("subjectAltName=DNS:{name}\nbasicConstraints=CA:FALSE\n"))?;
    let signed = ["x509", "-req", "-in", "/run/request.pem", "-CA", "/run/ca.pem", "-CAkey"];
    let more = ["/run/ca.key", "-CAcreateserial", "-days", "2", "-extfile", "/run/names", "-out"];
    run(&[&signed[..], &more[..], &["/run/cert.pem"]].concat())?;
    fs::set_permissions("/run/ca.pem", fs::Permissions::from_mode(0o644))?;
    Ok(())
}

fn with_starttls(name: &str, port: u16) -> String {
    format!(
        "[channel.email]\nsmtp = '{name}'\nport = {port}\nfrom = 'Codes <otpd@example.org>'\n\
         ca = '/run/ca.pem'\nuser = 'otpd'\npassword_file = '/run/password'\ntimeout = 5\n"
    )
}

fn password(text: &str, mode: u32) -> Result {
    fs::write("/run/password", text)?;
    fs::set_permissions("/run/password", fs::Permissions::from_mode(mode))?;
    std::os::unix::fs::chown("/run/password", Some(0), Some(DELIVER_UID))?;
    Ok(())
}

#[test]
fn a_code_by_mail_logs_in_over_ssh() -> Result {
    inside(|| {
        let port = free_port()?;
        let toml = format!(
            "[channel.email]\nsmtp = '127.0.0.1'\nport = {port}\nsecurity = 'none'\n\
             from = 'Codes <otpd@example.org>'\nhtml = '<b>{{code}}</b> for {{user}}'\n"
        );
        let scene = Scene::configured(&toml)?;
        let _server = serve(port, &["plain"])?;
        let _delivery = Delivery::start(&scene.world)?;
        let device = enroll_address("bob", "email", ADDRESS)?;
        let wait = |number: usize| {
            Deadline::after(Duration::from_secs(20))
                .poll("a mail", || Ok(mails().into_iter().nth(number - 1)))
        };
        let first = wait(1)?;
        for part in [ADDRESS, "multipart/alternative", "<b>", "is your code for", "Codes"] {
            assert!(first.contains(part), "{part}: {first}");
        }
        manage(async |proxy| proxy.confirm("bob", &device, &code(&first)).await)?;
        let sshd = Sshd::start(&scene.world)?;
        let mut login = sshd.login(Method::Keyboard, "bob", &scene.world.alice).on_terminal()?;
        login.expect("One-time code (or type email): ")?;
        login.answer(&code(&wait(2)?))?;
        login.end()?.must_succeed()?.must_say("logged in as bob")?;
        scene.world.log.expect(&["otpd", "bob is sent a code", "email to b•••@example.org"])?;
        assert!(!scene.world.log.text().contains(ADDRESS), "{}", scene.world.log.text());
        Ok(())
    })
}

#[test]
fn with_starttls_a_certificate_and_a_password_or_not_at_all() -> Result {
    inside(|| {
        let port = free_port()?;
        let scene = Scene::configured(&with_starttls("localhost", port))?;
        certificate("localhost")?;
        password("hunter2\n", 0o640)?;
        let server = serve(port, &["starttls", "/run/cert.pem", "/run/key.pem"])?;
        let _delivery = Delivery::start(&scene.world)?;
        let device = enroll_address("bob", "email", ADDRESS)?;
        let mail = mails().pop().unwrap_or_default();
        assert!(mail.contains("\"tls\": true") && mail.contains("\"login\": \"otpd\""), "{mail}");
        manage(async |proxy| proxy.confirm("bob", &device, &code(&mail)).await)?;
        let refused = |why: &str| -> Result {
            scene.clock.advance(60)?;
            let said = manage(async |proxy| proxy.send("bob", &device).await);
            let said = said.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(said.contains("could not be sent"), "{why}: {said}");
            scene.world.log.expect(&["otpd", "no code reached bob by email", why])?;
            scene.world.log.clear();
            assert_eq!(mails().len(), 1, "{why}");
            Ok(())
        };
        // A wrong password, one that others can read, and none that is there.
        password("hunter3\n", 0o640)?;
        refused("mail server localhost")?;
        password("hunter2\n", 0o644)?;
        refused("lets others read or write it")?;
        fs::remove_file("/run/password")?;
        refused("/run/password")?;
        password("hunter2\n", 0o640)?;
        // A server of another name, and one whose authority nobody knows.
        scene.world.configure(&with_starttls("127.0.0.1", port))?;
        refused("certificate")?;
        scene
            .world
            .configure(&with_starttls("localhost", port).replace("ca = '/run/ca.pem'\n", ""))?;
        refused("certificate")?;
        drop(server);
        // A server without STARTTLS gets nothing, least of all the password.
        fs::remove_file(format!("{KEPT}.ready"))?;
        let _server = serve(port, &["plain"])?;
        scene.world.configure(&with_starttls("localhost", port))?;
        refused("mail server localhost")?;
        Ok(())
    })
}

#[test]
fn what_a_server_says_is_logged_without_code_and_address() -> Result {
    inside(|| {
        let port = free_port()?;
        let toml = format!(
            "[channel.email]\nsmtp = '127.0.0.1'\nport = {port}\nsecurity = 'none'\n\
             from = 'otpd@example.org'\ntext = 'x {{code}}'\n"
        );
        let scene = Scene::configured(&toml)?;
        let _server = serve(port, &["plain"])?;
        let _delivery = Delivery::start(&scene.world)?;
        enroll_address("bob", "email", "nowhere@example.org")?;
        let log = &scene.world.log;
        log.expect(&["otpd", "no code reached bob", "5.1.1", "[address]", "[code]"])?;
        assert!(!log.text().contains("nowhere@example.org"), "{}", log.text());
        Ok(())
    })
}

#[test]
fn nobody_but_otpd_reaches_otp_deliver() -> Result {
    inside(|| {
        let scene = Scene::configured(CHANNELS)?;
        let delivery = Delivery::start(&scene.world)?;
        let connect = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
                       s.sendall(b'x' * 100000); print(s.recv(10))";
        let knock = || Invocation::of("/usr/bin/python3").args(["-c", connect, deliver_socket()]);
        for (name, uid) in [("alice", scene.world.alice.uid), (DELIVER_USER, DELIVER_UID)] {
            let account = Account { name: name.to_owned(), uid };
            knock().by(&account).run()?.must_fail()?.must_say("Permission denied")?;
        }
        // Root gets past the mode, and is told nothing.
        let mut stream = UnixStream::connect(deliver_socket())?;
        let mut said = Vec::new();
        match stream.read_to_end(&mut said) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        assert!(said.is_empty());
        scene.world.log.expect(&["otp-deliver", "uid 0 reached the socket of _otpd"])?;
        // As otpd itself nonsense is refused, silence ends, and the next message goes.
        let otpd = Account { name: DAEMON_USER.to_owned(), uid: DAEMON_UID };
        knock().by(&otpd).run()?;
        let silent = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); \
                      s.recv(1000)";
        Invocation::of("/usr/bin/python3")
            .args(["-c", silent, deliver_socket()])
            .by(&otpd)
            .run()?
            .must_succeed()?;
        enroll_address("bob", "sms", "+4915123456742")?;
        assert_eq!(delivery.code(1)?.len(), 6);
        // It runs as nobody else, and holds no way back.
        let status = fs::read_to_string(format!("/proc/{}/status", delivery.pid()))?;
        let uid = format!("Uid:\t{DELIVER_UID}\t{DELIVER_UID}\t{DELIVER_UID}\t{DELIVER_UID}");
        assert!(status.contains(&uid), "{status}");
        assert!(status.contains("Groups:\t \n") || status.contains("Groups:\t\n"), "{status}");
        let mode = fs::metadata(deliver_socket())?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(stream.write_all(b""));
        Ok(())
    })
}

#[test]
fn a_liar_in_its_place_is_no_yes_and_gets_no_code() -> Result {
    inside(|| {
        let scene = Scene::configured(CHANNELS)?;
        // Nobody is there: the device is, and says that nothing was sent.
        let device = enroll_address("bob", "sms", "+4915123456742")?;
        scene.world.log.expect(&["otpd", "no code reached bob", "otp-deliver.socket"])?;
        fs::create_dir_all("/run/otp-deliver")?;
        let liar = "import os,socket,sys\nos.setegid(40001); os.seteuid(40001)\n\
                    s=socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\n\
                    open('/run/otp-deliver/ready','w').close()\n\
                    c,_=s.accept()\nd=c.recv(1000)\nopen('/run/otp-deliver/got','wb').write(d)\n";
        std::os::unix::fs::chown("/run/otp-deliver", Some(40_001), Some(40_001))?;
        let _liar = Service::start(&Invocation::of("/usr/bin/python3").args([
            "-c",
            liar,
            deliver_socket(),
        ]))?;
        Deadline::after(Duration::from_secs(10))
            .poll("a liar", || Ok(fs::metadata("/run/otp-deliver/ready").is_ok().then_some(())))?;
        fs::set_permissions(deliver_socket(), fs::Permissions::from_mode(0o777))?;
        scene.clock.advance(60)?;
        assert!(manage(async |proxy| proxy.send("bob", &device).await).is_err());
        scene.world.log.expect(&["otpd", "uid 40001 listens", "which is not root"])?;
        let got = Deadline::after(Duration::from_secs(10))
            .poll("what the liar got", || Ok(fs::read("/run/otp-deliver/got").ok()))?;
        assert!(got.is_empty(), "{got:?}");
        Ok(())
    })
}
