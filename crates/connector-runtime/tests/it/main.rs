//! The real program against the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod build_errors;
mod check;
mod commands;
mod configuration;
mod crash;
mod credentials;
mod dead_letters_retry;
mod details;
mod disk_full;
mod documents;
mod echoes;
mod faults;
mod file_remarks;
mod init;
#[path = "../../../../xtask/judges/judge.rs"]
mod judge;
mod judges;
mod mutual_tls;
mod own_sink;
mod push;
mod recorder;
mod retry;
mod run;
mod site;
mod state_backup;
mod state_purge;
mod sync;
mod telemetry;
mod tenants;
mod upgrade;
