//! Entra's error codes: what each means, and what the operator does about it.
//!
//! The only place that knows them. Microsoft asks programs not to branch on these numbers
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>). Here they choose
//! the text, and separate what passes by itself from what an operator must fix; the HTTP status
//! decides about an unknown one.

use crate::SentCredential;

/// The code of an assertion that expired before Entra read it: a new one is signed, once.
pub(crate) const EXPIRED_ASSERTION: u32 = 500_133;

/// How a refusal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Only an operator can fix it.
    Operator,
    /// It passes by itself.
    Retry,
    /// It passes by itself, but asking again soon makes it worse.
    RetryLater,
}

/// Where an operator fixes a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// The page of the portal.
    pub page: PortalPage,
    /// The command of the Azure CLI, with `{app}`, `{api}` and `{graph}` to be filled in.
    pub command: &'static str,
}

/// A page of the Microsoft Entra admin center, as the path to click.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortalPage {
    /// Of the app registration.
    Registration(&'static str),
    /// Of the enterprise application.
    Enterprise(&'static str),
    /// From the start page.
    Directory(&'static str),
}

/// The names that a command of a [`Fix`] is filled with.
#[derive(Debug, Clone, Copy)]
pub struct FixNames<'a> {
    /// The application (client) id.
    pub client_id: &'a str,
    /// The application id of the API that the token is for.
    pub api_id: &'a str,
    /// The base URL of Microsoft Graph in the tenant's cloud.
    pub graph_url: &'a str,
}

impl Fix {
    const fn new(page: PortalPage, command: &'static str) -> Self {
        Self { page, command }
    }

    /// The command with the names filled in.
    pub fn command_for(&self, names: &FixNames<'_>) -> String {
        self.command
            .replace("{app}", names.client_id)
            .replace("{api}", names.api_id)
            .replace("{graph}", names.graph_url.trim_end_matches('/'))
    }
}

const SECRETS: Fix = Fix::new(
    PortalPage::Registration("Certificates & secrets > Client secrets"),
    "az ad app credential reset --id {app} --append --display-name stocktake --query password \
     --output tsv",
);
const CERTIFICATES: Fix = Fix::new(
    PortalPage::Registration("Certificates & secrets > Certificates"),
    "az ad app credential list --id {app} --cert",
);
const FEDERATED_CREDENTIALS: Fix = Fix::new(
    PortalPage::Registration("Certificates & secrets > Federated credentials"),
    "az ad app federated-credential list --id {app}",
);
const OVERVIEW: Fix = Fix::new(PortalPage::Registration("Overview"), "az ad sp create --id {app}");
const ENABLED: Fix = Fix::new(
    PortalPage::Enterprise("Properties > Enabled for users to sign-in"),
    "az ad sp update --id {app} --set accountEnabled=true",
);
const TENANT_ID: Fix = Fix::new(
    PortalPage::Directory("Overview > Tenant ID"),
    "az account show --query tenantId --output tsv",
);
const PRODUCT: Fix = Fix::new(PortalPage::Enterprise("Permissions"), "az ad sp create --id {api}");
const CONSENT: Fix = Fix::new(
    PortalPage::Registration("API permissions > Grant admin consent"),
    "az ad app permission admin-consent --id {app}",
);
const PUBLIC_CLIENT: Fix = Fix::new(
    PortalPage::Registration("Authentication > Allow public client flows"),
    "az ad app update --id {app} --is-fallback-public-client false",
);
const CONDITIONAL_ACCESS: Fix = Fix::new(
    PortalPage::Directory("Protection > Conditional Access > Policies"),
    "az rest --method GET --url {graph}/v1.0/identity/conditionalAccess/policies",
);
const RISK: Fix = Fix::new(
    PortalPage::Directory("Protection > Identity Protection > Risky workload identities"),
    "az rest --method GET --url {graph}/v1.0/identityProtection/riskyServicePrincipals",
);

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The codes with this meaning.
    pub(crate) codes: &'static [u32],
    /// Whether another code next to it says more.
    pub(crate) umbrella: bool,
    /// The fact.
    pub(crate) meaning: &'static str,
    /// What the operator does: a sentence, with `{app}`, `{tenant}`, `{login}`, `{scope}` and
    /// `{place}` (of the secret) to be filled in.
    advice: &'static str,
    /// The same for a certificate; `{thumbprint}` and `{not_after}` are filled in too.
    certificate: Option<&'static str>,
    /// The same for a federated token; `{issuer}`, `{subject}`, `{audience}` and `{file}` are filled
    /// in too.
    federated: Option<&'static str>,
    /// The same for a managed identity; `{identity}` is filled in. What fits an app registration does
    /// not fit it.
    managed_identity: Option<&'static str>,
    /// Where the operator does it.
    fix: Option<Fix>,
    /// How it ends.
    pub(crate) outlook: Outlook,
}

