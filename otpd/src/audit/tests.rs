//! The lines that administrators read at three in the morning.

use super::*;

fn who(from: &str) -> Subject {
    Subject { user: "alice".into(), service: "sshd".into(), from: from.into() }
}

fn phone() -> (DeviceId, Label) {
    (DeviceId::parse("totp/7f3a9c01").unwrap(), Label::parse("phone").unwrap())
}

#[test]
fn accepted() {
    let (device, label) = phone();
    let who = who("192.0.2.7");
    let counter = otp_core::Counter(7);
    let matched = Matched::Hotp { counter, expected: counter, skipped: 0, found: Found::Near };
    let event = Event::Accepted { who: &who, device: &device, label: &label, matched, also: &[] };
    assert_eq!(
        event.to_string(),
        "alice accepted by sshd from 192.0.2.7: device totp/7f3a9c01 \"phone\""
    );
    assert_eq!(event.severity(), Severity::Info);
}

#[test]
fn remembered() {
    let at = otp_core::UnixTime::from_secs;
    let login = Remembered {
        number: 1,
        rule: "office".into(),
        service: "sshd".into(),
        source: otp_core::Source::Address("192.0.2.7".parse().unwrap()),
        device: phone().0,
        since: at(1000),
        until: at(29_800),
        last: at(1060),
    };
    let who = who("192.0.2.7");
    let event = Event::Remembered(&who, &login);
    assert_eq!(
        event.to_string(),
        "alice passed by sshd from 192.0.2.7 without a code: rule \"office\" remembers one of \
         totp/7f3a9c01 of 60 s ago for 28740 s more"
    );
    assert_eq!(event.severity(), Severity::Info);
}

#[test]
fn wrong() {
    let who = who("");
    let wrong = |failures, wait, locked, clock_behind| Event::Wrong {
        who: &who,
        lane: Lane::Local,
        failures,
        wait: Seconds(wait),
        locked,
        clock_behind,
        noted: None,
    };
    assert_eq!(
        wrong(1, 0, false, None).to_string(),
        "alice refused by sshd: wrong code, failure 1 in lane local"
    );
    assert_eq!(
        wrong(4, 2, false, None).to_string(),
        "alice refused by sshd: wrong code, failure 4 in lane local; next attempt in 2 s"
    );
    let locked = wrong(100, 0, true, None);
    assert_eq!(
        locked.to_string(),
        "alice refused by sshd: wrong code, failure 100 locks lane local; otpctl unlock -u alice"
    );
    assert_eq!(locked.severity(), Severity::Warning);
    let (device, _) = phone();
    assert!(
        wrong(1, 0, false, Some(&device))
            .to_string()
            .ends_with("; the clock is behind the last code of totp/7f3a9c01: was it set back?")
    );
}

#[test]
fn refused() {
    let (device, label) = phone();
    let who = who("192.0.2.7");
    for (refusal, why) in [
        (
            Refusal::Used(device.clone(), label.clone(), Seconds(12)),
            "used code, device totp/7f3a9c01 \"phone\"; wait one step",
        ),
        (
            Refusal::Used(device, label, Seconds(0)),
            "used code, device totp/7f3a9c01 \"phone\"; make a new one",
        ),
        (
            Refusal::Throttled { lane: Lane::Remote, failures: 5, wait: Seconds(4) },
            "throttled for 4 s after 5 failures in lane remote; nothing was checked",
        ),
        (
            Refusal::Locked { lane: Lane::Remote, failures: 100 },
            "locked after 100 failures in lane remote; otpctl unlock -u alice",
        ),
        (Refusal::NotEnrolled, "no confirmed device; otpctl enroll -u alice"),
        (
            Refusal::UidMismatch(Uid(1000)),
            "the account belongs to uid 1000, which is not the user's; the same person: otpctl \
             adopt -u alice; else: otpctl remove --all -u alice",
        ),
        (
            Refusal::UidOwns(otp_core::UserName::parse("an na").unwrap()),
            "the user's uid owns the account \"an na\"; renamed: otpctl adopt -u alice --from \
             \"an na\"; else: otpctl remove --all -u \"an na\"",
        ),
    ] {
        let line = Event::Refused(&who, &refusal).to_string();
        assert_eq!(line, format!("alice refused by sshd from 192.0.2.7: {why}"));
    }
}

