//! What all emulated services share, and the handle that controls it.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::assertion::{IssuerKey, ProjectedToken, Taken};
use crate::calls::{CallLog, Calls};
use crate::fault::{Effect, Fault, Rules, Target};
use crate::fleet::{Fleet, Guid};
use crate::options::{SimulatorOptions, TenantAccount};
use crate::random::draw;
use crate::receiver::{Received, Receiver};
use crate::registration::{ClientSecret, FederatedCredential, RegisteredCertificate, Registration};
use crate::tokens::Tokens;

/// A tenant and its fleet.
#[derive(Debug)]
pub(crate) struct Tenant {
    pub(crate) account: TenantAccount,
    pub(crate) fleet: Fleet,
    /// By how many records the machine listing has shifted in the walk under way.
    pub(crate) shift: AtomicI64,
    /// What proves the application now.
    pub(crate) registration: Mutex<Registration>,
    pub(crate) taken: Mutex<Taken>,
}

/// What all emulated services share.
pub(crate) struct Cloud {
    pub(crate) options: SimulatorOptions,
    pub(crate) address: SocketAddr,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) receiver: Mutex<Receiver>,
    /// Signs the tokens of outside issuers.
    pub(crate) issuer_key: IssuerKey,
    rules: Mutex<Rules>,
    calls: Mutex<CallLog>,
    identifiers: AtomicU64,
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither tokens nor a million received events belong into a line of output.
        f.debug_struct("Cloud").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Cloud {
    pub(crate) fn new(
        options: SimulatorOptions,
        address: SocketAddr,
        issuer_key: IssuerKey,
    ) -> Self {
        let tenants = options.tenants.iter().map(|account| Tenant {
            account: account.clone(),
            fleet: account.fleet.clone().unwrap_or_else(|| options.fleet.clone()),
            shift: AtomicI64::new(0),
            registration: Mutex::new(account.registration()),
            taken: Mutex::default(),
        });
        Self {
            tenants: tenants.collect(),
            address,
            tokens: Mutex::default(),
            receiver: Mutex::new(Receiver::new(options.sekoia.clone())),
            issuer_key,
            rules: Mutex::default(),
            calls: Mutex::default(),
            identifiers: AtomicU64::new(0),
            options,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.options.clock)()
    }

    /// A GUID for a trace, a request or a task; unique in this simulator.
    pub(crate) fn fresh_guid(&self) -> Guid {
        let number = self.identifiers.fetch_add(1, Ordering::Relaxed);
        Guid((u128::from(draw(0, number, 90)) << 64) | u128::from(draw(0, number, 91)))
    }

    pub(crate) fn tenant(&self, id: &str) -> Option<(usize, &Tenant)> {
        let same = |tenant: &Tenant| tenant.account.tenant_id.eq_ignore_ascii_case(id);
        self.tenants.iter().enumerate().find(|(_, tenant)| same(tenant))
    }

    pub(crate) fn strike(&self, call: &Target<'_>) -> Option<Effect> {
        self.rules().strike(call)
    }

    pub(crate) fn rules(&self) -> MutexGuard<'_, Rules> {
        lock(&self.rules)
    }

    pub(crate) fn call_log(&self) -> MutexGuard<'_, CallLog> {
        lock(&self.calls)
    }
}

/// Locks; a thread that panicked left plain data behind, whole after each statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Controls a running simulator from the same process. Clones control the same one.
#[derive(Debug, Clone)]
pub struct Handle(pub(crate) Arc<Cloud>);

impl Handle {
    /// Puts a fault in force.
    pub fn add_fault(&self, fault: Fault) {
        self.0.rules().add(fault);
    }

    /// Lifts every fault.
    pub fn clear_faults(&self) {
        self.0.rules().clear();
    }

    /// The faults in force, with the hits they have left.
    pub fn faults(&self) -> Vec<Fault> {
        self.0.rules().all()
    }

    /// What was called since the start or the last reset.
    pub fn calls(&self) -> Calls {
        self.0.call_log().all()
    }

