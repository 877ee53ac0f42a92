// Written by `cargo xtask codegen`; do not edit.
//! The class and its objects, OCSF 1.5.0.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::enums::*;
use crate::Timestamp;

/// Device Inventory Info: `inventory_info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct InventoryInfo {
    /// `string_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `action`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action_id: Option<ActionId>,
    /// `integer_t`, required; its caption is in `activity_name`.
    pub activity_id: ActivityId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity_name: Option<String>,
    /// `actor`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Box<Actor>>,
    /// `api`, optional under profile `cloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Box<Api>>,
    /// `attack` array, optional under profile `security_control`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attack>,
    /// `authorization` array, optional under profile `security_control`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_name: Option<String>,
    /// `integer_t`, required; its caption is in `category_name`.
    pub category_uid: CategoryUid,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// `integer_t`, required; its caption is in `class_name`.
    pub class_uid: ClassUid,
    /// `cloud`, required under profile `cloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud: Option<Box<Cloud>>,
    /// `string_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_id: Option<ConfidenceId>,
    /// `integer_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_score: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// `device`, required.
    pub device: Box<Device>,
    /// `string_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition: Option<String>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `disposition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disposition_id: Option<DispositionId>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time_dt: Option<String>,
    /// `enrichment` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enrichments: Vec<Enrichment>,
    /// `firewall_rule`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firewall_rule: Option<Box<FirewallRule>>,
    /// `boolean_t`, recommended under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_alert: Option<bool>,
    /// `malware` array, optional under profile `security_control`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub malware: Vec<Malware>,
    /// `malware_scan_info`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub malware_scan_info: Option<Box<MalwareScanInfo>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// `metadata`, required.
    pub metadata: Box<Metadata>,
    /// `observable` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observables: Vec<Observable>,
    /// `osint` array, required under profile `osint`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub osint: Vec<Osint>,
    /// `policy`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Box<Policy>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_data: Option<String>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_data_size: Option<i64>,
    /// `string_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_details: Option<String>,
    /// `string_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<String>,
    /// `integer_t`, optional under profile `security_control`; its caption is in `risk_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional under profile `security_control`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `integer_t`, required; its caption is in `severity`.
    pub severity_id: SeverityId,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_detail: Option<String>,
    /// `integer_t`, recommended; its caption is in `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<InventoryInfoStatusId>,
    /// `timestamp_t`, required.
    pub time: Timestamp,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_dt: Option<String>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone_offset: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// `long_t`, required; its caption is in `type_name`.
    pub type_uid: TypeUid,
    /// `object`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<Map<String, Value>>,
}

/// Account: `account`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Account {
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<AccountTypeId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Actor: `actor`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Actor {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_uid: Option<String>,
    /// `authorization` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorizations: Vec<Authorization>,
    /// `idp`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp: Option<Box<Idp>>,
    /// `string_t`, optional; deprecated since 1.2.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoked_by: Option<String>,
    /// `process`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<Box<Process>>,
    /// `session`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Box<Session>>,
    /// `user`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<User>>,
}

/// Advisory: `advisory`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Advisory {
    /// `timespan`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_timespan: Option<Box<Timespan>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulletin: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_state: Option<String>,
    /// `integer_t`, recommended; its caption is in `install_state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_state_id: Option<InstallStateId>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_superseded: Option<bool>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `os`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Box<Os>>,
    /// `product`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `string_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// `cve` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_cves: Vec<Cve>,
    /// `cwe` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_cwes: Vec<Cwe>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `string_t`, required.
    pub uid: String,
}

/// Affected Code: `affected_code`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AffectedCode {
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_column: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// `file`, required.
    pub file: Box<File>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<User>>,
    /// `remediation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Box<Remediation>>,
    /// `rule`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Box<Rule>>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_column: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<i64>,
}

/// Affected Software Package: `affected_package`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AffectedPackage {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_in_version: Option<String>,
    /// `fingerprint`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Box<Fingerprint>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_url: Option<String>,
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_manager: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_manager_url: Option<String>,
    /// `file_path_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// `remediation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Box<Remediation>>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<PackageTypeId>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, required.
    pub version: String,
}

