// Written by `cargo xtask codegen`; do not edit.
//! The class and its objects, OCSF 1.5.0.

use std::borrow::Cow;

use serde::Deserialize;

use super::enums::*;
use crate::{Json, JsonWriter, Timestamp, WriteJson};

/// Device Inventory Info: `inventory_info`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct InventoryInfo<'a> {
    /// `string_t`, optional under profile `security_control`.
    pub action: Option<Cow<'a, str>>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `action`.
    pub action_id: Option<ActionId>,
    /// `integer_t`, required; its caption is in `activity_name`.
    pub activity_id: ActivityId,
    /// `string_t`, optional.
    pub activity_name: Option<Cow<'a, str>>,
    /// `actor`, optional.
    pub actor: Option<Json<'a>>,
    /// `api`, optional under profile `cloud`.
    pub api: Option<Json<'a>>,
    /// `attack` array, optional under profile `security_control`.
    #[serde(default)]
    pub attacks: Vec<Json<'a>>,
    /// `authorization` array, optional under profile `security_control`.
    #[serde(default)]
    pub authorizations: Vec<Json<'a>>,
    /// `string_t`, optional.
    pub category_name: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `category_name`.
    pub category_uid: CategoryUid,
    /// `string_t`, optional.
    pub class_name: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `class_name`.
    pub class_uid: ClassUid,
    /// `cloud`, required under profile `cloud`.
    pub cloud: Option<Json<'a>>,
    /// `string_t`, optional under profile `security_control`.
    pub confidence: Option<Cow<'a, str>>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `confidence`.
    pub confidence_id: Option<ConfidenceId>,
    /// `integer_t`, optional under profile `security_control`.
    pub confidence_score: Option<i64>,
    /// `integer_t`, optional.
    pub count: Option<i64>,
    /// `device`, required.
    pub device: Box<Device<'a>>,
    /// `string_t`, optional under profile `security_control`.
    pub disposition: Option<Cow<'a, str>>,
    /// `integer_t`, recommended under profile `security_control`; its caption is in `disposition`.
    pub disposition_id: Option<DispositionId>,
    /// `long_t`, optional.
    pub duration: Option<i64>,
    /// `timestamp_t`, optional.
    pub end_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub end_time_dt: Option<Cow<'a, str>>,
    /// `enrichment` array, optional.
    #[serde(default)]
    pub enrichments: Vec<Enrichment<'a>>,
    /// `firewall_rule`, optional under profile `security_control`.
    pub firewall_rule: Option<Json<'a>>,
    /// `boolean_t`, recommended under profile `security_control`.
    pub is_alert: Option<bool>,
    /// `malware` array, optional under profile `security_control`.
    #[serde(default)]
    pub malware: Vec<Json<'a>>,
    /// `malware_scan_info`, optional under profile `security_control`.
    pub malware_scan_info: Option<Json<'a>>,
    /// `string_t`, recommended.
    pub message: Option<Cow<'a, str>>,
    /// `metadata`, required.
    pub metadata: Box<Metadata<'a>>,
    /// `observable` array, recommended.
    #[serde(default)]
    pub observables: Vec<Observable<'a>>,
    /// `osint` array, required under profile `osint`.
    #[serde(default)]
    pub osint: Vec<Json<'a>>,
    /// `policy`, optional under profile `security_control`.
    pub policy: Option<Json<'a>>,
    /// `string_t`, optional.
    pub raw_data: Option<Cow<'a, str>>,
    /// `long_t`, optional.
    pub raw_data_size: Option<i64>,
    /// `string_t`, optional under profile `security_control`.
    pub risk_details: Option<Cow<'a, str>>,
    /// `string_t`, optional under profile `security_control`.
    pub risk_level: Option<Cow<'a, str>>,
    /// `integer_t`, optional under profile `security_control`; its caption is in `risk_level`.
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional under profile `security_control`.
    pub risk_score: Option<i64>,
    /// `string_t`, optional.
    pub severity: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `severity`.
    pub severity_id: SeverityId,
    /// `timestamp_t`, optional.
    pub start_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub start_time_dt: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub status: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub status_code: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub status_detail: Option<Cow<'a, str>>,
    /// `integer_t`, recommended; its caption is in `status`.
    pub status_id: Option<InventoryInfoStatusId>,
    /// `timestamp_t`, required.
    pub time: Timestamp,
    /// `datetime_t`, optional under profile `datetime`.
    pub time_dt: Option<Cow<'a, str>>,
    /// `integer_t`, recommended.
    pub timezone_offset: Option<i64>,
    /// `string_t`, optional.
    pub type_name: Option<Cow<'a, str>>,
    /// `long_t`, required; its caption is in `type_name`.
    pub type_uid: TypeUid,
    /// `object`, optional.
    pub unmapped: Option<Json<'a>>,
}

