//! Entra's error codes: what they mean, and what the operator does about them.
//!
//! Microsoft asks programs not to branch on these numbers
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>). Here they choose
//! words, and tell what passes by itself from what a person must mend; an unknown one is treated by
//! its HTTP status.

use crate::ProofMark;

/// What becomes of a refusal with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outlook {
    /// Only a person can mend it.
    Operator,
    /// It passes by itself.
    Passes,
    /// It passes by itself, but asking again soon makes it worse.
    PassesSlowly,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// The codes with this meaning.
    pub(crate) codes: &'static [u32],
    /// Whether another code beside it says more.
    pub(crate) umbrella: bool,
    /// The fact, in words.
    pub(crate) meaning: &'static str,
    /// What the operator does: a sentence, with `{app}`, `{tenant}`, `{login}`, `{scope}` and
    /// `{place}` (of the secret) to be filled in.
    advice: &'static str,
    /// The same where a certificate was sent; `{thumbprint}` and `{not_after}` are filled in too.
    certificate: Option<&'static str>,
    /// The same where a federated token was sent; `{issuer}`, `{subject}`, `{audience}` and `{file}`
    /// are filled in too.
    federated: Option<&'static str>,
    /// What becomes of it with time.
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

    /// The advice where `proof` was sent.
    pub(crate) fn advice(&self, proof: &ProofMark) -> &'static str {
        let own = match proof {
            ProofMark::Certificate { .. } => self.certificate,
            ProofMark::Federated { .. } => self.federated,
            ProofMark::Secret { .. } | ProofMark::Other => None,
        };
        own.unwrap_or(self.advice)
    }
}

/// The row for `code`.
pub(crate) fn row(code: u32) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.codes.contains(&code))
}

const fn operator(codes: &'static [u32], meaning: &'static str, advice: &'static str) -> Row {
    passes(codes, Outlook::Operator, meaning, advice)
}

const fn umbrella(codes: &'static [u32], meaning: &'static str, advice: &'static str) -> Row {
    Row { umbrella: true, ..operator(codes, meaning, advice) }
}

const fn passes(
    codes: &'static [u32],
    outlook: Outlook,
    meaning: &'static str,
    advice: &'static str,
) -> Row {
    Row { codes, umbrella: false, meaning, advice, certificate: None, federated: None, outlook }
}

