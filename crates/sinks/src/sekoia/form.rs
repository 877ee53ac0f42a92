//! The `sekoia` dialect: borrowed views of an event in the form that Sekoia's models take.
//!
//! The models are `DeviceOCSFModel` and what it contains in the package `sekoia-automation-models`
//! (1.4.0). They ignore fields that they do not know, so what is written here is a closed list.
//! Captions are derived from the ids, because the models accept no others.

use serde::Serialize;

use crate::dialect::WriteError;
use crate::{
    DeviceTypeId, InventoryInfo, NetworkInterfaceTypeId, OsTypeId, RiskLevelId, SeverityId,
    Timestamp,
};

/// The enrichments of a device event, and no others: a receiver that shows them by name has these.
const ENRICHMENTS: [&str; 6] = [
    "azure_ad_device_id",
    "health_status",
    "exposure_level",
    "rbac_group_name",
    "user_principal_name",
    "management_agent",
];

/// The event. Fields are in the order in which Sekoia's own connector writes them.
#[derive(Serialize)]
pub(crate) struct Event<'a> {
    activity_id: i64,
    activity_name: &'a str,
    category_name: &'a str,
    category_uid: i64,
    class_name: &'a str,
    class_uid: i64,
    type_name: &'a str,
    type_uid: i64,
    severity: &'static str,
    severity_id: i64,
    time: f64,
    metadata: Metadata<'a>,
    device: Device<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    enrichments: Vec<Enrichment<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    product: Product<'a>,
    version: &'a str,
}

#[derive(Serialize)]
struct Product<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Device<'a> {
    type_id: i64,
    r#type: &'static str,
    uid: &'a str,
    hostname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<Os<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_seen_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_seen_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk_level_id: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    network_interfaces: Vec<NetworkInterface<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_compliant: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_managed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_personal: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_supervised: Option<bool>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    extra: Option<Extra<'a>>,
}

/// What `extra_fields` adds to the device.
#[derive(Serialize)]
struct Extra<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    uid_alt: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    imei_list: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    meid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iccid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    udid: Option<&'a str>,
}

#[derive(Serialize)]
struct Os<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    r#type: &'static str,
    type_id: i64,
}

#[derive(Serialize)]
struct Group<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<&'a str>,
}

#[derive(Serialize)]
struct NetworkInterface<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_id: Option<i64>,
}

#[derive(Serialize)]
struct Enrichment<'a> {
    name: &'a str,
    value: &'a str,
}

impl<'a> Event<'a> {
    /// Views `event`; fails where a field that the model requires is missing.
    pub(crate) fn of(event: &'a InventoryInfo, extra_fields: bool) -> Result<Self, WriteError> {
        let severity = match event.severity_id {
            SeverityId::Unlisted(_) => SeverityId::Other,
            listed => listed,
        };
        let name = |name: &'a Option<String>, caption: Option<&'static str>, path| {
            required(name.as_deref().or(caption), path)
        };
        let enrichments = event.enrichments.iter();
        let enrichments =
            enrichments.filter(|enrichment| ENRICHMENTS.contains(&enrichment.name.as_str()));
        Ok(Self {
            activity_id: event.activity_id.id(),
            activity_name: name(
                &event.activity_name,
                event.activity_id.caption(),
                "activity_name",
            )?,
            category_name: name(
                &event.category_name,
                event.category_uid.caption(),
                "category_name",
            )?,
            category_uid: event.category_uid.id(),
            class_name: name(&event.class_name, event.class_uid.caption(), "class_name")?,
            class_uid: event.class_uid.id(),
            type_name: name(&event.type_name, event.type_uid.caption(), "type_name")?,
            type_uid: event.type_uid.id(),
            severity: severity.caption().unwrap_or_default(),
            severity_id: severity.id(),
            time: seconds(event.time),
            metadata: Metadata {
                product: Product {
                    name: required(
                        event.metadata.product.name.as_deref(),
                        "metadata.product.name",
                    )?,
                    version: event.metadata.product.version.as_deref(),
                },
                version: &event.metadata.version,
            },
            device: Device::of(&event.device, extra_fields)?,
            enrichments: enrichments
                .map(|enrichment| Enrichment { name: &enrichment.name, value: &enrichment.value })
                .collect(),
        })
    }
}

