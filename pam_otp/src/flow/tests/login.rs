//! What the application says of a login: names, items, and a user who becomes another.

use super::*;

#[test]
fn a_user_who_changes_behind_the_prompt_is_refused() {
    let mut host = Script::typing(b"123456");
    host.user_behind_the_prompt = Some("root");
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host).len(), 1);
}

/// Being told something is a chance to become another as well, and the last one.
#[test]
fn a_user_who_changes_behind_a_text_is_refused() {
    let mut host = Script::typing(b"secret123456");
    host.user_behind_a_text = Some("root");
    let details = Details { failures: Some(7), ..Details::default() };
    let daemon = Oracle::saying(vec![Ok(Verdict { details, ..accepted() })]);
    let both = Arguments { content: Content::PasswordAndCode, ..Arguments::default() };
    assert_eq!(run(&mut host, &daemon, &both), PamResultCode::PAM_AUTH_ERR);
    assert!(host.handed_on.is_empty() && host.exported.is_empty());
    assert_eq!(errors(&host).len(), 1);

    // Between the answer of an earlier module and the prompt.
    let mut host = Script { first_pass: Some(b"111111"), ..Script::typing(b"123456") };
    host.user_behind_a_text = Some("root");
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Used)), Ok(accepted())]);
    let first = Arguments { first_pass: FirstPass::Try, ..Arguments::default() };
    assert_eq!(run(&mut host, &daemon, &first), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(daemon.codes(), ["111111"]);
}

#[test]
fn names_and_items_are_bounded() {
    let long = "a".repeat(MAX_USER_BYTES + 1);
    for name in ["", "a/b", "a:b", "a\nb", "a\u{85}b", &long] {
        let mut host = Script::typing(b"123456");
        host.user = name.as_bytes().to_vec();
        let daemon = Oracle::saying(vec![]);
        let code = run(&mut host, &daemon, &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_AUTH_ERR, "{name}");
        assert!(daemon.heard.borrow().is_empty() && host.asked.is_empty(), "{name}");
        assert_eq!(errors(&host).len(), 1, "{name}");
    }
    let mut host = Script::typing(b"123456");
    host.user = b"caf\xe9".to_vec();
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host), ["refused: the user's name is not UTF-8"]);

    for name in [&long[1..], "DOM\\al ice@x$", "caf\u{e9}", "1000"] {
        let mut host = Script::typing(b"123456");
        host.user = name.as_bytes().to_vec();
        let code = run(&mut host, &Oracle::saying(vec![Ok(accepted())]), &Arguments::default());
        assert_eq!(code, PamResultCode::PAM_SUCCESS, "{name}");
    }
    let mut host = Script::typing(b"123456");
    host.tty = vec![b't'; MAX_FIELD_BYTES + 1];
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &Arguments::default()), PamResultCode::PAM_AUTH_ERR);
    assert_eq!(errors(&host).len(), 1);
}
