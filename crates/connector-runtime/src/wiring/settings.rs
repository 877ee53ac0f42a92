//! The settings that tenants are built from, and how they follow the configuration file.
//!
//! A tenant that waits for an operator is built anew when the file changes, because the change may be
//! what it waits for. Everything else stays as it is until a restart: tenants that work, and settings
//! that do not belong to a tenant, its credential, its sinks or its connections.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use stocktake_connector_core::{Failure, SinkName};
use stocktake_sinks::{BuiltSink, SinkContext};

use super::sinks::sink;
use super::{Observer, sink_context};
use crate::command_error::CommandError;
use crate::config::{self, Config, PartDigests, Rereading, Variables};

/// One reading of the configuration, and the sinks built from it.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) config: Config,
    pub(super) context: SinkContext,
    /// The sinks that could be built, shared by all tenants of this reading.
    sinks: Mutex<BTreeMap<SinkName, BuiltSink>>,
}

impl Settings {
    pub(super) fn new(config: Config, observer: Observer) -> Result<Self, CommandError> {
        let context = sink_context(&config, Some(observer))?;
        Ok(Self { config, context, sinks: Mutex::default() })
    }

    /// A sink, built on first use.
    pub(super) fn sink(&self, name: &SinkName) -> Result<BuiltSink, Failure> {
        // A panic leaves the map as it was or with one sink more.
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = sinks.get(name) {
            return Ok(built.clone());
        }
        let built = sink(name, &self.config, &self.context)?;
        sinks.insert(name.clone(), built.clone());
        Ok(built)
    }

    /// These settings with those of `read` that tenants are built from. Sinks that `is_same` stay built.
    fn followed_by(
        &self,
        read: Config,
        observer: Observer,
        is_same: impl Fn(&str) -> bool,
    ) -> Result<Self, CommandError> {
        let mut config = self.config.clone();
        config.tenants = read.tenants;
        config.credentials = read.credentials;
        config.http = read.http;
        // A tenant keeps its list of sinks, so one that is gone stays as it was.
        config.sinks.extend(read.sinks);
        let followed = Self::new(config, observer)?;
        let built = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = built.iter().filter(|(name, _)| is_same(name.as_str()));
        let kept = kept.map(|(name, sink)| (name.clone(), sink.clone())).collect();
        Ok(Self { sinks: Mutex::new(kept), ..followed })
    }
}

/// Reads the configuration again.
#[derive(Debug)]
pub(super) struct Follower {
    observer: Observer,
    file: PathBuf,
    rereading: Mutex<Reread>,
}

#[derive(Debug)]
struct Reread {
    rereading: Rereading,
    /// Why the file could not be used; kept so that each reason is logged once.
    fault: Option<String>,
}

impl Follower {
    pub(super) fn new(rereading: Rereading, observer: Observer) -> Self {
        let file = rereading.file.clone();
        Self { observer, file, rereading: Mutex::new(Reread { rereading, fault: None }) }
    }

    /// The file that is read.
    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    /// The settings after `current`; `None` when the file says what it said before, or cannot be used.
    pub(super) fn follow(&self, current: &Settings) -> Option<Settings> {
        let mut reread = self.rereading.lock().unwrap_or_else(PoisonError::into_inner);
        match self.read(&reread.rereading, current) {
            Ok(followed) => {
                reread.fault = None;
                let (settings, parts) = followed?;
                reread.rereading.parts = parts;
                Some(settings)
            }
            Err(error) => {
                let fault = error.to_string();
                if reread.fault.as_ref() != Some(&fault) {
                    tracing::warn!(
                        file = %self.file.display(),
                        %fault,
                        "the configuration file changed and cannot be used; nothing changes"
                    );
                    reread.fault = Some(fault);
                }
                None
            }
        }
    }

    fn read(
        &self,
        rereading: &Rereading,
        current: &Settings,
    ) -> Result<Option<(Settings, PartDigests)>, CommandError> {
        let read = config::load(&rereading.flags, &Variables::of_process())?;
        let (old, new) = (&rereading.parts, read.parts);
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
        let changed: Vec<_> =
            names.into_iter().filter(|name| old.get(*name) != new.get(*name)).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let of_every_sink = changed.contains(&"http");
        let is_same =
            |sink: &str| !of_every_sink && !changed.contains(&settings_key(sink).as_str());
        let settings = current.followed_by(read.config, Arc::clone(&self.observer), is_same)?;
        tracing::info!(
            file = %self.file.display(),
            changed = changed.join(", "),
            "the configuration file changed; tenants that wait for an operator are built from it, \
             everything else takes a restart"
        );
        drop(changed);
        Ok(Some((settings, new)))
    }
}

fn settings_key(sink: &str) -> String {
    stocktake_sinks::settings::key("sinks", sink)
}
