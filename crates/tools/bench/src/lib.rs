//! What worstday's speed is measured against, and the workloads it is measured on.
//!
//! [`reference`] holds the pieces of the hand-written loops; the loops themselves are programs of
//! their own (`heap`, `w3`, `w3full`, `hold`), so that each is timed as a process, as the tool is.
//! [`measure`] runs a program and reads what it cost; [`workloads`] writes the model files that
//! are too large to keep. The program `table` puts them side by side: `cargo xtask bench`.

pub mod measure;
pub mod reference;
pub mod workloads;
