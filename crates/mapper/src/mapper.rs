//! The mapper: the table's rules, applied to one record and its enrichment.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use stocktake_connector_core::{
    DirectoryId, Enrichment, Fingerprint, MapError, Mapper, SourceRecord,
};
use stocktake_defender_api::Machine;
use stocktake_graph_api::{ComplianceState, ManagedDevice, OwnerType};
use stocktake_ocsf_model as ocsf;
use stocktake_ocsf_model::{
    ActivityId, CategoryUid, ClassUid, Device, DeviceHwInfo, Group, InventoryInfo, Json, Metadata,
    NetworkInterface, Os, OsTypeId, Product, RiskLevelId, SeverityId, TypeUid, Version,
};

use crate::device_type::{Evidence, refine};
use crate::platform::Platform;
use crate::text::{said, said_guid};
use crate::{agents, hardware, interfaces, ip, observables, owner, risk, table, time};

/// What a [`DefenderMapper`] needs to know.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct MapperOptions {
    /// The id of the tenant's Entra directory, for `metadata.tenant_uid`. Default: left out.
    pub tenant_uid: Option<DirectoryId>,
    /// Whether Intune's records are completed with what its lists leave out before they become
    /// events. It changes the mapping's fingerprint, so that every device is sent once again when it
    /// is switched. Default: no.
    pub details: bool,
}

impl MapperOptions {
    /// Names the Entra directory that the devices belong to.
    #[must_use]
    pub fn with_tenant_uid(mut self, tenant_uid: DirectoryId) -> Self {
        self.tenant_uid = Some(tenant_uid);
        self
    }

    /// Says whether Intune's records are complete.
    #[must_use]
    pub fn with_details(mut self, details: bool) -> Self {
        self.details = details;
        self
    }
}

/// Maps a Defender machine and its Intune record to one full event, by the rules of
/// [`crate::TABLE`].
///
/// The same record, enrichment and time always give the same event. It borrows from all of them, so
/// that a field that no form carries costs next to nothing.
#[derive(Debug, Clone)]
pub struct DefenderMapper {
    pub(crate) options: MapperOptions,
    fingerprint: Fingerprint,
}

impl DefenderMapper {
    /// A mapper for one tenant.
    pub fn new(options: MapperOptions) -> Self {
        let table = table::fingerprint();
        let fingerprint = if options.details {
            Fingerprint::of([table.as_bytes().as_slice(), b"details"])
        } else {
            table
        };
        Self { options, fingerprint }
    }

    fn metadata<'a>(
        &'a self,
        machine: &'a Machine,
        seen: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Metadata<'a> {
        let tenant_uid = self.options.tenant_uid.as_ref();
        Metadata {
            version: Version::default().as_str().into(),
            product: Box::new(Product {
                name: text("Microsoft Defender for Endpoint"),
                version: text("1.0"),
                vendor_name: text("Microsoft"),
                ..Product::default()
            }),
            tenant_uid: tenant_uid.map(|uid| uid.as_str().into()),
            log_name: text("machines"),
            original_time: seen.map(|seen| time::text(seen).into()),
            processed_time: Some(time::timestamp(now)),
            labels: machine.machine_tags.iter().map(|tag| tag.as_str().into()).collect(),
            ..Metadata::default()
        }
    }
}

impl Mapper for DefenderMapper {
    type Record = Machine;
    type Enrichment = ManagedDevice;
    type Event<'a> = InventoryInfo<'a>;

    fn map<'a>(
        &'a self,
        machine: &'a Machine,
        enrichment: &'a Enrichment<ManagedDevice>,
        now: DateTime<Utc>,
    ) -> Result<InventoryInfo<'a>, MapError> {
        let id = machine.uid();
        if id.is_empty() {
            return Err(MapError { field: "id", problem: "is missing or empty".to_owned() });
        }
        let record = Record { id, machine, enrichment };
        let seen = time::real(machine.last_seen).or(time::real(machine.first_seen));
        let device = record.device();
        Ok(InventoryInfo {
            activity_id: ActivityId::Collect,
            activity_name: caption(ActivityId::Collect.caption()),
            category_uid: CategoryUid::Discovery,
            category_name: caption(CategoryUid::Discovery.caption()),
            class_uid: ClassUid::DeviceInventoryInfo,
            class_name: caption(ClassUid::DeviceInventoryInfo.caption()),
            type_uid: TypeUid::DeviceInventoryInfoCollect,
            type_name: caption(TypeUid::DeviceInventoryInfoCollect.caption()),
            severity_id: SeverityId::Informational,
            severity: caption(SeverityId::Informational.caption()),
            time: time::timestamp(seen.unwrap_or(now)),
            metadata: Box::new(self.metadata(machine, seen, now)),
            enrichments: record.enrichments(),
            observables: observables::observables(&device),
            device: Box::new(device),
            ..InventoryInfo::default()
        })
    }

    fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