impl WriteJson for InventoryInfo<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("action", &self.action);
            writer.optional("action_id", &self.action_id);
            writer.field("activity_id", &self.activity_id);
            writer.optional("activity_name", &self.activity_name);
            writer.optional("actor", &self.actor);
            writer.optional("api", &self.api);
            writer.list("attacks", &self.attacks);
            writer.list("authorizations", &self.authorizations);
            writer.optional("category_name", &self.category_name);
            writer.field("category_uid", &self.category_uid);
            writer.optional("class_name", &self.class_name);
            writer.field("class_uid", &self.class_uid);
            writer.optional("cloud", &self.cloud);
            writer.optional("confidence", &self.confidence);
            writer.optional("confidence_id", &self.confidence_id);
            writer.optional("confidence_score", &self.confidence_score);
            writer.optional("count", &self.count);
            writer.field("device", &self.device);
            writer.optional("disposition", &self.disposition);
            writer.optional("disposition_id", &self.disposition_id);
            writer.optional("duration", &self.duration);
            writer.optional("end_time", &self.end_time);
            writer.optional("end_time_dt", &self.end_time_dt);
            writer.list("enrichments", &self.enrichments);
            writer.optional("firewall_rule", &self.firewall_rule);
            writer.optional("is_alert", &self.is_alert);
            writer.list("malware", &self.malware);
            writer.optional("malware_scan_info", &self.malware_scan_info);
            writer.optional("message", &self.message);
            writer.field("metadata", &self.metadata);
            writer.list("observables", &self.observables);
            writer.list("osint", &self.osint);
            writer.optional("policy", &self.policy);
            writer.optional("raw_data", &self.raw_data);
            writer.optional("raw_data_size", &self.raw_data_size);
            writer.optional("risk_details", &self.risk_details);
            writer.optional("risk_level", &self.risk_level);
            writer.optional("risk_level_id", &self.risk_level_id);
            writer.optional("risk_score", &self.risk_score);
            writer.optional("severity", &self.severity);
            writer.field("severity_id", &self.severity_id);
            writer.optional("start_time", &self.start_time);
            writer.optional("start_time_dt", &self.start_time_dt);
            writer.optional("status", &self.status);
            writer.optional("status_code", &self.status_code);
            writer.optional("status_detail", &self.status_detail);
            writer.optional("status_id", &self.status_id);
            writer.field("time", &self.time);
            writer.optional("time_dt", &self.time_dt);
            writer.optional("timezone_offset", &self.timezone_offset);
            writer.optional("type_name", &self.type_name);
            writer.field("type_uid", &self.type_uid);
            writer.optional("unmapped", &self.unmapped);
        });
    }
}

