//! The rows of the table.

use crate::table::Dialects::{Both, Ocsf, OcsfAndExtra};
use crate::table::ValueType::{
    Boolean, Email, Hostname, Integer, Ip, Json, Long, Mac, String, Timestamp, Username,
};
use crate::table::{Dialects, Mapping, ValueType};

/// A row: path in the event, type, dialects, sources; then the description and the rule.
const fn row(
    ocsf: &'static str,
    (value_type, dialects): (ValueType, Dialects),
    sources: &'static [&'static str],
    [description, rule]: [&'static str; 2],
) -> Mapping {
    Mapping { sources, ocsf, value_type, description, rule, dialects }
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
    row("activity_id", (Integer, Both), &[], [
        "The event comes from collecting an inventory.",
        "constant 2",
    ]),
    row("activity_name", (String, Both), &[], [
        "The caption of the activity.",
        "constant `Collect`",
    ]),
    row("category_uid", (Integer, Both), &[], [
        "The event belongs to discovery.",
        "constant 5",
    ]),
    row("category_name", (String, Both), &[], [
        "The caption of the category.",
        "constant `Discovery`",
    ]),
    row("class_uid", (Integer, Both), &[], [
        "The event describes a device of an inventory.",
        "constant 5001",
    ]),
    row("class_name", (String, Both), &[], [
        "The caption of the class.",
        "constant `Device Inventory Info`",
    ]),
    row("type_uid", (Long, Both), &[], [
        "Class and activity in one number.",
        "constant 500102",
    ]),
    row("type_name", (String, Both), &[], [
        "The caption of the type.",
        "constant `Device Inventory Info: Collect`",
    ]),
    row("severity_id", (Integer, Both), &[], [
        "An inventory is information, not an alert.",
        "constant 1",
    ]),
    row("severity", (String, Both), &[], [
        "The caption of the severity.",
        "constant `Informational`",
    ]),
    row("time", (Timestamp, Both), &["machine.lastSeen", "machine.firstSeen", "clock"], [
        "When the device was in the state that the event describes.",
        "the first that is there; years 1 and 9999 mean none",
    ]),
    row("metadata.version", (String, Both), &[], [
        "The version of OCSF that the event follows.",
        "constant `1.5.0`",
    ]),
    row("metadata.product.name", (String, Both), &[], [
        "The product that knows the device.",
        "constant `Microsoft Defender for Endpoint`",
    ]),
    row("metadata.product.version", (String, Both), &[], [
        "The version of the product's interface.",
        "constant `1.0`",
    ]),
    row("metadata.product.vendor_name", (String, Ocsf), &[], [
        "Who makes the product.",
        "constant `Microsoft`",
    ]),
    row("metadata.tenant_uid", (String, Ocsf), &["configuration.tenant_id"], [
        "The Entra directory that the device belongs to.",
        "as configured",
    ]),
    row("metadata.log_name", (String, Ocsf), &[], [
        "The collection of the product that the record comes from.",
        "constant `machines`",
    ]),
    row("metadata.original_time", (String, Ocsf), &["machine.lastSeen", "machine.firstSeen"], [
        "The time of the event as text, with all its digits.",
        "the first that is there, as ISO 8601 in UTC; years 1 and 9999 mean none",
    ]),
    row("metadata.processed_time", (Timestamp, Ocsf), &["clock"], [
        "When the record was mapped.",
        "the clock",
    ]),
    row("device.uid", (String, Both), &["machine.id"], [
        "The identifier of the device in Defender.",
        "required; a machine without it becomes a dead letter",
    ]),
    row("device.uid_alt", (String, OcsfAndExtra), &["machine.aadDeviceId"], [
        "The identifier of the device in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("device.hostname", (Hostname, Both),
        &["machine.computerDnsName", "managedDevice.deviceName", "machine.id"], [
        "The name of the device.",
        "the first that is not empty",
    ]),
    row("device.name", (String, Ocsf), &["managedDevice.deviceName"], [
        "The name of the device in Intune.",
        "as it is",
    ]),
    row("device.domain", (String, Ocsf), &["machine.computerDnsName"], [
        "The DNS domain of the device.",
        "what follows the first dot; omitted when nothing does, or the name is an IP address",
    ]),
    row("device.ip", (Ip, Both), &["machine.lastIpAddress"], [
        "The last internal IP address of the device.",
        "omitted unless it parses as an IP address",
    ]),
    row("device.type_id", (Integer, Both), &[
        "machine.osPlatform", "machine.vmMetadata", "managedDevice.model",
        "managedDevice.manufacturer", "managedDevice.operatingSystem",
    ], [
        "What kind of device it is.",
        "WindowsServer* is Server 1; other Windows and macOS are Desktop 2; Android, iOS and iPadOS \
         are Mobile 5; else Unknown 0. In the ocsf dialect alone, the first of these that holds \
         refines what is no server: metadata of a virtual machine, a model that hypervisors and \
         cloud PCs report, or multi-session Windows (`WVD`) is Virtual 6; an iPad or a model sold only as a tablet is \
         Tablet 4; a Windows client or Mac of a model line that is only sold as laptops is Laptop 3",
    ]),
    row("device.type", (String, Both), &[
        "machine.osPlatform", "machine.vmMetadata", "managedDevice.model",
        "managedDevice.manufacturer", "managedDevice.operatingSystem",
    ], [
        "The caption of the kind of device.",
        "the caption of `device.type_id`",
    ]),
    row("device.os.name", (String, Both),
        &["managedDevice.osVersion", "machine.osPlatform", "machine.osBuild"], [
        "The operating system, as exactly as it is known.",
        "Intune's osVersion, else `{osPlatform} (Build {osBuild})`, else `{osPlatform}`, else \
         `Unknown`, because the schema requires a name",
    ]),
    row("device.os.type_id", (Integer, Both), &["machine.osPlatform"], [
        "The family of the operating system.",
        "by prefix, without case: Windows* 100, Linux and its distributions 200, Android 201, macOS \
         300, iOS 301, iPadOS 302; absent or `Unknown` is Unknown 0; anything else is Other 99",
    ]),
    row("device.os.type", (String, Both), &["machine.osPlatform"], [
        "The caption of the family of the operating system.",
        "the caption of `device.os.type_id`; lower case in the sekoia dialect",
    ]),
    row("device.os.version", (String, Ocsf),
        &["managedDevice.osVersion", "machine.osVersion", "machine.version"], [
        "The version of the operating system.",
        "the first that is not empty; of machine.version, `Other` and `Future` mean none",
    ]),
    row("device.os.build", (String, Ocsf), &["machine.osBuild"], [
        "The build of the operating system.",
        "the number as text",
    ]),
    row("device.os.cpu_bits", (Integer, Ocsf), &["machine.osArchitecture"], [
        "For how many bits the operating system is built.",
        "`64-bit` is 64, `32-bit` is 32; anything else is omitted",
    ]),
    row("device.model", (String, Both), &["managedDevice.model"], [
        "The model of the device.",
        "as it is",
    ]),
    row("device.vendor_name", (String, Both), &["managedDevice.manufacturer"], [
        "Who made the device.",
        "as it is",
    ]),
    row("device.first_seen_time", (Timestamp, Both), &["machine.firstSeen"], [
        "When Defender first saw the device.",
        "ISO 8601; years 1 and 9999 mean none",
    ]),
    row("device.last_seen_time", (Timestamp, Both), &["machine.lastSeen"], [
        "When Defender last had a full report of the device.",
        "ISO 8601; years 1 and 9999 mean none",
    ]),
    row("device.risk_level_id", (Integer, Both), &["machine.riskScore"], [
        "How much risk Defender sees in the device.",
        "without case: Informational is Info 0, Low 1, Medium 2, High 3, Critical 4; None or absent \
         is omitted; anything else is Other 99",
    ]),
    row("device.risk_level", (String, Both), &["machine.riskScore"], [
        "The caption of the risk.",
        "the caption of `device.risk_level_id`",
    ]),
    row("device.is_compliant", (Boolean, Both), &["managedDevice.complianceState"], [
        "Whether the device follows the policies of Intune.",
        "when present: true if it is `compliant`, else false",
    ]),
    row("device.is_managed", (Boolean, Both),
        &["managedDevice.managementAgent", "managedDevice.managementState"], [
        "Whether Intune manages the device.",
        "true for a matched record, unless its agent is `eas` or `msSense` or its state is \
         `discovered`; false for those and when Intune was read completely and has none; omitted \
         when Intune is not consulted, or when a record that cannot be read may be the machine's",
    ]),
    row("device.is_personal", (Boolean, Both), &["managedDevice.managedDeviceOwnerType"], [
        "Whether the device belongs to its user.",
        "when present: true if it is `personal`, else false",
    ]),
    row("device.is_supervised", (Boolean, Both), &["managedDevice.isSupervised"], [
        "Whether the device is supervised.",
        "as it is",
    ]),
    row("device.network_interfaces[name=ethernet].mac", (Mac, Both),
        &["managedDevice.ethernetMacAddress"], [
        "The address of the wired adapter.",
        "as `AA:BB:CC:DD:EE:FF`; empty, all-zero or invalid is omitted. Known only with \
         `enrichment.intune_details`, as lists give none",
    ]),
    row("device.network_interfaces[name=wifi].mac", (Mac, Both),
        &["managedDevice.wiFiMacAddress"], [
        "The address of the wireless adapter.",
        "as `AA:BB:CC:DD:EE:FF`; empty, all-zero or invalid is omitted",
    ]),
    row("device.network_interfaces[].name", (String, Both), &[], [
        "Which adapter of Intune's record it is.",
        "`ethernet`, then `wifi`; adapters that only Defender reports have no name",
    ]),
    row("device.network_interfaces[].type_id", (Integer, OcsfAndExtra),
        &["machine.ipAddresses[].type"], [
        "How the adapter connects.",
        "Intune's ethernet is Wired 1, its wifi Wireless 2; of Defender's, Ethernet kinds are Wired \
         1, Wireless* is Wireless 2, Wwan* is Mobile 3, Tunnel is Tunnel 4, absent or `Unknown` is \
         Unknown 0, anything else is Other 99",
    ]),
    row("device.network_interfaces[].type", (String, OcsfAndExtra),
        &["machine.ipAddresses[].type"], [
        "The caption of how the adapter connects.",
        "the caption of `device.network_interfaces[].type_id`",
    ]),
    row("device.network_interfaces[].mac", (Mac, OcsfAndExtra),
        &["machine.ipAddresses[].macAddress"], [
        "The address of the adapter.",
        "as `AA:BB:CC:DD:EE:FF`, one interface per address, behind Intune's; loopback adapters are \
         left out. In the sekoia dialect only when Intune gives none",
    ]),
    row("device.network_interfaces[].ip", (Ip, OcsfAndExtra),
        &["machine.ipAddresses[].ipAddress"], [
        "The IP address of the adapter.",
        "of several, the device's last IP address, else IPv4 before IPv6 and routable before \
         link-local; an address without an adapter's address is an interface of its own. In the \
         sekoia dialect only when Intune gives no interface",
    ]),
    row("device.hw_info.serial_number", (String, Ocsf), &["managedDevice.serialNumber"], [
        "The serial number that the maker gave the device.",
        "omitted when it is one of the placeholders that firmware reports",
    ]),
    row("device.hw_info.cpu_type", (String, Ocsf), &["machine.osProcessor"], [
        "The type of the processor.",
        "as it is",
    ]),
    row("device.hw_info.cpu_architecture_id", (Integer, Ocsf), &["machine.osProcessor"], [
        "The architecture of the processor.",
        "x86, x64 and their other names are x86 1; arm* and aarch64 are ARM 2; riscv* is RISC-V 3; \
         anything else is omitted",
    ]),
    row("device.hw_info.cpu_architecture", (String, Ocsf), &["machine.osProcessor"], [
        "The caption of the architecture of the processor.",
        "the caption of `device.hw_info.cpu_architecture_id`",
    ]),
    row("device.hw_info.cpu_bits", (Integer, Ocsf), &["machine.osProcessor"], [
        "How many bits the processor works with.",
        "64 or 32 by the name of the processor; omitted when it does not tell",
    ]),
    row("device.hw_info.ram_size", (Integer, Ocsf), &["managedDevice.physicalMemoryInBytes"], [
        "The memory of the device in MiB.",
        "bytes divided by 1,048,576; 0 means that the list did not say, which it does not without \
         `enrichment.intune_details`",
    ]),
    row("device.groups[].name", (String, OcsfAndExtra), &["machine.rbacGroupName"], [
        "The device group of Defender.",
        "as it is; without a name the sekoia dialect has no group",
    ]),
    row("device.groups[].uid", (String, OcsfAndExtra), &["machine.rbacGroupId"], [
        "The number of the device group.",
        "0 means none",
    ]),
    row("device.owner.name", (Username, Ocsf), &["managedDevice.userPrincipalName"], [
        "The user whom Intune names for the device.",
        "as it is",
    ]),
    row("device.owner.uid", (String, Ocsf), &["managedDevice.userId"], [
        "The identifier of the user in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("device.owner.display_name", (String, Ocsf), &["managedDevice.userDisplayName"], [
        "The user's name for people.",
        "as it is; omitted when neither the name nor the identifier of the user is known",
    ]),
    row("device.owner.email_addr", (Email, Ocsf), &["managedDevice.emailAddress"], [
        "The user's mail address.",
        "omitted unless it looks like one, or neither the name nor the identifier of the user is \
         known",
    ]),
    row("device.imei_list[]", (String, OcsfAndExtra), &["managedDevice.imei"], [
        "The IMEI numbers of the device's radios.",
        "cut at commas; blanks and hyphens left out; only those of 14 to 16 digits, not all zero",
    ]),
    row("device.meid", (String, OcsfAndExtra), &["managedDevice.meid"], [
        "The MEID number of the device's radio.",
        "only 14 hex or 18 decimal digits, not all zero",
    ]),
    row("device.iccid", (String, OcsfAndExtra), &["managedDevice.iccid"], [
        "The number of the SIM card.",
        "as it is; known only with `enrichment.intune_details`",
    ]),
    row("device.udid", (String, OcsfAndExtra), &["managedDevice.udid"], [
        "The identifier that Apple gave the device.",
        "as it is; known only with `enrichment.intune_details`",
    ]),
    row("enrichments[].name", (String, Both), &[], [
        "Which fact the enrichment holds.",
        "the names below, in their order",
    ]),
    row("enrichments[name=azure_ad_device_id].value", (String, Both), &["machine.aadDeviceId"], [
        "The identifier of the device in Entra.",
        "as it is; the all-zero GUID means none",
    ]),
    row("enrichments[name=health_status].value", (String, Both), &["machine.healthStatus"], [
        "Whether the device reports to Defender.",
        "as it is",
    ]),
    row("enrichments[name=exposure_level].value", (String, Both), &["machine.exposureLevel"], [
        "How exposed Defender finds the device.",
        "as it is",
    ]),
    row("enrichments[name=rbac_group_name].value", (String, Both), &["machine.rbacGroupName"], [
        "The device group of Defender.",
        "as it is",
    ]),
    row("enrichments[name=user_principal_name].value", (String, Both),
        &["managedDevice.userPrincipalName"], [
        "The user whom Intune names for the device.",
        "as it is",
    ]),
    row("enrichments[name=management_agent].value", (String, Both),
        &["managedDevice.managementAgent"], [
        "What manages the device.",
        "as it is",
    ]),
    row("enrichments[name=compliance_state].value", (String, Ocsf),
        &["managedDevice.complianceState"], [
        "The state behind `device.is_compliant`, which alone tells `inGracePeriod` from `unknown`.",
        "as it is",
    ]),
    row("enrichments[].data", (Json, Ocsf), &["event.enrichments[].value"], [
        "The value again, as the schema requires it.",
        "`{\"value\": ...}`",
    ]),
    row("observables[].name", (String, Ocsf), OBSERVABLE, [
        "Where in the event an observable stands.",
        "the paths of host names, IP and MAC addresses, user names and mail addresses",
    ]),
    row("observables[].type_id", (Integer, Ocsf), OBSERVABLE, [
        "What kind of observable it is.",
        "Hostname 1, IP Address 2, MAC Address 3, User Name 4, Email Address 5",
    ]),
    row("observables[].type", (String, Ocsf), OBSERVABLE, [
        "The caption of the kind of observable.",
        "the caption of `observables[].type_id`",
    ]),
    row("observables[].value", (String, Ocsf), OBSERVABLE, [
        "The observable.",
        "the value at its path",
    ]),
];
