//! Layer 3: runs the machines over ports. Moves effects without knowing who asked; native tests run it over scripted ports.

pub mod call;
pub mod ports;
pub mod session;