/// Agent: `agent`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Agent {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `policy` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<Policy>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<AgentTypeId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Analytic: `analytic`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Analytic {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `analytic` array, optional; deprecated since 1.0.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_analytics: Vec<Analytic>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: AnalyticTypeId,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// API: `api`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Api {
    /// `group`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<Group>>,
    /// `string_t`, required.
    pub operation: String,
    /// `request`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<Request>>,
    /// `response`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<Response>>,
    /// `service`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Box<Service>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// MITRE ATT&CK® & ATLAS™: `attack`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Attack {
    /// `mitigation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mitigation: Option<Box<Mitigation>>,
    /// `sub_technique`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_technique: Option<Box<SubTechnique>>,
    /// `tactic`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tactic: Option<Box<Tactic>>,
    /// `tactic` array, optional; deprecated since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tactics: Vec<Tactic>,
    /// `technique`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technique: Option<Box<Technique>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Authentication Factor: `auth_factor`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AuthFactor {
    /// `device`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Box<Device>>,
    /// `email_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_addr: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factor_type: Option<String>,
    /// `integer_t`, required; its caption is in `factor_type`.
    pub factor_type_id: FactorTypeId,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_hotp: Option<bool>,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_totp: Option<bool>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_questions: Vec<String>,
}

/// Authorization Result: `authorization`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Authorization {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// `policy`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Box<Policy>>,
}

/// Autonomous System: `autonomous_system`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AutonomousSystem {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<i64>,
}

/// Campaign: `campaign`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Campaign {
    /// `string_t`, required.
    pub name: String,
}

/// Digital Certificate: `certificate`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time_dt: Option<String>,
    /// `fingerprint` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fingerprints: Vec<Fingerprint>,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_self_signed: Option<bool>,
    /// `string_t`, required.
    pub issuer: String,
    /// `san` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sans: Vec<San>,
    /// `string_t`, required.
    pub serial_number: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// CIS Control: `cis_control`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CisControl {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Classifier Details: `classifier_details`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassifierDetails {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, required.
    pub r#type: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Cloud: `cloud`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cloud {
    /// `account`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Box<Account>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_partition: Option<String>,
    /// `organization`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Box<Organization>>,
    /// `string_t`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_uid: Option<String>,
    /// `string_t`, required.
    pub provider: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Container: `container`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Container {
    /// `fingerprint`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Box<Fingerprint>>,
    /// `image`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<Image>>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_driver: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orchestrator: Option<String>,
    /// `uuid_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_uuid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// `long_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `string_t`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// CVE: `cve`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cve {
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `cvss` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvss: Vec<Cvss>,
    /// `cwe`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwe: Option<Box<Cwe>>,
    /// `string_t`, optional; deprecated since 1.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwe_uid: Option<String>,
    /// `url_t`, optional; deprecated since 1.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwe_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `epss`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epss: Option<Box<Epss>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `product`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `string_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// `cwe` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_cwes: Vec<Cwe>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, required.
    pub uid: String,
}

/// CVSS Score: `cvss`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cvss {
    /// `float_t`, required.
    pub base_score: f64,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<Depth>,
    /// `metric` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<Metric>,
    /// `float_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overall_score: Option<f64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vector_string: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, required.
    pub version: String,
}

/// CWE: `cwe`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Cwe {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, required.
    pub uid: String,
}

