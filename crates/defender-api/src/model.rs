//! Wire types: a machine as the Defender API describes it.
//!
//! Only fields that the mapping uses are kept. Everything but the id may be absent: key order, nulls
//! and undocumented fields differ from record to record
//! (<https://learn.microsoft.com/defender-endpoint/api/machine>).

use std::cmp::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use stocktake_connector_core::{JoinRule, SourceRecord, UnreadableValue};
use stocktake_odata::{
    Address, Flag, Guid, Id, Integer, List, Nested, Text, Texts, Time, parse_guid,
};
use stocktake_odata::{wire_object, wire_record};
use uuid::Uuid;

/// A machine that Defender for Endpoint knows.
///
/// Text that is empty, blank or null is `None`, and so are the times of the years 1 and 9999. A value
/// that cannot be read is `None` and noted in [`Machine::unreadable`].
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Defender's id of the machine: 40 hex digits. `None` makes the record useless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Host name or fully qualified domain name, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computer_dns_name: Option<String>,
    /// When Defender first saw the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_seen: Option<DateTime<Utc>>,
    /// When the machine last sent a full report; moves about once a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<DateTime<Utc>>,
    /// `Windows11`, `Ubuntu`, `macOS`, …: an open set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_platform: Option<String>,
    /// Undocumented, and null wherever it was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Release: `22H2`, `20.4`, `Other`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Build number; absent on some Linux distributions and on macOS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_build: Option<i64>,
    /// `32-bit` or `64-bit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_architecture: Option<String>,
    /// `x64`, `arm64`; deprecated in favour of `osArchitecture`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_processor: Option<String>,
    /// Last address inside the network, IPv4 or IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ip_address: Option<String>,
    /// Last address as seen from the internet, IPv4 or IPv6.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_external_ip_address: Option<String>,
    /// `Active`, `Inactive`, `ImpairedCommunication`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<String>,
    /// `Onboarded`, `CanBeOnboarded`, …; the documents spell the name `onboardingstatus`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onboarding_status: Option<String>,
    /// Id of the device group, text or integer on the wire; `0` means no group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbac_group_id: Option<String>,
    /// Name of the device group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rbac_group_name: Option<String>,
    /// `None`, `Informational`, `Low`, `Medium`, `High`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk_score: Option<String>,
    /// `None`, `Low`, `Medium`, `High`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_level: Option<String>,
    /// Entra device id as it was sent; [`Machine::aad_device_id`] reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aad_device_id: Option<String>,
    /// Whether the machine is joined to Entra ID; may be true although the id is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_aad_joined: Option<bool>,
    /// Tags that operators gave the machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub machine_tags: Vec<String>,
    /// `Normal`, `Low`, `High`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device_value: Option<String>,
    /// Addresses of the network adapters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ip_addresses: Vec<IpAddress>,
    /// Version of the sensor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// `Intune`, `MicrosoftDefenderForEndpoint`, `Unknown`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by: Option<String>,
    /// `Success`, `Error`, `Unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_by_status: Option<String>,
    /// The virtual machine in its cloud, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_metadata: Option<VmMetadata>,
    /// The record that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into_machine_id: Option<String>,
    /// Whether Defender takes the record for one of several of the same device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_potential_duplication: Option<bool>,
    /// Whether the machine is excluded from vulnerability management.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_excluded: Option<bool>,
    /// `DuplicateDevice`, `InactiveDevice`, `DeviceDoesNotExist`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusion_reason: Option<String>,
    /// Fields with values that could not be read; their values are absent.
    #[serde(skip)]
    pub unreadable: Vec<UnreadableValue>,
}

wire_record! {
    Machine("machine") {
        "id" => id: Id,
        "computerDnsName" => computer_dns_name: Text,
        "firstSeen" => first_seen: Time,
        "lastSeen" => last_seen: Time,
        "osPlatform" => os_platform: Text,
        "osVersion" => os_version: Text,
        "version" => version: Text,
        "osBuild" => os_build: Integer,
        "osArchitecture" => os_architecture: Text,
        "osProcessor" => os_processor: Text,
        "lastIpAddress" => last_ip_address: Address,
        "lastExternalIpAddress" => last_external_ip_address: Address,
        "healthStatus" => health_status: Text,
        "onboardingStatus" | "onboardingstatus" => onboarding_status: Text,
        "rbacGroupId" => rbac_group_id: Text,
        "rbacGroupName" => rbac_group_name: Text,
        "riskScore" => risk_score: Text,
        "exposureLevel" => exposure_level: Text,
        "aadDeviceId" => aad_device_id: Guid,
        "isAadJoined" => is_aad_joined: Flag,
        "machineTags" => machine_tags: Texts,
        "deviceValue" => device_value: Text,
        "ipAddresses" => ip_addresses: List<IpAddress>,
        "agentVersion" => agent_version: Text,
        "managedBy" => managed_by: Text,
        "managedByStatus" => managed_by_status: Text,
        "vmMetadata" | "vm_metadata" => vm_metadata: Nested<VmMetadata>,
        "mergedIntoMachineId" => merged_into_machine_id: Text,
        "isPotentialDuplication" => is_potential_duplication: Flag,
        "isExcluded" => is_excluded: Flag,
        "exclusionReason" => exclusion_reason: Text,
    }
}

