//! A message by SMTP. Without the protection that the configuration asks for nothing is sent, the
//! password neither; a server's certificate is checked against its name.

use std::{fs, path::Path, time::Duration};

use lettre::{
    Message as Mail, SmtpTransport, Transport,
    address::Address,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use otp_deliver::{
    channel::{Security, Smtp},
    wire::Message,
};

use crate::{password, render, said::blanked};

/// Sends by this server. Each step of the conversation may take this long.
pub(crate) fn send(smtp: &Smtp, message: &Message, within: Duration) -> Result<(), String> {
    let mail = mail(smtp, message)?;
    let mut transport = SmtpTransport::builder_dangerous(&smtp.server)
        .port(smtp.port)
        .tls(tls(smtp)?)
        .timeout(Some(within));
    if let Some(login) = &smtp.login {
        let password = password::read(&login.password)?;
        transport = transport.credentials(Credentials::new(login.user.clone(), password));
    }
    let said = transport.build().send(&mail);
    said.map(drop).map_err(|error| {
        // What the system calls a read that took too long says nothing to anybody.
        let chain = chain(&error);
        let late = error.is_timeout() || chain.contains("Resource temporarily unavailable");
        let what = if late { format!("no answer within {} s", within.as_secs()) } else { chain };
        blanked(&format!("mail server {}: {what}", smtp.server), message)
    })
}

/// An error with what is behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}

fn tls(smtp: &Smtp) -> Result<Tls, String> {
    let parameters = || {
        let mut builder = TlsParameters::builder(smtp.server.clone());
        for certificate in smtp.ca.as_deref().map(certificates).transpose()?.into_iter().flatten() {
            builder = builder.add_root_certificate(certificate);
        }
        builder.build_rustls().map_err(|error| format!("TLS: {}", chain(&error)))
    };
    match smtp.security {
        Security::Tls => Ok(Tls::Wrapper(parameters()?)),
        Security::Starttls => Ok(Tls::Required(parameters()?)),
        Security::None => Ok(Tls::None),
    }
}

fn certificates(path: &Path) -> Result<Option<Certificate>, String> {
    let at = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let pem = fs::read(path).map_err(|error| at(&error))?;
    Certificate::from_pem(&pem).map(Some).map_err(|error| at(&error))
}

/// The mail. What a value says is no header: it is in one line by now, and what is no ASCII is
/// encoded.
fn mail(smtp: &Smtp, message: &Message) -> Result<Mail, String> {
    let from: Mailbox = smtp.from.parse().map_err(|error| format!("from: {error}"))?;
    let to: Address = message.address.parse().map_err(|_| "the address is no mailbox")?;
    let builder = Mail::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(render::plain(&smtp.subject, message))
        .message_id(None)
        .date_now();
    let text = render::plain(&smtp.text, message);
    let built = match &smtp.html {
        None => builder.header(ContentType::TEXT_PLAIN).body(text),
        Some(html) => builder.multipart(
            MultiPart::alternative()
                .singlepart(SinglePart::plain(text))
                .singlepart(SinglePart::html(render::html(html, message))),
        ),
    };
    built.map_err(|error| format!("the mail cannot be made: {error}"))
}

#[cfg(test)]
mod tests {
    use otp_deliver::wire::Purpose;

    use super::*;

    fn smtp(html: Option<&str>) -> Smtp {
        Smtp {
            server: "localhost".to_owned(),
            port: 25,
            security: Security::None,
            ca: None,
            login: None,
            from: "One-time codes <otpd@example.org>".to_owned(),
            subject: "{code} is your code for {issuer}, {user}".parse().unwrap(),
            text: "Your code is {code}.\n".parse().unwrap(),
            html: html.map(|html| html.parse().unwrap()),
        }
    }

    fn message(user: &str) -> Message {
        Message {
            channel: "email".to_owned(),
            address: "alice@example.org".to_owned(),
            code: "123456".to_owned(),
            user: user.to_owned(),
            issuer: "host".to_owned(),
            purpose: Purpose::Login,
            valid_for: 300,
        }
    }

    fn text(html: Option<&str>, user: &str) -> String {
        String::from_utf8(mail(&smtp(html), &message(user)).unwrap().formatted()).unwrap()
    }

    #[test]
    fn a_mail_says_what_the_templates_say() {
        let text = text(None, "alice");
        for line in [
            "Subject: 123456 is your code for host, alice\r\n",
            "To: alice@example.org\r\n",
            "From: \"One-time codes\" <otpd@example.org>\r\n",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert!(text.ends_with("\r\n\r\nYour code is 123456.\r\n"), "{text}");
    }

    #[test]
    fn a_user_cannot_write_headers() {
        for user in ["a\r\nBcc: eve@example.org", "a\nBcc: eve@example.org", "ä\r\n\r\nbody"] {
            let text = text(None, user);
            let headers = text.split("\r\n\r\n").next().unwrap();
            assert!(!headers.lines().any(|line| line.starts_with("Bcc:")), "{text}");
            assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
        }
    }

    #[test]
    fn both_forms_are_sent_where_both_are_written() {
        let text = text(Some("<b>{code}</b> {user}"), "<i>alice</i>");
        assert!(text.contains("multipart/alternative"), "{text}");
        let html = text.split("text/html").nth(1).unwrap();
        assert!(html.contains("<b>123456</b>") && !html.contains("<i>alice"), "{text}");
    }

    #[test]
    fn an_address_that_is_none_is_not_repeated() {
        let bad = Message { address: "alice\r\nRCPT TO:<eve>".to_owned(), ..message("alice") };
        let error = mail(&smtp(None), &bad).unwrap_err();
        assert!(!error.contains("eve"), "{error}");
    }
}
