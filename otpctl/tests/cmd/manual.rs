//! The manual page and the shell completions say what the program does: a new option that they do
//! not know fails here.

use std::path::{Path, PathBuf};
use std::process::Command;

use clap_complete::{Shell, generate};
use otpctl::{Exit, command};

fn packaging(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(file)
}

/// The page with the quoting of hyphens undone.
fn page() -> String {
    std::fs::read_to_string(packaging("man/otpctl.8")).unwrap().replace("\\-", "-")
}

#[test]
fn the_page_knows_every_verb_and_option() {
    let page = page();
    for verb in command().get_subcommands() {
        let name = verb.get_name();
        let start = page.find(&format!("\n.It Cm {name}")).unwrap_or_else(|| panic!("no {name}"));
        let rest = &page[start + 1..];
        let section = &rest[..rest.find("\n.It Cm ").unwrap_or(rest.len())];
        for option in verb.get_arguments().filter_map(clap::Arg::get_long) {
            assert!(section.contains(&format!("Fl -{option}")), "{name} --{option}");
        }
    }
    for option in command().get_arguments().filter_map(clap::Arg::get_long) {
        assert!(page.contains(&format!("Fl -{option}")), "--{option}");
    }
}

#[test]
fn the_page_invents_no_option() {
    let known: Vec<String> = command()
        .get_subcommands()
        .flat_map(|verb| std::iter::once(verb).chain(verb.get_subcommands()))
        .flat_map(|verb| {
            verb.get_arguments()
                .filter_map(clap::Arg::get_long)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .chain(command().get_arguments().filter_map(clap::Arg::get_long).map(str::to_owned))
        .chain(["help".to_owned(), "version".to_owned()])
        .collect();
    let page = page();
    for word in
        page.split_whitespace().collect::<Vec<_>>().windows(2).filter(|pair| pair[0] == "Fl")
    {
        if let Some(long) = word[1].strip_prefix('-') {
            assert!(known.iter().any(|known| known == long), "--{long}");
        }
    }
}

#[test]
fn the_page_knows_every_exit_status() {
    let page = page();
    for exit in Exit::ALL {
        assert!(page.contains(&format!("\n.It {}\n", exit.number())), "{exit:?}");
    }
}

#[test]
fn the_page_is_clean() {
    let output = Command::new("mandoc")
        .args(["-T", "lint", "-W", "warning"])
        .arg(packaging("man/otpctl.8"))
        .output()
        .expect("mandoc must be installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn completions_are_those_of_this_program() {
    for (shell, file) in [
        (Shell::Bash, "completions/otpctl.bash"),
        (Shell::Zsh, "completions/_otpctl"),
        (Shell::Fish, "completions/otpctl.fish"),
    ] {
        let mut script = Vec::new();
        generate(shell, &mut command(), "otpctl", &mut script);
        let path = packaging(file);
        if std::env::var_os("BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &script).unwrap();
        }
        let committed = std::fs::read(&path).unwrap_or_default();
        assert!(committed == script, "{file} is out of date; BLESS=1 writes it");
    }
}
