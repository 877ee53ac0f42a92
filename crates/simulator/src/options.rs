//! What a simulator is started with.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::fleet::Fleet;
use crate::registration::{ClientSecret, FederatedCredential, RegisteredCertificate, Registration};

/// Tells the time; token expiry, `Date` and `Retry-After` follow it.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// What a simulator is started with.
#[derive(Clone)]
#[non_exhaustive]
pub struct SimulatorOptions {
    /// Where to listen; loopback only. Default: 127.0.0.1 and a free port.
    pub listen: SocketAddr,
    /// The clock.
    pub clock: Clock,
    /// The tenants. Default: [`TenantAccount::default`].
    pub tenants: Vec<TenantAccount>,
    /// The fleet of each tenant that names none of its own.
    pub fleet: Fleet,
    /// Greatest page of the machine listing. Default 10,000.
    pub defender_page: usize,
    /// Greatest page of the managed-device listing. Default 1,000.
    pub graph_page: usize,
    /// An empty page with a link comes before every n-th page of managed devices. Default 0: never.
    pub graph_empty_page_every: usize,
    /// Lifetime of a token. Default 3,599 s.
    pub token_lifetime: TimeDelta,
    /// Whether responses are compressed for clients that take gzip. Default true.
    pub gzip: bool,
    /// The receiver.
    pub sekoia: SekoiaOptions,
}

impl SimulatorOptions {
    /// Everything at its default.
    pub fn new(fleet: Fleet, clock: Clock) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            clock,
            tenants: vec![TenantAccount::default()],
            fleet,
            defender_page: 10_000,
            graph_page: 1_000,
            graph_empty_page_every: 0,
            token_lifetime: TimeDelta::seconds(3_599),
            gzip: true,
            sekoia: SekoiaOptions::default(),
        }
    }
}

impl fmt::Debug for SimulatorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorOptions")
            .field("listen", &self.listen)
            .field("tenants", &self.tenants)
            .field("defender_page", &self.defender_page)
            .field("graph_page", &self.graph_page)
            .field("sekoia", &self.sekoia)
            .finish_non_exhaustive()
    }
}

/// One directory and the application registered in it.
#[derive(Clone)]
#[non_exhaustive]
pub struct TenantAccount {
    /// The directory's id. Default 00000000-0000-0000-0000-000000000001.
    pub tenant_id: String,
    /// The application's id. Default 00000000-0000-0000-0000-000000000002.
    pub app_id: String,
    /// The application's secret. Default `simulated-secret`.
    pub app_secret: String,
    /// More secrets that are as good. Default none.
    pub more_secrets: Vec<ClientSecret>,
    /// The certificates that the application may sign with. Default none.
    pub certificates: Vec<RegisteredCertificate>,
    /// The issuers whose tokens are taken as proof. Default none.
    pub federated: Vec<FederatedCredential>,
    /// The managed identity of the host that the client runs on. Default none.
    pub host_identity: Option<HostIdentity>,
    /// Roles in tokens for Defender. Default `Machine.Read.All`. Without any, the token has no `roles`.
    pub defender_roles: Vec<String>,
    /// Roles in tokens for Graph. Default `DeviceManagementManagedDevices.Read.All`.
    pub graph_roles: Vec<String>,
    /// Whether the tenant has Defender's service principal. Default true.
    pub defender_registered: bool,
    /// What Intune is to the tenant. Default licensed.
    pub intune: Intune,
    /// The tenant's own fleet. Default: that of the simulator.
    pub fleet: Option<Fleet>,
}

impl Default for TenantAccount {
    fn default() -> Self {
        Self {
            tenant_id: "00000000-0000-0000-0000-000000000001".into(),
            app_id: "00000000-0000-0000-0000-000000000002".into(),
            app_secret: "simulated-secret".into(),
            more_secrets: Vec::new(),
            certificates: Vec::new(),
            federated: Vec::new(),
            host_identity: None,
            defender_roles: vec!["Machine.Read.All".into()],
            graph_roles: vec!["DeviceManagementManagedDevices.Read.All".into()],
            defender_registered: true,
            intune: Intune::Licensed,
            fleet: None,
        }
    }
}

