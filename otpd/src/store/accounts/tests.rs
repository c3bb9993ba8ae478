//! Stored names as text and back; what is there is tested by `contract` and on damaged files.

use super::*;

#[test]
fn a_name_is_told_reversibly() {
    for (bytes, told) in [
        (&b"alice"[..], "alice"),
        (b"DOM\\al ice", "DOM\\al ice"),
        (b"al\xffce", "hex:616cff6365"),
        (b"a/ice", "hex:612f696365"),
        (b"hex:61", "hex:6865783a3631"),
        (b"a\0b", "hex:610062"),
        (b"", "hex:"),
    ] {
        let name = StoredName(bytes.to_owned());
        assert_eq!(name.told(), told);
        assert_eq!(StoredName::read(told), name);
    }
    assert_eq!(StoredName::read("hex:0g"), StoredName(b"hex:0g".to_vec()));
}