/// MITRE D3FEND™ Tactic: `d3f_tactic`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct D3fTactic {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// MITRE D3FEND™ Technique: `d3f_technique`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct D3fTechnique {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// MITRE D3FEND™: `d3fend`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct D3fend {
    /// `d3f_tactic`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub d3f_tactic: Option<Box<D3fTactic>>,
    /// `d3f_technique`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub d3f_technique: Option<Box<D3fTechnique>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Data Classification: `data_classification`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DataClassification {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `integer_t`, recommended; its caption is in `category`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_id: Option<CategoryId>,
    /// `classifier_details`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classifier_details: Option<Box<ClassifierDetails>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality: Option<String>,
    /// `integer_t`, recommended; its caption is in `confidentiality`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality_id: Option<ConfidentialityId>,
    /// `discovery_details` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discovery_details: Vec<DiscoveryDetails>,
    /// `policy`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<Box<Policy>>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status_details: Vec<String>,
    /// `integer_t`, recommended; its caption is in `status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_id: Option<DataClassificationStatusId>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Device: `device`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Device {
    /// `agent` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agent_list: Vec<Agent>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscale_uid: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot_uid: Option<String>,
    /// `container`, recommended under profile `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Box<Container>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eid: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_time_dt: Option<String>,
    /// `group` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// `hostname_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `device_hw_info`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hw_info: Option<Box<DeviceHwInfo>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hypervisor: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iccid: Option<String>,
    /// `image`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<Image>>,
    /// `string_t`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imei: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imei_list: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interface_uid: Option<String>,
    /// `ip_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_backed_up: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_compliant: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_managed: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mobile_account_active: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_personal: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_shared: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_supervised: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_trusted: Option<bool>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time_dt: Option<String>,
    /// `location`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
    /// `mac_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, recommended under profile `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_pid: Option<i64>,
    /// `network_interface` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub network_interfaces: Vec<NetworkInterface>,
    /// `organization`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Box<Organization>>,
    /// `os`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Box<Os>>,
    /// `uuid_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_machine_uuid: Option<String>,
    /// `user`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<User>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<String>,
    /// `integer_t`, optional; its caption is in `risk_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<i64>,
    /// `subnet_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: DeviceTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub udid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Device Hardware Info: `device_hw_info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DeviceHwInfo {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_date: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_manufacturer: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bios_ver: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chassis: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_architecture: Option<String>,
    /// `integer_t`, optional; its caption is in `cpu_architecture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_architecture_id: Option<CpuArchitectureId>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_bits: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_cores: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_count: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_speed: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_type: Option<String>,
    /// `display`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desktop_display: Option<Box<Display>>,
    /// `keyboard_info`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard_info: Option<Box<KeyboardInfo>>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ram_size: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial_number: Option<String>,
    /// `uuid_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
}

/// Digital Signature: `digital_signature`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DigitalSignature {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `integer_t`, required; its caption is in `algorithm`.
    pub algorithm_id: DigitalSignatureAlgorithmId,
    /// `certificate`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<Certificate>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_uid: Option<String>,
    /// `fingerprint`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Box<Fingerprint>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `integer_t`, optional; its caption is in `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_id: Option<DigitalSignatureStateId>,
}

/// Discovery Details: `discovery_details`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DiscoveryDetails {
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// `occurrence_details`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occurrence_details: Option<Box<OccurrenceDetails>>,
    /// `occurrence_details` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub occurrences: Vec<OccurrenceDetails>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Display: `display`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Display {
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color_depth: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_height: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_orientation: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_width: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale_factor: Option<i64>,
}

/// DNS Answer: `dns_answer`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// `integer_t` array, recommended; its caption is in `flags`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flag_ids: Vec<DnsAnswerFlagId>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub packet_uid: Option<i64>,
    /// `string_t`, required.
    pub rdata: String,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<i64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

/// Domain Contact: `domain_contact`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DomainContact {
    /// `email_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_addr: Option<String>,
    /// `location`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: DomainContactTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Email: `email`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Email {
    /// `email_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc_mailboxes: Vec<String>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_classification: Option<Box<DataClassification>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_classifications: Vec<DataClassification>,
    /// `email_t`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_to: Option<String>,
    /// `email_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered_to_list: Vec<String>,
    /// `file` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// `email_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_mailbox: Option<String>,
    /// `http_header` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http_headers: Vec<HttpHeader>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_read: Option<bool>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_header: Option<String>,
    /// `email_t`, recommended; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reply_to_mailboxes: Vec<String>,
    /// `long_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `email_t`, recommended; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smtp_from: Option<String>,
    /// `email_t` array, recommended; deprecated since 1.4.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smtp_to: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `email_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to_mailboxes: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `url` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Url>,
    /// `ip_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub x_originating_ip: Vec<String>,
}

/// Email Authentication: `email_auth`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EmailAuth {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim_domain: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim_signature: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc_override: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dmarc_policy: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spf: Option<String>,
}

/// Encryption Details: `encryption_details`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EncryptionDetails {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `integer_t`, recommended; its caption is in `algorithm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm_id: Option<EncryptionDetailsAlgorithmId>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_length: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
}

