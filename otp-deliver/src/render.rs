//! Templates filled in. What a value says stays a value: it begins no line of a header, and no tag.

use otp_deliver::{
    channel::{Piece, Template, Value},
    wire::Message,
};

/// A template with the message's values, as plain text.
pub(crate) fn plain(template: &Template, message: &Message) -> String {
    filled(template, message, |value| value)
}

/// A template with the message's values, in which nothing means anything to a reader of HTML.
pub(crate) fn html(template: &Template, message: &Message) -> String {
    filled(template, message, |value| escaped(&value))
}

fn filled(template: &Template, message: &Message, written: impl Fn(String) -> String) -> String {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Value(value) => written(one_line(&said(*value, message))),
    };
    template.pieces().iter().map(piece).collect()
}

fn said(value: Value, message: &Message) -> String {
    match value {
        Value::Code => message.code.clone(),
        Value::User => message.user.clone(),
        Value::Issuer => message.issuer.clone(),
        Value::Purpose => message.purpose.name().to_owned(),
        Value::Minutes => message.valid_for.div_ceil(60).to_string(),
    }
}

/// Line breaks and other control characters, those of Unicode among them, become spaces.
fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use otp_deliver::wire::Purpose;

    use super::*;

    fn message(user: &str) -> Message {
        Message {
            channel: "email".to_owned(),
            address: "alice@example.org".to_owned(),
            code: "123456".to_owned(),
            user: user.to_owned(),
            issuer: "Example & Sons".to_owned(),
            purpose: Purpose::SignUp,
            valid_for: 300,
        }
    }

    #[test]
    fn every_value_has_its_place() {
        let template = "{code} {user} {issuer} {purpose} {minutes}".parse().unwrap();
        let text = plain(&template, &message("alice"));
        assert_eq!(text, "123456 alice Example & Sons sign-up 5");
    }

    #[test]
    fn a_value_begins_no_line_and_no_tag() {
        let template = "for {user}".parse().unwrap();
        let text = plain(&template, &message("a\r\nBcc: eve@example.org\u{2028}x\u{85}y"));
        assert_eq!(text, "for a  Bcc: eve@example.org x y");
        let text = html(&template, &message("<script a='b' c=\"d\">&"));
        assert_eq!(text, "for &lt;script a=&#39;b&#39; c=&quot;d&quot;&gt;&amp;");
        // What a value holds is no placeholder.
        assert_eq!(plain(&template, &message("{code}")), "for {code}");
    }
}
