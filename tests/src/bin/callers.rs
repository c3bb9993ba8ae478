//! Many callers on the system bus with one code, as whoever runs this; prints how many were told
//! what. The tests let an ordinary user run it; nothing ships it.

#![expect(clippy::print_stdout, reason = "its result")]

use std::env;

use testbed::{
    Context, Result,
    callers::{WhenBusy, rush_on_bus},
};

fn main() -> Result {
    let usage = "usage: callers COUNT USER CODE leave|again";
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [count, user, code, busy] = arguments.as_slice() else {
        return Err(testbed::Failure::new(usage));
    };
    let when_busy = match busy.as_str() {
        "leave" => WhenBusy::Leave,
        "again" => WhenBusy::AskAgain,
        _ => return Err(testbed::Failure::new(usage)),
    };
    for (what, how_many) in rush_on_bus(count.parse().context(usage)?, user, code, when_busy)? {
        println!("{what} {how_many}");
    }
    Ok(())
}
