//! Where the API is, and how it is read.

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::{Clock, SystemClock, TenantName};
use stocktake_http_stack::{Authentication, Origin, Quota, StackOptions};
use stocktake_odata::ODataResponses;
use url::Url;

use crate::MachineFilter;

/// Options of a [`DefenderClient`](crate::DefenderClient).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DefenderOptions {
    /// The tenant, for errors. Default: `None`.
    pub tenant: Option<TenantName>,
    /// Where the API is, without `/api`. Build it with [`stocktake_http_stack::base_url`].
    pub base_url: Url,
    /// Records in a page, 1 to 10,000. Default: `None`, which lets the API choose its largest page
    /// and say where the next one is.
    pub page_size: Option<u32>,
    /// Most pages of one listing; more are an error. Default: 10,000.
    pub max_pages: u64,
    /// Which machines are collected. Default: all.
    pub filter: MachineFilter,
    /// How far a resumed listing reaches back behind its cursor, because Defender publishes machines
    /// late. Default: 1 h.
    pub overlap: Duration,
    /// The clock that keeps cursors out of the future, and that the stack uses. Default:
    /// [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

impl DefenderOptions {
    /// The API's host outside the sovereign clouds.
    pub const DEFAULT_BASE_URL: &str = "https://api.securitycenter.microsoft.com";

    /// The scope that a token is requested for outside the sovereign clouds.
    ///
    /// It stays the same whichever host is called: a token for `api.security.microsoft.com` has an
    /// audience that the machines API refuses
    /// (<https://learn.microsoft.com/defender-endpoint/api/exposed-apis-create-app-webapp>).
    pub const DEFAULT_SCOPE: &str = "https://api.securitycenter.microsoft.com/.default";

    /// Half of the documented 100 calls a minute, and the documented 1,500 an hour. All programs that
    /// use the same app registration share them
    /// (<https://learn.microsoft.com/defender-endpoint/api/get-machines>).
    pub const QUOTAS: [Quota; 2] = [Quota::per_minute(50), Quota::per_hour(1_500)];

    /// The most records that the API puts into a page.
    pub const LARGEST_PAGE: u32 = 10_000;

    /// Defaults for the API at `base_url`.
    pub fn new(base_url: Url) -> Self {
        Self {
            tenant: None,
            base_url,
            page_size: None,
            max_pages: 10_000,
            filter: MachineFilter::default(),
            overlap: Duration::from_secs(60 * 60),
            clock: Arc::new(SystemClock),
        }
    }

    /// What a stack for this API is built from; its limits can still be changed.
    pub fn stack_options(&self, authentication: Option<Authentication>) -> StackOptions {
        let mut stack = StackOptions::new("defender", Origin::of(&self.base_url));
        stack.tenant = self.tenant.clone();
        stack.authentication = authentication;
        stack.quotas = Self::QUOTAS.to_vec();
        stack.responses = Arc::new(ODataResponses);
        stack.clock = Arc::clone(&self.clock);
        stack
    }
}
