// Written by `cargo xtask codegen`; do not edit.
//! What the validator checks, OCSF 1.5.0.

use std::sync::LazyLock;

use super::enums::*;
use crate::schema::{Attribute, Object, Primitive, ScalarType, pattern};

/// The OCSF version of the types: `metadata.version`.
pub const VERSION: &str = "1.5.0";
pub(crate) static PROFILES: &[&str] = &[
    "cloud",
    "container",
    "data_classification",
    "datetime",
    "host",
    "linux/linux_users",
    "osint",
    "security_control",
];

static BOOLEAN_T: ScalarType = ScalarType {
    name: "boolean_t",
    primitive: Primitive::Boolean,
    max_len: None,
    range: None,
    pattern: None,
};

static DATETIME_T: ScalarType = ScalarType {
    name: "datetime_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: Some(LazyLock::new(|| {
        pattern(r#"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?([Zz]|[\+-]\d{2}:\d{2})?$"#)
    })),
};

static EMAIL_T: ScalarType = ScalarType {
    name: "email_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: Some(LazyLock::new(|| {
        pattern(r#"^[a-zA-Z0-9!#$%&'*+-/=?^_`{|}~.]+@[a-zA-Z0-9-]+\.[a-zA-Z0-9-.]+$"#)
    })),
};

static FILE_HASH_T: ScalarType = ScalarType {
    name: "file_hash_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: Some(LazyLock::new(|| pattern(r#"^[a-fA-F0-9]+$"#))),
};

static FILE_NAME_T: ScalarType = ScalarType {
    name: "file_name_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static FILE_PATH_T: ScalarType = ScalarType {
    name: "file_path_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static FLOAT_T: ScalarType = ScalarType {
    name: "float_t",
    primitive: Primitive::Float,
    max_len: None,
    range: None,
    pattern: None,
};

static HOSTNAME_T: ScalarType = ScalarType {
    name: "hostname_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static INTEGER_T: ScalarType = ScalarType {
    name: "integer_t",
    primitive: Primitive::Integer,
    max_len: None,
    range: None,
    pattern: None,
};

static IP_T: ScalarType = ScalarType {
    name: "ip_t",
    primitive: Primitive::String,
    max_len: Some(40),
    range: None,
    pattern: Some(LazyLock::new(|| {
        pattern(
            r#"((^\s*((([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]).){3}([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))\s*$)|(^\s*((([0-9A-Fa-f]{1,4}:){7}([0-9A-Fa-f]{1,4}|:))|(([0-9A-Fa-f]{1,4}:){6}(:[0-9A-Fa-f]{1,4}|((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})|:))|(([0-9A-Fa-f]{1,4}:){5}(((:[0-9A-Fa-f]{1,4}){1,2})|:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})|:))|(([0-9A-Fa-f]{1,4}:){4}(((:[0-9A-Fa-f]{1,4}){1,3})|((:[0-9A-Fa-f]{1,4})?:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9A-Fa-f]{1,4}:){3}(((:[0-9A-Fa-f]{1,4}){1,4})|((:[0-9A-Fa-f]{1,4}){0,2}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9A-Fa-f]{1,4}:){2}(((:[0-9A-Fa-f]{1,4}){1,5})|((:[0-9A-Fa-f]{1,4}){0,3}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(([0-9A-Fa-f]{1,4}:){1}(((:[0-9A-Fa-f]{1,4}){1,6})|((:[0-9A-Fa-f]{1,4}){0,4}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:))|(:(((:[0-9A-Fa-f]{1,4}){1,7})|((:[0-9A-Fa-f]{1,4}){0,5}:((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}))|:)))(%.+)?\s*$))"#,
        )
    })),
};

static JSON_T: ScalarType = ScalarType {
    name: "json_t",
    primitive: Primitive::Json,
    max_len: None,
    range: None,
    pattern: None,
};

static LONG_T: ScalarType = ScalarType {
    name: "long_t",
    primitive: Primitive::Long,
    max_len: None,
    range: None,
    pattern: None,
};

