//! Microsoft's clouds: which hosts belong together, and the scopes of their tokens.
//!
//! Hosts: *Microsoft Defender for Endpoint for US Government customers*
//! (<https://learn.microsoft.com/defender-endpoint/gov>), *Microsoft Graph national cloud deployments*
//! (<https://learn.microsoft.com/graph/deployments>), *Microsoft Entra authentication & national clouds*
//! (<https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>).
//! A token of one cloud is not valid in another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stocktake_http_stack::Origin;

/// One of Microsoft's clouds.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Cloud {
    /// The global cloud.
    #[default]
    Public,
    /// US Government Community Cloud: login and Graph of the global cloud, Defender of its own.
    Gcc,
    /// US Government L4.
    GccHigh,
    /// US Department of Defense, L5.
    Dod,
    /// Operated by 21Vianet. Microsoft names no Defender host there.
    China,
}

/// Where a tenant's Defender data is kept; the nearest host responds fastest. Public cloud only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Region {
    /// United States.
    Us,
    /// European Union.
    Eu,
    /// United Kingdom.
    Uk,
    /// Australia.
    Au,
    /// Switzerland.
    Swa,
    /// India.
    Ina,
    /// United Arab Emirates.
    Aea,
}

/// The hosts of one cloud.
pub(super) struct Hosts {
    pub(super) login: &'static str,
    pub(super) graph: &'static str,
    /// `None` where no host is known. Also the audience of its tokens.
    pub(super) defender: Option<&'static str>,
}

/// Another login host of the cloud, in addition to its default.
const CHINA_LOGIN_IN_ENTRA_DOCUMENTS: &str = "login.partner.microsoftonline.cn";

impl Cloud {
    pub(super) const ALL: [Self; 5] =
        [Self::Public, Self::Gcc, Self::GccHigh, Self::Dod, Self::China];

    /// As the configuration spells it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Gcc => "gcc",
            Self::GccHigh => "gcc-high",
            Self::Dod => "dod",
            Self::China => "china",
        }
    }

    /// The clouds that a Defender URL is known to serve; none for a host that is not known.
    pub(crate) fn serving_defender(url: &str) -> Vec<Self> {
        let Ok(origin) = Origin::parse(url) else { return Vec::new() };
        let serves = |cloud: &Self| cloud.knows(Service::Defender, origin.host());
        Self::ALL.into_iter().filter(serves).collect()
    }

    pub(super) fn hosts(self) -> Hosts {
        match self {
            Self::Public => Hosts {
                login: "login.microsoftonline.com",
                graph: "graph.microsoft.com",
                defender: Some("api.securitycenter.microsoft.com"),
            },
            Self::Gcc => Hosts {
                defender: Some("api-gcc.securitycenter.microsoft.us"),
                ..Self::Public.hosts()
            },
            Self::GccHigh => Hosts {
                login: "login.microsoftonline.us",
                graph: "graph.microsoft.us",
                defender: Some("api-gov.securitycenter.microsoft.us"),
            },
            Self::Dod => Hosts { graph: "dod-graph.microsoft.us", ..Self::GccHigh.hosts() },
            Self::China => Hosts {
                login: "login.chinacloudapi.cn",
                graph: "microsoftgraph.chinacloudapi.cn",
                defender: None,
            },
        }
    }

    /// The portal in which an administrator of this cloud works.
    pub(crate) fn entra_portal(self) -> &'static str {
        match self {
            Self::Public | Self::Gcc => "https://entra.microsoft.com",
            Self::GccHigh | Self::Dod => "https://entra.microsoft.us",
            Self::China => "https://entra.microsoftonline.cn",
        }
    }

    /// What the Azure CLI calls this cloud.
    pub(crate) fn az_name(self) -> &'static str {
        match self {
            Self::Public | Self::Gcc => "AzureCloud",
            Self::GccHigh | Self::Dod => "AzureUSGovernment",
            Self::China => "AzureChinaCloud",
        }
    }

    pub(super) fn knows(self, service: Service, host: &str) -> bool {
        let hosts = self.hosts();
        match service {
            Service::Login => {
                host == hosts.login
                    || (self == Self::China && host == CHINA_LOGIN_IN_ENTRA_DOCUMENTS)
            }
            Service::Graph => host == hosts.graph,
            // The global cloud's Defender has a host for each region, in an old form and a new one.
            Service::Defender if self == Self::Public => [
                "securitycenter.microsoft.com",
                "securitycenter.windows.com",
                "security.microsoft.com",
            ]
            .iter()
            .any(|domain| host.strip_suffix(domain).is_some_and(|name| name.ends_with('.'))),
            Service::Defender => hosts.defender == Some(host),
        }
    }
}

impl Region {
    pub(super) fn host(self) -> String {
        let name = match self {
            Self::Us => "us",
            Self::Eu => "eu",
            Self::Uk => "uk",
            Self::Au => "au",
            Self::Swa => "swa",
            Self::Ina => "ina",
            Self::Aea => "aea",
        };
        format!("{name}.api.security.microsoft.com")
    }
}

/// What a host is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Login,
    Graph,
    Defender,
}
