//! Tenants as they are configured, and what of them could be built so far.
//!
//! Building needs files that may come later: an authority's certificate, a client certificate, the
//! variables of a workload identity. A part that cannot be built does not affect the others, is
//! reported like any other failure, and is tried again by the next cycle that needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocktake_connector_core::{
    Failure, FailureRecord, Inventory, SinkName, SourceName, StateStore, TenantName,
};

use super::files::named_files;
use super::settings::{Follower, Settings};
use super::tenant::{
    TenantAccess, TenantCollector, TenantProbe, access, collector, source_name, tenant_apis,
    tenant_sinks,
};
use crate::command_error::CommandError;
use crate::config::TenantConfig;

/// Builds what the configuration names.
#[derive(Debug)]
pub(super) struct CollectorFactory {
    store: Arc<dyn StateStore>,
    /// What is built from now on.
    settings: Mutex<Arc<Settings>>,
    /// `None` where the configuration is read once.
    follower: Option<Follower>,
}

impl CollectorFactory {
    pub(super) fn new(
        settings: Settings,
        store: Arc<dyn StateStore>,
        follower: Option<Follower>,
    ) -> Self {
        Self { store, settings: Mutex::new(Arc::new(settings)), follower }
    }

    fn settings(&self) -> MutexGuard<'_, Arc<Settings>> {
        // It is replaced as a whole.
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why a sink cannot be built.
    pub(super) fn sink_failure(&self, name: &SinkName) -> Option<Failure> {
        self.settings().sink(name).err()
    }

    /// The settings as the configuration file has them now.
    fn followed(&self) -> Arc<Settings> {
        let mut settings = self.settings();
        if let Some(followed) = self.follower.as_ref().and_then(|file| file.follow(&settings)) {
            *settings = Arc::new(followed);
        }
        Arc::clone(&settings)
    }
}

/// A tenant of the configuration, built or not.
#[derive(Debug)]
pub(crate) struct ConfiguredTenant {
    pub(crate) name: TenantName,
    /// Where its devices come from.
    pub(crate) source: SourceName,
    /// Every sink that it feeds.
    pub(crate) sinks: Vec<SinkName>,
    factory: Arc<CollectorFactory>,
    parts: Mutex<Parts>,
}

/// What a tenant is built from, and how far it is built.
#[derive(Debug)]
struct Parts {
    config: TenantConfig,
    settings: Arc<Settings>,
    files: Arc<[PathBuf]>,
    /// Its clients. They count calls and quotas, so they are built once.
    access: Option<Arc<TenantAccess>>,
    /// What collects for the sinks that could be built.
    collector: Option<Arc<TenantCollector>>,
    /// Why the others could not.
    failures: BTreeMap<SinkName, FailureRecord>,
}

impl Parts {
    fn new(config: TenantConfig, sinks: &[SinkName], settings: Arc<Settings>) -> Self {
        let files = named_files(&config, sinks, &settings.config).into();
        let failures = BTreeMap::new();
        Self { config, settings, files, access: None, collector: None, failures }
    }
}

impl ConfiguredTenant {
    pub(super) fn new(
        name: TenantName,
        config: TenantConfig,
        sinks: Vec<SinkName>,
        factory: &Arc<CollectorFactory>,
    ) -> Result<Self, CommandError> {
        let source = source_name()?;
        let parts = Mutex::new(Parts::new(config, &sinks, Arc::clone(&factory.settings())));
        Ok(Self { name, source, sinks, factory: Arc::clone(factory), parts })
    }

    fn parts(&self) -> MutexGuard<'_, Parts> {
        // A panic leaves what was built before.
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The devices that its cycles run over.
    pub(crate) fn inventory(&self) -> Inventory {
        Inventory { tenant: self.name.clone(), source: self.source.clone() }
    }

    /// The files that its configuration names, those of its credential and sinks included.
    pub(crate) fn files(&self) -> Arc<[PathBuf]> {
        Arc::clone(&self.parts().files)
    }

