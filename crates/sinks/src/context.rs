//! What a sink is built from, beyond its settings, and what comes out.

use std::fmt;
use std::sync::Arc;

use stocktake_connector_core::{
    Check, Clock, ErrorCode, Failure, Fingerprint, Form, Recovery, Sink, SinkName, TokenProvider,
};
use stocktake_http_stack::{Limits, Transport, TransportOptions};
use stocktake_ocsf_model::InventoryInfo;
use url::Url;

use crate::SecretSetting;

/// How the events of a sink are written.
pub type EventForm = dyn for<'a> Form<InventoryInfo<'a>>;

/// Reads secrets for sinks.
pub trait SecretResolver: fmt::Debug + Send + Sync {
    /// Gives the secret at each request, a file's as it is then. Nothing is read before.
    fn resolve(&self, secret: SecretSetting) -> Arc<dyn TokenProvider>;
}

/// What the program gives to every sink that it builds.
#[derive(Debug, Clone)]
pub struct SinkContext {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// The fingerprint of the mapping that makes the events.
    pub mapping: Fingerprint,
    /// Paths of the event whose change alone does not send a device again.
    pub volatile_fields: Vec<String>,
    /// Reads secrets.
    pub secrets: Arc<dyn SecretResolver>,
    /// Connections to the outside.
    pub http: HttpContext,
}

/// Connections to the outside.
#[derive(Debug, Clone)]
pub struct HttpContext {
    /// The connections of every receiver without wishes of its own.
    pub transport: Transport,
    /// What they were made from, for receivers with wishes of their own.
    pub options: TransportOptions,
    /// Bounds of a call.
    pub limits: Limits,
}

/// A sink that is ready, with what the program needs to know about it.
#[derive(Debug, Clone)]
pub struct BuiltSink {
    /// Its name in the configuration.
    pub name: SinkName,
    /// How its events are written.
    pub form: Arc<EventForm>,
    /// Where they go.
    pub sink: Arc<dyn Sink>,
    /// What `stocktake check` tries.
    pub check: Arc<dyn Check>,
    /// The way to the receiver; `None` for a sink on this machine.
    pub remote: Option<Remote>,
}

impl BuiltSink {
    /// A sink on this machine.
    pub fn new<S: Sink + Check + 'static>(name: &SinkName, form: Arc<EventForm>, sink: S) -> Self {
        let sink = Arc::new(sink);
        let check = Arc::clone(&sink) as _;
        Self { name: name.clone(), form, sink, check, remote: None }
    }

    /// The same sink with the way to its receiver, for one that is not on this machine.
    #[must_use]
    pub fn with_remote(self, remote: Remote) -> Self {
        Self { remote: Some(remote), ..self }
    }
}

/// The way to a receiver, for checks that go before the sink's own.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Where the receiver is.
    pub url: Url,
    /// The connections to it.
    pub transport: Transport,
    /// Gives the credential that the receiver takes.
    pub credential: Arc<dyn TokenProvider>,
}

/// A failure of building `name`, about its setting `path`.
pub(crate) fn unusable(name: &SinkName, path: &str, problem: impl fmt::Display) -> Failure {
    let message = format!("`sinks.{name}.{path}`: {problem}");
    Failure::new(ErrorCode::Configuration, Recovery::Operator, message)
}
