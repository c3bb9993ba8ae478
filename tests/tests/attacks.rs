//! `docs/attacks.md` says which test shows what stops an attack; this shows that the tests exist.

use std::{fs, process::Command};

use testbed::{Context, Result};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/attacks.md");

#[test]
fn every_test_in_the_table_exists() -> Result {
    let table = fs::read_to_string(TABLE).context(TABLE)?;
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(1);
    let listed = Command::new(std::env::current_exe()?).arg("--list").output()?;
    let listed = String::from_utf8(listed.stdout)?;
    let mut named = 0;
    for row in rows {
        let last = row.trim_end_matches(['|', ' ']).rsplit('|').next().context(row)?;
        let tests: Vec<_> = last.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test is named in: {row}");
        for test in tests {
            named += 1;
            assert!(listed.contains(&format!("{test}: test\n")), "there is no test {test}");
        }
    }
    assert!(named > 10, "the table has not been understood");
    Ok(())
}