impl TenantAccount {
    /// What proves the application at the start.
    pub(crate) fn registration(&self) -> Registration {
        let first = ClientSecret::new(self.app_secret.clone());
        Registration {
            secrets: std::iter::once(first).chain(self.more_secrets.iter().cloned()).collect(),
            certificates: self.certificates.clone(),
            federated: self.federated.clone(),
        }
    }
}

impl fmt::Debug for TenantAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantAccount")
            .field("tenant_id", &self.tenant_id)
            .field("app_id", &self.app_id)
            .field("certificates", &self.certificates)
            .field("federated", &self.federated)
            .field("host_identity", &self.host_identity)
            .field("defender_roles", &self.defender_roles)
            .field("graph_roles", &self.graph_roles)
            .field("intune", &self.intune)
            .finish_non_exhaustive()
    }
}

/// What Intune is to a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Intune {
    /// The tenant has it.
    Licensed,
    /// The tenant has none: 400, "Request not applicable to target tenant."
    Unlicensed,
    /// The tenant has none, and the service behind Graph refuses: 403, `UnknownError`.
    Forbidden,
    /// The application has no service principal at Graph: 401, `Authorization_IdentityNotFound`.
    Unregistered,
}

/// How the receiver behaves.
#[derive(Clone)]
#[non_exhaustive]
pub struct SekoiaOptions {
    /// The key that pushes must carry. Default `simulated-key`.
    pub api_key: String,
    /// The connector that exists. Default 00000000-0000-0000-0000-000000000003.
    pub connector_uuid: String,
    /// More items in one push are refused with 413. Default 1,000.
    pub max_items: usize,
    /// A greater body is refused with 413. Default 8 MiB.
    pub max_bytes: usize,
    /// How often a task is asked about before it is finished. Default 1: the first time.
    pub task_polls_until_finished: u32,
    /// When the events of a push count as received. Default [`Receipt::WhenSeenFinished`].
    pub receipt: Receipt,
    /// A push with an event of one of these devices is refused with 422.
    pub poison: BTreeSet<String>,
    /// What is kept of events.
    pub record_events: RecordEvents,
}

impl Default for SekoiaOptions {
    fn default() -> Self {
        Self {
            api_key: "simulated-key".into(),
            connector_uuid: "00000000-0000-0000-0000-000000000003".into(),
            max_items: 1_000,
            max_bytes: 8 * 1024 * 1024,
            task_polls_until_finished: 1,
            receipt: Receipt::WhenSeenFinished,
            poison: BTreeSet::new(),
            record_events: RecordEvents::Full,
        }
    }
}

impl fmt::Debug for SekoiaOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SekoiaOptions")
            .field("connector_uuid", &self.connector_uuid)
            .field("max_items", &self.max_items)
            .field("max_bytes", &self.max_bytes)
            .field("receipt", &self.receipt)
            .finish_non_exhaustive()
    }
}

/// When the events of a push count as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Receipt {
    /// When the client has seen their task finished. A client that dies before leaves no trace.
    WhenSeenFinished,
    /// When they are pushed, whether the client asks or not. A client that dies before it sees the
    /// task finished sends them twice.
    WhenPushed,
}

/// What the receiver keeps of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordEvents {
    /// How often each device came, and its last event.
    Full,
    /// How often each device came.
    UidsOnly,
}

/// The managed identity of the host that the client runs on.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HostIdentity {
    /// Its client id. Default 00000000-0000-0000-0000-0000000000a1.
    pub client_id: String,
    /// Its object id. Default 00000000-0000-0000-0000-0000000000a2.
    pub object_id: String,
    /// Its resource id.
    pub resource_id: String,
    /// Whether it is given to a client that names none. Default true.
    pub is_default: bool,
    /// What App Service expects in `X-IDENTITY-HEADER`. Default `simulated-header`.
    pub header: String,
}

impl Default for HostIdentity {
    fn default() -> Self {
        Self {
            client_id: "00000000-0000-0000-0000-0000000000a1".into(),
            object_id: "00000000-0000-0000-0000-0000000000a2".into(),
            resource_id: "/subscriptions/s/resourceGroups/g/providers/\
                          Microsoft.ManagedIdentity/userAssignedIdentities/simulated"
                .into(),
            is_default: true,
            header: "simulated-header".into(),
        }
    }
}

impl fmt::Debug for HostIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostIdentity").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}
