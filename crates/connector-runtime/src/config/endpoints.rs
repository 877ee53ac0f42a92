//! The hosts and scopes of a tenant: those of its cloud, or what is set by hand.

use stocktake_http_stack::Origin;

use super::cloud::{Cloud, Service};
use super::{ConfigFault, TenantConfig};

/// The hosts of a tenant, and the scopes of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) login_url: String,
    pub(crate) graph_url: String,
    pub(crate) graph_scope: String,
    pub(crate) defender_url: String,
    pub(crate) defender_scope: String,
}

impl TenantConfig {
    /// The hosts of the tenant's cloud, each replaced by what is set by hand.
    ///
    /// # Errors
    /// Every setting that does not fit the cloud.
    pub(crate) fn endpoints(&self, key: &str) -> Result<Endpoints, Vec<ConfigFault>> {
        let mut faults = Vec::new();
        let hosts = self.cloud.hosts();
        let by_hand = |url: &Option<String>, host: &str| {
            url.clone().unwrap_or_else(|| format!("https://{host}"))
        };
        let defender_host = match self.region {
            Some(region) if self.cloud == Cloud::Public => Some(region.host()),
            Some(_) => {
                faults.push(ConfigFault::new(
                    format!("{key}.region"),
                    format!(
                        "regional hosts exist in the cloud public only, and the tenant's cloud is \
                         {}; remove it, or set base_url",
                        self.cloud.name()
                    ),
                ));
                None
            }
            None => hosts.defender.map(str::to_owned),
        };
        if self.region.is_some() && self.base_url.is_some() {
            faults.push(ConfigFault::new(
                format!("{key}.region"),
                "is set, and so is `base_url`; keep one of them",
            ));
        }
        if defender_host.is_none() && self.base_url.is_none() && self.region.is_none() {
            faults.push(ConfigFault::new(
                format!("{key}.cloud"),
                format!(
                    "Microsoft names no Defender host in the cloud {}; if your tenant has one, set \
                     base_url and defender_scope",
                    self.cloud.name()
                ),
            ));
        }
        let login_url = by_hand(&self.login_url, hosts.login);
        let graph_url = by_hand(&self.graph_url, hosts.graph);
        let defender_url = by_hand(&self.base_url, defender_host.as_deref().unwrap_or_default());
        let graph_scope = self.graph_scope.clone().unwrap_or_else(|| {
            let origin = Origin::parse(&graph_url).map(|origin| origin.to_string());
            format!("{}/.default", origin.unwrap_or_default())
        });
        // One audience serves every regional host; so a host and its audience are two settings.
        let defender_scope = match (&self.defender_scope, hosts.defender) {
            (Some(scope), _) => scope.clone(),
            (None, Some(host)) => format!("https://{host}/.default"),
            (None, None) => {
                if self.base_url.is_some() {
                    faults.push(ConfigFault::new(
                        format!("{key}.defender_scope"),
                        format!(
                            "is missing: no audience is known in the cloud {}",
                            self.cloud.name()
                        ),
                    ));
                }
                String::new()
            }
        };
        for (name, service, value) in [
            ("login_url", Service::Login, &self.login_url),
            ("graph_url", Service::Graph, &self.graph_url),
            ("graph_scope", Service::Graph, &self.graph_scope),
            ("base_url", Service::Defender, &self.base_url),
            ("defender_scope", Service::Defender, &self.defender_scope),
        ] {
            if let Some(problem) = value.as_deref().and_then(|url| self.mismatch(service, url)) {
                faults.push(ConfigFault::new(format!("{key}.{name}"), problem));
            }
        }
        let of_another_application = self.defender_scope.as_deref().is_some_and(|scope| {
            Origin::parse(scope)
                .is_ok_and(|origin| origin.host().ends_with("security.microsoft.com"))
        });
        if of_another_application {
            faults.push(ConfigFault::new(
                format!("{key}.defender_scope"),
                "is that of Microsoft 365 Defender; the machines API refuses its tokens on every host; \
                 use https://api.securitycenter.microsoft.com/.default",
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Endpoints { login_url, graph_url, graph_scope, defender_url, defender_scope })
    }

    /// Why a host cannot serve this tenant: it is known to belong to another cloud.
    fn mismatch(&self, service: Service, url: &str) -> Option<String> {
        let origin = Origin::parse(url).ok()?;
        let host = origin.host();
        if self.cloud.knows(service, host) {
            return None;
        }
        let others: Vec<_> = Cloud::ALL
            .into_iter()
            .filter(|cloud| cloud.knows(service, host))
            .map(Cloud::name)
            .collect();
        (!others.is_empty()).then(|| {
            format!(
                "{host} belongs to the cloud {}, and the tenant's cloud is {}; remove it, or set \
                 `cloud`",
                others.join(" or "),
                self.cloud.name()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(lines: &str) -> TenantConfig {
        toml::from_str(&format!("tenant_id = \"00000000-0000-0000-0000-000000000001\"\n{lines}"))
            .unwrap()
    }

    fn faults(lines: &str) -> String {
        let faults = tenant(lines).endpoints("t").unwrap_err();
        faults.iter().map(|fault| format!("{fault}\n")).collect()
    }

    #[test]
    fn a_cloud_sets_every_host_and_audience() {
        for (cloud, login, graph, defender) in [
            (
                "public",
                "login.microsoftonline.com",
                "graph.microsoft.com",
                "api.securitycenter.microsoft.com",
            ),
            (
                "gcc",
                "login.microsoftonline.com",
                "graph.microsoft.com",
                "api-gcc.securitycenter.microsoft.us",
            ),
            (
                "gcc-high",
                "login.microsoftonline.us",
                "graph.microsoft.us",
                "api-gov.securitycenter.microsoft.us",
            ),
            (
                "dod",
                "login.microsoftonline.us",
                "dod-graph.microsoft.us",
                "api-gov.securitycenter.microsoft.us",
            ),
        ] {
            assert_eq!(
                tenant(&format!("cloud = \"{cloud}\"")).endpoints("t").unwrap(),
                Endpoints {
                    login_url: format!("https://{login}"),
                    graph_url: format!("https://{graph}"),
                    graph_scope: format!("https://{graph}/.default"),
                    defender_url: format!("https://{defender}"),
                    defender_scope: format!("https://{defender}/.default"),
                },
                "{cloud}"
            );
        }
    }

    #[test]
    fn a_region_changes_the_host_and_keeps_the_audience() {
        for region in ["us", "eu", "uk", "au", "swa", "ina", "aea"] {
            let found = tenant(&format!("region = \"{region}\"")).endpoints("t").unwrap();
            assert_eq!(found.defender_url, format!("https://{region}.api.security.microsoft.com"));
            assert_eq!(found.defender_scope, "https://api.securitycenter.microsoft.com/.default");
        }
        assert!(faults("cloud = \"dod\"\nregion = \"us\"").contains("public only"));
        assert!(faults("region = \"eu\"\nbase_url = \"https://x.example\"").contains("keep one"));
    }

    #[test]
    fn what_is_set_by_hand_wins() {
        let found = tenant(
            "base_url = \"https://eu.api.security.microsoft.com\"\n\
             defender_scope = \"https://securitycenter.onmicrosoft.com/windowsatpservice/.default\"\n\
             graph_url = \"https://gateway.example/graph\"\n\
             graph_scope = \"https://graph.microsoft.com/.default\"",
        )
        .endpoints("t")
        .unwrap();
        assert_eq!(found.defender_url, "https://eu.api.security.microsoft.com");
        assert_eq!(
            found.defender_scope,
            "https://securitycenter.onmicrosoft.com/windowsatpservice/.default"
        );
        assert_eq!(found.graph_url, "https://gateway.example/graph");
        assert_eq!(found.graph_scope, "https://graph.microsoft.com/.default");
    }

    #[test]
    fn a_host_of_another_cloud_is_refused_with_the_cloud_that_it_belongs_to() {
        for (lines, words) in [
            (
                "cloud = \"gcc-high\"\ngraph_url = \"https://graph.microsoft.com\"",
                "`t.graph_url`: graph.microsoft.com belongs to the cloud public or gcc, and the \
                 tenant's cloud is gcc-high",
            ),
            (
                "login_url = \"https://login.microsoftonline.us\"",
                "belongs to the cloud gcc-high or dod",
            ),
            ("cloud = \"dod\"\ngraph_url = \"https://graph.microsoft.us\"", "the cloud gcc-high,"),
            (
                "base_url = \"https://api-gcc.securitycenter.microsoft.us\"",
                "belongs to the cloud gcc,",
            ),
            (
                "cloud = \"gcc\"\nbase_url = \"https://us.api.security.microsoft.com\"",
                "belongs to the cloud public,",
            ),
            (
                "cloud = \"gcc-high\"\n\
                 defender_scope = \"https://api.securitycenter.microsoft.com/.default\"",
                "`t.defender_scope`",
            ),
            (
                "login_url = \"https://login.partner.microsoftonline.cn\"",
                "belongs to the cloud china,",
            ),
            (
                "defender_scope = \"https://api.security.microsoft.com/.default\"",
                "the machines API refuses its tokens",
            ),
        ] {
            let found = faults(lines);
            assert!(found.contains(words), "{lines}: {found}");
        }
    }

    #[test]
    fn china_has_no_defender_host_that_is_known() {
        let found = faults("cloud = \"china\"");
        assert!(found.contains("names no Defender host in the cloud china"), "{found}");
        let half = faults("cloud = \"china\"\nbase_url = \"https://mde.example.cn\"");
        assert!(half.contains("`t.defender_scope`: is missing"), "{half}");
        let whole = tenant(
            "cloud = \"china\"\nbase_url = \"https://mde.example.cn\"\n\
             defender_scope = \"https://mde.example.cn/.default\"",
        );
        let found = whole.endpoints("t").unwrap();
        assert_eq!(found.login_url, "https://login.chinacloudapi.cn");
        assert_eq!(found.graph_scope, "https://microsoftgraph.chinacloudapi.cn/.default");
    }
}
