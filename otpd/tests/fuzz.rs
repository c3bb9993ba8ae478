//! The parsers by the fuzz targets' corpus and by mutations of it, without libFuzzer: the corpus is
//! what was found once or is known to be odd, the mutations are by a seed that is told.
#![expect(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "all of it is a test, and the parsers are those of another crate too"
)]

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

#[path = "../../fuzz/src/parsers.rs"]
mod parsers;

/// How long each corpus is mutated; `make fuzz` takes longer.
const MUTATING: Duration = Duration::from_secs(1);

#[test]
fn corpus_of_code() {
    replay("code", parsers::code);
}

#[test]
fn corpus_of_name() {
    replay("name", parsers::name);
}

#[test]
fn corpus_of_secret() {
    replay("secret", parsers::secret);
}

#[test]
fn corpus_of_uri() {
    replay("uri", parsers::uri);
}

#[test]
fn corpus_of_keyring() {
    replay("keyring", parsers::keyring);
}

#[test]
fn corpus_of_record() {
    replay("record", parsers::record);
}

#[test]
fn corpus_of_config() {
    replay("config", parsers::config);
}

#[test]
fn corpus_of_arguments() {
    replay("arguments", parsers::arguments);
}

#[test]
fn corpus_of_message() {
    replay("message", parsers::message);
}

fn replay(target: &str, parse: fn(&[u8])) {
    let seeds = corpus(target);
    assert!(seeds.len() >= 3, "the corpus of {target} is gone");
    for seed in &seeds {
        parse(seed);
    }
    let seed = u64::from(std::process::id());
    println!("{target} mutated by seed {seed}");
    mutate(&seeds, seed, parse);
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files = fs::read_dir(&place).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[expect(clippy::disallowed_methods, reason = "nothing depends on how long it lasts")]
fn mutate(seeds: &[Vec<u8>], seed: u64, parse: fn(&[u8])) {
    let start = Instant::now();
    let mut state = seed;
    let mut below = |bound: usize| {
        // Knuth's MMIX generator; its upper bits.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % bound.max(1)
    };
    while start.elapsed() < MUTATING {
        let mut bytes = seeds[below(seeds.len())].clone();
        for _ in 0..=below(4) {
            let at = below(bytes.len());
            match (below(6), bytes.get_mut(at)) {
                (0, _) => bytes.truncate(at),
                (1, Some(_)) => {
                    let other = &seeds[below(seeds.len())];
                    bytes.splice(at.., other[below(other.len())..].iter().copied());
                }
                (2, Some(_)) => bytes.insert(at, b"0 9:/\n\"-{}[],"[below(13)]),
                (3, Some(byte)) => *byte = u8::try_from(below(256)).unwrap(),
                (_, Some(byte)) => *byte ^= 1 << below(8),
                (_, None) => bytes.push(b'0'),
            }
        }
        parse(&bytes);
    }
}
