use chrono::TimeDelta;
use serde_json::Value;
use stocktake_simulator::{SimulatorOptions, TenantAccount};

use crate::client::{DEFENDER, GRAPH, Hands, TENANT, World, fleet, options};

const APP: &str = "00000000-0000-0000-0000-000000000002";
const SECRET: &str = "simulated-secret";

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut count, mut out) = (0u32, 0, Vec::new());
    for letter in payload.chars() {
        bits = (bits << 6) | alphabet.find(letter).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    serde_json::from_slice(&out).unwrap()
}

#[tokio::test]
async fn each_mistake_is_refused_with_its_own_code() {
    let world = World::of(1, 0).await;
    let right = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("scope", DEFENDER),
    ];
    let with = |name: &'static str, value: &'static str| {
        let mut form = right.to_vec();
        form.retain(|(key, _)| *key != name);
        if !value.is_empty() {
            form.push((name, value));
        }
        form
    };
    let other = "00000000-0000-0000-0000-00000000000f";
    let cases = [
        (TENANT, with("client_secret", "wrong"), 401, "invalid_client", 7_000_215),
        (TENANT, with("client_secret", ""), 401, "invalid_client", 7_000_218),
        (TENANT, with("client_id", other), 400, "unauthorized_client", 700_016),
        (TENANT, with("scope", "https://graph.microsoft.com"), 400, "invalid_scope", 70_011),
        (TENANT, with("scope", ""), 400, "invalid_scope", 70_011),
        (TENANT, with("scope", "https://example.com/.default"), 400, "invalid_resource", 500_011),
        (TENANT, with("resource", "https://graph.microsoft.com"), 400, "invalid_request", 901_002),
        (TENANT, with("grant_type", "password"), 400, "unsupported_grant_type", 70_003),
        (other, right.to_vec(), 400, "invalid_request", 90_002),
        ("not-a-tenant", right.to_vec(), 400, "invalid_request", 900_023),
        ("common", right.to_vec(), 400, "invalid_request", 9_001_023),
    ];
    for (tenant, form, status, error, code) in cases {
        let answer = world.token_answer(tenant, &form).await;
        assert_eq!(answer.status(), status, "{code}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["error"], error, "{code}");
        assert_eq!(body["error_codes"][0], code);
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{code}: ")), "{description}");
        assert!(description.contains("\r\nTrace ID: "), "{description}");
        assert_eq!(body["timestamp"], "2026-11-24 08:00:00Z");
    }
}

#[tokio::test]
async fn a_token_names_its_audience_tenant_and_roles() {
    let world = World::of(1, 0).await;
    let claims = claims(&world.token(DEFENDER).await);
    assert_eq!(claims["aud"], "https://api.securitycenter.microsoft.com");
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(claims["appid"], APP);
    assert_eq!(claims["roles"][0], "Machine.Read.All");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3_599);
}

fn with_account(change: impl FnOnce(&mut TenantAccount)) -> (SimulatorOptions, TenantAccount) {
    let mut account = TenantAccount::default();
    change(&mut account);
    let mut options = options(fleet(3, 3));
    options.tenants = vec![account.clone()];
    (options, account)
}

#[tokio::test]
async fn without_a_granted_role_the_token_has_no_roles_and_the_api_answers_403() {
    let (options, account) = with_account(|account| {
        account.defender_roles.clear();
        account.graph_roles.clear();
    });
    let world = World::start(options).await;
    let token = world.token_of(&account, DEFENDER).await;
    assert!(claims(&token).get("roles").is_none());
    let answer = world.get("/api/machines", &token).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "Forbidden");
    assert!(body["error"]["message"].as_str().unwrap().contains("Machine.Read.All"));

    let token = world.token_of(&account, GRAPH).await;
    let devices = "/v1.0/deviceManagement/managedDevices";
    let answer = world.get(devices, &token).send().await.unwrap();
    assert_eq!(answer.status(), 403);
    let body: Value = answer.json().await.unwrap();
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains("DeviceManagementManagedDevices.Read.All"), "{message}");
}

#[tokio::test]
async fn a_tenant_that_never_used_defender_has_no_such_resource() {
    let (options, _) = with_account(|account| account.defender_registered = false);
    let world = World::start(options).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", APP),
        ("client_secret", SECRET),
        ("scope", DEFENDER),
    ];
    let body: Value = world.token_answer(TENANT, &form).await.json().await.unwrap();
    assert_eq!(body["error_codes"][0], 500_011);
}

#[tokio::test]
async fn a_token_is_good_for_its_own_api_only() {
    let world = World::of(1, 1).await;
    let devices = "/v1.0/deviceManagement/managedDevices";
    let (defender, graph) = (world.token(DEFENDER).await, world.token(GRAPH).await);
    let cases = [
        ("/api/machines", defender.as_str(), 200),
        ("/api/machines", graph.as_str(), 401),
        (devices, graph.as_str(), 200),
        (devices, defender.as_str(), 401),
        (devices, "made-up", 401),
    ];
    for (path, token, status) in cases {
        assert_eq!(world.get(path, token).send().await.unwrap().status(), status, "{path}");
    }
    // The look-alike resource gives tokens that Defender does not take.
    let other = world.token("https://api.security.microsoft.com/.default").await;
    assert_eq!(world.get("/api/machines", &other).send().await.unwrap().status(), 401);
    // A scope made from the address of the API is good for both.
    let own = world.token(&format!("{}/.default", world.running.url())).await;
    assert_eq!(world.get("/api/machines", &own).send().await.unwrap().status(), 200);
    assert_eq!(world.get(devices, &own).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_token_is_refused_when_its_time_is_over() {
    let hands = Hands::default();
    let mut options = options(fleet(1, 0));
    options.clock = hands.clock();
    options.token_lifetime = TimeDelta::seconds(100);
    let world = World::start(options).await;
    let token = world.token(DEFENDER).await;
    hands.forward(99);
    assert_eq!(world.get("/api/machines", &token).send().await.unwrap().status(), 200);
    hands.forward(1);
    let answer = world.get("/api/machines", &token).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "Unauthorized");
}

#[tokio::test]
async fn each_tenant_sees_its_own_fleet() {
    let second = TenantAccount::default();
    let mut options = options(fleet(3, 0));
    let mut other = second.clone();
    other.tenant_id = "00000000-0000-0000-0000-000000000011".into();
    other.fleet = Some(fleet(7, 0));
    options.tenants = vec![second, other.clone()];
    let world = World::start(options).await;
    let (first, other) = (world.token(DEFENDER).await, world.token_of(&other, DEFENDER).await);
    assert_eq!(world.walk("/api/machines", &first).await.1.len(), 3);
    assert_eq!(world.walk("/api/machines", &other).await.1.len(), 7);
}
