//! The rows of the table.

use crate::row::ValueType::{
    Boolean, Email, Hostname, Integer, Ip, Json, Long, Mac, String, Timestamp, Username,
};
use crate::row::{Mapping, ValueType};

/// A row: path in the event, type, sources; then the description and the rule.
const fn row(
    ocsf: &'static str,
    value_type: ValueType,
    sources: &'static [&'static str],
    [description, rule]: [&'static str; 2],
) -> Mapping {
    Mapping { sources, ocsf, value_type, description, rule }
}

/// The attributes that are observables, too.
const OBSERVABLE: &[&str] = &[
    "event.device.hostname",
    "event.device.ip",
    "event.device.network_interfaces[].mac",
    "event.device.network_interfaces[].ip",
    "event.device.owner.name",
    "event.device.owner.email_addr",
];

#[rustfmt::skip] // A row reads as a block: path and facts, description, rule.
pub(crate) const ROWS: &[Mapping] = &[
    row("activity_id", Integer, &[], [
        "The event comes from collecting an inventory.",
        "constant 2",
    ]),
    row("activity_name", String, &[], [
        "The caption of the activity.",
        "constant `Collect`",
    ]),
    row("category_uid", Integer, &[], [
        "The event belongs to discovery.",
        "constant 5",
    ]),
    row("category_name", String, &[], [
        "The caption of the category.",
        "constant `Discovery`",
    ]),
    row("class_uid", Integer, &[], [
        "The event describes a device of an inventory.",
        "constant 5001",
    ]),
    row("class_name", String, &[], [
        "The caption of the class.",
        "constant `Device Inventory Info`",
    ]),
    row("type_uid", Long, &[], [
        "Class and activity in one number.",
        "constant 500102",
    ]),
    row("type_name", String, &[], [
        "The caption of the type.",
        "constant `Device Inventory Info: Collect`",
    ]),
    row("severity_id", Integer, &[], [
        "An inventory is information, not an alert.",
        "constant 1",
    ]),
    row("severity", String, &[], [
        "The caption of the severity.",
        "constant `Informational`",
    ]),
    row("time", Timestamp, &["machine.lastSeen", "machine.firstSeen", "clock"], [
        "When the device was in the state that the event describes.",
        "the first that is there; years 1 and 9999 mean none, and so does a time that cannot be read, \
         which the cycle report counts",
    ]),
    row("metadata.version", String, &[], [
        "The version of OCSF that the event follows.",
        "the version that the form writes",
    ]),
    row("metadata.product.name", String, &[], [
        "The product that knows the device.",
        "constant `Microsoft Defender for Endpoint`",
    ]),
    row("metadata.product.version", String, &[], [
        "The version of the product's interface.",
        "constant `1.0`",
    ]),
    row("metadata.product.vendor_name", String, &[], [
        "Who makes the product.",
        "constant `Microsoft`",
    ]),
    row("metadata.tenant_uid", String, &["configuration.tenant_id"], [
        "The Entra directory that the device belongs to.",
        "as configured",
    ]),
    row("metadata.log_name", String, &[], [
        "The collection of the product that the record comes from.",
        "constant `machines`",
    ]),
    row("metadata.original_time", String, &["machine.lastSeen", "machine.firstSeen"], [
        "The time of the event as text, with all its digits.",
        "the first that is there, as ISO 8601 in UTC; years 1 and 9999 mean none",
    ]),
    row("metadata.processed_time", Timestamp, &["clock"], [
        "When the record was mapped.",
        "the clock",
    ]),
    row("metadata.labels[]", String, &["machine.machineTags[]"], [
        "The tags that operators gave the device in Defender.",
        "as they are, in their order",
    ]),
    row("device.uid", String, &["machine.id"], [
        "The identifier of the device in Defender.",
        "required; a machine without it becomes a dead letter",
    ]),
    row("device.uid_alt", String, &["machine.aadDeviceId"], [
        "The identifier of the device in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("device.hostname", Hostname,
        &["machine.computerDnsName", "managedDevice.deviceName", "machine.id"], [
        "The name of the device.",
        "the first that is not empty",
    ]),
    row("device.name", String, &["managedDevice.deviceName"], [
        "The name of the device in Intune.",
        "as it is",
    ]),
    row("device.domain", String, &["machine.computerDnsName"], [
        "The DNS domain of the device.",
        "what follows the first dot; omitted unless the name is one of DNS: labels of letters, digits, \
         `-` and `_`, the last of them not a number",
    ]),
    row("device.ip", Ip, &["machine.lastIpAddress"], [
        "The last internal IP address of the device.",
        "omitted unless it parses as an IP address that is neither loopback nor unspecified",
    ]),
    row("device.type_id", Integer, &[
        "machine.osPlatform", "machine.vmMetadata", "managedDevice.model",
        "managedDevice.manufacturer", "managedDevice.operatingSystem",
    ], [
        "What kind of device it is.",
        "WindowsServer* is Server 1; other Windows and macOS are Desktop 2; Android, iOS and iPadOS \
         are Mobile 5; else Unknown 0. The first of these that holds refines what is no server: metadata of a virtual machine, a model that hypervisors and \
         cloud PCs report, or multi-session Windows (`WVD`) is Virtual 6; an iPad or a model sold only as a tablet is \
         Tablet 4; a Windows client or Mac of a model line that is only sold as laptops is Laptop 3",
    ]),
    row("device.type", String, &[
        "machine.osPlatform", "machine.vmMetadata", "managedDevice.model",
        "managedDevice.manufacturer", "managedDevice.operatingSystem",
    ], [
        "The caption of the kind of device.",
        "the caption of `device.type_id`",
    ]),
    row("device.os.name", String,
        &["managedDevice.osVersion", "machine.osPlatform", "machine.osBuild"], [
        "The operating system, as exactly as it is known.",
        "Intune's osVersion, else `{osPlatform} (Build {osBuild})`, else `{osPlatform}`; else it is \
         for the form to say",
    ]),
    row("device.os.type_id", Integer, &["machine.osPlatform"], [
        "The family of the operating system.",
        "by prefix, without case: Windows* 100, Linux and its distributions 200, Android 201, macOS \
         300, iOS 301, iPadOS 302; absent or `Unknown` is Unknown 0; anything else is Other 99",
    ]),
    row("device.os.type", String, &["machine.osPlatform"], [
        "The caption of the family of the operating system.",
        "the caption of `device.os.type_id`; for Other the platform as the source spells it",
    ]),
    row("device.os.version", String,
        &["managedDevice.osVersion", "machine.osVersion", "machine.version"], [
        "The version of the operating system.",
        "the first that is not empty; of machine.version, `Other` and `Future` mean none",
    ]),
    row("device.os.build", String, &["machine.osBuild"], [
        "The build of the operating system.",
        "the number as text",
    ]),
    row("device.os.cpu_bits", Integer, &["machine.osArchitecture"], [
        "For how many bits the operating system is built.",
        "`64-bit` is 64, `32-bit` is 32; anything else is omitted",
    ]),
    row("device.model", String, &["managedDevice.model"], [
        "The model of the device.",
        "omitted when it is one of the placeholders that firmware reports",
    ]),
    row("device.vendor_name", String, &["managedDevice.manufacturer"], [
        "Who made the device.",
        "omitted when it is one of the placeholders that firmware reports",
    ]),
    row("device.first_seen_time", Timestamp, &["machine.firstSeen"], [
        "When Defender first saw the device.",
        "ISO 8601; years 1 and 9999 mean none",
    ]),
    row("device.last_seen_time", Timestamp, &["machine.lastSeen"], [
        "When Defender last had a full report of the device.",
        "ISO 8601; years 1 and 9999 mean none",
    ]),
    row("device.risk_level_id", Integer, &["machine.riskScore"], [
        "How much risk Defender sees in the device.",
        "without case: Informational is Info 0, Low 1, Medium 2, High 3, Critical 4; None or absent \
         is omitted; anything else is Other 99",
    ]),
    row("device.risk_level", String, &["machine.riskScore"], [
        "The caption of the risk.",
        "the caption of `device.risk_level_id`; for Other the score as the source spells it",
    ]),
    row("device.is_compliant", Boolean, &["managedDevice.complianceState"], [
        "Whether the device follows the policies of Intune.",
        "when present: true if it is `compliant`, else false",
    ]),
    row("device.is_managed", Boolean,
        &["managedDevice.managementAgent", "managedDevice.managementState"], [
        "Whether Intune manages the device.",
        "true for a matched record, unless its agent is `eas` or `msSense` or its state is \
         `discovered`; false for those and when Intune was read completely and has none; omitted \
         when Intune is not consulted, when a record that cannot be read may be the machine's, or when \
         the machine's record was merged into another one, is an excluded duplicate, or is plainly older \
         than another one of the same Entra device",
    ]),
    row("device.is_personal", Boolean, &["managedDevice.managedDeviceOwnerType"], [
        "Whether the device belongs to its user.",
        "when present: true if it is `personal`, else false",
    ]),
    row("device.is_supervised", Boolean, &["managedDevice.isSupervised"], [
        "Whether the device is supervised.",
        "as it is",
    ]),
    row("device.network_interfaces[name=ethernet].mac", Mac,
        &["managedDevice.ethernetMacAddress"], [
        "The address of the wired adapter.",
        "as `AA:BB:CC:DD:EE:FF`; empty, invalid and stand-in addresses, such as all-zero ones and \
         `02:00:00:00:00:00`, are omitted. Known only with `enrichment.intune_details`, as lists give none",
    ]),
    row("device.network_interfaces[name=wifi].mac", Mac,
        &["managedDevice.wiFiMacAddress"], [
        "The address of the wireless adapter.",
        "as `AA:BB:CC:DD:EE:FF`; empty, invalid and stand-in addresses, such as all-zero ones and \
         `02:00:00:00:00:00`, are omitted",
    ]),
    row("device.network_interfaces[].name", String, &[], [
        "Which adapter of Intune's record it is.",
        "`ethernet`, then `wifi`; adapters that only Defender reports have no name",
    ]),
    row("device.network_interfaces[].type_id", Integer,
        &["machine.ipAddresses[].type"], [
        "How the adapter connects.",
        "Intune's ethernet is Wired 1, its wifi Wireless 2; of Defender's, Ethernet kinds are Wired \
         1, Wireless* is Wireless 2, Wwan* is Mobile 3, Tunnel is Tunnel 4, absent or `Unknown` is \
         Unknown 0, anything else is Other 99",
    ]),
    row("device.network_interfaces[].type", String,
        &["machine.ipAddresses[].type"], [
        "The caption of how the adapter connects.",
        "the caption of `device.network_interfaces[].type_id`; for Other the type as the source spells it",
    ]),
    row("device.network_interfaces[].mac", Mac,
        &["machine.ipAddresses[].macAddress"], [
        "The address of the adapter.",
        "as `AA:BB:CC:DD:EE:FF`, one interface per address, behind Intune's; loopback adapters and \
         stand-in addresses are left out",
    ]),
    row("device.network_interfaces[].ip", Ip,
        &["machine.ipAddresses[].ipAddress"], [
        "The IP address of the adapter.",
        "of several, the device's last IP address, else IPv4 before IPv6 and routable before \
         link-local; an address without an adapter's address is an interface of its own",
    ]),
    row("device.hw_info.serial_number", String, &["managedDevice.serialNumber"], [
        "The serial number that the maker gave the device.",
        "omitted when it is one of the placeholders that firmware reports",
    ]),
    row("device.hw_info.cpu_type", String, &["machine.osProcessor"], [
        "The type of the processor.",
        "as it is",
    ]),
    row("device.hw_info.cpu_architecture_id", Integer, &["machine.osProcessor"], [
        "The architecture of the processor.",
        "x86, x64 and their other names are x86 1; arm* and aarch64 are ARM 2; riscv* is RISC-V 3; \
         anything else is omitted",
    ]),
    row("device.hw_info.cpu_architecture", String, &["machine.osProcessor"], [
        "The caption of the architecture of the processor.",
        "the caption of `device.hw_info.cpu_architecture_id`",
    ]),
    row("device.hw_info.cpu_bits", Integer, &["machine.osProcessor"], [
        "How many bits the processor works with.",
        "64 or 32 by the name of the processor; omitted when it does not tell",
    ]),
    row("device.hw_info.ram_size", Integer, &["managedDevice.physicalMemoryInBytes"], [
        "The memory of the device in MiB.",
        "bytes divided by 1,048,576; 0 means that the list did not say, which it does not without \
         `enrichment.intune_details`",
    ]),
    row("device.groups[].name", String, &["machine.rbacGroupName"], [
        "The device group of Defender.",
        "as it is",
    ]),
    row("device.groups[].uid", String, &["machine.rbacGroupId"], [
        "The number of the device group.",
        "0 means none",
    ]),
    row("device.owner.name", Username, &["managedDevice.userPrincipalName"], [
        "The user whom Intune names for the device.",
        "as it is",
    ]),
    row("device.owner.uid", String, &["managedDevice.userId"], [
        "The identifier of the user in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("device.owner.display_name", String, &["managedDevice.userDisplayName"], [
        "The user's name for people.",
        "as it is; omitted when neither the name nor the identifier of the user is known",
    ]),
    row("device.owner.email_addr", Email, &["managedDevice.emailAddress"], [
        "The user's mail address.",
        "omitted unless it looks like one, or neither the name nor the identifier of the user is \
         known",
    ]),
    row("device.imei_list[]", String, &["managedDevice.imei"], [
        "The IMEI numbers of the device's radios.",
        "cut at commas; blanks and hyphens left out; only those of 14 to 16 digits, not all the same, \
         and none that many devices report",
    ]),
    row("device.meid", String, &["managedDevice.meid"], [
        "The MEID number of the device's radio.",
        "only 14 hex or 18 decimal digits, not all the same",
    ]),
    row("device.iccid", String, &["managedDevice.iccid"], [
        "The number of the SIM card.",
        "as it is, unless it is one digit throughout; known only with `enrichment.intune_details`",
    ]),
    row("device.udid", String, &["managedDevice.udid"], [
        "The identifier that Apple gave the device.",
        "as it is, unless it is one digit throughout; known only with `enrichment.intune_details`",
    ]),
    row("device.agent_list[].name", String,
        &["machine.onboardingStatus", "machine.agentVersion", "managedDevice.managementAgent",
          "managedDevice.managementState"], [
        "Which agents run on the device.",
        "`Microsoft Defender for Endpoint` when the machine is onboarded, or has a version of the sensor \
         and no status; `Microsoft Intune` when Intune manages it",
    ]),
    row("device.agent_list[].type_id", Integer, &[], [
        "What kind of agent it is.",
        "Defender's is Endpoint Detection and Response 1, Intune's is Mobile Device Management 7",
    ]),
    row("device.agent_list[].type", String, &[], [
        "The caption of the kind of agent.",
        "the caption of `device.agent_list[].type_id`",
    ]),
    row("device.agent_list[].vendor_name", String, &[], [
        "Who makes the agent.",
        "constant `Microsoft`",
    ]),
    row("device.agent_list[].version", String, &["machine.agentVersion"], [
        "The version of Defender's sensor.",
        "as it is",
    ]),
    row("device.agent_list[].uid", String, &["managedDevice.id"], [
        "The identifier of the device in Intune.",
        "as it is",
    ]),
    row("enrichments[].name", String, &[], [
        "Which fact the enrichment holds.",
        "the names below, in their order",
    ]),
    row("enrichments[name=azure_ad_device_id].value", String, &["machine.aadDeviceId"], [
        "The identifier of the device in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("enrichments[name=health_status].value", String, &["machine.healthStatus"], [
        "Whether the device reports to Defender.",
        "as it is",
    ]),
    row("enrichments[name=exposure_level].value", String, &["machine.exposureLevel"], [
        "How exposed Defender finds the device.",
        "as it is",
    ]),
    row("enrichments[name=rbac_group_name].value", String, &["machine.rbacGroupName"], [
        "The device group of Defender.",
        "as it is",
    ]),
    row("enrichments[name=user_principal_name].value", String,
        &["managedDevice.userPrincipalName"], [
        "The user whom Intune names for the device.",
        "as it is",
    ]),
    row("enrichments[name=management_agent].value", String,
        &["managedDevice.managementAgent"], [
        "What manages the device.",
        "as it is",
    ]),
    row("enrichments[name=compliance_state].value", String,
        &["managedDevice.complianceState"], [
        "The state behind `device.is_compliant`, which alone tells `inGracePeriod` from `unknown`.",
        "as it is",
    ]),
    row("enrichments[name=is_encrypted].value", String, &["managedDevice.isEncrypted"], [
        "Whether the storage of the device is encrypted, by Intune.",
        "`true` or `false`",
    ]),
    row("enrichments[name=onboarding_status].value", String, &["machine.onboardingStatus"], [
        "Whether Defender protects the device, or has only discovered it.",
        "as it is",
    ]),
    row("enrichments[name=device_value].value", String, &["machine.deviceValue"], [
        "How valuable the operators call the device.",
        "as it is",
    ]),
    row("enrichments[name=managed_by].value", String, &["machine.managedBy"], [
        "What manages the security settings of the device.",
        "as it is",
    ]),
    row("enrichments[name=managed_by_status].value", String, &["machine.managedByStatus"], [
        "Whether that management works.",
        "as it is",
    ]),
    row("enrichments[name=last_external_ip_address].value", String, &["machine.lastExternalIpAddress"], [
        "The address under which the device was last seen from the internet.",
        "omitted unless it parses as an IP address",
    ]),
    row("enrichments[name=is_excluded].value", String, &["machine.isExcluded"], [
        "That the device is excluded from vulnerability management.",
        "`true`; omitted for false",
    ]),
    row("enrichments[name=exclusion_reason].value", String, &["machine.exclusionReason"], [
        "Why the device is excluded.",
        "as it is",
    ]),
    row("enrichments[name=is_potential_duplication].value", String, &["machine.isPotentialDuplication"], [
        "That Defender takes the record for one of several of one device.",
        "`true`; omitted for false",
    ]),
    row("enrichments[name=merged_into_machine_id].value", String, &["machine.mergedIntoMachineId"], [
        "The record that this one was merged into.",
        "as it is",
    ]),
    row("enrichments[].data", Json, &["event.enrichments[].value"], [
        "The value again, as the schema requires it.",
        "`{\"value\": ...}`",
    ]),
    row("observables[].name", String, OBSERVABLE, [
        "Where in the event an observable stands.",
        "the paths of host names, IP and MAC addresses, user names and mail addresses",
    ]),
    row("observables[].type_id", Integer, OBSERVABLE, [
        "What kind of observable it is.",
        "Hostname 1, IP Address 2, MAC Address 3, User Name 4, Email Address 5",
    ]),
    row("observables[].type", String, OBSERVABLE, [
        "The caption of the kind of observable.",
        "the caption of `observables[].type_id`",
    ]),
    row("observables[].value", String, OBSERVABLE, [
        "The observable.",
        "the value at its path",
    ]),
];
