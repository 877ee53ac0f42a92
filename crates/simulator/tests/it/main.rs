//! The manners of the emulated services and every fault, through real HTTP on loopback.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::expect_used)]

mod client;
mod control;
mod credentials;
mod defender;
mod entra;
mod faults;
mod graph;
mod sekoia;