/// Enrichment: `enrichment`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Enrichment {
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `json_t`, required.
    pub data: Value,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `reputation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reputation: Option<Box<Reputation>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_desc: Option<String>,
    /// `url_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, required.
    pub value: String,
}

/// Environment Variable: `environment_variable`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EnvironmentVariable {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, required.
    pub value: String,
}

/// EPSS: `epss`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Epss {
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `float_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
    /// `string_t`, required.
    pub score: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Schema Extension: `extension`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Extension {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, required.
    pub uid: String,
    /// `string_t`, required.
    pub version: String,
}

/// Feature: `feature`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Feature {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// File: `file`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct File {
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessed_time_dt: Option<String>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accessor: Option<Box<User>>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attributes: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality: Option<String>,
    /// `integer_t`, optional; its caption is in `confidentiality`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidentiality_id: Option<ConfidentialityId>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<Box<User>>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_classification: Option<Box<DataClassification>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_classifications: Vec<DataClassification>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_type: Option<String>,
    /// `integer_t`, optional; its caption is in `drive_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drive_type_id: Option<DriveTypeId>,
    /// `encryption_details`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_details: Option<Box<EncryptionDetails>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ext: Option<String>,
    /// `fingerprint` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Fingerprint>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub internal_name: Option<String>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_deleted: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_encrypted: Option<bool>,
    /// `boolean_t`, optional under profile `cloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_public: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_system: Option<bool>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mime_type: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifier: Option<Box<User>>,
    /// `file_name_t`, required.
    pub name: String,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Box<User>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_folder: Option<String>,
    /// `file_path_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `product`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_descriptor: Option<String>,
    /// `digital_signature`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<DigitalSignature>>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `string_t`, optional under profile `cloud`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: FileTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `url`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<Url>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volume: Option<String>,
    /// `object`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xattributes: Option<Map<String, Value>>,
}

/// Fingerprint: `fingerprint`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Fingerprint {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// `integer_t`, required; its caption is in `algorithm`.
    pub algorithm_id: FingerprintAlgorithmId,
    /// `file_hash_t`, required.
    pub value: String,
}

/// Firewall Rule: `firewall_rule`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct FirewallRule {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_details: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_location: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Group: `group`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Group {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub privileges: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// HTTP Header: `http_header`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct HttpHeader {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, required.
    pub value: String,
}

/// Identity Provider: `idp`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Idp {
    /// `auth_factor` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_factors: Vec<AuthFactor>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `fingerprint`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Box<Fingerprint>>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_mfa: Option<bool>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_name: Option<String>,
    /// `scim`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim: Option<Box<Scim>>,
    /// `sso`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sso: Option<Box<Sso>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `integer_t`, optional; its caption is in `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_id: Option<IdpStateId>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_string: Option<String>,
}

/// Image: `image`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Image {
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `file_path_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `string_t`, optional; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, required.
    pub uid: String,
}

/// KB Article: `kb_article`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KbArticle {
    /// `timespan`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avg_timespan: Option<Box<Timespan>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bulletin: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_state: Option<String>,
    /// `integer_t`, recommended; its caption is in `install_state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub install_state_id: Option<InstallStateId>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_superseded: Option<bool>,
    /// `os`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<Box<Os>>,
    /// `product`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `string_t`, required.
    pub uid: String,
}

/// Key:Value object: `key_value_object`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyValueObject {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `string_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// Keyboard Information: `keyboard_info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KeyboardInfo {
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function_keys: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ime: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard_layout: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard_subtype: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyboard_type: Option<String>,
}

/// Kill Chain Phase: `kill_chain_phase`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct KillChainPhase {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// `integer_t`, required; its caption is in `phase`.
    pub phase_id: PhaseId,
}

/// LDAP Person: `ldap_person`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LdapPerson {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_center: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// `email_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub email_addrs: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub employee_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hire_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hire_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_title: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_login_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap_cn: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap_dn: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leave_time_dt: Option<String>,
    /// `location`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manager: Option<Box<User>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub office_location: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
}