impl Row {
    const fn certificate(mut self, advice: &'static str) -> Self {
        self.certificate = Some(advice);
        self
    }

    const fn federated(mut self, advice: &'static str) -> Self {
        self.federated = Some(advice);
        self
    }

    const fn managed_identity(mut self, advice: &'static str) -> Self {
        self.managed_identity = Some(advice);
        self
    }

    const fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// The advice about the credential that was sent.
    pub(crate) fn advice(&self, sent: &SentCredential) -> &'static str {
        let own = match sent {
            SentCredential::Certificate { .. } => self.certificate,
            SentCredential::Federated { .. } => self.federated,
            // What passes by itself needs nothing of either.
            SentCredential::ManagedIdentity { .. } if self.outlook == Outlook::Retry => None,
            SentCredential::ManagedIdentity { .. } => {
                self.managed_identity.or(Some(MANAGED_IDENTITY))
            }
            SentCredential::Secret { .. } | SentCredential::Other => None,
        };
        own.unwrap_or(self.advice)
    }

    /// Where the operator follows that advice.
    pub(crate) fn fix_for(&self, sent: &SentCredential) -> Option<Fix> {
        match sent {
            SentCredential::Certificate { .. } if self.certificate.is_some() => Some(CERTIFICATES),
            SentCredential::Federated { .. } if self.federated.is_some() => {
                Some(FEDERATED_CREDENTIALS)
            }
            // It has no app registration.
            SentCredential::ManagedIdentity { .. } => {
                self.fix.filter(|fix| !matches!(fix.page, PortalPage::Registration(_)))
            }
            _ => self.fix,
        }
    }
}

/// What is said to a managed identity where a code has nothing of its own for it.
const MANAGED_IDENTITY: &str = "Check that {identity} still exists and may use the API behind {scope}, and \
                                that its directory has that API.";

/// The row for `code`.
pub(crate) fn row(code: u32) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.codes.contains(&code))
}

const fn operator(codes: &'static [u32], meaning: &'static str, advice: &'static str) -> Row {
    row_with(codes, Outlook::Operator, meaning, advice)
}

const fn umbrella(codes: &'static [u32], meaning: &'static str, advice: &'static str) -> Row {
    Row { umbrella: true, ..operator(codes, meaning, advice) }
}

const fn row_with(
    codes: &'static [u32],
    outlook: Outlook,
    meaning: &'static str,
    advice: &'static str,
) -> Row {
    Row {
        codes,
        umbrella: false,
        meaning,
        advice,
        certificate: None,
        federated: None,
        managed_identity: None,
        fix: None,
        outlook,
    }
}

