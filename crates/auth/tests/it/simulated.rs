//! The simulator as the identity provider: it verifies what it is sent.

use std::sync::Arc;

use stocktake_auth::{Credential, EntraOptions, EntraTokens};
use stocktake_connector_core::{Clock, DirectoryId, TenantName, TokenScope};
use stocktake_simulator::{
    Fleet, FleetOptions, Handle, RegisteredCertificate, Running, Simulator, SimulatorOptions,
    TenantAccount,
};

use super::{HandClock, LIMITS, data, transport};

pub(crate) const TENANT: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const APP: &str = "00000000-0000-0000-0000-000000000002";

pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) clock: HandClock,
}

impl Cloud {
    pub(crate) async fn start(change: impl FnOnce(&mut TenantAccount)) -> Self {
        let clock = HandClock::new();
        let (hands, now) = (clock.clone(), clock.now());
        let fleet =
            FleetOptions { machines: 1, managed_devices: 0, seed: 1, odd_records: false, now };
        let mut options = SimulatorOptions::new(Fleet::new(fleet), Arc::new(move || hands.now()));
        let mut account = TenantAccount::default();
        change(&mut account);
        options.tenants = vec![account];
        Self { running: Simulator::start(options).await.unwrap(), clock }
    }

    pub(crate) fn handle(&self) -> Handle {
        self.running.handle()
    }

    pub(crate) fn tokens(&self, credential: impl Credential + 'static) -> EntraTokens {
        let options = EntraOptions {
            login_url: self.running.url().parse().unwrap(),
            directory_id: DirectoryId::new(TENANT).unwrap(),
            client_id: APP.to_owned(),
            tenant: TenantName::new("contoso").unwrap(),
            credential: Arc::new(credential),
            limits: LIMITS,
            clock: Arc::new(self.clock.clone()),
        };
        EntraTokens::new(&transport(), options).unwrap()
    }
}

pub(crate) fn defender() -> TokenScope {
    TokenScope::new("https://api.securitycenter.microsoft.com/.default")
}

pub(crate) fn registered(name: &str) -> RegisteredCertificate {
    let text = std::fs::read_to_string(data(name)).unwrap();
    RegisteredCertificate::from_pem(&text).unwrap()
}
