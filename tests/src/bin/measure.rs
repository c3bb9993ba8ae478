//! `make measure`: prints how long prompt and refusal take for those who may not get in, and ends with
//! 0 if nobody can tell by it which of them somebody is. The first argument says how often each is tried
//! (500).

use std::{
    env,
    io::{self, Write},
};

use testbed::{Context, Failure, Result, Strangers, Times, enter, median, noise, quantile};

fn main() -> Result {
    enter()?;
    let rounds = env::args().nth(1).map_or(Ok(500), |text| text.parse());
    let mut strangers = Strangers::open()?;
    let times = strangers.measure(rounds.context("usage: measure [ROUNDS]")?)?;
    let prompts = |times: &Times| times.prompts.clone();
    let refusals = |times: &Times| times.refusals.clone();
    let prompts_alike = table("until the prompt", &times, prompts)?;
    let refusals_alike = table("until the refusal", &times, refusals)?;
    if prompts_alike && refusals_alike {
        return Ok(writeln!(io::stdout(), "\nNobody can tell them apart by their medians.")?);
    }
    Err(Failure::new("a median lies beyond the noise"))
}

/// Prints one of the two times of all kinds; whether all are like the last.
fn table(what: &str, all: &[Times], times: impl Fn(&Times) -> Vec<u64>) -> Result<bool> {
    let like = times(all.last().context("no kinds")?);
    let (middle, noise) = (median(&like), noise(&like));
    let mut out = io::stdout();
    writeln!(out, "\nMilliseconds {what}, {} of each kind; noise {}", like.len(), ms(noise))?;
    let heads = ["kind", "10 %", "median", "90 %", "longest", "from wrong"];
    let [kind, ten, half, ninety, longest, from] = heads;
    writeln!(out, "{kind:<12}{ten:>10}{half:>10}{ninety:>10}{longest:>10}{from:>12}")?;
    let mut alike = true;
    for kind in all {
        let times = times(kind);
        let at = |part| ms(quantile(&times, part, 10));
        let difference = median(&times).abs_diff(middle);
        alike &= difference <= noise;
        let mark = if difference <= noise { "" } else { " !" };
        let (ten, half, ninety, longest) = (at(1), at(5), at(9), at(10));
        let name = kind.kind;
        write!(out, "{name:<12}{ten:>10}{half:>10}{ninety:>10}{longest:>10}")?;
        writeln!(out, "{:>12}{mark}", ms(difference))?;
    }
    Ok(alike)
}

/// Nanoseconds as milliseconds.
fn ms(nanoseconds: u64) -> String {
    let microseconds = nanoseconds / 1_000;
    format!("{}.{:03}", microseconds / 1_000, microseconds % 1_000)
}