/// Geo Location: `location`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Location {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aerial_height: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continent: Option<String>,
    /// `float_t` array, optional; deprecated since 1.2.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coordinates: Vec<f64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geodetic_altitude: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geodetic_vertical_accuracy: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geohash: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_accuracy: Option<String>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_on_premises: Option<bool>,
    /// `string_t`, optional; deprecated since 1.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isp: Option<String>,
    /// `float_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// `float_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub long: Option<f64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pressure_altitude: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

/// Logger: `logger`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Logger {
    /// `device`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Box<Device>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_provider: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_version: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `product`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmit_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transmit_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Long String: `long_string`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LongString {
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_truncated: Option<bool>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untruncated_size: Option<i64>,
    /// `string_t`, required.
    pub value: String,
}

/// Malware: `malware`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Malware {
    /// `integer_t` array, required; its caption is in `classifications`.
    pub classification_ids: Vec<MalwareClassificationId>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classifications: Vec<String>,
    /// `cve` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cves: Vec<Cve>,
    /// `file` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_infected: Option<i64>,
    /// `file_path_t`, recommended; deprecated since 1.5.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `integer_t`, recommended; its caption is in `severity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_id: Option<SeverityId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Malware Scan Info: `malware_scan_info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct MalwareScanInfo {
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_files: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_infected: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_volumes: Option<i64>,
    /// `long_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: MalwareScanInfoTypeId,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_malware_count: Option<i64>,
}

/// Metadata: `metadata`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_uid: Option<String>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_classification: Option<Box<DataClassification>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_classifications: Vec<DataClassification>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub debug: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_code: Option<String>,
    /// `extension`, optional; deprecated since 1.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<Box<Extension>>,
    /// `extension` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_provider: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_version: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_time_dt: Option<String>,
    /// `logger` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loggers: Vec<Logger>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_time: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_time_dt: Option<String>,
    /// `product`, required.
    pub product: Box<Product>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub profiles: Vec<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_uid: Option<String>,
    /// `transformation_info` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transformation_info_list: Vec<TransformationInfo>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, required.
    pub version: String,
}

/// Metric: `metric`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Metric {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, required.
    pub value: String,
}

/// MITRE Mitigation: `mitigation`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Mitigation {
    /// `d3fend` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countermeasures: Vec<D3fend>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Network Interface: `network_interface`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// `hostname_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `ip_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// `mac_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet_prefix: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: NetworkInterfaceTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Observable: `observable`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Observable {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `reputation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reputation: Option<Box<Reputation>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: ObservableTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Occurrence Details: `occurrence_details`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OccurrenceDetails {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_number: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_line: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_path: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_number: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_index_in_array: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_number: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_line: Option<i64>,
}

/// Organization: `organization`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Organization {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ou_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ou_uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Operating System (OS): `os`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Os {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_bits: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edition: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel_release: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sp_ver: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: OsTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// OSINT: `osint`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Osint {
    /// `dns_answer` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<DnsAnswer>,
    /// `attack` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attack>,
    /// `autonomous_system`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autonomous_system: Option<Box<AutonomousSystem>>,
    /// `campaign`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Box<Campaign>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<String>,
    /// `integer_t`, recommended; its caption is in `confidence`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence_id: Option<ConfidenceId>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `user`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creator: Option<Box<User>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_pattern: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_pattern_type: Option<String>,
    /// `integer_t`, optional; its caption is in `detection_pattern_type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection_pattern_type_id: Option<DetectionPatternTypeId>,
    /// `email`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<Email>>,
    /// `email_auth`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_auth: Option<Box<EmailAuth>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_uid: Option<String>,
    /// `file`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<File>>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intrusion_sets: Vec<String>,
    /// `kill_chain_phase` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kill_chain: Vec<KillChainPhase>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `location`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Box<Location>>,
    /// `malware` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub malware: Vec<Malware>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// `analytic` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_analytics: Vec<Analytic>,
    /// `reputation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reputation: Option<Box<Reputation>>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<i64>,
    /// `script`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<Box<Script>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `integer_t`, optional; its caption is in `severity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_id: Option<SeverityId>,
    /// `digital_signature` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<DigitalSignature>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subdomains: Vec<String>,
    /// `subnet_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// `threat_actor`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threat_actor: Option<Box<ThreatActor>>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tlp: Option<Tlp>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: OsintTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploaded_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uploaded_time_dt: Option<String>,
    /// `string_t`, required.
    pub value: String,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `vulnerability` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vulnerabilities: Vec<Vulnerability>,
    /// `whois`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whois: Option<Box<Whois>>,
}

