//! Wire types: a managed device as Intune describes it.
//!
//! Only what is selected ([`ManagedDevice::SELECTED`]) is kept. Empty text and null mean the same in
//! this API, even within one record, and both are `None` here
//! (<https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice>).

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use serde::Serialize;
use stocktake_connector_core::UnreadableValue;
use stocktake_odata::wire_record;
use stocktake_odata::{Flag, Guid, Integer, Text, Time, parse_guid};
use uuid::Uuid;

use crate::{ComplianceState, ManagementAgent, ManagementState, OwnerType};

/// Defines the record, its readers and the selected properties in one place.
macro_rules! selected {
    ($($(#[$doc:meta])* $name:literal => $field:ident: $type:ty as $reader:ty,)+) => {
        /// A device in Intune.
        #[derive(Debug, Clone, Default, PartialEq, Serialize)]
        pub struct ManagedDevice {
            $($(#[$doc])*
            #[serde(rename = $name, skip_serializing_if = "Option::is_none")]
            pub $field: Option<$type>,)+
            /// Fields with values that could not be read; their values are absent.
            #[serde(skip)]
            pub unreadable: Vec<UnreadableValue>,
        }

        wire_record! { ManagedDevice("managedDevice") { $($name => $field: $reader),+ } }

        impl ManagedDevice {
            /// The properties in `$select`, and the only ones that are kept.
            pub const SELECTED: &[&str] = &[$($name),+];
        }
    };
}

selected! {
    /// Intune's id of the device.
    "id" => id: String as Text,
    /// Entra device id as it was sent; [`ManagedDevice::azure_ad_device_id`] reads it.
    "azureADDeviceId" => azure_ad_device_id: String as Guid,
    /// Name of the device.
    "deviceName" => device_name: String as Text,
    /// `Windows`, `iOS`, …
    "operatingSystem" => operating_system: String as Text,
    /// `10.0.22631.3880`, `11.2.1 (20D74)`.
    "osVersion" => os_version: String as Text,
    /// Model.
    "model" => model: String as Text,
    /// Manufacturer.
    "manufacturer" => manufacturer: String as Text,
    /// Serial number; placeholders occur, so it joins nothing.
    "serialNumber" => serial_number: String as Text,
    /// IMEI of a phone.
    "imei" => imei: String as Text,
    /// MEID of a phone.
    "meid" => meid: String as Text,
    /// Apple's device id. Absent from lists.
    "udid" => udid: String as Text,
    /// Id of the SIM card. Absent from lists.
    "iccid" => iccid: String as Text,
    /// Hardware address of the wireless adapter, 12 hex digits of either case.
    "wiFiMacAddress" => wifi_mac_address: String as Text,
    /// Hardware address of the wired adapter. Absent from lists.
    "ethernetMacAddress" => ethernet_mac_address: String as Text,
    /// Memory in bytes. Lists give 0.
    "physicalMemoryInBytes" => physical_memory_in_bytes: i64 as Integer,
    /// Whether the device meets its policies.
    "complianceState" => compliance_state: ComplianceState as ComplianceState,
    /// Owner of the device.
    "managedDeviceOwnerType" => managed_device_owner_type: OwnerType as OwnerType,
    /// What manages the device.
    "managementAgent" => management_agent: ManagementAgent as ManagementAgent,
    /// Where the device stands between enrolment and removal.
    "managementState" => management_state: ManagementState as ManagementState,
    /// Whether the device is supervised (Apple).
    "isSupervised" => is_supervised: bool as Flag,
    /// Whether the storage of the device is encrypted.
    "isEncrypted" => is_encrypted: bool as Flag,
    /// When the device was enrolled.
    "enrolledDateTime" => enrolled_date_time: DateTime<Utc> as Time,
    /// When the device last synchronised with Intune.
    "lastSyncDateTime" => last_sync_date_time: DateTime<Utc> as Time,
    /// Entra id of the user; absent for userless devices.
    "userId" => user_id: String as Text,
    /// Sign-in name of the user.
    "userPrincipalName" => user_principal_name: String as Text,
    /// Name of the user.
    "userDisplayName" => user_display_name: String as Text,
    /// Mail address of the user.
    "emailAddress" => email_address: String as Text,
}

impl ManagedDevice {
    /// The key that joins an Intune record with a machine; `None` for the all-zero GUID, which stands
    /// for a device that was never registered in Entra ID.
    pub fn azure_ad_device_id(&self) -> Option<Uuid> {
        self.azure_ad_device_id.as_deref().and_then(parse_guid)
    }

    /// Whether the record has an Entra device id that cannot be read, so that it may be that of any
    /// machine.
    pub fn is_key_unreadable(&self) -> bool {
        self.unreadable.iter().any(|value| value.field == "managedDevice.azureADDeviceId")
    }

    /// Whether Intune manages the device: not one that only Exchange or Defender's security settings
    /// know, and not one that was merely discovered.
    pub fn is_managed(&self) -> bool {
        !matches!(self.management_agent, Some(ManagementAgent::Eas | ManagementAgent::MsSense))
            && self.management_state != Some(ManagementState::Discovered)
    }

    /// Which of two records of one device stands for it: the greater one. Managed before not, then
    /// the latest sync, then the latest enrolment, then the lower id, so that the result does not
    /// depend on the order in which the records came.
    pub fn precedence(&self, other: &Self) -> Ordering {
        self.is_managed()
            .cmp(&other.is_managed())
            .then_with(|| self.last_sync_date_time.cmp(&other.last_sync_date_time))
            .then_with(|| self.enrolled_date_time.cmp(&other.enrolled_date_time))
            .then_with(|| other.id.cmp(&self.id))
    }
}

#[cfg(test)]
mod tests;
