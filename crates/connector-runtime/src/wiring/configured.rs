//! Tenants as they are configured, and what of them could be built so far.
//!
//! Building needs files that may come later: an authority's certificate, a client certificate, the
//! variables of a workload identity. What cannot be built costs itself alone, is told of like anything
//! else that fails, and is tried again by the next cycle that needs it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocktake_connector_core::{SinkName, StateStore, TenantName};
use stocktake_http_stack::Transport;

use super::sinks::{BuiltSink, sink};
use super::tenant::{TenantAccess, TenantCollector, access, apis_of, collector};
use super::transport::Observer;
use crate::cli::CommandError;
use crate::config::{Config, TenantConfig};
use crate::cycle::Unbuilt;
use crate::watch::TenantProbe;

/// Builds what the configuration names.
#[derive(Debug)]
pub(super) struct Workshop {
    pub(super) config: Config,
    pub(super) transport: Transport,
    pub(super) observer: Observer,
    pub(super) store: Arc<dyn StateStore>,
    /// Those that could be built. Each is one for all tenants: a file has one writer.
    sinks: Mutex<BTreeMap<SinkName, BuiltSink>>,
}

impl Workshop {
    pub(super) fn new(
        config: Config,
        transport: Transport,
        observer: Observer,
        store: Arc<dyn StateStore>,
    ) -> Self {
        Self { config, transport, observer, store, sinks: Mutex::default() }
    }

    /// A sink, which is built unless it was before.
    pub(super) fn sink(&self, name: &SinkName) -> Result<BuiltSink, CommandError> {
        // A panic leaves the map as it was or with one sink more.
        let mut sinks = self.sinks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = sinks.get(name) {
            return Ok(built.clone());
        }
        let built = sink(name.as_str(), &self.config, &self.transport, Some(&self.observer))?;
        sinks.insert(name.clone(), built.clone());
        Ok(built)
    }
}

/// A tenant of the configuration, built or not.
#[derive(Debug)]
pub(crate) struct ConfiguredTenant {
    pub(crate) id: TenantName,
    /// Every sink that it is to feed.
    pub(crate) sinks: Vec<SinkName>,
    config: TenantConfig,
    workshop: Arc<Workshop>,
    built: Mutex<Built>,
}

/// How far a tenant is built.
#[derive(Debug, Default)]
struct Built {
    /// Its clients. They count calls and quotas, so they are built once.
    access: Option<Arc<TenantAccess>>,
    /// What collects for the sinks that there were.
    collector: Option<Arc<TenantCollector>>,
    /// Those that there were not.
    unbuilt: BTreeMap<SinkName, Unbuilt>,
}

impl ConfiguredTenant {
    pub(super) fn new(
        id: TenantName,
        config: TenantConfig,
        sinks: Vec<SinkName>,
        workshop: Arc<Workshop>,
    ) -> Self {
        Self { id, sinks, config, workshop, built: Mutex::default() }
    }

    fn built(&self) -> MutexGuard<'_, Built> {
        // A panic leaves what was built before.
        self.built.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The APIs that are called for it.
    pub(crate) fn apis(&self) -> Vec<&'static str> {
        apis_of(&self.config, &self.workshop.config)
    }

    /// Where it is noted what was delivered.
    pub(crate) fn store(&self) -> &Arc<dyn StateStore> {
        &self.workshop.store
    }

    /// The access to the APIs, which is built unless it was before.
    fn access(&self) -> Result<Arc<TenantAccess>, CommandError> {
        let mut built = self.built();
        if let Some(access) = &built.access {
            return Ok(Arc::clone(access));
        }
        let workshop = &self.workshop;
        let access = access(&self.id, &self.config, &workshop.config, &workshop.transport)?;
        Ok(Arc::clone(built.access.insert(Arc::new(access))))
    }

    /// Why the access to the APIs cannot be built.
    pub(super) fn access_fault(&self) -> Option<CommandError> {
        self.access().err()
    }

    /// What collects the tenant. What could not be built before is tried again.
    ///
    /// # Errors
    /// Why there is nothing to run: no access to the APIs, or no sink at all. Single sinks that could
    /// not be built are named by the collector.
    pub(crate) fn collector(&self) -> Result<Arc<TenantCollector>, Unbuilt> {
        if let Built { collector: Some(collector), unbuilt, .. } = &*self.built()
            && unbuilt.is_empty()
        {
            return Ok(Arc::clone(collector));
        }
        let (mut there, mut unbuilt) = (Vec::new(), BTreeMap::new());
        for name in &self.sinks {
            match self.workshop.sink(name) {
                Ok(sink) => there.push(sink),
                Err(error) => {
                    unbuilt.insert(name.clone(), Unbuilt::from(error));
                }
            }
        }
        self.built().unbuilt.clone_from(&unbuilt);
        let access = self.access()?;
        if there.is_empty() {
            return Err(match unbuilt.into_iter().next() {
                Some((name, why)) => {
                    Unbuilt { error: format!("sink {name}: {}", why.error), ..why }
                }
                // The configuration was checked for this.
                None => Unbuilt { error: "it has no sink".to_owned(), advice: None },
            });
        }
        let (config, store) = (&self.workshop.config, &self.workshop.store);
        let collector = collector(&access, &self.config, config, &there, unbuilt, store);
        Ok(Arc::clone(self.built().collector.insert(Arc::new(collector))))
    }

    /// Its sinks that could not be built when that was last tried.
    pub(crate) fn unbuilt_sinks(&self) -> BTreeMap<SinkName, Unbuilt> {
        self.built().unbuilt.clone()
    }

    /// What can be asked of the tenant while it works; `None` as long as it is not built.
    pub(crate) fn probe(&self) -> Option<TenantProbe> {
        self.built().access.as_ref().map(|access| access.probe())
    }
}