#[test]
fn rejected_and_left_out() {
    let rejected = Event::Rejected { by: Some(Uid(1000)), why: "user is longer than 256 bytes" };
    assert_eq!(rejected.to_string(), "uid 1000 rejected: user is longer than 256 bytes");
    let left_out = |by, lines| Event::LeftOut { by, lines }.to_string();
    assert_eq!(
        left_out(Some(Uid(1000)), 980),
        "uid 1000: 980 more lines about its calls in a minute were left out"
    );
    assert!(left_out(None, 1).starts_with("an unknown caller: 1 more"));
}

#[test]
fn not_allowed() {
    let line = |why| {
        let (uid, action) = (Uid(1000), "unlock");
        Event::NotAllowed { uid, action, user: "alice", why }.to_string()
    };
    assert_eq!(line(None), "uid 1000 may not unlock for alice");
    assert_eq!(line(Some(&No::Denied)), "uid 1000 may not unlock for alice: polkit says no");
    let cleared = Event::Cleared { uid: Uid(1000), action: "unlock", user: "al ice" };
    assert_eq!(cleared.to_string(), "uid 1000 may unlock for \"al ice\": polkit says yes");
}

#[test]
fn reused() {
    let event = Event::Reused { uid: Uid(33), tokens: "00112233aabbccdd", user: "alice" };
    assert_eq!(
        event.to_string(),
        "uid 33 showed a used refresh token: tokens 00112233aabbccdd of alice ended; somebody has \
         copied them: find out who"
    );
    assert_eq!(event.severity(), Severity::Warning);
}

#[test]
fn a_name_cannot_forge_a_line() {
    let who = Subject {
        user: "root accepted by sshd: device\n<84>otpd".into(),
        service: String::new(),
        from: "evil host".into(),
    };
    assert_eq!(
        Event::UnknownUser(&who).to_string(),
        "\"root accepted by sshd: device\\n<84>otpd\" refused by an unnamed service from \
         \"evil host\": no such user"
    );
}

#[test]
fn exempt() {
    let who = who("192.0.2.7");
    let given = Exemption {
        since: otp_core::UnixTime::from_secs(1_700_000_000),
        until: otp_core::UnixTime::from_secs(1_700_007_200),
        by: 0,
        reason: otp_core::ExemptionReason::parse("lost \"phone\"").unwrap(),
    };
    let event = Event::ExemptFor(&who, &given);
    assert_eq!(
        event.to_string(),
        "alice passed by sshd from 192.0.2.7 without a code: exempt by uid 0 until 1700007200 s \
         since 1970: \"lost \\\"phone\\\"\""
    );
    assert_eq!(event.severity(), Severity::Warning);
}