/// A machine and its enrichment on their way into one event.
#[derive(Debug, Clone, Copy)]
struct Record<'a> {
    id: &'a str,
    machine: &'a Machine,
    enrichment: &'a Enrichment<ManagedDevice>,
}

impl<'a> Record<'a> {
    fn device(&self) -> Device<'a> {
        let Self { machine, enrichment, .. } = *self;
        let intune = enrichment.matched();
        let of_intune =
            |field: fn(&ManagedDevice) -> &Option<String>| intune.and_then(|d| said(field(d)));
        let platform = Platform::of(machine.os_platform.as_deref());
        let name = of_intune(|d| &d.device_name);
        let hostname = said(&machine.computer_dns_name).or(name).unwrap_or(self.id);
        let last_ip = machine.last_ip_address.as_deref().and_then(ip::Ip::parse);
        // One that every device has says nothing of this one.
        let last_ip = last_ip.filter(|ip| ip.rank().is_some());
        let risk = risk::risk_level(machine.risk_score.as_deref());
        let type_id = refine(platform, self.evidence(intune));
        Device {
            uid: text(self.id),
            uid_alt: said_guid(&machine.aad_device_id).and_then(text),
            hostname: text(hostname),
            name: name.and_then(text),
            domain: said(&machine.computer_dns_name).and_then(domain).and_then(text),
            ip: last_ip.map(ip::Ip::write),
            type_id,
            r#type: caption(type_id.caption()),
            os: Some(Box::new(self.os(platform, intune))),
            model: of_intune(|d| &d.model).and_then(hardware::firmware).and_then(text),
            vendor_name: of_intune(|d| &d.manufacturer).and_then(hardware::firmware).and_then(text),
            first_seen_time: time::real(machine.first_seen).map(time::timestamp),
            last_seen_time: time::real(machine.last_seen).map(time::timestamp),
            risk_level_id: risk,
            risk_level: match risk {
                Some(RiskLevelId::Other) => said(&machine.risk_score).and_then(text),
                risk => caption(risk.and_then(RiskLevelId::caption)),
            },
            is_compliant: intune
                .and_then(|d| d.compliance_state.as_ref())
                .map(|state| *state == ComplianceState::Compliant),
            is_managed: match enrichment {
                Enrichment::Matched(device) => Some(device.is_managed()),
                Enrichment::NoMatch => Some(false),
                Enrichment::Uncertain | Enrichment::Unavailable => None,
            },
            is_personal: intune
                .and_then(|d| d.managed_device_owner_type.as_ref())
                .map(|owner| *owner == OwnerType::Personal),
            is_supervised: intune.and_then(|d| d.is_supervised),
            network_interfaces: self.network_interfaces(intune, last_ip),
            groups: self.groups(),
            imei_list: of_intune(|d| &d.imei).map(hardware::imei_list).unwrap_or_default(),
            meid: of_intune(|d| &d.meid).and_then(hardware::meid).and_then(text),
            iccid: of_intune(|d| &d.iccid).and_then(hardware::identifier).and_then(text),
            udid: of_intune(|d| &d.udid).and_then(hardware::identifier).and_then(text),
            agent_list: agents::agents(machine, intune),
            hw_info: self.hw_info(intune).map(Box::new),
            owner: intune.and_then(owner::owner).map(Box::new),
            ..Device::default()
        }
    }

    fn os(&self, platform: Platform, intune: Option<&'a ManagedDevice>) -> Os<'a> {
        let machine = self.machine;
        let os_version = intune.and_then(|device| said(&device.os_version));
        let name = match (os_version, said(&machine.os_platform), machine.os_build) {
            (Some(version), ..) => version.into(),
            (None, Some(platform), Some(build)) => format!("{platform} (Build {build})").into(),
            (None, Some(platform), None) => platform.into(),
            // Forms decide what stands for a name that nobody knows.
            (None, None, _) => Cow::default(),
        };
        let type_id = platform.os_type();
        let release = said(&machine.version).filter(|v| !matches!(*v, "Other" | "Future"));
        Os {
            name,
            type_id,
            r#type: match type_id {
                OsTypeId::Other => said(&machine.os_platform).and_then(text),
                type_id => caption(type_id.caption()),
            },
            version: os_version.or(said(&machine.os_version)).or(release).and_then(text),
            build: machine.os_build.map(|build| build.to_string().into()),
            cpu_bits: machine.os_architecture.as_deref().and_then(hardware::os_bits),
            ..Os::default()
        }
    }

    fn evidence(&self, intune: Option<&'a ManagedDevice>) -> Evidence<'a> {
        let vm = self.machine.vm_metadata.as_ref();
        Evidence {
            os_platform: self.machine.os_platform.as_deref(),
            vm_metadata: vm.is_some_and(|vm| {
                said(&vm.vm_id).or(said(&vm.resource_id)).is_some()
                    || said(&vm.cloud_provider).is_some_and(|p| !p.eq_ignore_ascii_case("unknown"))
            }),
            model: intune.and_then(|device| device.model.as_deref()),
            manufacturer: intune.and_then(|device| device.manufacturer.as_deref()),
            operating_system: intune.and_then(|device| device.operating_system.as_deref()),
        }
    }

    fn network_interfaces(
        &self,
        intune: Option<&ManagedDevice>,
        last_ip: Option<ip::Ip<'_>>,
    ) -> Vec<NetworkInterface<'a>> {
        let mut found = intune.map(interfaces::of_intune).unwrap_or_default();
        let preferred = last_ip.map(|ip| ip.address);
        interfaces::add_of_defender(&mut found, &self.machine.ip_addresses, preferred);
        found
    }

    fn groups(&self) -> Vec<Group<'a>> {
        let name = said(&self.machine.rbac_group_name).and_then(text);
        let uid = said(&self.machine.rbac_group_id).filter(|id| id.trim() != "0").and_then(text);
        if name.is_none() && uid.is_none() {
            return Vec::new();
        }
        vec![Group { name, uid, ..Group::default() }]
    }

    fn hw_info(&self, intune: Option<&'a ManagedDevice>) -> Option<DeviceHwInfo<'a>> {
        let processor = said(&self.machine.os_processor);
        let (architecture, cpu_bits) = processor.map(hardware::processor).unwrap_or_default();
        let serial_number = intune.and_then(|device| said(&device.serial_number));
        let hw_info = DeviceHwInfo {
            serial_number: serial_number.and_then(hardware::serial_number).and_then(text),
            cpu_type: processor.and_then(text),
            cpu_architecture_id: architecture,
            cpu_architecture: caption(architecture.and_then(|a| a.caption())),
            cpu_bits,
            ram_size: intune
                .and_then(|device| device.physical_memory_in_bytes)
                .and_then(hardware::memory),
            ..DeviceHwInfo::default()
        };
        let something =
            hw_info.serial_number.is_some() || processor.is_some() || hw_info.ram_size.is_some();
        something.then_some(hw_info)
    }

    fn enrichments(&self) -> Vec<ocsf::Enrichment<'a>> {
        let Self { machine, enrichment, .. } = *self;
        let intune = enrichment.matched();
        let external_ip = machine.last_external_ip_address.as_deref();
        let external_ip = external_ip.filter(|ip| ip::Ip::parse(ip).is_some());
        [
            ("azure_ad_device_id", said_guid(&machine.aad_device_id)),
            ("health_status", said(&machine.health_status)),
            ("exposure_level", said(&machine.exposure_level)),
            ("rbac_group_name", said(&machine.rbac_group_name)),
            ("user_principal_name", intune.and_then(|d| said(&d.user_principal_name))),
            (
                "management_agent",
                intune.and_then(|d| d.management_agent.as_ref()).map(|agent| agent.as_str()),
            ),
            (
                "compliance_state",
                intune.and_then(|d| d.compliance_state.as_ref()).map(|state| state.as_str()),
            ),
            ("is_encrypted", intune.and_then(|d| d.is_encrypted).map(yes_or_no)),
            ("onboarding_status", said(&machine.onboarding_status)),
            ("device_value", said(&machine.device_value)),
            ("managed_by", said(&machine.managed_by)),
            ("managed_by_status", said(&machine.managed_by_status)),
            ("last_external_ip_address", external_ip),
            // No is what is said of nearly all machines, and nothing beside it.
            ("is_excluded", machine.is_excluded.filter(|yes| *yes).map(yes_or_no)),
            ("exclusion_reason", said(&machine.exclusion_reason)),
            (
                "is_potential_duplication",
                machine.is_potential_duplication.filter(|yes| *yes).map(yes_or_no),
            ),
            ("merged_into_machine_id", said(&machine.merged_into_machine_id)),
        ]
        .into_iter()
        .filter_map(|(name, value)| {
            let value = value?;
            Some(ocsf::Enrichment {
                name: name.into(),
                value: value.into(),
                data: Json::field("value", value),
                ..ocsf::Enrichment::default()
            })
        })
        .collect()
    }
}

/// What follows the first dot of a fully qualified name. A name of words, as phones and tablets have
/// (`iPad Pro 12.9`), is not one.
fn domain(name: &str) -> Option<&str> {
    let name = name.trim().trim_end_matches('.');
    let (host, domain) = name.split_once('.')?;
    let in_label = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let is_label = |label: &str| !label.is_empty() && label.chars().all(in_label);
    // No top-level domain is a number (RFC 3696, section 2); that of an IP address is.
    let top = domain.rsplit('.').next().unwrap_or(domain);
    let is_number = top.bytes().all(|byte| byte.is_ascii_digit());
    (is_label(host) && domain.split('.').all(is_label) && !is_number).then_some(domain)
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "true" } else { "false" }
}

fn text(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn caption(caption: Option<&'static str>) -> Option<Cow<'static, str>> {
    caption.map(Cow::Borrowed)
}

#[cfg(test)]
mod tests;
