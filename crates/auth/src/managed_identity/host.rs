//! Which host the program runs on, and which of its identities is meant.

use std::fmt;

use secrecy::SecretString;
use url::{Host, Url};

use stocktake_http_stack::base_url;

/// The instance metadata service of Azure's virtual machines and nodes, on the machine's own link.
pub const IMDS_URL: &str = "http://169.254.169.254";

/// The host that the program runs on, which gives the tokens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ManagedIdentityHost {
    /// A virtual machine, a scale set, a node of AKS.
    Imds {
        /// The instance metadata service, as in [`IMDS_URL`].
        url: Url,
    },
    /// App Service, Functions, Container Apps.
    AppService {
        /// `IDENTITY_ENDPOINT`.
        endpoint: Url,
        /// `IDENTITY_HEADER`: shows that the caller is the application.
        header: SecretString,
    },
}

impl ManagedIdentityHost {
    /// Detects the host by its environment, read through `lookup`, which is
    /// `|name| std::env::var(name).ok()` in a program. Without App Service's variables it is IMDS, or
    /// what `AZURE_POD_IDENTITY_AUTHORITY_HOST` names in its place.
    ///
    /// # Errors
    /// When the variables contradict each other or name a host that is not supported.
    pub fn detect(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidManagedIdentityOptions> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let Some(endpoint) = variable("IDENTITY_ENDPOINT") else {
            // The name by which Azure's own libraries let a stand-in take the service's place.
            let stand_in = variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
            return Ok(Self::Imds { url: local_url(stand_in.as_deref().unwrap_or(IMDS_URL))? });
        };
        if variable("IDENTITY_SERVER_THUMBPRINT").is_some() {
            return Err(InvalidManagedIdentityOptions::Unsupported("Service Fabric"));
        }
        match variable("IDENTITY_HEADER") {
            Some(header) => Ok(Self::AppService {
                endpoint: local_url(&endpoint)?,
                header: SecretString::from(header),
            }),
            None if variable("IMDS_ENDPOINT").is_some() => {
                Err(InvalidManagedIdentityOptions::Unsupported("Azure Arc"))
            }
            None => Err(InvalidManagedIdentityOptions::NoHeader),
        }
    }
}

/// Which of the host's identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssignedIdentity {
    /// The host's own, or the only one that is assigned to it.
    #[default]
    System,
    /// The user-assigned one with this client id.
    ClientId(String),
    /// The user-assigned one with this object (principal) id.
    ObjectId(String),
    /// The user-assigned one with this Azure resource id.
    ResourceId(String),
}

impl fmt::Display for AssignedIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("the system-assigned identity"),
            Self::ClientId(id) => write!(f, "the identity with client id {id}"),
            Self::ObjectId(id) => write!(f, "the identity with object id {id}"),
            Self::ResourceId(id) => write!(f, "the identity with resource id {id}"),
        }
    }
}

/// Why the options cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidManagedIdentityOptions {
    /// The endpoint is not a URL, or would carry tokens over the network unencrypted.
    #[error(
        "managed identity endpoint `{0}` must be a URL with https://, or with http:// to this machine \
         or its link (127.0.0.1, 169.254.0.0/16)"
    )]
    Endpoint(String),
    /// `IDENTITY_ENDPOINT` is set and `IDENTITY_HEADER` is not.
    #[error("IDENTITY_ENDPOINT is set but IDENTITY_HEADER is not; App Service sets both")]
    NoHeader,
    /// The environment is that of a host with another protocol.
    #[error("managed identities of {0} are not supported; use a certificate or a federated token")]
    Unsupported(&'static str),
}

/// A URL that keeps tokens off the network, or encrypted on it.
pub(super) fn local_url(text: &str) -> Result<Url, InvalidManagedIdentityOptions> {
    let shown = || {
        let text = text.rsplit('@').next().unwrap_or_default();
        InvalidManagedIdentityOptions::Endpoint(text.chars().take(200).collect())
    };
    if let Ok(url) = base_url(text) {
        return Ok(url);
    }
    let url = Url::parse(text).map_err(|_| shown())?;
    let on_link = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_link_local());
    let plain = url.scheme() == "http" && url.username().is_empty() && url.password().is_none();
    if on_link && plain { Ok(url) } else { Err(shown()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(
        variables: &[(&str, &str)],
    ) -> Result<ManagedIdentityHost, InvalidManagedIdentityOptions> {
        ManagedIdentityHost::detect(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_host_is_detected_by_the_environment() {
        let host = detect(&[]).unwrap();
        assert!(
            matches!(host, ManagedIdentityHost::Imds { url } if url.as_str() == "http://169.254.169.254/")
        );
        let endpoint = ("IDENTITY_ENDPOINT", "http://169.254.129.4:8081/msi/token");
        let host = detect(&[endpoint, ("IDENTITY_HEADER", "canary")]).unwrap();
        assert!(!format!("{host:?}").contains("canary"), "{host:?}");
        assert!(
            matches!(host, ManagedIdentityHost::AppService { endpoint, .. } if endpoint.path() == "/msi/token")
        );
    }

    #[test]
    fn another_host_is_named() {
        let endpoint =
            ("IDENTITY_ENDPOINT", "http://localhost:40342/metadata/identity/oauth2/token");
        for (more, expected) in [
            (&[("IMDS_ENDPOINT", "http://localhost:40342")][..], "Azure Arc"),
            (&[("IDENTITY_HEADER", "h"), ("IDENTITY_SERVER_THUMBPRINT", "t")], "Service Fabric"),
            (&[], "IDENTITY_HEADER is not"),
        ] {
            let error = detect(&[&[endpoint], more].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn tokens_stay_on_the_link_or_encrypted() {
        for good in ["http://127.0.0.1:1/a", "http://169.254.169.254", "https://id.example.com"] {
            assert!(local_url(good).is_ok(), "{good}");
        }
        for bad in ["http://id.example.com", "http://10.0.0.1", "http://u:canary@169.254.1.1/", "x"]
        {
            let error = local_url(bad).unwrap_err().to_string();
            assert!(!error.contains("canary"), "{error}");
        }
    }
}
