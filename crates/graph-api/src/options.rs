//! Where the API is, and how it is read.

use std::sync::Arc;
use std::time::Duration;

use stocktake_connector_core::TenantName;
use stocktake_http_stack::{Authentication, Origin, Quota, StackOptions};
use stocktake_odata::ODataResponses;
use url::Url;

/// Options of a [`GraphClient`](crate::GraphClient).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct GraphOptions {
    /// The tenant, for errors. Default: `None`.
    pub tenant: Option<TenantName>,
    /// Where the API is, without `/v1.0`. Build it with [`stocktake_http_stack::base_url`].
    pub base_url: Url,
    /// Most pages of one listing; more are an error. Default: 20,000.
    pub max_pages: u64,
    /// Bounds the items of one batch, every attempt and wait included. Default: 5 min.
    pub batch_deadline: Duration,
}

impl GraphOptions {
    /// The API's host outside the sovereign clouds.
    pub const DEFAULT_BASE_URL: &str = "https://graph.microsoft.com";

    /// The scope that a token is requested for outside the sovereign clouds.
    pub const DEFAULT_SCOPE: &str = "https://graph.microsoft.com/.default";

    /// Half of what Intune grants one app in one tenant
    /// (<https://learn.microsoft.com/graph/throttling-limits>, section Intune devices).
    pub const QUOTAS: [Quota; 1] = [Quota { calls: 1_000, per: Duration::from_secs(20) }];

    /// Records in a page of the list: the default and the maximum of Intune.
    pub const RECORDS_IN_A_PAGE: u64 = 1_000;

    /// Look-ups in a batch: the maximum of Graph
    /// (<https://learn.microsoft.com/graph/json-batching>).
    pub const LOOK_UPS_IN_A_BATCH: u64 = 20;

    /// Defaults for the API at `base_url`.
    pub fn new(base_url: Url) -> Self {
        Self {
            tenant: None,
            base_url,
            max_pages: 20_000,
            batch_deadline: Duration::from_secs(5 * 60),
        }
    }

    /// What a stack for this API is built from; limits and clock can still be changed.
    pub fn stack_options(&self, authentication: Option<Authentication>) -> StackOptions {
        let mut stack = StackOptions::new("graph", Origin::of(&self.base_url));
        stack.tenant = self.tenant.clone();
        stack.authentication = authentication;
        stack.quotas = Self::QUOTAS.to_vec();
        stack.responses = Arc::new(ODataResponses);
        stack
    }
}
