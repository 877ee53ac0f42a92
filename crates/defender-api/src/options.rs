//! Where the API is, and how it is read.

use std::sync::Arc;

use stocktake_connector_core::TenantName;
use stocktake_http_stack::{Authorisation, ODataResponses, Origin, Quota, StackOptions};
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
}

impl DefenderOptions {
    /// The API's host outside the sovereign clouds.
    pub const DEFAULT_BASE_URL: &str = "https://api.securitycenter.microsoft.com";

    /// The scope that a token is asked for outside the sovereign clouds.
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
        }
    }

    /// What a stack for this API is built from; limits and clock can still be changed.
    pub fn stack_options(&self, authorisation: Option<Authorisation>) -> StackOptions {
        let mut stack = StackOptions::new(API, Origin::of(&self.base_url));
        stack.tenant = self.tenant.clone();
        stack.authorisation = authorisation;
        stack.quotas = Self::QUOTAS.to_vec();
        stack.answers = Arc::new(ODataResponses);
        stack
    }
}

/// Names the API in errors and spans.
pub(crate) const API: &str = "defender";