/// Software Package: `package`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Package {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<i64>,
    /// `fingerprint`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Box<Fingerprint>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_url: Option<String>,
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_manager: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package_manager_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<PackageTypeId>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, required.
    pub version: String,
}

/// Policy: `policy`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// `json_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `group`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<Group>>,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_applied: Option<bool>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Process: `process`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Process {
    /// `process_entity` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ancestry: Vec<ProcessEntity>,
    /// `integer_t`, optional under profile `linux/linux_users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auid: Option<i64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd_line: Option<String>,
    /// `container`, recommended under profile `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<Box<Container>>,
    /// `uuid_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpid: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `integer_t`, optional under profile `linux/linux_users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub egid: Option<i64>,
    /// `environment_variable` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environment_variables: Vec<EnvironmentVariable>,
    /// `integer_t`, optional under profile `linux/linux_users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub euid: Option<i64>,
    /// `file`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<File>>,
    /// `group`, recommended under profile `linux/linux_users`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Box<Group>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity: Option<String>,
    /// `integer_t`, optional; its caption is in `integrity`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrity_id: Option<IntegrityId>,
    /// `file_path_t` array, optional; deprecated since 1.4.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lineage: Vec<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loaded_modules: Vec<String>,
    /// `process_name_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `integer_t`, recommended under profile `container`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace_pid: Option<i64>,
    /// `process`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_process: Option<Box<Process>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<String>,
    /// `session`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Box<Session>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminated_time_dt: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tid: Option<i64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `user`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Box<User>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<String>,
    /// `object`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xattributes: Option<Map<String, Value>>,
}

/// Process Entity: `process_entity`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ProcessEntity {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd_line: Option<String>,
    /// `uuid_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpid: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `process_name_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<i64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Product: `product`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Product {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpe_name: Option<String>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_classification: Option<Box<DataClassification>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_classifications: Vec<DataClassification>,
    /// `feature`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feature: Option<Box<Feature>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_string: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Remediation: `remediation`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Remediation {
    /// `cis_control` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cis_controls: Vec<CisControl>,
    /// `string_t`, required.
    pub desc: String,
    /// `kb_article` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kb_article_list: Vec<KbArticle>,
    /// `string_t` array, optional; deprecated since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kb_articles: Vec<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
}

/// Reputation: `reputation`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Reputation {
    /// `float_t`, required.
    pub base_score: f64,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<String>,
    /// `integer_t`, required; its caption is in `score`.
    pub score_id: ScoreId,
}

/// Request Elements: `request`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Request {
    /// `container` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
    /// `json_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// `string_t`, required.
    pub uid: String,
}

/// Response Elements: `response`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Response {
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// `container` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<Container>,
    /// `json_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// Rule: `rule`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Rule {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Subject Alternative Name: `san`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct San {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, required.
    pub r#type: String,
}

/// SCIM: `scim`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Scim {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_protocol: Option<String>,
    /// `integer_t`, optional; its caption is in `auth_protocol`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_protocol_id: Option<AuthProtocolId>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_group_provisioning_enabled: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_user_provisioning_enabled: Option<bool>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run_time_dt: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_name: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<i64>,
    /// `json_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_group_schema: Option<Value>,
    /// `json_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_user_schema: Option<Value>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `integer_t`, optional; its caption is in `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_id: Option<ScimStateId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_string: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Script: `script`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Script {
    /// `file`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<File>>,
    /// `fingerprint` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hashes: Vec<Fingerprint>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_uid: Option<String>,
    /// `long_string`, required.
    pub script_content: Box<LongString>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: ScriptTypeId,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Service: `service`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Service {
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `key_value_object` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<KeyValueObject>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Session: `session`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Session {
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<i64>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_reason: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_time_dt: Option<String>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mfa: Option<bool>,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_remote: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_vpn: Option<bool>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<String>,
    /// `uuid_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uuid: Option<String>,
}

/// SSO: `sso`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Sso {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_protocol: Option<String>,
    /// `integer_t`, optional; its caption is in `auth_protocol`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_protocol_id: Option<AuthProtocolId>,
    /// `certificate`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<Certificate>>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_mins: Option<i64>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<i64>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_endpoint: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logout_endpoint: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata_endpoint: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified_time_dt: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_name: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
}

