use std::collections::HashSet;

use super::*;

#[test]
fn a_code_is_in_one_row() {
    let mut seen = HashSet::new();
    for code in TABLE.iter().flat_map(|row| row.codes) {
        assert!(seen.insert(code), "{code} is there twice");
    }
}

fn sent(kind: &str) -> SentCredential {
    match kind {
        "certificate" => SentCredential::Certificate {
            thumbprint: "T".into(),
            not_after: chrono::DateTime::UNIX_EPOCH,
        },
        "federated" => SentCredential::Federated {
            issuer: None,
            subject: None,
            audience: None,
            file: "file".into(),
        },
        "managed identity" => SentCredential::ManagedIdentity { identity: "it".into() },
        _ => SentCredential::Secret { file: None },
    }
}

#[test]
fn a_refusal_is_fixed_on_the_page_of_the_credential_that_was_sent() {
    for (code, kind, fix) in [
        (7_000_222, "secret", SECRETS),
        (70_002, "secret", SECRETS),
        (70_002, "certificate", CERTIFICATES),
        (70_002, "federated", FEDERATED_CREDENTIALS),
        (700_027, "certificate", CERTIFICATES),
        (700_027, "federated", FEDERATED_CREDENTIALS),
        (700_213, "federated", FEDERATED_CREDENTIALS),
        (65_001, "certificate", CONSENT),
        (500_011, "managed identity", PRODUCT),
    ] {
        assert_eq!(row(code).unwrap().fix_for(&sent(kind)), Some(fix), "{code}, {kind}");
    }
    // A managed identity has no app registration.
    assert_eq!(row(65_001).unwrap().fix_for(&sent("managed identity")), None);
}

#[test]
fn what_an_operator_fixes_in_the_portal_has_a_page_and_a_command() {
    let names =
        FixNames { client_id: "APP", api_id: "API", graph_url: "https://graph.example.com/" };
    for (codes, page, command) in [
        (&[700_016, 700_011, 7_000_229][..], "Overview", "az ad sp create --id APP"),
        (&[700_025], "Allow public client flows", "--is-fallback-public-client false"),
        (&[70_001, 7_000_112, 1_000_031], "Enabled for users", "az ad sp update --id APP"),
        (
            &[
                90_002, 900_023, 90_019, 50_059, 50_128, 9_001_023, 50_194, 90_038, 900_382,
                900_432, 90_051, 500_021, 500_022, 500_212, 500_213,
            ],
            "Tenant ID",
            "az account show --query tenantId",
        ),
        (&[500_011, 50_001, 650_054, 501_051], "Permissions", "az ad sp create --id API"),
        (
            &[650_052, 650_056, 650_057, 65_005, 65_001, 90_094, 90_099],
            "Grant admin consent",
            "admin-consent --id APP",
        ),
        (
            &[53_003, 50_131],
            "Conditional Access",
            "https://graph.example.com/v1.0/identity/conditionalAccess/policies",
        ),
        (&[530_032, 53_011], "Risky workload identities", "riskyServicePrincipals"),
        (
            &[7_000_215, 7_000_222, 7_000_218, 7_000_216, 70_002],
            "Client secrets",
            "credential reset --id APP",
        ),
        (
            &[
                700_027, 900_384, 50_006, 50_003, 700_030, 50_012, 50_013, 50_017, 50_027, 50_032,
                700_024, 500_133,
            ],
            "Certificates & secrets > Certificates",
            "credential list --id APP --cert",
        ),
        (
            &[70_021, 700_211, 700_212, 700_213, 700_229, 700_222],
            "Federated credentials",
            "federated-credential list --id APP",
        ),
    ] {
        for code in codes {
            let fix = row(*code).unwrap().fix_for(&sent("secret")).unwrap();
            let (PortalPage::Registration(path)
            | PortalPage::Enterprise(path)
            | PortalPage::Directory(path)) = fix.page;
            assert!(path.contains(page), "{code}: {path}");
            let filled = fix.command_for(&names);
            assert!(filled.contains(command) && !filled.contains('{'), "{code}: {filled}");
        }
    }
}

#[test]
fn meanings_are_facts_and_advice_is_a_sentence() {
    for row in TABLE {
        let meaning = row.meaning;
        assert!(!meaning.starts_with(char::is_uppercase) || meaning.starts_with("Entra"));
        assert!(!meaning.ends_with('.'), "{meaning}");
        let advice = [Some(row.advice), row.certificate, row.federated, row.managed_identity];
        for advice in advice.into_iter().flatten() {
            assert!(advice.starts_with(char::is_uppercase) && advice.ends_with('.'), "{advice}");
        }
    }
}