    /// The configuration file; none where it is read once.
    pub(crate) fn configuration_file(&self) -> &[PathBuf] {
        self.factory
            .follower
            .as_ref()
            .map(|follower| std::slice::from_ref(follower.file()))
            .unwrap_or_default()
    }

    /// Whether the configuration file has other settings than the tenant is built from. Its parts are
    /// dropped then, and the next cycle builds them from the new ones. No cycle of it may run.
    pub(crate) fn follow_configuration(&self) -> bool {
        let settings = self.factory.followed();
        let mut parts = self.parts();
        if Arc::ptr_eq(&settings, &parts.settings) {
            return false;
        }
        let Some(config) = settings.config.tenants.get(self.name.as_str()).cloned() else {
            tracing::warn!(
                connector.tenant.name = %self.name,
                "the tenant is not in the configuration any more; it goes on as before until a restart"
            );
            return false;
        };
        let own: BTreeSet<_> = self.sinks.iter().map(SinkName::as_str).collect();
        if tenant_sinks(&config, &settings.config).collect::<BTreeSet<_>>() != own {
            tracing::warn!(
                connector.tenant.name = %self.name,
                "the tenant has other sinks in the configuration; it keeps its own until a restart"
            );
        }
        *parts = Parts::new(config, &self.sinks, settings);
        true
    }

    /// The APIs that are called for it.
    pub(crate) fn apis(&self) -> Vec<&'static str> {
        let parts = self.parts();
        tenant_apis(&parts.config, &parts.settings.config)
    }

    /// The access to the APIs, built on first use.
    fn access(&self) -> Result<Arc<TenantAccess>, CommandError> {
        let mut parts = self.parts();
        if let Some(access) = &parts.access {
            return Ok(Arc::clone(access));
        }
        let settings = &parts.settings;
        let transport = &settings.context.http.transport;
        let access = access(&self.name, &parts.config, &settings.config, transport)?;
        Ok(Arc::clone(parts.access.insert(Arc::new(access))))
    }

    /// Why the access to the APIs cannot be built.
    pub(super) fn access_error(&self) -> Option<CommandError> {
        self.access().err()
    }

    /// What collects the tenant. What could not be built before is tried again.
    ///
    /// # Errors
    /// Why there is nothing to run: no access to the APIs, or no sink at all. Single sinks that could
    /// not be built are named by the collector.
    pub(crate) fn collector(&self) -> Result<Arc<TenantCollector>, FailureRecord> {
        let settings = match &*self.parts() {
            Parts { collector: Some(collector), failures, .. } if failures.is_empty() => {
                return Ok(Arc::clone(collector));
            }
            parts => Arc::clone(&parts.settings),
        };
        let (mut there, mut failures) = (Vec::new(), BTreeMap::new());
        for name in &self.sinks {
            match settings.sink(name) {
                Ok(sink) => there.push(sink),
                Err(error) => {
                    failures.insert(name.clone(), FailureRecord::from(error));
                }
            }
        }
        self.parts().failures.clone_from(&failures);
        let access = self.access()?;
        if there.is_empty() {
            return Err(match failures.into_iter().next() {
                Some((name, failure)) => FailureRecord {
                    message: format!("sink {name}: {}", failure.message),
                    ..failure
                },
                // The configuration was checked for this.
                None => CommandError::failed("the tenant has no sink").into(),
            });
        }
        let mut parts = self.parts();
        let (config, store) = (&settings.config, &self.factory.store);
        let collector =
            collector(&access, self.inventory(), config, &parts.config, &there, failures, store)?;
        Ok(Arc::clone(parts.collector.insert(Arc::new(collector))))
    }

    /// Why sinks could not be built when that was last tried.
    pub(crate) fn sink_failures(&self) -> BTreeMap<SinkName, FailureRecord> {
        self.parts().failures.clone()
    }

    /// What can be read of the tenant's clients; `None` as long as they are not built.
    pub(crate) fn probe(&self) -> Option<TenantProbe> {
        self.parts().access.as_ref().map(|access| access.probe())
    }
}
