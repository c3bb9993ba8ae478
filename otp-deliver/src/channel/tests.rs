//! What a channel can say, and what it is told about what it cannot.

use super::*;

fn read(text: &str) -> Result<Channels, String> {
    #[derive(Deserialize)]
    struct File {
        channel: Channels,
    }
    toml::from_str::<File>(text).map(|file| file.channel).map_err(|error| error.to_string())
}

fn one(text: &str) -> Channel {
    read(text).unwrap().into_values().next().unwrap()
}

#[test]
fn a_command_takes_numbers_unless_it_says() {
    let channel = one("[channel.sms]\ncommand = ['/usr/local/lib/send-sms', '-v']");
    assert_eq!((channel.takes, channel.timeout), (Takes::Phone, Duration::from_secs(10)));
    assert_eq!(channel.by, By::Command(vec!["/usr/local/lib/send-sms".into(), "-v".into()]));
    let channel = one("[channel.list]\ncommand = ['/bin/x']\ntakes = 'email'\ntimeout = 30");
    assert_eq!((channel.takes, channel.timeout), (Takes::Email, Duration::from_secs(30)));
}

#[test]
fn a_mail_server_has_defaults() {
    let channel = one("[channel.email]\nsmtp = 'mail.example.org'\nfrom = 'otp@example.org'");
    let By::Smtp(smtp) = channel.by else { panic!("{channel:?}") };
    assert_eq!((smtp.security, smtp.port), (Security::Starttls, 587));
    assert!(smtp.login.is_none() && smtp.html.is_none() && smtp.ca.is_none());
    for (security, port) in [("tls", 465), ("starttls", 587)] {
        let text = format!("[channel.m1]\nsmtp = 'm'\nfrom = 'a@b'\nsecurity = '{security}'");
        let By::Smtp(smtp) = one(&text).by else { panic!("{text}") };
        assert_eq!(smtp.port, port);
    }
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    for (text, why) in [
        ("[channel.sms]", "either command or smtp"),
        ("[channel.sms]\ncommand = ['/x']\nsmtp = 'm'", "either command or smtp"),
        ("[channel.sms]\ncommand = []", "absolute path"),
        ("[channel.sms]\ncommand = ['send-sms']", "absolute path"),
        ("[channel.sms]\ncommand = ['/x']\nfrom = 'a@b'", "standard input"),
        ("[channel.sms]\ncommand = ['/x']\ntimeout = 0", "1 to 30"),
        ("[channel.sms]\ncommand = ['/x']\ntimeout = 31", "1 to 30"),
        ("[channel.sms]\ncommand = ['/x']\nshell = true", "unknown field"),
        ("[channel.SMS]\ncommand = ['/x']", "small letters"),
        ("[channel.s]\ncommand = ['/x']", "small letters"),
        ("[channel.signal]\ncommand = ['/x']", "2 to 5"),
        ("[channel.1sms]\ncommand = ['/x']", "small letters"),
        ("[channel.'s ms']\ncommand = ['/x']", "small letters"),
        ("[channel.mail]\nsmtp = 'm'", "needs from"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\ntakes = 'phone'", "no telephone numbers"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nsecurity = 'none'", "on this machine alone"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = \"a@b\\r\\nBcc: c@d\"", "control character"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nsubject = \"a\\nb\"", "one line"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nsubject = '{password}'", "there are {code}"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\ntext = 'x {code'", "there are {code}"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nuser = 'u'", "password_file or"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\npassword_file = '/x'", "needs user"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nuser = 'u'\npassword = 'x'", "unknown field"),
        ("[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nuser = 'u'\npassword_file = 'x'", "absolute"),
        (
            "[channel.mail]\nsmtp = 'm'\nfrom = 'a@b'\nuser = 'u'\npassword_credential = '../x'",
            "plain name",
        ),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.contains(why), "{text:?}: {error}");
    }
}

#[test]
fn braces_are_doubled() {
    let template: Template = "{{code}} {code}{user} }".parse().unwrap();
    let text = |text: &str| Piece::Text(text.to_owned());
    let pieces = [
        text("{"),
        text("code}} "),
        Piece::Value(Value::Code),
        Piece::Value(Value::User),
        text(" }"),
    ];
    assert_eq!(template.pieces(), pieces);
}