static MAC_T: ScalarType = ScalarType {
    name: "mac_t",
    primitive: Primitive::String,
    max_len: Some(32),
    range: None,
    pattern: Some(LazyLock::new(|| pattern(r#"^([0-9A-Fa-f]{2}[:-]){5}([0-9A-Fa-f]{2})$"#))),
};

static PORT_T: ScalarType = ScalarType {
    name: "port_t",
    primitive: Primitive::Integer,
    max_len: None,
    range: Some((0, 65535)),
    pattern: None,
};

static PROCESS_NAME_T: ScalarType = ScalarType {
    name: "process_name_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static STRING_T: ScalarType = ScalarType {
    name: "string_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static SUBNET_T: ScalarType = ScalarType {
    name: "subnet_t",
    primitive: Primitive::String,
    max_len: Some(42),
    range: None,
    pattern: None,
};

static TIMESTAMP_T: ScalarType = ScalarType {
    name: "timestamp_t",
    primitive: Primitive::Long,
    max_len: None,
    range: None,
    pattern: None,
};

static URL_T: ScalarType = ScalarType {
    name: "url_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static USERNAME_T: ScalarType = ScalarType {
    name: "username_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: None,
};

static UUID_T: ScalarType = ScalarType {
    name: "uuid_t",
    primitive: Primitive::String,
    max_len: None,
    range: None,
    pattern: Some(LazyLock::new(|| {
        pattern(r#"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"#)
    })),
};

pub(crate) static INVENTORY_INFO: Object = Object {
    name: "inventory_info",
    attributes: &[
        Attribute::scalar("action", &STRING_T).profile("security_control"),
        Attribute::scalar("action_id", &INTEGER_T)
            .profile("security_control")
            .sibling("action")
            .members(ActionId::MEMBERS),
        Attribute::scalar("activity_id", &INTEGER_T)
            .required()
            .sibling("activity_name")
            .members(ActivityId::MEMBERS),
        Attribute::scalar("activity_name", &STRING_T),
        Attribute::object("actor", &ACTOR),
        Attribute::object("api", &API).profile("cloud"),
        Attribute::object("attacks", &ATTACK).array().profile("security_control"),
        Attribute::object("authorizations", &AUTHORIZATION).array().profile("security_control"),
        Attribute::scalar("category_name", &STRING_T),
        Attribute::scalar("category_uid", &INTEGER_T)
            .required()
            .sibling("category_name")
            .members(CategoryUid::MEMBERS),
        Attribute::scalar("class_name", &STRING_T),
        Attribute::scalar("class_uid", &INTEGER_T)
            .required()
            .sibling("class_name")
            .members(ClassUid::MEMBERS),
        Attribute::object("cloud", &CLOUD).required().profile("cloud"),
        Attribute::scalar("confidence", &STRING_T).profile("security_control"),
        Attribute::scalar("confidence_id", &INTEGER_T)
            .profile("security_control")
            .sibling("confidence")
            .members(ConfidenceId::MEMBERS),
        Attribute::scalar("confidence_score", &INTEGER_T).profile("security_control"),
        Attribute::scalar("count", &INTEGER_T),
        Attribute::object("device", &DEVICE).required(),
        Attribute::scalar("disposition", &STRING_T).profile("security_control"),
        Attribute::scalar("disposition_id", &INTEGER_T)
            .profile("security_control")
            .sibling("disposition")
            .members(DispositionId::MEMBERS),
        Attribute::scalar("duration", &LONG_T),
        Attribute::scalar("end_time", &TIMESTAMP_T),
        Attribute::scalar("end_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("enrichments", &ENRICHMENT).array(),
        Attribute::object("firewall_rule", &FIREWALL_RULE).profile("security_control"),
        Attribute::scalar("is_alert", &BOOLEAN_T).profile("security_control"),
        Attribute::object("malware", &MALWARE).array().profile("security_control"),
        Attribute::object("malware_scan_info", &MALWARE_SCAN_INFO).profile("security_control"),
        Attribute::scalar("message", &STRING_T),
        Attribute::object("metadata", &METADATA).required(),
        Attribute::object("observables", &OBSERVABLE).array(),
        Attribute::object("osint", &OSINT).array().required().profile("osint"),
        Attribute::object("policy", &POLICY).profile("security_control"),
        Attribute::scalar("raw_data", &STRING_T),
        Attribute::scalar("raw_data_size", &LONG_T),
        Attribute::scalar("risk_details", &STRING_T).profile("security_control"),
        Attribute::scalar("risk_level", &STRING_T).profile("security_control"),
        Attribute::scalar("risk_level_id", &INTEGER_T)
            .profile("security_control")
            .sibling("risk_level")
            .members(RiskLevelId::MEMBERS),
        Attribute::scalar("risk_score", &INTEGER_T).profile("security_control"),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("severity_id", &INTEGER_T)
            .required()
            .sibling("severity")
            .members(SeverityId::MEMBERS),
        Attribute::scalar("start_time", &TIMESTAMP_T),
        Attribute::scalar("start_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("status", &STRING_T),
        Attribute::scalar("status_code", &STRING_T),
        Attribute::scalar("status_detail", &STRING_T),
        Attribute::scalar("status_id", &INTEGER_T)
            .sibling("status")
            .members(InventoryInfoStatusId::MEMBERS),
        Attribute::scalar("time", &TIMESTAMP_T).required(),
        Attribute::scalar("time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("timezone_offset", &INTEGER_T),
        Attribute::scalar("type_name", &STRING_T),
        Attribute::scalar("type_uid", &LONG_T)
            .required()
            .sibling("type_name")
            .members(TypeUid::MEMBERS),
        Attribute::object("unmapped", &OBJECT),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static ACCOUNT: Object = Object {
    name: "account",
    attributes: &[
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(AccountTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static ACTOR: Object = Object {
    name: "actor",
    attributes: &[
        Attribute::scalar("app_name", &STRING_T),
        Attribute::scalar("app_uid", &STRING_T),
        Attribute::object("authorizations", &AUTHORIZATION).array(),
        Attribute::object("idp", &IDP),
        Attribute::scalar("invoked_by", &STRING_T),
        Attribute::object("process", &PROCESS),
        Attribute::object("session", &SESSION),
        Attribute::object("user", &USER),
    ],
    at_least_one: &["process", "user", "invoked_by", "session", "app_name", "app_uid"],
    just_one: &[],
};

pub(crate) static ADVISORY: Object = Object {
    name: "advisory",
    attributes: &[
        Attribute::object("avg_timespan", &TIMESPAN),
        Attribute::scalar("bulletin", &STRING_T),
        Attribute::scalar("classification", &STRING_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("install_state", &STRING_T),
        Attribute::scalar("install_state_id", &INTEGER_T)
            .sibling("install_state")
            .members(InstallStateId::MEMBERS),
        Attribute::scalar("is_superseded", &BOOLEAN_T),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("os", &OS),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("references", &STRING_T).array(),
        Attribute::object("related_cves", &CVE).array(),
        Attribute::object("related_cwes", &CWE).array(),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("title", &STRING_T),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static AFFECTED_CODE: Object = Object {
    name: "affected_code",
    attributes: &[
        Attribute::scalar("end_column", &INTEGER_T),
        Attribute::scalar("end_line", &INTEGER_T),
        Attribute::object("file", &FILE).required(),
        Attribute::object("owner", &USER),
        Attribute::object("remediation", &REMEDIATION),
        Attribute::object("rule", &RULE),
        Attribute::scalar("start_column", &INTEGER_T),
        Attribute::scalar("start_line", &INTEGER_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static AFFECTED_PACKAGE: Object = Object {
    name: "affected_package",
    attributes: &[
        Attribute::scalar("architecture", &STRING_T),
        Attribute::scalar("cpe_name", &STRING_T),
        Attribute::scalar("epoch", &INTEGER_T),
        Attribute::scalar("fixed_in_version", &STRING_T),
        Attribute::object("hash", &FINGERPRINT),
        Attribute::scalar("license", &STRING_T),
        Attribute::scalar("license_url", &URL_T),
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("package_manager", &STRING_T),
        Attribute::scalar("package_manager_url", &URL_T),
        Attribute::scalar("path", &FILE_PATH_T),
        Attribute::scalar("purl", &STRING_T),
        Attribute::scalar("release", &STRING_T),
        Attribute::object("remediation", &REMEDIATION),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(PackageTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static AGENT: Object = Object {
    name: "agent",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::object("policies", &POLICY).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(AgentTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uid_alt", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["uid", "name"],
    just_one: &[],
};

pub(crate) static ANALYTIC: Object = Object {
    name: "analytic",
    attributes: &[
        Attribute::scalar("algorithm", &STRING_T),
        Attribute::scalar("category", &STRING_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::object("related_analytics", &ANALYTIC).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(AnalyticTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static API: Object = Object {
    name: "api",
    attributes: &[
        Attribute::object("group", &GROUP),
        Attribute::scalar("operation", &STRING_T).required(),
        Attribute::object("request", &REQUEST),
        Attribute::object("response", &RESPONSE),
        Attribute::object("service", &SERVICE),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static ATTACK: Object = Object {
    name: "attack",
    attributes: &[
        Attribute::object("mitigation", &MITIGATION),
        Attribute::object("sub_technique", &SUB_TECHNIQUE),
        Attribute::object("tactic", &TACTIC),
        Attribute::object("tactics", &TACTIC).array(),
        Attribute::object("technique", &TECHNIQUE),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["tactic", "technique", "sub_technique"],
    just_one: &[],
};

pub(crate) static AUTH_FACTOR: Object = Object {
    name: "auth_factor",
    attributes: &[
        Attribute::object("device", &DEVICE),
        Attribute::scalar("email_addr", &EMAIL_T),
        Attribute::scalar("factor_type", &STRING_T),
        Attribute::scalar("factor_type_id", &INTEGER_T)
            .required()
            .sibling("factor_type")
            .members(FactorTypeId::MEMBERS),
        Attribute::scalar("is_hotp", &BOOLEAN_T),
        Attribute::scalar("is_totp", &BOOLEAN_T),
        Attribute::scalar("phone_number", &STRING_T),
        Attribute::scalar("provider", &STRING_T),
        Attribute::scalar("security_questions", &STRING_T).array(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static AUTHORIZATION: Object = Object {
    name: "authorization",
    attributes: &[Attribute::scalar("decision", &STRING_T), Attribute::object("policy", &POLICY)],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static AUTONOMOUS_SYSTEM: Object = Object {
    name: "autonomous_system",
    attributes: &[Attribute::scalar("name", &STRING_T), Attribute::scalar("number", &INTEGER_T)],
    at_least_one: &["number", "name"],
    just_one: &[],
};

pub(crate) static CAMPAIGN: Object = Object {
    name: "campaign",
    attributes: &[Attribute::scalar("name", &STRING_T).required()],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CERTIFICATE: Object = Object {
    name: "certificate",
    attributes: &[
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("expiration_time", &TIMESTAMP_T),
        Attribute::scalar("expiration_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("fingerprints", &FINGERPRINT).array(),
        Attribute::scalar("is_self_signed", &BOOLEAN_T),
        Attribute::scalar("issuer", &STRING_T).required(),
        Attribute::object("sans", &SAN).array(),
        Attribute::scalar("serial_number", &STRING_T).required(),
        Attribute::scalar("subject", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CIS_CONTROL: Object = Object {
    name: "cis_control",
    attributes: &[
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CLASSIFIER_DETAILS: Object = Object {
    name: "classifier_details",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("type", &STRING_T).required(),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CLOUD: Object = Object {
    name: "cloud",
    attributes: &[
        Attribute::object("account", &ACCOUNT),
        Attribute::scalar("cloud_partition", &STRING_T),
        Attribute::object("org", &ORGANIZATION),
        Attribute::scalar("project_uid", &STRING_T),
        Attribute::scalar("provider", &STRING_T).required(),
        Attribute::scalar("region", &STRING_T),
        Attribute::scalar("zone", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CONTAINER: Object = Object {
    name: "container",
    attributes: &[
        Attribute::object("hash", &FINGERPRINT),
        Attribute::object("image", &IMAGE),
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("network_driver", &STRING_T),
        Attribute::scalar("orchestrator", &STRING_T),
        Attribute::scalar("pod_uuid", &UUID_T),
        Attribute::scalar("runtime", &STRING_T),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("tag", &STRING_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["uid", "name"],
    just_one: &[],
};

pub(crate) static CVE: Object = Object {
    name: "cve",
    attributes: &[
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("cvss", &CVSS).array(),
        Attribute::object("cwe", &CWE),
        Attribute::scalar("cwe_uid", &STRING_T),
        Attribute::scalar("cwe_url", &URL_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::object("epss", &EPSS),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("references", &STRING_T).array(),
        Attribute::object("related_cwes", &CWE).array(),
        Attribute::scalar("title", &STRING_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CVSS: Object = Object {
    name: "cvss",
    attributes: &[
        Attribute::scalar("base_score", &FLOAT_T).required(),
        Attribute::scalar("depth", &STRING_T).members(Depth::MEMBERS),
        Attribute::object("metrics", &METRIC).array(),
        Attribute::scalar("overall_score", &FLOAT_T),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("vector_string", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static CWE: Object = Object {
    name: "cwe",
    attributes: &[
        Attribute::scalar("caption", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static D3F_TACTIC: Object = Object {
    name: "d3f_tactic",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static D3F_TECHNIQUE: Object = Object {
    name: "d3f_technique",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static D3FEND: Object = Object {
    name: "d3fend",
    attributes: &[
        Attribute::object("d3f_tactic", &D3F_TACTIC),
        Attribute::object("d3f_technique", &D3F_TECHNIQUE),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["d3f_tactic", "d3f_technique"],
    just_one: &[],
};

pub(crate) static DATA_CLASSIFICATION: Object = Object {
    name: "data_classification",
    attributes: &[
        Attribute::scalar("category", &STRING_T),
        Attribute::scalar("category_id", &INTEGER_T)
            .sibling("category")
            .members(CategoryId::MEMBERS),
        Attribute::object("classifier_details", &CLASSIFIER_DETAILS),
        Attribute::scalar("confidentiality", &STRING_T),
        Attribute::scalar("confidentiality_id", &INTEGER_T)
            .sibling("confidentiality")
            .members(ConfidentialityId::MEMBERS),
        Attribute::object("discovery_details", &DISCOVERY_DETAILS).array(),
        Attribute::object("policy", &POLICY),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("status", &STRING_T),
        Attribute::scalar("status_details", &STRING_T).array(),
        Attribute::scalar("status_id", &INTEGER_T)
            .sibling("status")
            .members(DataClassificationStatusId::MEMBERS),
        Attribute::scalar("total", &INTEGER_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["category_id", "confidentiality_id"],
    just_one: &[],
};

pub(crate) static DEVICE: Object = Object {
    name: "device",
    attributes: &[
        Attribute::object("agent_list", &AGENT).array(),
        Attribute::scalar("autoscale_uid", &STRING_T),
        Attribute::scalar("boot_time", &TIMESTAMP_T),
        Attribute::scalar("boot_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("boot_uid", &STRING_T),
        Attribute::object("container", &CONTAINER).profile("container"),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("domain", &STRING_T),
        Attribute::scalar("eid", &STRING_T),
        Attribute::scalar("first_seen_time", &TIMESTAMP_T),
        Attribute::scalar("first_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("groups", &GROUP).array(),
        Attribute::scalar("hostname", &HOSTNAME_T),
        Attribute::object("hw_info", &DEVICE_HW_INFO),
        Attribute::scalar("hypervisor", &STRING_T),
        Attribute::scalar("iccid", &STRING_T),
        Attribute::object("image", &IMAGE),
        Attribute::scalar("imei", &STRING_T),
        Attribute::scalar("imei_list", &STRING_T).array(),
        Attribute::scalar("instance_uid", &STRING_T),
        Attribute::scalar("interface_name", &STRING_T),
        Attribute::scalar("interface_uid", &STRING_T),
        Attribute::scalar("ip", &IP_T),
        Attribute::scalar("is_backed_up", &BOOLEAN_T),
        Attribute::scalar("is_compliant", &BOOLEAN_T),
        Attribute::scalar("is_managed", &BOOLEAN_T),
        Attribute::scalar("is_mobile_account_active", &BOOLEAN_T),
        Attribute::scalar("is_personal", &BOOLEAN_T),
        Attribute::scalar("is_shared", &BOOLEAN_T),
        Attribute::scalar("is_supervised", &BOOLEAN_T),
        Attribute::scalar("is_trusted", &BOOLEAN_T),
        Attribute::scalar("last_seen_time", &TIMESTAMP_T),
        Attribute::scalar("last_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("location", &LOCATION),
        Attribute::scalar("mac", &MAC_T),
        Attribute::scalar("meid", &STRING_T),
        Attribute::scalar("model", &STRING_T),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("namespace_pid", &INTEGER_T).profile("container"),
        Attribute::object("network_interfaces", &NETWORK_INTERFACE).array(),
        Attribute::object("org", &ORGANIZATION),
        Attribute::object("os", &OS),
        Attribute::scalar("os_machine_uuid", &UUID_T),
        Attribute::object("owner", &USER),
        Attribute::scalar("region", &STRING_T),
        Attribute::scalar("risk_level", &STRING_T),
        Attribute::scalar("risk_level_id", &INTEGER_T)
            .sibling("risk_level")
            .members(RiskLevelId::MEMBERS),
        Attribute::scalar("risk_score", &INTEGER_T),
        Attribute::scalar("subnet", &SUBNET_T),
        Attribute::scalar("subnet_uid", &STRING_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(DeviceTypeId::MEMBERS),
        Attribute::scalar("udid", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uid_alt", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("vlan_uid", &STRING_T),
        Attribute::scalar("vpc_uid", &STRING_T),
        Attribute::scalar("zone", &STRING_T),
    ],
    at_least_one: &[
        "ip",
        "uid",
        "name",
        "hostname",
        "instance_uid",
        "interface_uid",
        "interface_name",
    ],
    just_one: &[],
};

pub(crate) static DEVICE_HW_INFO: Object = Object {
    name: "device_hw_info",
    attributes: &[
        Attribute::scalar("bios_date", &STRING_T),
        Attribute::scalar("bios_manufacturer", &STRING_T),
        Attribute::scalar("bios_ver", &STRING_T),
        Attribute::scalar("chassis", &STRING_T),
        Attribute::scalar("cpu_architecture", &STRING_T),
        Attribute::scalar("cpu_architecture_id", &INTEGER_T)
            .sibling("cpu_architecture")
            .members(CpuArchitectureId::MEMBERS),
        Attribute::scalar("cpu_bits", &INTEGER_T),
        Attribute::scalar("cpu_cores", &INTEGER_T),
        Attribute::scalar("cpu_count", &INTEGER_T),
        Attribute::scalar("cpu_speed", &INTEGER_T),
        Attribute::scalar("cpu_type", &STRING_T),
        Attribute::object("desktop_display", &DISPLAY),
        Attribute::object("keyboard_info", &KEYBOARD_INFO),
        Attribute::scalar("ram_size", &INTEGER_T),
        Attribute::scalar("serial_number", &STRING_T),
        Attribute::scalar("uuid", &UUID_T),
        Attribute::scalar("vendor_name", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static DIGITAL_SIGNATURE: Object = Object {
    name: "digital_signature",
    attributes: &[
        Attribute::scalar("algorithm", &STRING_T),
        Attribute::scalar("algorithm_id", &INTEGER_T)
            .required()
            .sibling("algorithm")
            .members(DigitalSignatureAlgorithmId::MEMBERS),
        Attribute::object("certificate", &CERTIFICATE),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("developer_uid", &STRING_T),
        Attribute::object("digest", &FINGERPRINT),
        Attribute::scalar("state", &STRING_T),
        Attribute::scalar("state_id", &INTEGER_T)
            .sibling("state")
            .members(DigitalSignatureStateId::MEMBERS),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static DISCOVERY_DETAILS: Object = Object {
    name: "discovery_details",
    attributes: &[
        Attribute::scalar("count", &INTEGER_T),
        Attribute::object("occurrence_details", &OCCURRENCE_DETAILS),
        Attribute::object("occurrences", &OCCURRENCE_DETAILS).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("value", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static DISPLAY: Object = Object {
    name: "display",
    attributes: &[
        Attribute::scalar("color_depth", &INTEGER_T),
        Attribute::scalar("physical_height", &INTEGER_T),
        Attribute::scalar("physical_orientation", &INTEGER_T),
        Attribute::scalar("physical_width", &INTEGER_T),
        Attribute::scalar("scale_factor", &INTEGER_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static DNS_ANSWER: Object = Object {
    name: "dns_answer",
    attributes: &[
        Attribute::scalar("class", &STRING_T),
        Attribute::scalar("flag_ids", &INTEGER_T)
            .array()
            .sibling("flags")
            .members(DnsAnswerFlagId::MEMBERS),
        Attribute::scalar("flags", &STRING_T).array(),
        Attribute::scalar("packet_uid", &INTEGER_T),
        Attribute::scalar("rdata", &STRING_T).required(),
        Attribute::scalar("ttl", &INTEGER_T),
        Attribute::scalar("type", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static DOMAIN_CONTACT: Object = Object {
    name: "domain_contact",
    attributes: &[
        Attribute::scalar("email_addr", &EMAIL_T),
        Attribute::object("location", &LOCATION),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("phone_number", &STRING_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(DomainContactTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static EMAIL: Object = Object {
    name: "email",
    attributes: &[
        Attribute::scalar("cc", &EMAIL_T).array(),
        Attribute::scalar("cc_mailboxes", &STRING_T).array(),
        Attribute::object("data_classification", &DATA_CLASSIFICATION)
            .profile("data_classification"),
        Attribute::object("data_classifications", &DATA_CLASSIFICATION)
            .array()
            .profile("data_classification"),
        Attribute::scalar("delivered_to", &EMAIL_T),
        Attribute::scalar("delivered_to_list", &EMAIL_T).array(),
        Attribute::object("files", &FILE).array(),
        Attribute::scalar("from", &EMAIL_T),
        Attribute::scalar("from_mailbox", &STRING_T),
        Attribute::object("http_headers", &HTTP_HEADER).array(),
        Attribute::scalar("is_read", &BOOLEAN_T),
        Attribute::scalar("message_uid", &STRING_T),
        Attribute::scalar("raw_header", &STRING_T),
        Attribute::scalar("reply_to", &EMAIL_T),
        Attribute::scalar("reply_to_mailboxes", &STRING_T).array(),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("smtp_from", &EMAIL_T),
        Attribute::scalar("smtp_to", &EMAIL_T).array(),
        Attribute::scalar("subject", &STRING_T),
        Attribute::scalar("to", &EMAIL_T).array(),
        Attribute::scalar("to_mailboxes", &STRING_T).array(),
        Attribute::scalar("uid", &STRING_T),
        Attribute::object("urls", &URL).array(),
        Attribute::scalar("x_originating_ip", &IP_T).array(),
    ],
    at_least_one: &["from", "to"],
    just_one: &[],
};

pub(crate) static EMAIL_AUTH: Object = Object {
    name: "email_auth",
    attributes: &[
        Attribute::scalar("dkim", &STRING_T),
        Attribute::scalar("dkim_domain", &STRING_T),
        Attribute::scalar("dkim_signature", &STRING_T),
        Attribute::scalar("dmarc", &STRING_T),
        Attribute::scalar("dmarc_override", &STRING_T),
        Attribute::scalar("dmarc_policy", &STRING_T),
        Attribute::scalar("spf", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static ENCRYPTION_DETAILS: Object = Object {
    name: "encryption_details",
    attributes: &[
        Attribute::scalar("algorithm", &STRING_T),
        Attribute::scalar("algorithm_id", &INTEGER_T)
            .sibling("algorithm")
            .members(EncryptionDetailsAlgorithmId::MEMBERS),
        Attribute::scalar("key_length", &INTEGER_T),
        Attribute::scalar("key_uid", &STRING_T),
        Attribute::scalar("type", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static ENRICHMENT: Object = Object {
    name: "enrichment",
    attributes: &[
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("data", &JSON_T).required(),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("provider", &STRING_T),
        Attribute::object("reputation", &REPUTATION),
        Attribute::scalar("short_desc", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("value", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static ENVIRONMENT_VARIABLE: Object = Object {
    name: "environment_variable",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("value", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static EPSS: Object = Object {
    name: "epss",
    attributes: &[
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("percentile", &FLOAT_T),
        Attribute::scalar("score", &STRING_T).required(),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static EXTENSION: Object = Object {
    name: "extension",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("uid", &STRING_T).required(),
        Attribute::scalar("version", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static FEATURE: Object = Object {
    name: "feature",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static FILE: Object = Object {
    name: "file",
    attributes: &[
        Attribute::scalar("accessed_time", &TIMESTAMP_T),
        Attribute::scalar("accessed_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("accessor", &USER),
        Attribute::scalar("attributes", &INTEGER_T),
        Attribute::scalar("company_name", &STRING_T),
        Attribute::scalar("confidentiality", &STRING_T),
        Attribute::scalar("confidentiality_id", &INTEGER_T)
            .sibling("confidentiality")
            .members(ConfidentialityId::MEMBERS),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("creator", &USER),
        Attribute::object("data_classification", &DATA_CLASSIFICATION)
            .profile("data_classification"),
        Attribute::object("data_classifications", &DATA_CLASSIFICATION)
            .array()
            .profile("data_classification"),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("drive_type", &STRING_T),
        Attribute::scalar("drive_type_id", &INTEGER_T)
            .sibling("drive_type")
            .members(DriveTypeId::MEMBERS),
        Attribute::object("encryption_details", &ENCRYPTION_DETAILS),
        Attribute::scalar("ext", &STRING_T),
        Attribute::object("hashes", &FINGERPRINT).array(),
        Attribute::scalar("internal_name", &STRING_T),
        Attribute::scalar("is_deleted", &BOOLEAN_T),
        Attribute::scalar("is_encrypted", &BOOLEAN_T),
        Attribute::scalar("is_public", &BOOLEAN_T).profile("cloud"),
        Attribute::scalar("is_system", &BOOLEAN_T),
        Attribute::scalar("mime_type", &STRING_T),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("modifier", &USER),
        Attribute::scalar("name", &FILE_NAME_T).required(),
        Attribute::object("owner", &USER),
        Attribute::scalar("parent_folder", &STRING_T),
        Attribute::scalar("path", &FILE_PATH_T),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("security_descriptor", &STRING_T),
        Attribute::object("signature", &DIGITAL_SIGNATURE),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("storage_class", &STRING_T).profile("cloud"),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(FileTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uri", &URL_T),
        Attribute::object("url", &URL),
        Attribute::scalar("version", &STRING_T),
        Attribute::scalar("volume", &STRING_T),
        Attribute::object("xattributes", &OBJECT),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static FINGERPRINT: Object = Object {
    name: "fingerprint",
    attributes: &[
        Attribute::scalar("algorithm", &STRING_T),
        Attribute::scalar("algorithm_id", &INTEGER_T)
            .required()
            .sibling("algorithm")
            .members(FingerprintAlgorithmId::MEMBERS),
        Attribute::scalar("value", &FILE_HASH_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static FIREWALL_RULE: Object = Object {
    name: "firewall_rule",
    attributes: &[
        Attribute::scalar("category", &STRING_T),
        Attribute::scalar("condition", &STRING_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("duration", &LONG_T),
        Attribute::scalar("match_details", &STRING_T).array(),
        Attribute::scalar("match_location", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("rate_limit", &INTEGER_T),
        Attribute::scalar("sensitivity", &STRING_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static GROUP: Object = Object {
    name: "group",
    attributes: &[
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("domain", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("privileges", &STRING_T).array(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static HTTP_HEADER: Object = Object {
    name: "http_header",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("value", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static IDP: Object = Object {
    name: "idp",
    attributes: &[
        Attribute::object("auth_factors", &AUTH_FACTOR).array(),
        Attribute::scalar("domain", &STRING_T),
        Attribute::object("fingerprint", &FINGERPRINT),
        Attribute::scalar("has_mfa", &BOOLEAN_T),
        Attribute::scalar("issuer", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("protocol_name", &STRING_T),
        Attribute::object("scim", &SCIM),
        Attribute::object("sso", &SSO),
        Attribute::scalar("state", &STRING_T),
        Attribute::scalar("state_id", &INTEGER_T).sibling("state").members(IdpStateId::MEMBERS),
        Attribute::scalar("tenant_uid", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("url_string", &URL_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static IMAGE: Object = Object {
    name: "image",
    attributes: &[
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("path", &FILE_PATH_T),
        Attribute::scalar("tag", &STRING_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static KB_ARTICLE: Object = Object {
    name: "kb_article",
    attributes: &[
        Attribute::object("avg_timespan", &TIMESPAN),
        Attribute::scalar("bulletin", &STRING_T),
        Attribute::scalar("classification", &STRING_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("install_state", &STRING_T),
        Attribute::scalar("install_state_id", &INTEGER_T)
            .sibling("install_state")
            .members(InstallStateId::MEMBERS),
        Attribute::scalar("is_superseded", &BOOLEAN_T),
        Attribute::object("os", &OS),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("title", &STRING_T),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static KEY_VALUE_OBJECT: Object = Object {
    name: "key_value_object",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("value", &STRING_T),
        Attribute::scalar("values", &STRING_T).array(),
    ],
    at_least_one: &["value", "values"],
    just_one: &[],
};

pub(crate) static KEYBOARD_INFO: Object = Object {
    name: "keyboard_info",
    attributes: &[
        Attribute::scalar("function_keys", &INTEGER_T),
        Attribute::scalar("ime", &STRING_T),
        Attribute::scalar("keyboard_layout", &STRING_T),
        Attribute::scalar("keyboard_subtype", &INTEGER_T),
        Attribute::scalar("keyboard_type", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static KILL_CHAIN_PHASE: Object = Object {
    name: "kill_chain_phase",
    attributes: &[
        Attribute::scalar("phase", &STRING_T),
        Attribute::scalar("phase_id", &INTEGER_T)
            .required()
            .sibling("phase")
            .members(PhaseId::MEMBERS),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static LDAP_PERSON: Object = Object {
    name: "ldap_person",
    attributes: &[
        Attribute::scalar("cost_center", &STRING_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("deleted_time", &TIMESTAMP_T),
        Attribute::scalar("deleted_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("display_name", &STRING_T),
        Attribute::scalar("email_addrs", &EMAIL_T).array(),
        Attribute::scalar("employee_uid", &STRING_T),
        Attribute::scalar("given_name", &STRING_T),
        Attribute::scalar("hire_time", &TIMESTAMP_T),
        Attribute::scalar("hire_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("job_title", &STRING_T),
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("last_login_time", &TIMESTAMP_T),
        Attribute::scalar("last_login_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("ldap_cn", &STRING_T),
        Attribute::scalar("ldap_dn", &STRING_T),
        Attribute::scalar("leave_time", &TIMESTAMP_T),
        Attribute::scalar("leave_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("location", &LOCATION),
        Attribute::object("manager", &USER),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("office_location", &STRING_T),
        Attribute::scalar("phone_number", &STRING_T),
        Attribute::scalar("surname", &STRING_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static LOCATION: Object = Object {
    name: "location",
    attributes: &[
        Attribute::scalar("aerial_height", &STRING_T),
        Attribute::scalar("city", &STRING_T),
        Attribute::scalar("continent", &STRING_T),
        Attribute::scalar("coordinates", &FLOAT_T).array(),
        Attribute::scalar("country", &STRING_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("geodetic_altitude", &STRING_T),
        Attribute::scalar("geodetic_vertical_accuracy", &STRING_T),
        Attribute::scalar("geohash", &STRING_T),
        Attribute::scalar("horizontal_accuracy", &STRING_T),
        Attribute::scalar("is_on_premises", &BOOLEAN_T),
        Attribute::scalar("isp", &STRING_T),
        Attribute::scalar("lat", &FLOAT_T),
        Attribute::scalar("long", &FLOAT_T),
        Attribute::scalar("postal_code", &STRING_T),
        Attribute::scalar("pressure_altitude", &STRING_T),
        Attribute::scalar("provider", &STRING_T),
        Attribute::scalar("region", &STRING_T),
    ],
    at_least_one: &["city", "country", "postal_code", "region"],
    just_one: &[],
};

pub(crate) static LOGGER: Object = Object {
    name: "logger",
    attributes: &[
        Attribute::object("device", &DEVICE),
        Attribute::scalar("event_uid", &STRING_T),
        Attribute::scalar("log_level", &STRING_T),
        Attribute::scalar("log_name", &STRING_T),
        Attribute::scalar("log_provider", &STRING_T),
        Attribute::scalar("log_version", &STRING_T),
        Attribute::scalar("logged_time", &TIMESTAMP_T),
        Attribute::scalar("logged_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("transmit_time", &TIMESTAMP_T),
        Attribute::scalar("transmit_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static LONG_STRING: Object = Object {
    name: "long_string",
    attributes: &[
        Attribute::scalar("is_truncated", &BOOLEAN_T),
        Attribute::scalar("untruncated_size", &INTEGER_T),
        Attribute::scalar("value", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static MALWARE: Object = Object {
    name: "malware",
    attributes: &[
        Attribute::scalar("classification_ids", &INTEGER_T)
            .array()
            .required()
            .sibling("classifications")
            .members(MalwareClassificationId::MEMBERS),
        Attribute::scalar("classifications", &STRING_T).array(),
        Attribute::object("cves", &CVE).array(),
        Attribute::object("files", &FILE).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("num_infected", &INTEGER_T),
        Attribute::scalar("path", &FILE_PATH_T),
        Attribute::scalar("provider", &STRING_T),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("severity_id", &INTEGER_T)
            .sibling("severity")
            .members(SeverityId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static MALWARE_SCAN_INFO: Object = Object {
    name: "malware_scan_info",
    attributes: &[
        Attribute::scalar("end_time", &TIMESTAMP_T),
        Attribute::scalar("end_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("num_files", &INTEGER_T),
        Attribute::scalar("num_infected", &INTEGER_T),
        Attribute::scalar("num_volumes", &INTEGER_T),
        Attribute::scalar("size", &LONG_T),
        Attribute::scalar("start_time", &TIMESTAMP_T),
        Attribute::scalar("start_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(MalwareScanInfoTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("unique_malware_count", &INTEGER_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static METADATA: Object = Object {
    name: "metadata",
    attributes: &[
        Attribute::scalar("correlation_uid", &STRING_T),
        Attribute::object("data_classification", &DATA_CLASSIFICATION)
            .profile("data_classification"),
        Attribute::object("data_classifications", &DATA_CLASSIFICATION)
            .array()
            .profile("data_classification"),
        Attribute::scalar("debug", &STRING_T).array(),
        Attribute::scalar("event_code", &STRING_T),
        Attribute::object("extension", &EXTENSION),
        Attribute::object("extensions", &EXTENSION).array(),
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("log_level", &STRING_T),
        Attribute::scalar("log_name", &STRING_T),
        Attribute::scalar("log_provider", &STRING_T),
        Attribute::scalar("log_version", &STRING_T),
        Attribute::scalar("logged_time", &TIMESTAMP_T),
        Attribute::scalar("logged_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("loggers", &LOGGER).array(),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("original_time", &STRING_T),
        Attribute::scalar("processed_time", &TIMESTAMP_T),
        Attribute::scalar("processed_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("product", &PRODUCT).required(),
        Attribute::scalar("profiles", &STRING_T).array(),
        Attribute::scalar("sequence", &INTEGER_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("tenant_uid", &STRING_T),
        Attribute::object("transformation_info_list", &TRANSFORMATION_INFO).array(),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static METRIC: Object = Object {
    name: "metric",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("value", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static MITIGATION: Object = Object {
    name: "mitigation",
    attributes: &[
        Attribute::object("countermeasures", &D3FEND).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static NETWORK_INTERFACE: Object = Object {
    name: "network_interface",
    attributes: &[
        Attribute::scalar("hostname", &HOSTNAME_T),
        Attribute::scalar("ip", &IP_T),
        Attribute::scalar("mac", &MAC_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("namespace", &STRING_T),
        Attribute::scalar("subnet_prefix", &INTEGER_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(NetworkInterfaceTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["ip", "mac", "name", "hostname"],
    just_one: &[],
};

pub(crate) static OBJECT: Object =
    Object { name: "object", attributes: &[], at_least_one: &[], just_one: &[] };

pub(crate) static OBSERVABLE: Object = Object {
    name: "observable",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::object("reputation", &REPUTATION),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(ObservableTypeId::MEMBERS),
        Attribute::scalar("value", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static OCCURRENCE_DETAILS: Object = Object {
    name: "occurrence_details",
    attributes: &[
        Attribute::scalar("cell_name", &STRING_T),
        Attribute::scalar("column_name", &STRING_T),
        Attribute::scalar("column_number", &INTEGER_T),
        Attribute::scalar("end_line", &INTEGER_T),
        Attribute::scalar("json_path", &STRING_T),
        Attribute::scalar("page_number", &INTEGER_T),
        Attribute::scalar("record_index_in_array", &INTEGER_T),
        Attribute::scalar("row_number", &INTEGER_T),
        Attribute::scalar("start_line", &INTEGER_T),
    ],
    at_least_one: &[
        "cell_name",
        "column_name",
        "column_number",
        "end_line",
        "json_path",
        "page_number",
        "record_index_in_array",
        "row_number",
        "start_line",
    ],
    just_one: &[],
};

pub(crate) static ORGANIZATION: Object = Object {
    name: "organization",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("ou_name", &STRING_T),
        Attribute::scalar("ou_uid", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static OS: Object = Object {
    name: "os",
    attributes: &[
        Attribute::scalar("build", &STRING_T),
        Attribute::scalar("country", &STRING_T),
        Attribute::scalar("cpe_name", &STRING_T),
        Attribute::scalar("cpu_bits", &INTEGER_T),
        Attribute::scalar("edition", &STRING_T),
        Attribute::scalar("kernel_release", &STRING_T),
        Attribute::scalar("lang", &STRING_T),
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("sp_name", &STRING_T),
        Attribute::scalar("sp_ver", &INTEGER_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(OsTypeId::MEMBERS),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static OSINT: Object = Object {
    name: "osint",
    attributes: &[
        Attribute::object("answers", &DNS_ANSWER).array(),
        Attribute::object("attacks", &ATTACK).array(),
        Attribute::object("autonomous_system", &AUTONOMOUS_SYSTEM),
        Attribute::object("campaign", &CAMPAIGN),
        Attribute::scalar("category", &STRING_T),
        Attribute::scalar("comment", &STRING_T),
        Attribute::scalar("confidence", &STRING_T),
        Attribute::scalar("confidence_id", &INTEGER_T)
            .sibling("confidence")
            .members(ConfidenceId::MEMBERS),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("creator", &USER),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("detection_pattern", &STRING_T),
        Attribute::scalar("detection_pattern_type", &STRING_T),
        Attribute::scalar("detection_pattern_type_id", &INTEGER_T)
            .sibling("detection_pattern_type")
            .members(DetectionPatternTypeId::MEMBERS),
        Attribute::object("email", &EMAIL),
        Attribute::object("email_auth", &EMAIL_AUTH),
        Attribute::scalar("expiration_time", &TIMESTAMP_T),
        Attribute::scalar("expiration_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("external_uid", &STRING_T),
        Attribute::object("file", &FILE),
        Attribute::scalar("intrusion_sets", &STRING_T).array(),
        Attribute::object("kill_chain", &KILL_CHAIN_PHASE).array(),
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::object("location", &LOCATION),
        Attribute::object("malware", &MALWARE).array(),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("references", &STRING_T).array(),
        Attribute::object("related_analytics", &ANALYTIC).array(),
        Attribute::object("reputation", &REPUTATION),
        Attribute::scalar("risk_score", &INTEGER_T),
        Attribute::object("script", &SCRIPT),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("severity_id", &INTEGER_T)
            .sibling("severity")
            .members(SeverityId::MEMBERS),
        Attribute::object("signatures", &DIGITAL_SIGNATURE).array(),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("subdomains", &STRING_T).array(),
        Attribute::scalar("subnet", &SUBNET_T),
        Attribute::object("threat_actor", &THREAT_ACTOR),
        Attribute::scalar("tlp", &STRING_T).members(Tlp::MEMBERS),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(OsintTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uploaded_time", &TIMESTAMP_T),
        Attribute::scalar("uploaded_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("value", &STRING_T).required(),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::object("vulnerabilities", &VULNERABILITY).array(),
        Attribute::object("whois", &WHOIS),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static PACKAGE: Object = Object {
    name: "package",
    attributes: &[
        Attribute::scalar("architecture", &STRING_T),
        Attribute::scalar("cpe_name", &STRING_T),
        Attribute::scalar("epoch", &INTEGER_T),
        Attribute::object("hash", &FINGERPRINT),
        Attribute::scalar("license", &STRING_T),
        Attribute::scalar("license_url", &URL_T),
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("package_manager", &STRING_T),
        Attribute::scalar("package_manager_url", &URL_T),
        Attribute::scalar("purl", &STRING_T),
        Attribute::scalar("release", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(PackageTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static POLICY: Object = Object {
    name: "policy",
    attributes: &[
        Attribute::scalar("data", &JSON_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::object("group", &GROUP),
        Attribute::scalar("is_applied", &BOOLEAN_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static PROCESS: Object = Object {
    name: "process",
    attributes: &[
        Attribute::object("ancestry", &PROCESS_ENTITY).array(),
        Attribute::scalar("auid", &INTEGER_T).profile("linux/linux_users"),
        Attribute::scalar("cmd_line", &STRING_T),
        Attribute::object("container", &CONTAINER).profile("container"),
        Attribute::scalar("cpid", &UUID_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("egid", &INTEGER_T).profile("linux/linux_users"),
        Attribute::object("environment_variables", &ENVIRONMENT_VARIABLE).array(),
        Attribute::scalar("euid", &INTEGER_T).profile("linux/linux_users"),
        Attribute::object("file", &FILE),
        Attribute::object("group", &GROUP).profile("linux/linux_users"),
        Attribute::scalar("integrity", &STRING_T),
        Attribute::scalar("integrity_id", &INTEGER_T)
            .sibling("integrity")
            .members(IntegrityId::MEMBERS),
        Attribute::scalar("lineage", &FILE_PATH_T).array(),
        Attribute::scalar("loaded_modules", &STRING_T).array(),
        Attribute::scalar("name", &PROCESS_NAME_T),
        Attribute::scalar("namespace_pid", &INTEGER_T).profile("container"),
        Attribute::object("parent_process", &PROCESS),
        Attribute::scalar("path", &STRING_T),
        Attribute::scalar("pid", &INTEGER_T),
        Attribute::scalar("sandbox", &STRING_T),
        Attribute::object("session", &SESSION),
        Attribute::scalar("terminated_time", &TIMESTAMP_T),
        Attribute::scalar("terminated_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("tid", &INTEGER_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::object("user", &USER),
        Attribute::scalar("working_directory", &STRING_T),
        Attribute::object("xattributes", &OBJECT),
    ],
    at_least_one: &["pid", "uid", "cpid"],
    just_one: &[],
};

pub(crate) static PROCESS_ENTITY: Object = Object {
    name: "process_entity",
    attributes: &[
        Attribute::scalar("cmd_line", &STRING_T),
        Attribute::scalar("cpid", &UUID_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &PROCESS_NAME_T),
        Attribute::scalar("path", &STRING_T),
        Attribute::scalar("pid", &INTEGER_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["cmd_line", "name", "path", "pid", "uid", "cpid"],
    just_one: &[],
};

pub(crate) static PRODUCT: Object = Object {
    name: "product",
    attributes: &[
        Attribute::scalar("cpe_name", &STRING_T),
        Attribute::object("data_classification", &DATA_CLASSIFICATION)
            .profile("data_classification"),
        Attribute::object("data_classifications", &DATA_CLASSIFICATION)
            .array()
            .profile("data_classification"),
        Attribute::object("feature", &FEATURE),
        Attribute::scalar("lang", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("path", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("url_string", &URL_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static REMEDIATION: Object = Object {
    name: "remediation",
    attributes: &[
        Attribute::object("cis_controls", &CIS_CONTROL).array(),
        Attribute::scalar("desc", &STRING_T).required(),
        Attribute::object("kb_article_list", &KB_ARTICLE).array(),
        Attribute::scalar("kb_articles", &STRING_T).array(),
        Attribute::scalar("references", &STRING_T).array(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static REPUTATION: Object = Object {
    name: "reputation",
    attributes: &[
        Attribute::scalar("base_score", &FLOAT_T).required(),
        Attribute::scalar("provider", &STRING_T),
        Attribute::scalar("score", &STRING_T),
        Attribute::scalar("score_id", &INTEGER_T)
            .required()
            .sibling("score")
            .members(ScoreId::MEMBERS),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static REQUEST: Object = Object {
    name: "request",
    attributes: &[
        Attribute::object("containers", &CONTAINER).array(),
        Attribute::scalar("data", &JSON_T),
        Attribute::scalar("flags", &STRING_T).array(),
        Attribute::scalar("uid", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static RESPONSE: Object = Object {
    name: "response",
    attributes: &[
        Attribute::scalar("code", &INTEGER_T),
        Attribute::object("containers", &CONTAINER).array(),
        Attribute::scalar("data", &JSON_T),
        Attribute::scalar("error", &STRING_T),
        Attribute::scalar("error_message", &STRING_T),
        Attribute::scalar("flags", &STRING_T).array(),
        Attribute::scalar("message", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static RULE: Object = Object {
    name: "rule",
    attributes: &[
        Attribute::scalar("category", &STRING_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static SAN: Object = Object {
    name: "san",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("type", &STRING_T).required(),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static SCIM: Object = Object {
    name: "scim",
    attributes: &[
        Attribute::scalar("auth_protocol", &STRING_T),
        Attribute::scalar("auth_protocol_id", &INTEGER_T)
            .sibling("auth_protocol")
            .members(AuthProtocolId::MEMBERS),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("error_message", &STRING_T),
        Attribute::scalar("is_group_provisioning_enabled", &BOOLEAN_T),
        Attribute::scalar("is_user_provisioning_enabled", &BOOLEAN_T),
        Attribute::scalar("last_run_time", &TIMESTAMP_T),
        Attribute::scalar("last_run_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("protocol_name", &STRING_T),
        Attribute::scalar("rate_limit", &INTEGER_T),
        Attribute::scalar("scim_group_schema", &JSON_T),
        Attribute::scalar("scim_user_schema", &JSON_T),
        Attribute::scalar("state", &STRING_T),
        Attribute::scalar("state_id", &INTEGER_T).sibling("state").members(ScimStateId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uid_alt", &STRING_T),
        Attribute::scalar("url_string", &URL_T),
        Attribute::scalar("vendor_name", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static SCRIPT: Object = Object {
    name: "script",
    attributes: &[
        Attribute::object("file", &FILE),
        Attribute::object("hashes", &FINGERPRINT).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("parent_uid", &STRING_T),
        Attribute::object("script_content", &LONG_STRING).required(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .required()
            .sibling("type")
            .members(ScriptTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static SERVICE: Object = Object {
    name: "service",
    attributes: &[
        Attribute::scalar("labels", &STRING_T).array(),
        Attribute::scalar("name", &STRING_T),
        Attribute::object("tags", &KEY_VALUE_OBJECT).array(),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("version", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static SESSION: Object = Object {
    name: "session",
    attributes: &[
        Attribute::scalar("count", &INTEGER_T),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("credential_uid", &STRING_T),
        Attribute::scalar("expiration_reason", &STRING_T),
        Attribute::scalar("expiration_time", &TIMESTAMP_T),
        Attribute::scalar("expiration_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("is_mfa", &BOOLEAN_T),
        Attribute::scalar("is_remote", &BOOLEAN_T),
        Attribute::scalar("is_vpn", &BOOLEAN_T),
        Attribute::scalar("issuer", &STRING_T),
        Attribute::scalar("terminal", &STRING_T),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uid_alt", &STRING_T),
        Attribute::scalar("uuid", &UUID_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static SSO: Object = Object {
    name: "sso",
    attributes: &[
        Attribute::scalar("auth_protocol", &STRING_T),
        Attribute::scalar("auth_protocol_id", &INTEGER_T)
            .sibling("auth_protocol")
            .members(AuthProtocolId::MEMBERS),
        Attribute::object("certificate", &CERTIFICATE),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("duration_mins", &INTEGER_T),
        Attribute::scalar("idle_timeout", &INTEGER_T),
        Attribute::scalar("login_endpoint", &URL_T),
        Attribute::scalar("logout_endpoint", &URL_T),
        Attribute::scalar("metadata_endpoint", &URL_T),
        Attribute::scalar("modified_time", &TIMESTAMP_T),
        Attribute::scalar("modified_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("protocol_name", &STRING_T),
        Attribute::scalar("scopes", &STRING_T).array(),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static SUB_TECHNIQUE: Object = Object {
    name: "sub_technique",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static TACTIC: Object = Object {
    name: "tactic",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static TECHNIQUE: Object = Object {
    name: "technique",
    attributes: &[
        Attribute::scalar("name", &STRING_T),
        Attribute::scalar("src_url", &URL_T),
        Attribute::scalar("uid", &STRING_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static THREAT_ACTOR: Object = Object {
    name: "threat_actor",
    attributes: &[
        Attribute::scalar("name", &STRING_T).required(),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T)
            .sibling("type")
            .members(ThreatActorTypeId::MEMBERS),
    ],
    at_least_one: &[],
    just_one: &[],
};

pub(crate) static TIMESPAN: Object = Object {
    name: "timespan",
    attributes: &[
        Attribute::scalar("duration", &LONG_T),
        Attribute::scalar("duration_days", &INTEGER_T),
        Attribute::scalar("duration_hours", &INTEGER_T),
        Attribute::scalar("duration_mins", &INTEGER_T),
        Attribute::scalar("duration_months", &INTEGER_T),
        Attribute::scalar("duration_secs", &INTEGER_T),
        Attribute::scalar("duration_weeks", &INTEGER_T),
        Attribute::scalar("duration_years", &INTEGER_T),
        Attribute::scalar("end_time", &TIMESTAMP_T),
        Attribute::scalar("end_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("start_time", &TIMESTAMP_T),
        Attribute::scalar("start_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(TimespanTypeId::MEMBERS),
    ],
    at_least_one: &[
        "duration",
        "duration_days",
        "duration_hours",
        "duration_mins",
        "duration_months",
        "duration_secs",
        "duration_weeks",
        "duration_years",
        "end_time",
        "start_time",
    ],
    just_one: &[],
};

pub(crate) static TRANSFORMATION_INFO: Object = Object {
    name: "transformation_info",
    attributes: &[
        Attribute::scalar("lang", &STRING_T),
        Attribute::scalar("name", &STRING_T),
        Attribute::object("product", &PRODUCT),
        Attribute::scalar("time", &TIMESTAMP_T),
        Attribute::scalar("time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("url_string", &URL_T),
    ],
    at_least_one: &["name", "uid"],
    just_one: &[],
};

pub(crate) static URL: Object = Object {
    name: "url",
    attributes: &[
        Attribute::scalar("categories", &STRING_T).array(),
        Attribute::scalar("category_ids", &INTEGER_T)
            .array()
            .sibling("categories")
            .members(UrlCategoryId::MEMBERS),
        Attribute::scalar("domain", &STRING_T),
        Attribute::scalar("hostname", &HOSTNAME_T),
        Attribute::scalar("path", &STRING_T),
        Attribute::scalar("port", &PORT_T),
        Attribute::scalar("query_string", &STRING_T),
        Attribute::scalar("resource_type", &STRING_T),
        Attribute::scalar("scheme", &STRING_T),
        Attribute::scalar("subdomain", &STRING_T),
        Attribute::scalar("url_string", &URL_T),
    ],
    at_least_one: &["url_string", "path"],
    just_one: &[],
};

pub(crate) static USER: Object = Object {
    name: "user",
    attributes: &[
        Attribute::object("account", &ACCOUNT),
        Attribute::scalar("credential_uid", &STRING_T),
        Attribute::scalar("display_name", &STRING_T),
        Attribute::scalar("domain", &STRING_T),
        Attribute::scalar("email_addr", &EMAIL_T),
        Attribute::scalar("forward_addr", &EMAIL_T),
        Attribute::scalar("full_name", &STRING_T),
        Attribute::object("groups", &GROUP).array(),
        Attribute::scalar("has_mfa", &BOOLEAN_T),
        Attribute::object("ldap_person", &LDAP_PERSON),
        Attribute::scalar("name", &USERNAME_T),
        Attribute::object("org", &ORGANIZATION),
        Attribute::scalar("phone_number", &STRING_T),
        Attribute::scalar("risk_level", &STRING_T),
        Attribute::scalar("risk_level_id", &INTEGER_T)
            .sibling("risk_level")
            .members(RiskLevelId::MEMBERS),
        Attribute::scalar("risk_score", &INTEGER_T),
        Attribute::scalar("type", &STRING_T),
        Attribute::scalar("type_id", &INTEGER_T).sibling("type").members(UserTypeId::MEMBERS),
        Attribute::scalar("uid", &STRING_T),
        Attribute::scalar("uid_alt", &STRING_T),
    ],
    at_least_one: &["account", "name", "uid"],
    just_one: &[],
};

pub(crate) static VULNERABILITY: Object = Object {
    name: "vulnerability",
    attributes: &[
        Attribute::object("advisory", &ADVISORY),
        Attribute::object("affected_code", &AFFECTED_CODE).array(),
        Attribute::object("affected_packages", &AFFECTED_PACKAGE).array(),
        Attribute::scalar("category", &STRING_T),
        Attribute::object("cve", &CVE),
        Attribute::object("cwe", &CWE),
        Attribute::scalar("dependency_chain", &STRING_T),
        Attribute::scalar("desc", &STRING_T),
        Attribute::scalar("exploit_last_seen_time", &TIMESTAMP_T),
        Attribute::scalar("exploit_last_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("exploit_ref_url", &URL_T),
        Attribute::scalar("exploit_requirement", &STRING_T),
        Attribute::scalar("exploit_type", &STRING_T),
        Attribute::scalar("first_seen_time", &TIMESTAMP_T),
        Attribute::scalar("first_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("fix_available", &BOOLEAN_T),
        Attribute::scalar("fix_coverage", &STRING_T),
        Attribute::scalar("fix_coverage_id", &INTEGER_T)
            .sibling("fix_coverage")
            .members(FixCoverageId::MEMBERS),
        Attribute::scalar("is_exploit_available", &BOOLEAN_T),
        Attribute::scalar("is_fix_available", &BOOLEAN_T),
        Attribute::object("kb_article_list", &KB_ARTICLE).array(),
        Attribute::scalar("kb_articles", &STRING_T).array(),
        Attribute::scalar("last_seen_time", &TIMESTAMP_T),
        Attribute::scalar("last_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::object("packages", &PACKAGE).array(),
        Attribute::scalar("references", &STRING_T).array(),
        Attribute::scalar("related_vulnerabilities", &STRING_T).array(),
        Attribute::object("remediation", &REMEDIATION),
        Attribute::scalar("severity", &STRING_T),
        Attribute::scalar("title", &STRING_T),
        Attribute::scalar("vendor_name", &STRING_T),
    ],
    at_least_one: &[],
    just_one: &["advisory", "cve", "cwe"],
};

pub(crate) static WHOIS: Object = Object {
    name: "whois",
    attributes: &[
        Attribute::object("autonomous_system", &AUTONOMOUS_SYSTEM),
        Attribute::scalar("created_time", &TIMESTAMP_T),
        Attribute::scalar("created_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("dnssec_status", &STRING_T),
        Attribute::scalar("dnssec_status_id", &INTEGER_T)
            .sibling("dnssec_status")
            .members(DnssecStatusId::MEMBERS),
        Attribute::scalar("domain", &STRING_T),
        Attribute::object("domain_contacts", &DOMAIN_CONTACT).array(),
        Attribute::scalar("email_addr", &EMAIL_T),
        Attribute::scalar("isp", &STRING_T),
        Attribute::scalar("isp_org", &STRING_T),
        Attribute::scalar("last_seen_time", &TIMESTAMP_T),
        Attribute::scalar("last_seen_time_dt", &DATETIME_T).profile("datetime"),
        Attribute::scalar("name_servers", &STRING_T).array(),
        Attribute::scalar("phone_number", &STRING_T),
        Attribute::scalar("registrar", &STRING_T),
        Attribute::scalar("status", &STRING_T),
        Attribute::scalar("subdomains", &STRING_T).array(),
        Attribute::scalar("subnet", &SUBNET_T),
    ],
    at_least_one: &[],
    just_one: &[],
};