/// MITRE Sub-technique: `sub_technique`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SubTechnique {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// MITRE Tactic: `tactic`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Tactic {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// MITRE Technique: `technique`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Technique {
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_url: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

/// Threat Actor: `threat_actor`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ThreatActor {
    /// `string_t`, required.
    pub name: String,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<ThreatActorTypeId>,
}

/// Time Span: `timespan`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Timespan {
    /// `long_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_days: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_hours: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_mins: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_months: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_secs: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_weeks: Option<i64>,
    /// `integer_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_years: Option<i64>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time_dt: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<TimespanTypeId>,
}

/// Transformation Info: `transformation_info`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TransformationInfo {
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `product`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<Box<Product>>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `url_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_string: Option<String>,
}

/// Uniform Resource Locator: `url`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Url {
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// `integer_t` array, recommended; its caption is in `categories`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category_ids: Vec<UrlCategoryId>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `hostname_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// `port_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<i64>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subdomain: Option<String>,
    /// `url_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_string: Option<String>,
}

/// User: `user`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct User {
    /// `account`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Box<Account>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `email_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_addr: Option<String>,
    /// `email_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_addr: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    /// `group` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Group>,
    /// `boolean_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_mfa: Option<bool>,
    /// `ldap_person`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ldap_person: Option<Box<LdapPerson>>,
    /// `username_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `organization`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub org: Option<Box<Organization>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level: Option<String>,
    /// `integer_t`, optional; its caption is in `risk_level`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<i64>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// `integer_t`, recommended; its caption is in `type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<UserTypeId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<String>,
}

/// Vulnerability Details: `vulnerability`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Vulnerability {
    /// `advisory`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advisory: Option<Box<Advisory>>,
    /// `affected_code` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected_code: Vec<AffectedCode>,
    /// `affected_package` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affected_packages: Vec<AffectedPackage>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// `cve`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cve: Option<Box<Cve>>,
    /// `cwe`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwe: Option<Box<Cwe>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency_chain: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desc: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_last_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_last_seen_time_dt: Option<String>,
    /// `url_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_ref_url: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_requirement: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exploit_type: Option<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen_time_dt: Option<String>,
    /// `boolean_t`, optional; deprecated since 1.1.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_available: Option<bool>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_coverage: Option<String>,
    /// `integer_t`, optional; its caption is in `fix_coverage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix_coverage_id: Option<FixCoverageId>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_exploit_available: Option<bool>,
    /// `boolean_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_fix_available: Option<bool>,
    /// `kb_article` array, optional; deprecated since 1.4.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kb_article_list: Vec<KbArticle>,
    /// `string_t` array, optional; deprecated since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kb_articles: Vec<String>,
    /// `timestamp_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time_dt: Option<String>,
    /// `package` array, optional; deprecated since 1.1.0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<Package>,
    /// `string_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related_vulnerabilities: Vec<String>,
    /// `remediation`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Box<Remediation>>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_name: Option<String>,
}

/// WHOIS: `whois`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Whois {
    /// `autonomous_system`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autonomous_system: Option<Box<AutonomousSystem>>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_time_dt: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnssec_status: Option<String>,
    /// `integer_t`, recommended; its caption is in `dnssec_status`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dnssec_status_id: Option<DnssecStatusId>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// `domain_contact` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domain_contacts: Vec<DomainContact>,
    /// `email_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email_addr: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isp: Option<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isp_org: Option<String>,
    /// `timestamp_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_time_dt: Option<String>,
    /// `string_t` array, recommended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub name_servers: Vec<String>,
    /// `string_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registrar: Option<String>,
    /// `string_t`, recommended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// `string_t` array, optional.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subdomains: Vec<String>,
    /// `subnet_t`, optional.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
}