/// Every code that is known to come with the client credentials grant.
pub(crate) const TABLE: &[Row] = &[
    operator(
        &[7_000_215],
        "the app secret is wrong; most often the secret's ID was copied instead of its value",
        "Paste the secret's value (not its ID) of app {app} into {place}; the portal shows it only \
         once, so create a new secret if it is lost.",
    )
    .fix(SECRETS),
    operator(
        &[7_000_222],
        "the app secret has expired",
        "Create a new secret for app {app} in tenant {tenant} and put its value into {place}.",
    )
    .fix(SECRETS),
    operator(
        &[7_000_218, 7_000_216],
        "neither a secret nor an assertion was sent",
        "Configure a credential for app {app}; if one is configured, check that no proxy changes the \
         requests to {login}.",
    )
    .fix(SECRETS),
    umbrella(
        &[70_002],
        "the credential could not be validated",
        "Check the credential of app {app} in tenant {tenant}.",
    )
    .certificate(
        "Check that the certificate with thumbprint {thumbprint} (valid until {not_after}) is listed \
         for app {app} in tenant {tenant}.",
    )
    .federated(
        "Compare issuer {issuer}, subject {subject} and audience {audience} with the federated \
         credentials of app {app} in tenant {tenant}.",
    )
    .fix(SECRETS),
    operator(
        &[700_016, 700_011],
        "the application is unknown in this tenant",
        "Check that app id {app} and tenant id {tenant} belong together, and consent to the app in \
         that tenant.",
    )
    .fix(OVERVIEW),
    operator(
        &[7_000_229],
        "the application has no service principal in this tenant",
        "Have an administrator of tenant {tenant} consent to app {app}, which makes its service \
         principal there; an app of another directory must be multi-tenant for that.",
    )
    .fix(OVERVIEW),
    operator(
        &[700_025],
        "the application is public, and a public one has no credential",
        "Set \"Allow public client flows\" of app {app} to No, or use another app registration.",
    )
    .fix(PUBLIC_CLIENT),
    operator(
        &[70_001, 7_000_112, 1_000_031],
        "the application is unknown or disabled in this tenant",
        "Enable the enterprise application {app} in tenant {tenant}, or correct the app id.",
    )
    .fix(ENABLED),
    operator(
        &[90_002],
        "the tenant was not found",
        "Check tenant id {tenant} for typing errors, and that {login} is the login host of its cloud.",
    )
    .fix(TENANT_ID),
    operator(
        &[900_023, 90_019, 50_059, 50_128],
        "the tenant id is neither a GUID nor a domain",
        "Set the tenant id (now {tenant}) to the directory's GUID or to one of its verified domains.",
    )
    .fix(TENANT_ID),
    operator(
        &[90_038, 900_382, 900_432, 90_051],
        "the tenant belongs to another national cloud",
        "Use the hosts of the cloud of tenant {tenant} for login, Graph and Defender; the login host \
         is now {login}.",
    )
    .fix(TENANT_ID),
    operator(
        &[9_001_023, 50_194],
        "`common` and `organizations` do not work for an application",
        "Set the tenant id (now {tenant}) to the directory's GUID.",
    )
    .fix(TENANT_ID),
    operator(
        &[500_011, 50_001, 650_054],
        "the tenant has no service principal for the API",
        "Check that tenant {tenant} has a licence for the API behind {scope}, open that product once \
         so that it is set up, and consent to the app.",
    )
    .managed_identity(
        "Check that the directory of {identity} has a licence for the API behind {scope}, and open that \
         product once so that it is set up.",
    )
    .fix(PRODUCT),
    operator(
        &[650_052, 650_056, 650_057, 65_005],
        "the organisation has not subscribed to the API, or the app is not configured for it",
        "Add the API permission for {scope} to app {app}, and have an administrator of tenant \
         {tenant} consent to it.",
    )
    .fix(CONSENT),
    operator(
        &[65_001, 90_094, 90_099],
        "consent is missing",
        "Have an administrator of tenant {tenant} consent to the permissions of app {app}.",
    )
    .fix(CONSENT),
    operator(
        &[501_051],
        "the API is open to assigned applications only, and this one is not assigned",
        "Assign app {app} to the API behind {scope} in tenant {tenant}, as an application role or under \
         Users and groups of the API's enterprise application.",
    )
    .managed_identity(
        "Assign an application role of the API behind {scope} to {identity}; it shows in tokens after up \
         to 24 hours, because the host caches them.",
    )
    .fix(PRODUCT),
    operator(
        &[500_021, 500_022, 500_212, 500_213],
        "a restriction of this network or of a directory does not let this tenant in",
        "Add tenant {tenant} to the tenants that the proxy on this route allows \
         (`Restrict-Access-To-Tenants`), or to the cross-tenant access settings.",
    )
    .fix(TENANT_ID),
    operator(
        &[50_032],
        "the certificate's RSA key is too weak",
        "Give app {app} a certificate with an RSA key of 2048 bits or more.",
    )
    .certificate(
        "Replace the certificate with thumbprint {thumbprint} of app {app} by one with an RSA key of 2048 \
         bits or more.",
    )
    .fix(CERTIFICATES),
    operator(
        &[700_229, 700_222],
        "the assertion is a token of Entra that may not stand for a federated identity",
        "Use a token of another issuer, or an app-only token of Entra, as the assertion for app {app}.",
    )
    .federated(
        "Put a token of another issuer into {file}, or an app-only one of Entra: the one there (issuer \
         {issuer}, subject {subject}) is a person's, or of a kind that Entra does not accept from itself.",
    )
    .fix(FEDERATED_CREDENTIALS),
    operator(
        &[700_027, 900_384, 50_006, 50_003],
        "the assertion's signature does not fit any certificate of the app",
        "Upload the certificate to app {app}, and compare its thumbprint with the configured one.",
    )
    .certificate(
        "Compare thumbprint {thumbprint} (valid until {not_after}), which was sent, with those listed \
         under Certificates & secrets of app {app}; upload that certificate, or configure a listed one.",
    )
    .federated(
        "Check that issuer {issuer} publishes the key that signed the token in {file}; Entra looks \
         for it below the issuer's address.",
    )
    .fix(CERTIFICATES),
    operator(
        &[700_021, 50_048],
        "the assertion was made for another application",
        "Check that app id {app} is the application whose credential is configured.",
    ),
    operator(
        &[700_023],
        "the assertion was made for another token endpoint",
        "Check that {login} is the login host of the cloud of tenant {tenant}.",
    ),
    operator(
        &[700_024],
        "the assertion is outside its time of validity",
        "Correct this machine's clock.",
    )
    .federated(
        "Check that the token in {file} is renewed before it ends, and correct this machine's clock.",
    )
    .fix(CERTIFICATES),
    operator(
        &[700_030, 50_012, 50_013, 50_017, 50_027],
        "the certificate or assertion is bad",
        "Renew the certificate or assertion of app {app}, and check this machine's clock.",
    )
    .certificate(
        "Renew the certificate of app {app} (now the one with thumbprint {thumbprint}, valid until \
         {not_after}), and check this machine's clock.",
    )
    .federated(
        "Check that the token in {file} is whole and comes from issuer {issuer}, and check this \
         machine's clock.",
    )
    .fix(CERTIFICATES),
    row_with(
        &[EXPIRED_ASSERTION],
        Outlook::Retry,
        "the assertion has expired",
        "Check this machine's clock; a new assertion is made for the next try.",
    )
    .federated(
        "Check that the token in {file} is renewed before it ends, and check this machine's clock.",
    )
    .fix(CERTIFICATES),
    row_with(
        &[70_021, 700_211, 700_212, 700_213],
        Outlook::RetryLater,
        "no federated credential of the app fits the assertion's issuer, audience and subject",
        "Compare issuer, audience and subject of the federated credential of app {app} with those of \
         the assertion, letter by letter and case too; one that was just created needs some minutes.",
    )
    .federated(
        "Compare issuer {issuer}, subject {subject} and audience {audience} of the token in {file} \
         with the federated credentials of app {app} in the portal, letter by letter and case too; \
         one that was just created needs some minutes.",
    )
    .fix(FEDERATED_CREDENTIALS),
    operator(
        &[70_011, 700_022, 28_002, 28_003, 1_002_012],
        "the scope is malformed or names several APIs",
        "Set the scope (now {scope}) to one API, like https://api.example.com/.default.",
    ),
    operator(
        &[901_002],
        "`resource` was sent to an endpoint that takes `scope`",
        "Check that {login} is the login host itself, without a path to another version.",
    ),
    operator(
        &[9_002_313, 90_013, 90_014, 90_023, 900_144],
        "Entra could not read the request",
        "Check that {login} is Entra's login host, and that no proxy on the route changes requests.",
    ),
    row_with(
        &[53_003, 50_131],
        Outlook::RetryLater,
        "conditional access blocked the application",
        "Allow this machine's public address in the conditional access policy of tenant {tenant}, or \
         exclude app {app} from it.",
    )
    .fix(CONDITIONAL_ACCESS),
    row_with(
        &[530_032, 53_011],
        Outlook::RetryLater,
        "a security policy or a risk blocked the application",
        "Review and clear the risk of app {app} in Entra ID Protection of tenant {tenant}.",
    )
    .fix(RISK),
    row_with(
        &[50_196],
        Outlook::RetryLater,
        "Entra saw the same request too often",
        "Stop other programs that ask for tokens of app {app} in a loop, and wait.",
    ),
    row_with(
        &[90_055],
        Outlook::RetryLater,
        "the tenant is throttled",
        "Wait; tenant {tenant} asks Entra for too much at present.",
    ),
    row_with(
        &[50_033, 90_006, 90_012, 90_024, 90_033, 90_090, 90_091, 50_000],
        Outlook::Retry,
        "Entra has a passing fault",
        "Wait; see the health of Microsoft Entra if it lasts.",
    ),
];

#[cfg(test)]
mod tests;