/// Device: `device`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Device<'a> {
    /// `agent` array, optional.
    #[serde(default)]
    pub agent_list: Vec<Json<'a>>,
    /// `string_t`, optional.
    pub autoscale_uid: Option<Cow<'a, str>>,
    /// `timestamp_t`, optional.
    pub boot_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub boot_time_dt: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub boot_uid: Option<Cow<'a, str>>,
    /// `container`, recommended under profile `container`.
    pub container: Option<Json<'a>>,
    /// `timestamp_t`, optional.
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub created_time_dt: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub desc: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub domain: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub eid: Option<Cow<'a, str>>,
    /// `timestamp_t`, optional.
    pub first_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub first_seen_time_dt: Option<Cow<'a, str>>,
    /// `group` array, optional.
    #[serde(default)]
    pub groups: Vec<Group<'a>>,
    /// `hostname_t`, recommended.
    pub hostname: Option<Cow<'a, str>>,
    /// `device_hw_info`, optional.
    pub hw_info: Option<Box<DeviceHwInfo<'a>>>,
    /// `string_t`, optional.
    pub hypervisor: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub iccid: Option<Cow<'a, str>>,
    /// `image`, optional.
    pub image: Option<Json<'a>>,
    /// `string_t`, optional; deprecated since 1.4.0.
    pub imei: Option<Cow<'a, str>>,
    /// `string_t` array, optional.
    #[serde(default)]
    pub imei_list: Vec<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub instance_uid: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub interface_name: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub interface_uid: Option<Cow<'a, str>>,
    /// `ip_t`, optional.
    pub ip: Option<Cow<'a, str>>,
    /// `boolean_t`, optional.
    pub is_backed_up: Option<bool>,
    /// `boolean_t`, optional.
    pub is_compliant: Option<bool>,
    /// `boolean_t`, optional.
    pub is_managed: Option<bool>,
    /// `boolean_t`, optional.
    pub is_mobile_account_active: Option<bool>,
    /// `boolean_t`, optional.
    pub is_personal: Option<bool>,
    /// `boolean_t`, optional.
    pub is_shared: Option<bool>,
    /// `boolean_t`, optional.
    pub is_supervised: Option<bool>,
    /// `boolean_t`, optional.
    pub is_trusted: Option<bool>,
    /// `timestamp_t`, optional.
    pub last_seen_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub last_seen_time_dt: Option<Cow<'a, str>>,
    /// `location`, optional.
    pub location: Option<Json<'a>>,
    /// `mac_t`, optional.
    pub mac: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub meid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub model: Option<Cow<'a, str>>,
    /// `timestamp_t`, optional.
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub modified_time_dt: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub name: Option<Cow<'a, str>>,
    /// `integer_t`, recommended under profile `container`.
    pub namespace_pid: Option<i64>,
    /// `network_interface` array, optional.
    #[serde(default)]
    pub network_interfaces: Vec<NetworkInterface<'a>>,
    /// `organization`, optional.
    pub org: Option<Json<'a>>,
    /// `os`, optional.
    pub os: Option<Box<Os<'a>>>,
    /// `uuid_t`, optional.
    pub os_machine_uuid: Option<Cow<'a, str>>,
    /// `user`, recommended.
    pub owner: Option<Box<User<'a>>>,
    /// `string_t`, recommended.
    pub region: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub risk_level: Option<Cow<'a, str>>,
    /// `integer_t`, optional; its caption is in `risk_level`.
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional.
    pub risk_score: Option<i64>,
    /// `subnet_t`, optional.
    pub subnet: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub subnet_uid: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub r#type: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: DeviceTypeId,
    /// `string_t`, optional.
    pub udid: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub uid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub uid_alt: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub vendor_name: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub vlan_uid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub vpc_uid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub zone: Option<Cow<'a, str>>,
}

