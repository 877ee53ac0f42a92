//! The real program against the simulator.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod absence;
mod build_errors;
mod check;
mod clocks;
mod closed_output;
mod commands;
mod configuration;
mod crash;
mod credentials;
mod dead_letters_retry;
mod details;
mod disk_full;
mod documents;
mod echoes;
mod environment;
mod faults;
mod file_remarks;
mod files;
mod init;
#[path = "../../../../xtask/judges/judge.rs"]
mod judge;
mod judges;
mod moved_sinks;
mod mutual_tls;
mod own_sink;
mod printed;
mod push;
mod recorder;
mod reload;
mod retry;
mod run;
mod site;
mod stalls;
mod state_backup;
mod state_purge;
mod sync;
mod telemetry;
mod tenants;
mod unreadable;
mod upgrade;