impl Machine {
    /// The key that joins a machine with its Intune record; `None` for the all-zero GUID.
    pub fn aad_device_id(&self) -> Option<Uuid> {
        self.aad_device_id.as_deref().and_then(parse_guid)
    }

    /// The id of the record that this one was merged into, if another record has taken its place.
    pub fn merged_into(&self) -> Option<&str> {
        let other = self.merged_into_machine_id.as_deref()?.trim();
        (!other.eq_ignore_ascii_case(self.uid())).then_some(other)
    }

    /// Whether the record is excluded because another one stands for the same device.
    pub fn is_excluded_duplicate(&self) -> bool {
        let names_it = |reason: &String| reason.trim().eq_ignore_ascii_case("DuplicateDevice");
        self.is_excluded == Some(true)
            && (self.is_potential_duplication == Some(true)
                || self.exclusion_reason.as_ref().is_some_and(names_it))
    }

    /// How likely the record is the present one of its device, as far as its states tell: onboarded
    /// before not, active before inactive. An absent state decides nothing.
    fn standing(&self) -> (bool, bool) {
        let is = |state: &Option<String>, name: &str| {
            state.as_deref().is_some_and(|state| state.trim().eq_ignore_ascii_case(name))
        };
        let onboarded =
            self.onboarding_status.is_none() || is(&self.onboarding_status, "Onboarded");
        (onboarded, !is(&self.health_status, "Inactive"))
    }
}

/// How much older than another record's the last sighting of a record must be to show that the device
/// has gone on under the other one: `lastSeen` moves about once a day, and a device may be off for one.
const SUPERSEDED_AFTER: TimeDelta = TimeDelta::days(2);

impl SourceRecord for Machine {
    fn uid(&self) -> &str {
        self.id.as_deref().unwrap_or_default().trim()
    }

    fn join_key(&self) -> Option<Uuid> {
        self.aad_device_id()
    }

    fn name(&self) -> Option<&str> {
        self.computer_dns_name.as_deref()
    }

    fn last_seen(&self) -> Option<DateTime<Utc>> {
        self.last_seen
    }

    fn join_rule(&self) -> JoinRule {
        if self.merged_into().is_some() || self.is_excluded_duplicate() {
            JoinRule::Yields
        } else if self.unreadable.iter().any(|value| value.field == "machine.aadDeviceId") {
            JoinRule::KeyUnreadable
        } else {
            JoinRule::ByKey
        }
    }

    fn yields_to(&self, other: &Self) -> bool {
        match self.standing().cmp(&other.standing()) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => match (self.last_seen, other.last_seen) {
                (Some(own), Some(other)) => other - own > SUPERSEDED_AFTER,
                _ => false,
            },
        }
    }

    fn unreadable(&self) -> &[UnreadableValue] {
        &self.unreadable
    }

    fn payload(&self) -> String {
        // Text, numbers and lists of them always have a JSON form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// An address of a network adapter. An adapter with several addresses comes several times.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IpAddress {
    /// IPv4 or IPv6, link-local and loopback ones too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address: Option<String>,
    /// Usually 12 hex digits without separators; all-zero for a loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<String>,
    /// `Ethernet`, `SoftwareLoopback`, `Other`, …
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `Up`, `Down`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operational_status: Option<String>,
}

wire_object! {
    IpAddress("machine.ipAddresses[]") {
        "ipAddress" => ip_address: Address,
        "macAddress" => mac_address: Text,
        "type" => kind: Text,
        "operationalStatus" => operational_status: Text,
    }
}

/// A virtual machine in its cloud.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VmMetadata {
    /// The cloud's id of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// `Azure`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloud_provider: Option<String>,
    /// The cloud's path of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The subscription that pays for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_id: Option<String>,
}

wire_object! {
    VmMetadata("machine.vmMetadata") {
        "vmId" => vm_id: Text,
        "cloudProvider" => cloud_provider: Text,
        "resourceId" => resource_id: Text,
        "subscriptionId" => subscription_id: Text,
    }
}

#[cfg(test)]
mod tests;