impl WriteJson for Device<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.list("agent_list", &self.agent_list);
            writer.optional("autoscale_uid", &self.autoscale_uid);
            writer.optional("boot_time", &self.boot_time);
            writer.optional("boot_time_dt", &self.boot_time_dt);
            writer.optional("boot_uid", &self.boot_uid);
            writer.optional("container", &self.container);
            writer.optional("created_time", &self.created_time);
            writer.optional("created_time_dt", &self.created_time_dt);
            writer.optional("desc", &self.desc);
            writer.optional("domain", &self.domain);
            writer.optional("eid", &self.eid);
            writer.optional("first_seen_time", &self.first_seen_time);
            writer.optional("first_seen_time_dt", &self.first_seen_time_dt);
            writer.list("groups", &self.groups);
            writer.optional("hostname", &self.hostname);
            writer.optional("hw_info", &self.hw_info);
            writer.optional("hypervisor", &self.hypervisor);
            writer.optional("iccid", &self.iccid);
            writer.optional("image", &self.image);
            writer.optional("imei", &self.imei);
            writer.list("imei_list", &self.imei_list);
            writer.optional("instance_uid", &self.instance_uid);
            writer.optional("interface_name", &self.interface_name);
            writer.optional("interface_uid", &self.interface_uid);
            writer.optional("ip", &self.ip);
            writer.optional("is_backed_up", &self.is_backed_up);
            writer.optional("is_compliant", &self.is_compliant);
            writer.optional("is_managed", &self.is_managed);
            writer.optional("is_mobile_account_active", &self.is_mobile_account_active);
            writer.optional("is_personal", &self.is_personal);
            writer.optional("is_shared", &self.is_shared);
            writer.optional("is_supervised", &self.is_supervised);
            writer.optional("is_trusted", &self.is_trusted);
            writer.optional("last_seen_time", &self.last_seen_time);
            writer.optional("last_seen_time_dt", &self.last_seen_time_dt);
            writer.optional("location", &self.location);
            writer.optional("mac", &self.mac);
            writer.optional("meid", &self.meid);
            writer.optional("model", &self.model);
            writer.optional("modified_time", &self.modified_time);
            writer.optional("modified_time_dt", &self.modified_time_dt);
            writer.optional("name", &self.name);
            writer.optional("namespace_pid", &self.namespace_pid);
            writer.list("network_interfaces", &self.network_interfaces);
            writer.optional("org", &self.org);
            writer.optional("os", &self.os);
            writer.optional("os_machine_uuid", &self.os_machine_uuid);
            writer.optional("owner", &self.owner);
            writer.optional("region", &self.region);
            writer.optional("risk_level", &self.risk_level);
            writer.optional("risk_level_id", &self.risk_level_id);
            writer.optional("risk_score", &self.risk_score);
            writer.optional("subnet", &self.subnet);
            writer.optional("subnet_uid", &self.subnet_uid);
            writer.optional("type", &self.r#type);
            writer.field("type_id", &self.type_id);
            writer.optional("udid", &self.udid);
            writer.optional("uid", &self.uid);
            writer.optional("uid_alt", &self.uid_alt);
            writer.optional("vendor_name", &self.vendor_name);
            writer.optional("vlan_uid", &self.vlan_uid);
            writer.optional("vpc_uid", &self.vpc_uid);
            writer.optional("zone", &self.zone);
        });
    }
}

/// Device Hardware Info: `device_hw_info`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct DeviceHwInfo<'a> {
    /// `string_t`, optional.
    pub bios_date: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub bios_manufacturer: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub bios_ver: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub chassis: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub cpu_architecture: Option<Cow<'a, str>>,
    /// `integer_t`, optional; its caption is in `cpu_architecture`.
    pub cpu_architecture_id: Option<CpuArchitectureId>,
    /// `integer_t`, optional.
    pub cpu_bits: Option<i64>,
    /// `integer_t`, optional.
    pub cpu_cores: Option<i64>,
    /// `integer_t`, optional.
    pub cpu_count: Option<i64>,
    /// `integer_t`, optional.
    pub cpu_speed: Option<i64>,
    /// `string_t`, optional.
    pub cpu_type: Option<Cow<'a, str>>,
    /// `display`, optional.
    pub desktop_display: Option<Json<'a>>,
    /// `keyboard_info`, optional.
    pub keyboard_info: Option<Json<'a>>,
    /// `integer_t`, optional.
    pub ram_size: Option<i64>,
    /// `string_t`, optional.
    pub serial_number: Option<Cow<'a, str>>,
    /// `uuid_t`, optional.
    pub uuid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub vendor_name: Option<Cow<'a, str>>,
}

impl WriteJson for DeviceHwInfo<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("bios_date", &self.bios_date);
            writer.optional("bios_manufacturer", &self.bios_manufacturer);
            writer.optional("bios_ver", &self.bios_ver);
            writer.optional("chassis", &self.chassis);
            writer.optional("cpu_architecture", &self.cpu_architecture);
            writer.optional("cpu_architecture_id", &self.cpu_architecture_id);
            writer.optional("cpu_bits", &self.cpu_bits);
            writer.optional("cpu_cores", &self.cpu_cores);
            writer.optional("cpu_count", &self.cpu_count);
            writer.optional("cpu_speed", &self.cpu_speed);
            writer.optional("cpu_type", &self.cpu_type);
            writer.optional("desktop_display", &self.desktop_display);
            writer.optional("keyboard_info", &self.keyboard_info);
            writer.optional("ram_size", &self.ram_size);
            writer.optional("serial_number", &self.serial_number);
            writer.optional("uuid", &self.uuid);
            writer.optional("vendor_name", &self.vendor_name);
        });
    }
}