impl<'a> Device<'a> {
    fn of(device: &'a crate::Device, extra_fields: bool) -> Result<Self, WriteError> {
        let type_id = fold(device.type_id);
        let risk = device.risk_level_id.map(|risk| match risk {
            RiskLevelId::Unlisted(_) => RiskLevelId::Other,
            listed => listed,
        });
        // Without a name an interface is one that the primary record lists. It helps where there is
        // no better one, and would double it elsewhere.
        let interfaces = &device.network_interfaces;
        let unnamed = extra_fields && interfaces.iter().all(|interface| interface.name.is_none());
        let interfaces = interfaces.iter().filter(|interface| unnamed || interface.name.is_some());
        Ok(Self {
            type_id: type_id.id(),
            r#type: type_id.caption().unwrap_or_default(),
            uid: required(device.uid.as_deref(), "device.uid")?,
            hostname: required(device.hostname.as_deref(), "device.hostname")?,
            ip: device.ip.as_deref(),
            os: device.os.as_deref().map(Os::of),
            model: device.model.as_deref(),
            vendor_name: device.vendor_name.as_deref(),
            first_seen_time: device.first_seen_time.map(seconds),
            last_seen_time: device.last_seen_time.map(seconds),
            risk_level: risk.and_then(RiskLevelId::caption),
            risk_level_id: risk.map(RiskLevelId::id),
            network_interfaces: interfaces
                .map(|interface| NetworkInterface::of(interface, extra_fields))
                .collect(),
            is_compliant: device.is_compliant,
            is_managed: device.is_managed,
            is_personal: device.is_personal,
            is_supervised: device.is_supervised,
            extra: extra_fields.then(|| Extra::of(device)),
        })
    }
}

impl<'a> Extra<'a> {
    fn of(device: &'a crate::Device) -> Self {
        // The model refuses a group without a name.
        let groups = device.groups.iter().filter_map(|group| {
            Some(Group { name: group.name.as_deref()?, uid: group.uid.as_deref() })
        });
        Self {
            uid_alt: device.uid_alt.as_deref(),
            groups: groups.collect(),
            imei_list: &device.imei_list,
            meid: device.meid.as_deref(),
            iccid: device.iccid.as_deref(),
            udid: device.udid.as_deref(),
        }
    }
}

impl<'a> Os<'a> {
    fn of(os: &'a crate::Os) -> Self {
        // The model's captions are lower case; nothing else about them differs.
        let (r#type, type_id) = match os.type_id {
            OsTypeId::Unknown => ("unknown", OsTypeId::Unknown),
            OsTypeId::Windows => ("windows", OsTypeId::Windows),
            OsTypeId::WindowsMobile => ("windows mobile", OsTypeId::WindowsMobile),
            OsTypeId::Linux => ("linux", OsTypeId::Linux),
            OsTypeId::Android => ("android", OsTypeId::Android),
            OsTypeId::Macos => ("macos", OsTypeId::Macos),
            OsTypeId::Ios => ("ios", OsTypeId::Ios),
            OsTypeId::Ipados => ("ipados", OsTypeId::Ipados),
            OsTypeId::Solaris => ("solaris", OsTypeId::Solaris),
            OsTypeId::Aix => ("aix", OsTypeId::Aix),
            OsTypeId::HpUx => ("hp-ux", OsTypeId::HpUx),
            OsTypeId::Other | OsTypeId::Unlisted(_) => ("other", OsTypeId::Other),
        };
        Self { name: &os.name, r#type, type_id: type_id.id() }
    }
}

impl<'a> NetworkInterface<'a> {
    fn of(interface: &'a crate::NetworkInterface, extra_fields: bool) -> Self {
        let type_id = extra_fields.then_some(match interface.type_id {
            NetworkInterfaceTypeId::Unlisted(_) => NetworkInterfaceTypeId::Other,
            listed => listed,
        });
        Self {
            mac: interface.mac.as_deref(),
            name: interface.name.as_deref(),
            ip: interface.ip.as_deref().filter(|_| extra_fields),
            r#type: type_id.and_then(NetworkInterfaceTypeId::caption),
            type_id: type_id.map(NetworkInterfaceTypeId::id),
        }
    }
}

/// The model knows fewer kinds of devices than the schema.
fn fold(type_id: DeviceTypeId) -> DeviceTypeId {
    match type_id {
        DeviceTypeId::Laptop => DeviceTypeId::Desktop,
        DeviceTypeId::Tablet => DeviceTypeId::Mobile,
        DeviceTypeId::Unknown
        | DeviceTypeId::Server
        | DeviceTypeId::Desktop
        | DeviceTypeId::Mobile
        | DeviceTypeId::Virtual
        | DeviceTypeId::Firewall
        | DeviceTypeId::Switch => type_id,
        DeviceTypeId::Iot
        | DeviceTypeId::Browser
        | DeviceTypeId::Hub
        | DeviceTypeId::Router
        | DeviceTypeId::Ids
        | DeviceTypeId::Ips
        | DeviceTypeId::LoadBalancer
        | DeviceTypeId::Other
        | DeviceTypeId::Unlisted(_) => DeviceTypeId::Other,
    }
}

/// Exact for every whole second that a date can have: they are far below 2^53.
fn seconds(time: Timestamp) -> f64 {
    time.as_secs() as f64
}

fn required<'a>(value: Option<&'a str>, path: &'static str) -> Result<&'a str, WriteError> {
    value.ok_or(WriteError::Missing { dialect: "sekoia", path })
}
