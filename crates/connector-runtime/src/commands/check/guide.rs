//! What an operator does next: where in the portal, and with which command.
//!
//! Ids of the APIs and their roles are the same in every directory (*Microsoft Graph permissions
//! reference*, <https://learn.microsoft.com/graph/permissions-reference>; for Defender
//! <https://learn.microsoft.com/defender-endpoint/api/exposed-apis-create-app-webapp>).

use stocktake_auth::{Claims, Fix, FixNames, PortalPage};

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
    /// Roles that are accepted too, but permit more than is needed.
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
    pub(super) client_id: Option<String>,
    pub(super) cloud: Cloud,
    pub(super) credential: CredentialKind,
    /// The Graph API of the tenant's cloud.
    pub(super) graph_url: String,
}

impl Guide {
    /// Takes the app id from a token, where the configuration does not have it.
    pub(super) fn learn(&mut self, claims: &Claims) {
        if self.client_id.is_none() {
            self.client_id.clone_from(&claims.appid);
        }
    }

    fn app(&self) -> &str {
        self.client_id.as_deref().unwrap_or("APP_ID")
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
                     portal has no page for it. If it was assigned within the last 24 hours, wait: Azure \
                     caches the tokens of managed identities for up to a day, and nothing here can renew \
                     them earlier."
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

    /// Revokes a role that is not needed.
    pub(super) fn revoke(&self, permission: &Permission, excess: &[&str]) -> Action {
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

    /// Fixes what Entra refuses: where to look, next to what the error itself advises.
    pub(super) fn token(&self, fix: Option<Fix>, permission: &Permission, advice: &str) -> Action {
        let app = self.app();
        let Some(fix) = fix else {
            return Action { advice: advice.to_owned(), commands: Vec::new() };
        };
        let place = match fix.page {
            PortalPage::Registration(page) => self.registration(page),
            PortalPage::Enterprise(page) => format!(
                "{} > Enterprise applications > All applications > {app} > {page}",
                self.cloud.entra_portal()
            ),
            PortalPage::Directory(path) => format!("{} > {path}", self.cloud.entra_portal()),
        };
        let names =
            FixNames { client_id: app, api_id: permission.resource_id, graph_url: &self.graph_url };
        self.action(format!("{advice} Portal: {place}."), [fix.command_for(&names)])
    }

    /// Shows when the app's secrets expire, which no token contains.
    pub(super) fn secret_expiry(&self) -> Action {
        self.action(
            format!(
                "See when it expires: {}.",
                self.registration("Certificates & secrets > Client secrets")
            ),
            [format!(
                "az ad app credential list --id {} --query \
                 \"[].{{name: displayName, ends: endDateTime}}\" --output table",
                self.app()
            )],
        )
    }

    /// Replaces a certificate that expires soon or has expired.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn guide(cloud: Cloud) -> Guide {
        Guide {
            tenant_id: "TENANT".into(),
            client_id: Some("APP".into()),
            cloud,
            credential: CredentialKind::ClientSecret,
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
            client_id: None,
            credential: CredentialKind::ManagedIdentity,
            ..guide(Cloud::Public)
        };
        let mut learnt = identity.clone();
        learnt.learn(&Claims { appid: Some("LEARNT".into()), ..Claims::default() });
        let Action { advice, commands } = learnt.grant(&MACHINES);
        assert!(advice.contains("the portal has no page for it"), "{advice}");
        assert!(advice.contains("24 hours"), "{advice}");
        assert_eq!(commands[1], "principal=$(az ad sp show --id LEARNT --query id --output tsv)");
        assert!(commands[3].contains(
            "https://graph.microsoft.com/v1.0/servicePrincipals/$principal/appRoleAssignments"
        ));
        assert!(identity.grant(&MACHINES).commands[1].contains("APP_ID"));
    }

    #[test]
    fn a_refused_token_comes_with_the_portals_path_and_the_command() {
        for (page, place) in [
            (
                PortalPage::Registration("Overview"),
                "App registrations > All applications > APP > Overview",
            ),
            (
                PortalPage::Enterprise("Permissions"),
                "Enterprise applications > All applications > APP > Permissions",
            ),
            (PortalPage::Directory("Overview > Tenant ID"), "Overview > Tenant ID"),
        ] {
            let fix = Fix { page, command: "az {app} {api} {graph}" };
            let Action { advice, commands } =
                guide(Cloud::Public).token(Some(fix), &MACHINES, "Do it.");
            assert_eq!(advice, format!("Do it. Portal: https://entra.microsoft.com > {place}."));
            let filled = format!("az APP {} https://graph.microsoft.com", MACHINES.resource_id);
            assert_eq!(commands.last(), Some(&filled));
        }
    }

    #[test]
    fn a_refusal_without_a_known_fix_keeps_the_advice_of_the_error() {
        let action = guide(Cloud::Public).token(None, &MACHINES, "Wait.");
        assert_eq!(action, Action { advice: "Wait.".into(), commands: Vec::new() });
    }
}
