//! What an operator does next: where in the portal, and with which command.
//!
//! Ids of the APIs and their roles are the same in every directory (*Microsoft Graph permissions
//! reference*, <https://learn.microsoft.com/graph/permissions-reference>; for Defender
//! <https://learn.microsoft.com/defender-endpoint/api/exposed-apis-create-app-webapp>).

use stocktake_auth::Claims;

use crate::config::Cloud;
use crate::wiring::CredentialKind;

/// An API and what an application needs to read from it.
#[derive(Debug)]
pub(super) struct Permission {
    /// The API in errors and steps.
    pub(super) api: &'static str,
    /// As the portal lists it.
    pub(super) resource: &'static str,
    /// The API's own application id.
    pub(super) resource_id: &'static str,
    /// The role that is enough.
    pub(super) role: &'static str,
    /// Its id.
    pub(super) role_id: &'static str,
    /// Roles that are accepted too, and permit more than is needed.
    pub(super) supersets: &'static [&'static str],
    /// Whether a cycle works without it.
    pub(super) dispensable: bool,
}

/// Reading machines.
pub(super) const MACHINES: Permission = Permission {
    api: "defender",
    resource: "WindowsDefenderATP",
    resource_id: "fc780465-2017-40d4-a0c5-307022471b92",
    role: "Machine.Read.All",
    role_id: "ea8291d3-4b9a-44b5-bc3a-6cea3026dc79",
    supersets: &["Machine.ReadWrite.All"],
    dispensable: false,
};

/// Reading managed devices.
pub(super) const MANAGED_DEVICES: Permission = Permission {
    api: "graph",
    resource: "Microsoft Graph",
    resource_id: "00000003-0000-0000-c000-000000000000",
    role: "DeviceManagementManagedDevices.Read.All",
    role_id: "2f51be20-0bb4-4fed-bf7b-db946066c75e",
    supersets: &["DeviceManagementManagedDevices.ReadWrite.All"],
    dispensable: true,
};

/// What to do: a sentence for the portal, and commands that do the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) advice: String,
    pub(super) commands: Vec<String>,
}

/// Knows the names that an operator of one tenant must type.
#[derive(Debug, Clone)]
pub(super) struct Guide {
    pub(super) tenant_id: String,
    /// `None` while it is not known, as for a managed identity before its first token.
    pub(super) app_id: Option<String>,
    pub(super) cloud: Cloud,
    pub(super) credential: CredentialKind,
    /// The Graph API of the tenant's cloud.
    pub(super) graph_url: String,
}

impl Guide {
    /// Takes the app id from a token, where the configuration does not have it.
    pub(super) fn learn(&mut self, claims: &Claims) {
        if self.app_id.is_none() {
            self.app_id.clone_from(&claims.appid);
        }
    }

    fn app(&self) -> &str {
        self.app_id.as_deref().unwrap_or("APP_ID")
    }

    /// Where the portal shows the app registration.
    fn registration(&self, page: &str) -> String {
        format!(
            "{} > App registrations > All applications > {} > {page}",
            self.cloud.entra_portal(),
            self.app()
        )
    }

    /// Signs in where the other commands work.
    fn sign_in(&self) -> Vec<String> {
        let mut commands = Vec::new();
        if self.cloud.az_name() != Cloud::default().az_name() {
            commands.push(format!("az cloud set --name {}", self.cloud.az_name()));
        }
        commands.push(format!("az login --tenant {} --allow-no-subscriptions", self.tenant_id));
        commands
    }

    fn action(
        &self,
        advice: impl Into<String>,
        commands: impl IntoIterator<Item = String>,
    ) -> Action {
        let mut all = self.sign_in();
        all.extend(commands);
        Action { advice: advice.into(), commands: all }
    }

    /// Grants a role that is missing.
    pub(super) fn grant(&self, permission: &Permission) -> Action {
        let Permission { resource, resource_id, role, role_id, .. } = permission;
        if self.credential == CredentialKind::ManagedIdentity {
            // The portal has no page for the roles of a managed identity.
            let (app, graph) = (self.app(), self.graph_url.trim_end_matches('/'));
            return self.action(
                format!(
                    "Assign the application role {role} of {resource} to the managed identity; the \
                     portal has no page for it."
                ),
                [
                    format!("principal=$(az ad sp show --id {app} --query id --output tsv)"),
                    format!("resource=$(az ad sp show --id {resource_id} --query id --output tsv)"),
                    format!(
                        "az rest --method POST --url \
                         \"{graph}/v1.0/servicePrincipals/$principal/appRoleAssignments\" --body \
                         \"{{\\\"principalId\\\": \\\"$principal\\\", \\\"resourceId\\\": \
                         \\\"$resource\\\", \\\"appRoleId\\\": \\\"{role_id}\\\"}}\""
                    ),
                ],
            );
        }
        let app = self.app();
        self.action(
            format!(
                "Add the application permission {role} of {resource} and grant admin consent: {} > \
                 Add a permission > APIs my organization uses > {resource} > Application \
                 permissions; then Grant admin consent. A token got before does not have it yet: \
                 wait a few minutes.",
                self.registration("API permissions")
            ),
            [
                format!(
                    "az ad app permission add --id {app} --api {resource_id} --api-permissions \
                     {role_id}=Role"
                ),
                format!("az ad app permission admin-consent --id {app}"),
            ],
        )
    }

