//! Answers that an earlier module of the stack was given.

use super::*;

#[test]
fn use_first_pass_asks_nothing() {
    let arguments = Arguments { first_pass: FirstPass::Only, ..Arguments::default() };
    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["123456"]);
    assert!(host.asked.is_empty());

    let mut host = Script { first_pass: Some(b"654321"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Wrong))]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTH_ERR);
    assert!(host.asked.is_empty());

    let mut host = Script::typing(b"typed");
    let daemon = Oracle::saying(vec![]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_CONV_ERR);
    assert!(host.asked.is_empty());
    assert_eq!(errors(&host).len(), 1);
}

#[test]
fn try_first_pass_asks_once_it_was_refused() {
    let arguments = Arguments { first_pass: FirstPass::Try, ..Arguments::default() };
    let mut host = Script { first_pass: Some(b"secret"), ..Script::typing(b"123456") };
    let daemon = Oracle::saying(vec![Ok(refused(Reason::Malformed)), Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(daemon.codes(), ["secret", "123456"]);
    assert_eq!(host.asked.len(), 1);

    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert!(host.asked.is_empty());

    let mut host = Script { first_pass: Some(b"123456"), ..Script::typing(b"typed") };
    let daemon = Oracle::saying(vec![Err(Error::Unable("busy".to_owned()))]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_AUTHINFO_UNAVAIL);
    assert!(host.asked.is_empty(), "asked although the first code may be spent");

    let mut host = Script::typing(b"123456");
    let daemon = Oracle::saying(vec![Ok(accepted())]);
    assert_eq!(run(&mut host, &daemon, &arguments), PamResultCode::PAM_SUCCESS);
    assert_eq!(host.asked.len(), 1);
}