/// Enrichment: `enrichment`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Enrichment<'a> {
    /// `timestamp_t`, recommended.
    pub created_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub created_time_dt: Option<Cow<'a, str>>,
    /// `json_t`, required.
    pub data: Json<'a>,
    /// `string_t`, optional.
    pub desc: Option<Cow<'a, str>>,
    /// `string_t`, required.
    pub name: Cow<'a, str>,
    /// `string_t`, recommended.
    pub provider: Option<Cow<'a, str>>,
    /// `reputation`, optional.
    pub reputation: Option<Json<'a>>,
    /// `string_t`, recommended.
    pub short_desc: Option<Cow<'a, str>>,
    /// `url_t`, recommended.
    pub src_url: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub r#type: Option<Cow<'a, str>>,
    /// `string_t`, required.
    pub value: Cow<'a, str>,
}

impl WriteJson for Enrichment<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("created_time", &self.created_time);
            writer.optional("created_time_dt", &self.created_time_dt);
            writer.field("data", &self.data);
            writer.optional("desc", &self.desc);
            writer.field("name", &self.name);
            writer.optional("provider", &self.provider);
            writer.optional("reputation", &self.reputation);
            writer.optional("short_desc", &self.short_desc);
            writer.optional("src_url", &self.src_url);
            writer.optional("type", &self.r#type);
            writer.field("value", &self.value);
        });
    }
}

/// Group: `group`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Group<'a> {
    /// `string_t`, optional.
    pub desc: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub domain: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub name: Option<Cow<'a, str>>,
    /// `string_t` array, optional.
    #[serde(default)]
    pub privileges: Vec<Cow<'a, str>>,
    /// `string_t`, optional.
    pub r#type: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub uid: Option<Cow<'a, str>>,
}

impl WriteJson for Group<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("desc", &self.desc);
            writer.optional("domain", &self.domain);
            writer.optional("name", &self.name);
            writer.list("privileges", &self.privileges);
            writer.optional("type", &self.r#type);
            writer.optional("uid", &self.uid);
        });
    }
}

/// Metadata: `metadata`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Metadata<'a> {
    /// `string_t`, optional.
    pub correlation_uid: Option<Cow<'a, str>>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    pub data_classification: Option<Json<'a>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default)]
    pub data_classifications: Vec<Json<'a>>,
    /// `string_t` array, optional.
    #[serde(default)]
    pub debug: Vec<Cow<'a, str>>,
    /// `string_t`, optional.
    pub event_code: Option<Cow<'a, str>>,
    /// `extension`, optional; deprecated since 1.1.0.
    pub extension: Option<Json<'a>>,
    /// `extension` array, optional.
    #[serde(default)]
    pub extensions: Vec<Json<'a>>,
    /// `string_t` array, optional.
    #[serde(default)]
    pub labels: Vec<Cow<'a, str>>,
    /// `string_t`, optional.
    pub log_level: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub log_name: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub log_provider: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub log_version: Option<Cow<'a, str>>,
    /// `timestamp_t`, optional.
    pub logged_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub logged_time_dt: Option<Cow<'a, str>>,
    /// `logger` array, optional.
    #[serde(default)]
    pub loggers: Vec<Json<'a>>,
    /// `timestamp_t`, optional.
    pub modified_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub modified_time_dt: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub original_time: Option<Cow<'a, str>>,
    /// `timestamp_t`, optional.
    pub processed_time: Option<Timestamp>,
    /// `datetime_t`, optional under profile `datetime`.
    pub processed_time_dt: Option<Cow<'a, str>>,
    /// `product`, required.
    pub product: Box<Product<'a>>,
    /// `string_t` array, optional.
    #[serde(default)]
    pub profiles: Vec<Cow<'a, str>>,
    /// `integer_t`, optional.
    pub sequence: Option<i64>,
    /// `key_value_object` array, optional.
    #[serde(default)]
    pub tags: Vec<Json<'a>>,
    /// `string_t`, recommended.
    pub tenant_uid: Option<Cow<'a, str>>,
    /// `transformation_info` array, optional.
    #[serde(default)]
    pub transformation_info_list: Vec<Json<'a>>,
    /// `string_t`, optional.
    pub uid: Option<Cow<'a, str>>,
    /// `string_t`, required.
    pub version: Cow<'a, str>,
}

