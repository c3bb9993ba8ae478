//! `docs/attacks.md` says which test shows what stops an attack, `docs/compared.md` which one shows
//! what is done about a complaint; this shows that the tests exist.

use std::{fs, process::Command};

use testbed::{Context, Result};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");

#[test]
fn every_test_in_the_tables_exists() -> Result {
    let listed = Command::new(std::env::current_exe()?).arg("--list").output()?;
    let listed = String::from_utf8(listed.stdout)?;
    for page in ["attacks.md", "compared.md"] {
        let named = named(page)?;
        assert!(named.len() > 10, "the tables of {page} have not been understood");
        for test in named {
            assert!(listed.contains(&format!("{test}: test\n")), "{page}: there is no test {test}");
        }
    }
    Ok(())
}

/// The tests that the last column of a page's tables names.
fn named(page: &str) -> Result<Vec<String>> {
    let path = format!("{DOCS}/{page}");
    let text = fs::read_to_string(&path).context(path)?;
    let mut named = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(row) = lines.next() {
        // The line before a rule of dashes is the heading of a table.
        let heading = lines.peek().is_some_and(|next| next.starts_with("|-"));
        if heading || !row.starts_with("| ") {
            continue;
        }
        let last = row.trim_end_matches(['|', ' ']).rsplit('|').next().context(row)?;
        let tests: Vec<_> = last.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert!(!tests.is_empty(), "{page}: no test is named in: {row}");
        named.extend(tests);
    }
    Ok(named)
}