    /// Takes away what is not needed.
    pub(super) fn take_away(&self, permission: &Permission, excess: &[&str]) -> Action {
        self.action(
            format!(
                "Remove {} of {}, and revoke its admin consent: {}. {} is enough.",
                excess.join(", "),
                permission.resource,
                self.registration("API permissions"),
                permission.role
            ),
            [format!("az ad app permission list --id {} --output table", self.app())],
        )
    }

    /// Mends what Entra refuses, by its code: where to look, beside what the error itself advises.
    pub(super) fn token(&self, aadsts: Option<u32>, advice: &str) -> Action {
        let app = self.app();
        let Some((page, commands)) = self.for_code(aadsts) else {
            return Action { advice: advice.to_owned(), commands: Vec::new() };
        };
        let place = match page {
            Page::Registration(page) => self.registration(page),
            Page::Enterprise(page) => format!(
                "{} > Enterprise applications > All applications > {app} > {page}",
                self.cloud.entra_portal()
            ),
            Page::Portal(path) => format!("{} > {path}", self.cloud.entra_portal()),
        };
        self.action(format!("{advice} Portal: {place}."), commands)
    }

    fn for_code(&self, aadsts: Option<u32>) -> Option<(Page, Vec<String>)> {
        let app = self.app();
        let show = |what: &str| vec![format!("az ad app {what} --id {app}")];
        Some(match aadsts? {
            7_000_215 | 7_000_222 | 7_000_218 | 70_002 => (
                Page::Registration("Certificates & secrets > Client secrets"),
                vec![format!(
                    "az ad app credential reset --id {app} --append --display-name stocktake \
                     --query password --output tsv"
                )],
            ),
            700_027 | 700_030 | 50_012 | 50_013 | 700_024 | 500_133 => (
                Page::Registration("Certificates & secrets > Certificates"),
                vec![format!("az ad app credential list --id {app} --cert")],
            ),
            70_021 | 700_211 | 700_212 | 700_213 => (
                Page::Registration("Certificates & secrets > Federated credentials"),
                show("federated-credential list"),
            ),
            700_016 => {
                (Page::Registration("Overview"), vec![format!("az ad sp create --id {app}")])
            }
            70_001 | 7_000_112 => (
                Page::Enterprise("Properties > Enabled for users to sign-in"),
                vec![format!("az ad sp update --id {app} --set accountEnabled=true")],
            ),
            90_002 | 900_023 | 9_001_023 | 90_038 | 900_382 | 900_432 => (
                Page::Portal("Overview > Tenant ID"),
                vec!["az account show --query tenantId --output tsv".to_owned()],
            ),
            500_011 => (
                Page::Enterprise("Permissions"),
                vec![format!("az ad sp create --id {}", MACHINES.resource_id)],
            ),
            650_052 | 650_056 | 650_057 | 65_001 | 90_094 => (
                Page::Registration("API permissions > Grant admin consent"),
                vec![format!("az ad app permission admin-consent --id {app}")],
            ),
            53_003 => (
                Page::Portal("Protection > Conditional Access > Policies"),
                vec![format!(
                    "az rest --method GET --url {}/v1.0/identity/conditionalAccess/policies",
                    self.graph_url.trim_end_matches('/')
                )],
            ),
            530_032 | 53_011 => (
                Page::Portal("Protection > Identity Protection > Risky workload identities"),
                vec![format!(
                    "az rest --method GET --url \
                     {}/v1.0/identityProtection/riskyServicePrincipals",
                    self.graph_url.trim_end_matches('/')
                )],
            ),
            _ => return None,
        })
    }

    /// Shows when the app's secrets end, which no token tells.
    pub(super) fn secret_expiry(&self) -> Action {
        self.action(
            format!(
                "See when it ends: {}.",
                self.registration("Certificates & secrets > Client secrets")
            ),
            [format!(
                "az ad app credential list --id {} --query \
                 \"[].{{name: displayName, ends: endDateTime}}\" --output table",
                self.app()
            )],
        )
    }

