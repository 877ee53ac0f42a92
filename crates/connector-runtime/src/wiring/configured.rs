//! Tenants as they are configured, and what of them could be built so far.
//!
//! Building needs files that may come later: an authority's certificate, a client certificate, the
//! variables of a workload identity. A part that cannot be built does not affect the others, is
//! reported like any other failure, and is tried again by the next cycle that needs it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocktake_connector_core::{
    Failure, FailureRecord, Inventory, SinkName, SourceName, StateStore, TenantName,
};
use stocktake_sinks::{BuiltSink, SinkContext};

use super::files::named_files;
use super::sinks::sink;
use super::tenant::{
    TenantAccess, TenantCollector, TenantProbe, access, collector, source_name, tenant_apis,
};
use crate::command_error::CommandError;
use crate::config::{Config, TenantConfig};

/// Builds what the configuration names.
#[derive(Debug)]
pub(super) struct CollectorFactory {
    pub(super) config: Config,
    pub(super) context: SinkContext,
    pub(super) store: Arc<dyn StateStore>,
    /// The sinks that could be built, shared by all tenants: a file has one writer.
    sinks: Mutex<BTreeMap<SinkName, BuiltSink>>,
}

impl CollectorFactory {
    pub(super) fn new(config: Config, context: SinkContext, store: Arc<dyn StateStore>) -> Self {
        Self { config, context, store, sinks: Mutex::default() }
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
}

/// A tenant of the configuration, built or not.
#[derive(Debug)]
pub(crate) struct ConfiguredTenant {
    pub(crate) name: TenantName,
    /// Where its devices come from.
    pub(crate) source: SourceName,
    /// Every sink that it feeds.
    pub(crate) sinks: Vec<SinkName>,
    config: TenantConfig,
    factory: Arc<CollectorFactory>,
    files: Vec<PathBuf>,
    built: Mutex<Built>,
}

/// How far a tenant is built.
#[derive(Debug, Default)]
struct Built {
    /// Its clients. They count calls and quotas, so they are built once.
    access: Option<Arc<TenantAccess>>,
    /// What collects for the sinks that could be built.
    collector: Option<Arc<TenantCollector>>,
    /// Why the others could not.
    failures: BTreeMap<SinkName, FailureRecord>,
}

impl ConfiguredTenant {
    pub(super) fn new(
        name: TenantName,
        config: TenantConfig,
        sinks: Vec<SinkName>,
        factory: Arc<CollectorFactory>,
    ) -> Result<Self, CommandError> {
        let source = source_name()?;
        let files = named_files(&config, &sinks, &factory.config);
        Ok(Self { name, source, sinks, config, factory, files, built: Mutex::default() })
    }

    fn built(&self) -> MutexGuard<'_, Built> {
        // A panic leaves what was built before.
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The devices that its cycles run over.
    pub(crate) fn inventory(&self) -> Inventory {
        Inventory { tenant: self.name.clone(), source: self.source.clone() }
    }

    /// The files that its configuration names, those of its credential and sinks included.
    pub(crate) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The APIs that are called for it.
    pub(crate) fn apis(&self) -> Vec<&'static str> {
        tenant_apis(&self.config, &self.factory.config)
    }

    /// The access to the APIs, built on first use.
    fn access(&self) -> Result<Arc<TenantAccess>, CommandError> {
        let mut built = self.built();
        if let Some(access) = &built.access {
            return Ok(Arc::clone(access));
        }
        let factory = &self.factory;
        let access =
            access(&self.name, &self.config, &factory.config, &factory.context.http.transport)?;
        Ok(Arc::clone(built.access.insert(Arc::new(access))))
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
        if let Built { collector: Some(collector), failures, .. } = &*self.built()
            && failures.is_empty()
        {
            return Ok(Arc::clone(collector));
        }
        let (mut there, mut failures) = (Vec::new(), BTreeMap::new());
        for name in &self.sinks {
            match self.factory.sink(name) {
                Ok(sink) => there.push(sink),
                Err(error) => {
                    failures.insert(name.clone(), FailureRecord::from(error));
                }
            }
        }
        self.built().failures.clone_from(&failures);
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
        let (config, store) = (&self.factory.config, &self.factory.store);
        let collector =
            collector(&access, self.inventory(), config, &self.config, &there, failures, store)?;
        Ok(Arc::clone(self.built().collector.insert(Arc::new(collector))))
    }

    /// Why sinks could not be built when that was last tried.
    pub(crate) fn sink_failures(&self) -> BTreeMap<SinkName, FailureRecord> {
        self.built().failures.clone()
    }

    /// What can be read of the tenant's clients; `None` as long as they are not built.
    pub(crate) fn probe(&self) -> Option<TenantProbe> {
        self.built().access.as_ref().map(|access| access.probe())
    }
}
