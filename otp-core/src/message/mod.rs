//! Codes that are sent to somebody, by e-mail or SMS: whom they go to, the one code that counts, and
//! how often anything is sent. It sends nothing, and knows no channel but by name.

mod address;
mod limits;
mod live;
mod send;

pub use address::{Address, AddressError, AddressKind};
pub use limits::{Cap, Pace, SendLimits, SendTally, Tally, Unsent, counted};
pub use live::{CODE_VALID, LiveCode, MESSAGE_DIGITS, random_code};
pub use send::{Counts, Posted, Request, SendTo, is_only_way, send};