impl WriteJson for Metadata<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("correlation_uid", &self.correlation_uid);
            writer.optional("data_classification", &self.data_classification);
            writer.list("data_classifications", &self.data_classifications);
            writer.list("debug", &self.debug);
            writer.optional("event_code", &self.event_code);
            writer.optional("extension", &self.extension);
            writer.list("extensions", &self.extensions);
            writer.list("labels", &self.labels);
            writer.optional("log_level", &self.log_level);
            writer.optional("log_name", &self.log_name);
            writer.optional("log_provider", &self.log_provider);
            writer.optional("log_version", &self.log_version);
            writer.optional("logged_time", &self.logged_time);
            writer.optional("logged_time_dt", &self.logged_time_dt);
            writer.list("loggers", &self.loggers);
            writer.optional("modified_time", &self.modified_time);
            writer.optional("modified_time_dt", &self.modified_time_dt);
            writer.optional("original_time", &self.original_time);
            writer.optional("processed_time", &self.processed_time);
            writer.optional("processed_time_dt", &self.processed_time_dt);
            writer.field("product", &self.product);
            writer.list("profiles", &self.profiles);
            writer.optional("sequence", &self.sequence);
            writer.list("tags", &self.tags);
            writer.optional("tenant_uid", &self.tenant_uid);
            writer.list("transformation_info_list", &self.transformation_info_list);
            writer.optional("uid", &self.uid);
            writer.field("version", &self.version);
        });
    }
}

/// Network Interface: `network_interface`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct NetworkInterface<'a> {
    /// `hostname_t`, recommended.
    pub hostname: Option<Cow<'a, str>>,
    /// `ip_t`, recommended.
    pub ip: Option<Cow<'a, str>>,
    /// `mac_t`, recommended.
    pub mac: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub name: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub namespace: Option<Cow<'a, str>>,
    /// `integer_t`, optional.
    pub subnet_prefix: Option<i64>,
    /// `string_t`, optional.
    pub r#type: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: NetworkInterfaceTypeId,
    /// `string_t`, optional.
    pub uid: Option<Cow<'a, str>>,
}

impl WriteJson for NetworkInterface<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("hostname", &self.hostname);
            writer.optional("ip", &self.ip);
            writer.optional("mac", &self.mac);
            writer.optional("name", &self.name);
            writer.optional("namespace", &self.namespace);
            writer.optional("subnet_prefix", &self.subnet_prefix);
            writer.optional("type", &self.r#type);
            writer.field("type_id", &self.type_id);
            writer.optional("uid", &self.uid);
        });
    }
}

/// Observable: `observable`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Observable<'a> {
    /// `string_t`, recommended.
    pub name: Option<Cow<'a, str>>,
    /// `reputation`, optional.
    pub reputation: Option<Json<'a>>,
    /// `string_t`, optional.
    pub r#type: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: ObservableTypeId,
    /// `string_t`, optional.
    pub value: Option<Cow<'a, str>>,
}

impl WriteJson for Observable<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("name", &self.name);
            writer.optional("reputation", &self.reputation);
            writer.optional("type", &self.r#type);
            writer.field("type_id", &self.type_id);
            writer.optional("value", &self.value);
        });
    }
}

/// Operating System (OS): `os`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Os<'a> {
    /// `string_t`, optional.
    pub build: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub country: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub cpe_name: Option<Cow<'a, str>>,
    /// `integer_t`, optional.
    pub cpu_bits: Option<i64>,
    /// `string_t`, optional.
    pub edition: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub kernel_release: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub lang: Option<Cow<'a, str>>,
    /// `string_t`, required.
    pub name: Cow<'a, str>,
    /// `string_t`, optional.
    pub sp_name: Option<Cow<'a, str>>,
    /// `integer_t`, optional.
    pub sp_ver: Option<i64>,
    /// `string_t`, optional.
    pub r#type: Option<Cow<'a, str>>,
    /// `integer_t`, required; its caption is in `type`.
    pub type_id: OsTypeId,
    /// `string_t`, optional.
    pub version: Option<Cow<'a, str>>,
}