    /// Replaces a certificate that ends soon or has ended.
    pub(super) fn new_certificate(&self) -> Action {
        self.action(
            format!(
                "Upload a new certificate, then replace the file; it is taken without a restart: {}.",
                self.registration("Certificates & secrets > Certificates")
            ),
            [format!(
                "az ad app credential reset --id {} --append --cert @certificate.pem",
                self.app()
            )],
        )
    }
}

/// A place in the portal.
enum Page {
    Registration(&'static str),
    Enterprise(&'static str),
    Portal(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(cloud: Cloud) -> Guide {
        Guide {
            tenant_id: "TENANT".into(),
            app_id: Some("APP".into()),
            cloud,
            credential: CredentialKind::AppSecret,
            graph_url: "https://graph.microsoft.com/".into(),
        }
    }

    #[test]
    fn a_missing_role_comes_with_the_portals_path_and_the_commands() {
        let Action { advice, commands } = guide(Cloud::Public).grant(&MACHINES);
        assert!(
            advice.contains(
                "https://entra.microsoft.com > App registrations > All applications > APP > API \
             permissions > Add a permission > APIs my organization uses > WindowsDefenderATP > \
             Application permissions; then Grant admin consent"
            ),
            "{advice}"
        );
        assert_eq!(
            commands,
            [
                "az login --tenant TENANT --allow-no-subscriptions",
                "az ad app permission add --id APP --api fc780465-2017-40d4-a0c5-307022471b92 \
                 --api-permissions ea8291d3-4b9a-44b5-bc3a-6cea3026dc79=Role",
                "az ad app permission admin-consent --id APP",
            ]
        );
    }

    #[test]
    fn another_cloud_has_its_own_portal_and_sign_in() {
        let Action { advice, commands } = guide(Cloud::GccHigh).grant(&MANAGED_DEVICES);
        assert!(advice.contains("https://entra.microsoft.us > App registrations"), "{advice}");
        assert_eq!(commands[0], "az cloud set --name AzureUSGovernment");
    }

    #[test]
    fn a_managed_identity_gets_its_role_by_graph() {
        let identity = Guide {
            app_id: None,
            credential: CredentialKind::ManagedIdentity,
            ..guide(Cloud::Public)
        };
        let mut learnt = identity.clone();
        learnt.learn(&Claims { appid: Some("LEARNT".into()), ..Claims::default() });
        let Action { advice, commands } = learnt.grant(&MACHINES);
        assert!(advice.contains("the portal has no page for it"), "{advice}");
        assert_eq!(commands[1], "principal=$(az ad sp show --id LEARNT --query id --output tsv)");
        assert!(commands[3].contains(
            "https://graph.microsoft.com/v1.0/servicePrincipals/$principal/appRoleAssignments"
        ));
        assert!(identity.grant(&MACHINES).commands[1].contains("APP_ID"));
    }

    #[test]
    fn each_code_that_a_person_mends_has_its_place_and_its_command() {
        for (codes, place, command) in [
            (
                &[7_000_215, 7_000_222, 7_000_218, 70_002][..],
                "Client secrets",
                "credential reset --id APP",
            ),
            (
                &[700_027, 700_030, 50_012, 50_013, 700_024, 500_133],
                "Certificates & secrets > Certificates",
                "credential list --id APP --cert",
            ),
            (
                &[70_021, 700_211, 700_212, 700_213],
                "Federated credentials",
                "federated-credential list --id APP",
            ),
            (&[700_016], "Overview", "az ad sp create --id APP"),
            (&[70_001, 7_000_112], "Enabled for users", "az ad sp update --id APP"),
            (
                &[90_002, 900_023, 9_001_023, 90_038, 900_382, 900_432],
                "Tenant ID",
                "az account show --query tenantId",
            ),
            (&[500_011], "Permissions", MACHINES.resource_id),
            (
                &[650_052, 650_056, 650_057, 65_001, 90_094],
                "Grant admin consent",
                "admin-consent --id APP",
            ),
            (&[53_003], "Conditional Access", "conditionalAccess/policies"),
            (&[530_032, 53_011], "Risky workload identities", "riskyServicePrincipals"),
        ] {
            for code in codes {
                let Action { advice, commands } = guide(Cloud::Public).token(Some(*code), "Do it.");
                assert!(
                    advice.starts_with("Do it. Portal: https://entra.microsoft.com > "),
                    "{code}"
                );
                assert!(advice.contains(place), "{code}: {advice}");
                assert!(commands.iter().any(|one| one.contains(command)), "{code}: {commands:?}");
            }
        }
    }

    #[test]
    fn a_code_that_nobody_knows_keeps_the_errors_own_advice() {
        let action = guide(Cloud::Public).token(Some(1), "Wait.");
        assert_eq!(action, Action { advice: "Wait.".into(), commands: Vec::new() });
    }
}
