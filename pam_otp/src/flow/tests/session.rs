//! A session's beginning and end, which nothing can hold up.

use super::*;
use crate::client::Registrar;
use crate::flow::session::{Moment, session};

/// A daemon that answers as it was told to, and keeps what it heard.
struct Book {
    answer: fn() -> Result<(), Error>,
    heard: RefCell<Vec<String>>,
}

impl Book {
    fn answering(answer: fn() -> Result<(), Error>) -> Self {
        Self { answer, heard: RefCell::default() }
    }

    fn note(&self, what: String) -> Result<(), Error> {
        self.heard.borrow_mut().push(what);
        (self.answer)()
    }
}

impl Registrar for Book {
    fn open(&self, service: &str) -> Result<(), Error> {
        self.note(format!("open {service}"))
    }

    fn close(&self) -> Result<(), Error> {
        self.note("close".to_owned())
    }
}

#[test]
fn the_daemon_hears_the_service_and_nothing_else() {
    let (host, book) = (Script::typing(b"123456"), Book::answering(|| Ok(())));
    for moment in [Moment::Opens, Moment::Closes] {
        let ending = session(&host, &book, &Arguments::default(), moment);
        assert_eq!(ending.code(), PamResultCode::PAM_IGNORE);
    }
    assert_eq!(*book.heard.borrow(), ["open sshd", "close"]);
    assert!(host.asked.is_empty() && host.told.is_empty() && host.exported.is_empty());
}

#[test]
fn whatever_the_daemon_says_it_is_no_failure() {
    let answers: [fn() -> Result<(), Error>; 3] = [
        || Err(Error::Refused),
        || Err(Error::NotAllowed),
        || Err(Error::Unreachable("gone".to_owned())),
    ];
    for answer in answers {
        for (chatter, lines) in [(Chatter::Quiet, 0), (Chatter::Debug, 1)] {
            let (host, book) = (Script::typing(b""), Book::answering(answer));
            let arguments = Arguments { chatter, ..Arguments::default() };
            let ending = session(&host, &book, &arguments, Moment::Opens);
            assert_eq!((ending.code(), ending.cause()), (PamResultCode::PAM_IGNORE, None));
            assert_eq!(host.logged.borrow().len(), lines);
        }
    }
}
