//! What is an address, how it is shown, and that it is shown by nothing else.

use super::*;

fn read(kind: AddressKind, text: &str) -> Option<String> {
    Address::parse(kind, text).ok().map(|address| address.expose().to_owned())
}

#[test]
fn numbers_as_people_write_them() {
    for text in ["+4915123456789", "+49 151 23456789", "+49-151-234.56789", " +49 (151) 23456789 "]
    {
        assert_eq!(read(AddressKind::Phone, text).as_deref(), Some("+4915123456789"), "{text}");
    }
    assert!(read(AddressKind::Phone, "+2901234").is_some(), "the shortest");
    assert!(read(AddressKind::Phone, "+123456789012345").is_some(), "the longest");
    for text in [
        "",
        "+",
        "015123456789",
        "004915123456789",
        "+0915123456789",
        "+123456",
        "+1234567890123456",
        "+49151x",
        "+49151\n23456789",
        "+4915123456789;rm",
        "+٤٩١٥١٢٣٤٥",
        "++4915123456789",
        "alice@example.org",
    ] {
        assert_eq!(read(AddressKind::Phone, text), None, "{text:?}");
    }
}

#[test]
fn mailboxes() {
    for (text, kept) in [
        ("alice@example.org", "alice@example.org"),
        (" Alice.B+otp@Example.ORG ", "Alice.B+otp@example.org"),
        ("a@b.example", "a@b.example"),
        ("root@localhost", "root@localhost"),
    ] {
        assert_eq!(read(AddressKind::Email, text).as_deref(), Some(kept), "{text}");
    }
    let long = format!("{}@example.org", "a".repeat(65));
    let far = format!("a@{}.org", ["b"; 130].join("."));
    for text in [
        "",
        "alice",
        "@example.org",
        "alice@",
        "alice@example.org\r\nBcc: eve@example.org",
        "alice@example.org,eve@example.org",
        "alice@example.org eve@example.org",
        "Alice <alice@example.org>",
        "\"a b\"@example.org",
        "alice@[192.0.2.1]",
        "alice..b@example.org",
        ".alice@example.org",
        "-oQ/tmp@example.org",
        "älice@example.org",
        "alice@exämple.org",
        "alice@exa_mple..org",
        &long,
        &far,
    ] {
        assert_eq!(read(AddressKind::Email, text), None, "{text:?}");
    }
}

#[test]
fn shown_masked_and_by_nothing_else() {
    for (kind, text, shown) in [
        (AddressKind::Phone, "+4915123456742", "•••42"),
        (AddressKind::Email, "alice@example.org", "a•••@example.org"),
        (AddressKind::Email, "a@example.org", "•••@example.org"),
    ] {
        let address = Address::parse(kind, text).unwrap();
        assert_eq!(address.masked(), shown);
        assert_eq!(format!("{address:?}"), format!("Address({kind:?})"));
    }
}

#[test]
fn stored_and_read_again() {
    for (kind, text, stored) in [
        (AddressKind::Phone, "+49 151 23456742", "tel:+4915123456742"),
        (AddressKind::Email, "alice@example.org", "mailto:alice@example.org"),
    ] {
        let address = Address::parse(kind, text).unwrap();
        assert_eq!(address.store().as_str(), stored);
        let again = Address::load(stored).unwrap();
        assert_eq!((again.kind(), again.expose()), (kind, address.expose()));
        assert_eq!(address.duplicate().expose(), address.expose());
    }
    for text in ["", "alice@example.org", "sms:+4915123456742", "tel:alice@example.org"] {
        assert!(Address::load(text).is_err(), "{text:?}");
    }
}
