//! The `sekoia` form: what the models of Sekoia's asset connectors take of an event.
//!
//! The models are `DeviceOCSFModel` and what it contains in the package `sekoia-automation-models`
//! (1.4.0). They ignore fields that they do not know, so what is written here is a closed list, in the
//! order in which Sekoia's own connector writes it. Captions come from the ids, because the models
//! accept no others.

use stocktake_connector_core::{EncodeError, Encoded, Fingerprint, Form};
use stocktake_ocsf_model::{
    Device, DeviceTypeId, Enrichment, Group, InventoryInfo, JsonWriter, NetworkInterface,
    NetworkInterfaceTypeId, Os, OsTypeId, Paths, RiskLevelId, SeverityId, Timestamp, WriteJson,
    write,
};

use crate::volatile;

/// The enrichments of a device event without extra fields, and no others: a receiver that shows them by
/// name has these.
const ENRICHMENTS: [&str; 6] = [
    "azure_ad_device_id",
    "health_status",
    "exposure_level",
    "rbac_group_name",
    "user_principal_name",
    "management_agent",
];

/// Writes what Sekoia's models take: times as seconds, fewer members of the enums, and a fixed set of
/// fields.
#[derive(Debug, Clone)]
pub struct SekoiaForm {
    extra_fields: bool,
    fingerprint: Fingerprint,
    paths: Paths,
}

impl SekoiaForm {
    /// Writes what the mapping with the fingerprint `mapping` makes. `extra_fields` also writes the
    /// fields that the models take and Sekoia's own connector leaves out. `volatile` names fields by
    /// path, as [`VOLATILE`](crate::VOLATILE) does; an array has the path of its key.
    pub fn new<P: Into<String>>(
        extra_fields: bool,
        mapping: Fingerprint,
        volatile: impl IntoIterator<Item = P>,
    ) -> Self {
        let extra = if extra_fields { "extra fields" } else { "" };
        let (fingerprint, paths) = volatile::form(mapping, ["sekoia", extra], volatile);
        Self { extra_fields, fingerprint, paths }
    }
}

impl Form<InventoryInfo<'_>> for SekoiaForm {
    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn encode(&self, event: &InventoryInfo<'_>, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let start = out.len();
        let places = write(&Asset::of(event, self.extra_fields)?, &self.paths, out);
        let text = out.get(start..).unwrap_or_default();
        volatile::encoded(self.fingerprint, event.time, &places, text)
            .inspect_err(|_| out.truncate(start))
    }
}

/// An event, and what the models require of it.
struct Asset<'a> {
    event: &'a InventoryInfo<'a>,
    activity_name: &'a str,
    category_name: &'a str,
    class_name: &'a str,
    type_name: &'a str,
    product_name: &'a str,
    uid: &'a str,
    hostname: &'a str,
    extra_fields: bool,
}

impl<'a> Asset<'a> {
    /// Views `event`; fails where a field that the models require is missing.
    fn of(event: &'a InventoryInfo<'a>, extra_fields: bool) -> Result<Self, EncodeError> {
        let (product, device) = (&event.metadata.product, &event.device);
        Ok(Self {
            event,
            activity_name: required(
                event.activity_name.as_deref().or(event.activity_id.caption()),
                "activity_name",
            )?,
            category_name: required(
                event.category_name.as_deref().or(event.category_uid.caption()),
                "category_name",
            )?,
            class_name: required(
                event.class_name.as_deref().or(event.class_uid.caption()),
                "class_name",
            )?,
            type_name: required(
                event.type_name.as_deref().or(event.type_uid.caption()),
                "type_name",
            )?,
            product_name: required(product.name.as_deref(), "metadata.product.name")?,
            uid: required(device.uid.as_deref(), "device.uid")?,
            hostname: required(device.hostname.as_deref(), "device.hostname")?,
            extra_fields,
        })
    }
}

fn required<'a>(value: Option<&'a str>, path: &str) -> Result<&'a str, EncodeError> {
    value.ok_or_else(|| EncodeError(format!("`{path}` is missing; the sekoia form needs it")))
}

impl WriteJson for Asset<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        let event = self.event;
        let severity = match event.severity_id {
            SeverityId::Unlisted(_) => SeverityId::Other,
            listed => listed,
        };
        let product = &event.metadata.product;
        writer.object(|writer| {
            writer.field("activity_id", &event.activity_id);
            writer.field("activity_name", self.activity_name);
            writer.field("category_name", self.category_name);
            writer.field("category_uid", &event.category_uid);
            writer.field("class_name", self.class_name);
            writer.field("class_uid", &event.class_uid);
            writer.field("type_name", self.type_name);
            writer.field("type_uid", &event.type_uid);
            writer.field("severity", severity.caption().unwrap_or_default());
            writer.field("severity_id", &severity);
            writer.field("time", &Seconds(event.time));
            writer.object_field("metadata", |writer| {
                writer.object_field("product", |writer| {
                    writer.field("name", self.product_name);
                    writer.optional("version", &product.version);
                });
                writer.field("version", &event.metadata.version);
            });
            writer.object_field("device", |writer| self.device(&event.device, writer));
            let taken = |enrichment: &&Enrichment<'_>| {
                self.extra_fields || ENRICHMENTS.contains(&&*enrichment.name)
            };
            if event.enrichments.iter().any(|enrichment| taken(&enrichment)) {
                let taken = event.enrichments.iter().filter(taken);
                writer.field_of("enrichments", |writer| writer.array(taken.map(NameAndValue)));
            }
        });
    }
}