#[test]
fn enrolling_at_the_prompt() {
    let who = who("192.0.2.7");
    let (device, _) = phone();
    for (what, line) in [
        (
            AtPrompt::Begun("staff"),
            "alice enrolls by sshd from 192.0.2.7: rule \"staff\"; nothing counts until the login has \
             succeeded",
        ),
        (
            AtPrompt::Closed("staff"),
            "alice has no confirmed device by sshd from 192.0.2.7, and rule \"staff\" lets nobody enroll \
             at the prompt any more; otpctl invite -u alice",
        ),
        (
            AtPrompt::Wrong,
            "alice refused by sshd from 192.0.2.7: wrong code of a device to be enrolled",
        ),
        (
            AtPrompt::Unknown,
            "alice refused by sshd from 192.0.2.7: no such enrolment is under way: it took more than \
             ten minutes, or otpd was restarted; log in again",
        ),
        (
            AtPrompt::Proved,
            "alice showed a code by sshd from 192.0.2.7 of a device that counts once the login succeeds",
        ),
        (
            AtPrompt::Settled(&device),
            "alice enrolled by sshd from 192.0.2.7: device totp/7f3a9c01 counts now",
        ),
        (
            AtPrompt::Unsettled(&Refusal::AlreadyConfirmed(device.clone())),
            "alice refused by sshd from 192.0.2.7: device totp/7f3a9c01 was enrolled meanwhile; log in \
             with a code of it",
        ),
        (
            AtPrompt::Unsettled(&Refusal::InvitationOver),
            "alice refused by sshd from 192.0.2.7: the new device does not count: InvitationOver",
        ),
        (AtPrompt::Dropped, "alice gave up to enroll by sshd from 192.0.2.7"),
    ] {
        assert_eq!(Event::AtPrompt(&who, what).to_string(), line);
    }
    assert_eq!(Event::AtPrompt(&who, AtPrompt::Settled(&device)).severity(), Severity::Notice);
}

#[test]
fn codes_that_are_sent() {
    let (device, label) = (DeviceId::parse("message/7f3a9c01").unwrap(), phone().1);
    let who = who("192.0.2.7");
    let (channel, address) = ("sms", "•••42");
    let sent = Event::Sent { who: &who, device: &device, label: &label, channel, address };
    assert_eq!(
        sent.to_string(),
        "alice is sent a code, asked for by sshd from 192.0.2.7: sms to •••42, device \
         message/7f3a9c01 \"phone\""
    );
    assert_eq!(sent.severity(), Severity::Info);
    let lately = Refusal::Unsent(Unsent::Lately(Seconds(42)));
    assert_eq!(
        Event::NotSent(&who, &lately).to_string(),
        "alice is sent no code, asked for by sshd from 192.0.2.7: a code was sent a short while \
         ago; no other for 42 s"
    );
    let capped = Refusal::Unsent(Unsent::Capped(Cap::All, Seconds(3600)));
    let text = Event::NotSent(&who, &capped).to_string();
    assert!(text.ends_with("as many messages in all as [messages] allows; none for 3600 s"));
    let lost = Event::Undelivered { user: "alice", channel, why: "otp-deliver: no\nroute" };
    assert_eq!(lost.to_string(), "no code reached alice by sms: \"otp-deliver: no\\nroute\"");
    assert_eq!(lost.severity(), Severity::Warning);
}

#[test]
fn passes_and_keys() {
    let mut passed = otp_core::Passed {
        id: otp_core::PassId::parse("pass/7f3a9c0112345678").unwrap(),
        origin: "DOM\\bo b@host.example".to_owned(),
        reason: Some(otp_core::Reason::parse("lost \"phone\"").unwrap()),
        failures: 0,
    };
    let who = who("192.0.2.7");
    let event = Event::Passed(&who, &passed);
    assert_eq!(
        event.to_string(),
        "alice accepted by sshd from 192.0.2.7: pass/7f3a9c0112345678, made by \
         \"DOM\\\\bo b@host.example\", reason \"lost \\\"phone\\\"\""
    );
    assert_eq!(event.severity(), Severity::Info);
    (passed.origin, passed.reason) = ("root@host".to_owned(), None);
    assert!(Event::Passed(&who, &passed).to_string().ends_with("5678, made by root@host"));
    let wrong = |failures, wait| {
        let (uid, purpose, wait) = (Uid(1001), "login", Seconds(wait));
        Event::WrongKey { uid, purpose, failures, wait }.to_string()
    };
    assert_eq!(wrong(0, 0), "uid 1001 showed a key that is none for login");
    assert_eq!(wrong(2, 0), "uid 1001 showed a key that is none for login, failure 2");
    assert_eq!(
        wrong(4, 2),
        "uid 1001 showed a key that is none for login, failure 4; next one in 2 s"
    );
}
