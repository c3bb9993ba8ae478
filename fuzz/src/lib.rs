//! What the fuzz targets try. `make check` replays their corpus on the same functions, and mutates it
//! for a moment; `make fuzz` runs them under libFuzzer.

pub mod parsers;
pub mod wire_target;