/// Every code that is known to come with the client credentials grant.
pub(crate) const TABLE: &[Row] = &[
    operator(
        &[7_000_215],
        "the app secret is wrong; most often the secret's ID was copied instead of its value",
        "Paste the secret's value (not its ID) of app {app} into {place}; the portal shows it only \
         once, so create a new secret if it is lost.",
    ),
    operator(
        &[7_000_222],
        "the app secret has expired",
        "Create a new secret for app {app} in tenant {tenant} and put its value into {place}.",
    ),
    operator(
        &[7_000_218],
        "neither a secret nor an assertion was sent",
        "Configure a credential for app {app}.",
    ),
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
    ),
    operator(
        &[700_016],
        "the application is unknown in this tenant",
        "Check that app id {app} and tenant id {tenant} belong together, and consent to the app in \
         that tenant.",
    ),
    operator(
        &[70_001, 7_000_112],
        "the application is unknown or disabled in this tenant",
        "Enable the enterprise application {app} in tenant {tenant}, or correct the app id.",
    ),
    operator(
        &[90_002],
        "the tenant was not found",
        "Check tenant id {tenant} for typing errors, and that {login} is the login host of its cloud.",
    ),
    operator(
        &[900_023],
        "the tenant id is neither a GUID nor a domain",
        "Set the tenant id (now {tenant}) to the directory's GUID or to one of its verified domains.",
    ),
    operator(
        &[90_038, 900_382, 900_432],
        "the tenant belongs to another national cloud",
        "Use the hosts of the cloud of tenant {tenant} for login, Graph and Defender; the login host \
         is now {login}.",
    ),
    operator(
        &[9_001_023],
        "`common` and `organizations` do not work for an application",
        "Set the tenant id (now {tenant}) to the directory's GUID.",
    ),
    operator(
        &[500_011],
        "the tenant has no service principal for the API",
        "Check that tenant {tenant} has a licence for the API behind {scope}, open that product once \
         so that it is set up, and consent to the app.",
    ),
    operator(
        &[650_052, 650_056, 650_057],
        "the organisation has not subscribed to the API, or the app is not configured for it",
        "Add the API permission for {scope} to app {app}, and have an administrator of tenant \
         {tenant} consent to it.",
    ),
    operator(
        &[65_001, 90_094],
        "consent is missing",
        "Have an administrator of tenant {tenant} consent to the permissions of app {app}.",
    ),
    operator(
        &[700_027],
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
    ),
    operator(
        &[700_021],
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
    ),
    operator(
        &[700_030, 50_012, 50_013],
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
    ),
    passes(
        &[500_133],
        Outlook::Passes,
        "the assertion has expired",
        "Check this machine's clock; a new assertion is made for the next try.",
    )
    .federated(
        "Check that the token in {file} is renewed before it ends, and check this machine's clock.",
    ),
    passes(
        &[70_021, 700_211, 700_212, 700_213],
        Outlook::PassesSlowly,
        "no federated credential of the app fits the assertion's issuer, audience and subject",
        "Compare issuer, audience and subject of the federated credential of app {app} with those of \
         the assertion, letter by letter and case too; one that was just created needs some minutes.",
    )
    .federated(
        "Compare issuer {issuer}, subject {subject} and audience {audience} of the token in {file} \
         with the federated credentials of app {app} in the portal, letter by letter and case too; \
         one that was just created needs some minutes.",
    ),
    operator(
        &[70_011, 700_022, 28_002],
        "the scope is malformed or names several APIs",
        "Set the scope (now {scope}) to one API, like https://api.example.com/.default.",
    ),
    operator(
        &[901_002],
        "`resource` was sent to an endpoint that takes `scope`",
        "Check that {login} is the login host itself, without a path to another version.",
    ),
    passes(
        &[53_003],
        Outlook::PassesSlowly,
        "conditional access blocked the application",
        "Allow this machine's public address in the conditional access policy of tenant {tenant}, or \
         exclude app {app} from it.",
    ),
    passes(
        &[530_032, 53_011],
        Outlook::PassesSlowly,
        "a security policy or a risk blocked the application",
        "Review and clear the risk of app {app} in Entra ID Protection of tenant {tenant}.",
    ),
    passes(
        &[50_196],
        Outlook::PassesSlowly,
        "Entra saw the same request too often",
        "Stop other programs that ask for tokens of app {app} in a loop, and wait.",
    ),
    passes(
        &[90_055],
        Outlook::PassesSlowly,
        "the tenant is throttled",
        "Wait; tenant {tenant} asks Entra for too much at present.",
    ),
    passes(
        &[50_033, 90_006, 90_012, 90_024, 90_033, 50_000],
        Outlook::Passes,
        "Entra has a passing fault",
        "Wait; see the health of Microsoft Entra if it lasts.",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_code_stands_in_one_row() {
        let mut seen = HashSet::new();
        for code in TABLE.iter().flat_map(|row| row.codes) {
            assert!(seen.insert(code), "{code} stands twice");
        }
    }

    #[test]
    fn meanings_are_facts_and_advice_is_a_sentence() {
        for row in TABLE {
            let meaning = row.meaning;
            assert!(!meaning.starts_with(char::is_uppercase) || meaning.starts_with("Entra"));
            assert!(!meaning.ends_with('.'), "{meaning}");
            for advice in [Some(row.advice), row.certificate, row.federated].into_iter().flatten() {
                assert!(
                    advice.starts_with(char::is_uppercase) && advice.ends_with('.'),
                    "{advice}"
                );
            }
        }
    }
}
