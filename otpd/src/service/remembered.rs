//! Remembered logins, as they are told on the bus.

use otp_bus::RememberedLogin;
use otp_core::{Remembered, Source};

/// Which ones are meant by a number.
pub(super) fn which(number: u32) -> Option<u32> {
    (number != otp_bus::ALL_REMEMBERED).then_some(number)
}

/// A remembered login as it may be shown.
pub(super) fn shown(login: Remembered) -> RememberedLogin {
    let told = RememberedLogin {
        number: login.number,
        service: login.service,
        rule: login.rule,
        device: login.device.to_string(),
        since: login.since.as_secs(),
        until: login.until.as_secs(),
        last: login.last.as_secs(),
        ..RememberedLogin::default()
    };
    match login.source {
        Source::Address(address) => RememberedLogin { from: Some(address.to_string()), ..told },
        Source::Terminal(terminal) => {
            RememberedLogin { tty: Some(terminal.name()), session: Some(terminal.session), ..told }
        }
    }
}
