//! The commands: one module each, with the name of its command.

pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod dead_letters;
pub(crate) mod demo;
pub(crate) mod explain;
mod form;
pub(crate) mod init;
pub(crate) mod map;
pub(crate) mod metrics;
pub(crate) mod run;
pub(crate) mod simulate;
pub(crate) mod state;
pub(crate) mod sync;
pub(crate) mod validate;
pub(crate) mod written_state;