    /// How many calls came since the start; cheap enough to be asked all the time.
    pub fn calls_so_far(&self) -> u64 {
        self.0.call_log().so_far()
    }

    /// Forgets the calls.
    pub fn reset_calls(&self) {
        self.0.call_log().clear();
    }

    /// The fleet of the first tenant.
    pub fn fleet(&self) -> Fleet {
        let first = self.0.tenants.first();
        first.map_or_else(|| self.0.options.fleet.clone(), |tenant| tenant.fleet.clone())
    }

    pub(crate) fn first_tenant(&self) -> Option<String> {
        self.0.tenants.first().map(|tenant| tenant.account.tenant_id.clone())
    }

    /// The fleet of a tenant; `None` for an unknown one.
    pub fn fleet_of(&self, tenant_id: &str) -> Option<Fleet> {
        self.0.tenant(tenant_id).map(|(_, tenant)| tenant.fleet.clone())
    }

    /// What the receiver has, without the events.
    pub fn received(&self) -> Received {
        lock(&self.0.receiver).received()
    }

    /// The last event of each device; empty where only ids are recorded.
    pub fn received_events(&self) -> BTreeMap<String, Value> {
        lock(&self.0.receiver).events()
    }

    /// Forgets what the receiver has.
    pub fn reset_received(&self) {
        lock(&self.0.receiver).clear();
    }

    /// Refuses pushes with an event of this device from now on, with 422.
    pub fn poison(&self, device_uid: impl Into<String>) {
        lock(&self.0.receiver).poison(device_uid.into());
    }

    /// Takes every device again.
    pub fn clear_poison(&self) {
        lock(&self.0.receiver).clear_poison();
    }

    /// Revokes every token issued so far.
    pub fn revoke_tokens(&self) {
        lock(&self.0.tokens).revoke();
    }

    /// Takes another secret of a tenant's application from now on. `false`: no such tenant.
    pub fn add_secret(&self, tenant_id: &str, secret: ClientSecret) -> bool {
        self.register(tenant_id, |now| now.secrets.push(secret))
    }

    /// Takes a secret no longer. `false`: no such tenant.
    pub fn remove_secret(&self, tenant_id: &str, value: &str) -> bool {
        self.register(tenant_id, |now| now.secrets.retain(|secret| secret.value != value))
    }

    /// Takes assertions signed by a certificate from now on. `false`: no such tenant.
    pub fn add_certificate(&self, tenant_id: &str, certificate: RegisteredCertificate) -> bool {
        self.register(tenant_id, |now| now.certificates.push(certificate))
    }

    /// Takes them no longer, by the certificate's thumbprint. `false`: no such tenant.
    pub fn remove_certificate(&self, tenant_id: &str, thumbprint: &str) -> bool {
        self.register(tenant_id, |now| {
            now.certificates.retain(|one| !one.thumbprint().eq_ignore_ascii_case(thumbprint));
        })
    }

    /// Takes the tokens of an issuer from now on. `false`: no such tenant.
    pub fn add_federated(&self, tenant_id: &str, credential: FederatedCredential) -> bool {
        self.register(tenant_id, |now| now.federated.push(credential))
    }

    /// Takes them no longer. `false`: no such tenant.
    pub fn remove_federated(&self, tenant_id: &str, credential: &FederatedCredential) -> bool {
        self.register(tenant_id, |now| now.federated.retain(|one| one != credential))
    }

    /// A token as an outside issuer signs it. What it says need not be true of any tenant.
    /// `None`: the key does not sign.
    pub fn projected_token(&self, token: &ProjectedToken) -> Option<String> {
        self.0.issuer_key.token(token, self.0.now())
    }

    fn register(&self, tenant_id: &str, change: impl FnOnce(&mut Registration)) -> bool {
        let Some((_, tenant)) = self.0.tenant(tenant_id) else { return false };
        change(&mut lock(&tenant.registration));
        true
    }
}
