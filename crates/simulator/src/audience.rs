//! What tokens are for: the resources that a directory knows.

use url::Url;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Defender's machines.
    Defender,
    /// Graph.
    Graph,
    /// The simulator itself, which is both: what a configuration that derives the scope from the
    /// address of the API asks for.
    Simulator,
    /// Another API.
    Other,
}

/// Identifiers of Defender's resource application; the public cloud's first.
const DEFENDER: &[&str] = &[
    "https://api.securitycenter.microsoft.com",
    "https://securitycenter.onmicrosoft.com/windowsatpservice",
    "https://api-gcc.securitycenter.microsoft.us",
    "https://api-gov.securitycenter.microsoft.us",
];
const GRAPH: &[&str] = &[
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://dod-graph.microsoft.us",
    "https://microsoftgraph.chinacloudapi.cn",
];
/// Belongs to the Microsoft 365 Defender application: tokens for it are real and of no use here.
const OTHER: &[&str] = &["https://api.security.microsoft.com", "https://management.azure.com"];

impl Audience {
    pub(crate) fn of(resource: &str) -> Option<Self> {
        let resource = resource.trim_end_matches('/');
        if DEFENDER.contains(&resource) {
            return Some(Self::Defender);
        }
        if GRAPH.contains(&resource) {
            return Some(Self::Graph);
        }
        if OTHER.contains(&resource) {
            return Some(Self::Other);
        }
        let loopback = Url::parse(resource).ok().is_some_and(|url| match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        });
        loopback.then_some(Self::Simulator)
    }

    pub(crate) fn covers(self, api: Self) -> bool {
        self == api || self == Self::Simulator
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_leads_to_its_api() {
        assert_eq!(Audience::of("https://graph.microsoft.com"), Some(Audience::Graph));
        let old = "https://securitycenter.onmicrosoft.com/windowsatpservice";
        assert_eq!(Audience::of(old), Some(Audience::Defender));
        assert_eq!(Audience::of("https://api.security.microsoft.com"), Some(Audience::Other));
        assert_eq!(Audience::of("http://127.0.0.1:8080"), Some(Audience::Simulator));
        assert_eq!(Audience::of("https://example.com"), None);
    }
}