impl WriteJson for Os<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("build", &self.build);
            writer.optional("country", &self.country);
            writer.optional("cpe_name", &self.cpe_name);
            writer.optional("cpu_bits", &self.cpu_bits);
            writer.optional("edition", &self.edition);
            writer.optional("kernel_release", &self.kernel_release);
            writer.optional("lang", &self.lang);
            writer.field("name", &self.name);
            writer.optional("sp_name", &self.sp_name);
            writer.optional("sp_ver", &self.sp_ver);
            writer.optional("type", &self.r#type);
            writer.field("type_id", &self.type_id);
            writer.optional("version", &self.version);
        });
    }
}

/// Product: `product`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Product<'a> {
    /// `string_t`, optional.
    pub cpe_name: Option<Cow<'a, str>>,
    /// `data_classification`, recommended under profile `data_classification`; deprecated since 1.4.0.
    pub data_classification: Option<Json<'a>>,
    /// `data_classification` array, recommended under profile `data_classification`.
    #[serde(default)]
    pub data_classifications: Vec<Json<'a>>,
    /// `feature`, optional.
    pub feature: Option<Json<'a>>,
    /// `string_t`, optional.
    pub lang: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub name: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub path: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub uid: Option<Cow<'a, str>>,
    /// `url_t`, optional.
    pub url_string: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub vendor_name: Option<Cow<'a, str>>,
    /// `string_t`, recommended.
    pub version: Option<Cow<'a, str>>,
}

impl WriteJson for Product<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("cpe_name", &self.cpe_name);
            writer.optional("data_classification", &self.data_classification);
            writer.list("data_classifications", &self.data_classifications);
            writer.optional("feature", &self.feature);
            writer.optional("lang", &self.lang);
            writer.optional("name", &self.name);
            writer.optional("path", &self.path);
            writer.optional("uid", &self.uid);
            writer.optional("url_string", &self.url_string);
            writer.optional("vendor_name", &self.vendor_name);
            writer.optional("version", &self.version);
        });
    }
}

/// User: `user`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct User<'a> {
    /// `account`, optional.
    pub account: Option<Json<'a>>,
    /// `string_t`, optional.
    pub credential_uid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub display_name: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub domain: Option<Cow<'a, str>>,
    /// `email_t`, optional.
    pub email_addr: Option<Cow<'a, str>>,
    /// `email_t`, optional.
    pub forward_addr: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub full_name: Option<Cow<'a, str>>,
    /// `group` array, optional.
    #[serde(default)]
    pub groups: Vec<Group<'a>>,
    /// `boolean_t`, recommended.
    pub has_mfa: Option<bool>,
    /// `ldap_person`, optional.
    pub ldap_person: Option<Json<'a>>,
    /// `username_t`, recommended.
    pub name: Option<Cow<'a, str>>,
    /// `organization`, optional.
    pub org: Option<Json<'a>>,
    /// `string_t`, optional.
    pub phone_number: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub risk_level: Option<Cow<'a, str>>,
    /// `integer_t`, optional; its caption is in `risk_level`.
    pub risk_level_id: Option<RiskLevelId>,
    /// `integer_t`, optional.
    pub risk_score: Option<i64>,
    /// `string_t`, optional.
    pub r#type: Option<Cow<'a, str>>,
    /// `integer_t`, recommended; its caption is in `type`.
    pub type_id: Option<UserTypeId>,
    /// `string_t`, recommended.
    pub uid: Option<Cow<'a, str>>,
    /// `string_t`, optional.
    pub uid_alt: Option<Cow<'a, str>>,
}

impl WriteJson for User<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("account", &self.account);
            writer.optional("credential_uid", &self.credential_uid);
            writer.optional("display_name", &self.display_name);
            writer.optional("domain", &self.domain);
            writer.optional("email_addr", &self.email_addr);
            writer.optional("forward_addr", &self.forward_addr);
            writer.optional("full_name", &self.full_name);
            writer.list("groups", &self.groups);
            writer.optional("has_mfa", &self.has_mfa);
            writer.optional("ldap_person", &self.ldap_person);
            writer.optional("name", &self.name);
            writer.optional("org", &self.org);
            writer.optional("phone_number", &self.phone_number);
            writer.optional("risk_level", &self.risk_level);
            writer.optional("risk_level_id", &self.risk_level_id);
            writer.optional("risk_score", &self.risk_score);
            writer.optional("type", &self.r#type);
            writer.optional("type_id", &self.type_id);
            writer.optional("uid", &self.uid);
            writer.optional("uid_alt", &self.uid_alt);
        });
    }
}