impl Asset<'_> {
    fn device(&self, device: &Device<'_>, writer: &mut JsonWriter<'_>) {
        let type_id = fold(device);
        let risk = device.risk_level_id.map(|risk| match risk {
            RiskLevelId::Unlisted(_) => RiskLevelId::Other,
            listed => listed,
        });
        writer.field("type_id", &type_id);
        writer.field("type", type_id.caption().unwrap_or_default());
        writer.field("uid", self.uid);
        writer.field("hostname", self.hostname);
        writer.optional("ip", &device.ip);
        if let Some(os) = &device.os {
            writer.object_field("os", |writer| write_os(os, writer));
        }
        writer.optional("model", &device.model);
        writer.optional("vendor_name", &device.vendor_name);
        writer.optional("first_seen_time", &device.first_seen_time.map(Seconds));
        writer.optional("last_seen_time", &device.last_seen_time.map(Seconds));
        writer.optional("risk_level", &risk.and_then(RiskLevelId::caption));
        writer.optional("risk_level_id", &risk);
        self.interfaces(&device.network_interfaces, writer);
        writer.optional("is_compliant", &device.is_compliant);
        writer.optional("is_managed", &device.is_managed);
        writer.optional("is_personal", &device.is_personal);
        writer.optional("is_supervised", &device.is_supervised);
        if !self.extra_fields {
            return;
        }
        writer.optional("uid_alt", &device.uid_alt);
        // The model refuses a group without a name.
        let named = |group: &&Group<'_>| group.name.is_some();
        if device.groups.iter().any(|group| named(&group)) {
            let named = device.groups.iter().filter(named);
            writer.field_of("groups", |writer| writer.array(named.map(NameAndUid)));
        }
        writer.list("imei_list", &device.imei_list);
        writer.optional("meid", &device.meid);
        writer.optional("iccid", &device.iccid);
        writer.optional("udid", &device.udid);
    }

    /// Without a name an interface is one that the primary record lists. It helps where there is no
    /// better one, and would double it elsewhere.
    fn interfaces(&self, interfaces: &[NetworkInterface<'_>], writer: &mut JsonWriter<'_>) {
        let is_named = |interface: &NetworkInterface<'_>| interface.name.is_some();
        let any_named = interfaces.iter().any(is_named);
        if !any_named && (!self.extra_fields || interfaces.is_empty()) {
            return;
        }
        let taken = interfaces.iter().filter(|interface| !any_named || is_named(interface));
        let extra_fields = self.extra_fields;
        let taken = taken.map(|interface| Interface { interface, extra_fields });
        writer.field_of("network_interfaces", |writer| writer.array(taken));
    }
}

fn write_os(os: &Os<'_>, writer: &mut JsonWriter<'_>) {
    // The model's captions are lower case; nothing else about them differs.
    let (caption, type_id) = match os.type_id {
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
    if !os.name.is_empty() {
        writer.field("name", &os.name);
    }
    writer.field("type", caption);
    writer.field("type_id", &type_id);
}

/// The model knows fewer kinds of devices than the schema, and Sekoia's own connector goes by the
/// platform alone: that a machine is virtual does not change what it is for.
fn fold(device: &Device<'_>) -> DeviceTypeId {
    match device.type_id {
        DeviceTypeId::Laptop => DeviceTypeId::Desktop,
        DeviceTypeId::Tablet => DeviceTypeId::Mobile,
        DeviceTypeId::Virtual => match device.os.as_ref().map(|os| os.type_id) {
            Some(OsTypeId::Windows | OsTypeId::Macos) => DeviceTypeId::Desktop,
            Some(OsTypeId::Android | OsTypeId::Ios | OsTypeId::Ipados) => DeviceTypeId::Mobile,
            Some(_) => DeviceTypeId::Unknown,
            None => DeviceTypeId::Virtual,
        },
        DeviceTypeId::Unknown
        | DeviceTypeId::Server
        | DeviceTypeId::Desktop
        | DeviceTypeId::Mobile
        | DeviceTypeId::Firewall
        | DeviceTypeId::Switch => device.type_id,
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

/// A time as whole seconds, which the models hold as floats.
struct Seconds(Timestamp);

impl WriteJson for Seconds {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.seconds(self.0.as_secs());
    }
}

struct NameAndValue<'a>(&'a Enrichment<'a>);

impl WriteJson for NameAndValue<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.field("name", &self.0.name);
            writer.field("value", &self.0.value);
        });
    }
}

struct NameAndUid<'a>(&'a Group<'a>);

impl WriteJson for NameAndUid<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        writer.object(|writer| {
            writer.optional("name", &self.0.name);
            writer.optional("uid", &self.0.uid);
        });
    }
}

struct Interface<'a> {
    interface: &'a NetworkInterface<'a>,
    extra_fields: bool,
}

impl WriteJson for Interface<'_> {
    fn write_json(&self, writer: &mut JsonWriter<'_>) {
        let interface = self.interface;
        writer.object(|writer| {
            writer.optional("mac", &interface.mac);
            writer.optional("name", &interface.name);
            if !self.extra_fields {
                return;
            }
            if interface.name.is_none() {
                writer.optional("ip", &interface.ip);
            }
            let type_id = match interface.type_id {
                NetworkInterfaceTypeId::Unlisted(_) => NetworkInterfaceTypeId::Other,
                listed => listed,
            };
            writer.optional("type", &type_id.caption());
            writer.field("type_id", &type_id);
        });
    }
}
