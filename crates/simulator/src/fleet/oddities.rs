//! The odd records that exist, each at a fixed place near the start of a fleet.
//!
//! The numbers up to 37 are those of the project's notes on observed payloads; from 101 on they are
//! further ones, some of which no client can read whole.

use serde::Serialize;

/// Which record carries an oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The machine at this index.
    Machine(usize),
    /// The managed device at this index.
    ManagedDevice(usize),
    /// Every record, or every response, of the simulator.
    Everywhere,
    /// Not a thing of the two emulated listings.
    Elsewhere,
}

/// What a client does with an oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The device is delivered; what cannot be used is left out.
    Mapped,
    /// The record becomes a dead letter, and its page goes on.
    DeadLetter,
    /// The record repeats a device of the same listing and is not delivered again.
    Duplicate,
    /// Nothing: the listing does not carry it.
    Nothing,
}

/// One odd payload.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Oddity {
    /// Its number.
    pub number: u32,
    /// What is odd.
    pub what: &'static str,
    /// Where a fleet with odd records carries it.
    pub place: Place,
    /// What a client does with it.
    pub outcome: Outcome,
    #[serde(skip)]
    pub(crate) change: Change,
}

/// How an odd record differs from the regular one at its index.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change {
    /// In these fields: other bytes, or (`None`) no field at all. Unknown names are added.
    Fields(&'static [(&'static str, Option<&'static [u8]>)]),
    /// In everything: these bytes stand in the record's place.
    Whole(&'static [u8]),
}

impl Change {
    /// A regular record.
    pub(crate) const NONE: Self = Self::Fields(&[]);

    pub(crate) fn fields(&self) -> &'static [(&'static str, Option<&'static [u8]>)] {
        match self {
            Self::Fields(fields) => fields,
            Self::Whole(_) => &[],
        }
    }

    /// `Some(None)`: the field is left out. `None`: the field is regular.
    pub(crate) fn field(&self, name: &str) -> Option<Option<&'static [u8]>> {
        self.fields().iter().find(|(odd, _)| *odd == name).map(|(_, value)| *value)
    }
}

/// Two values in a row, as in the documentation's sample of the machine list.
pub(crate) const TWO_PLATFORMS: Change =
    Change::Fields(&[("osPlatform", Some(br#""Windows10" "Windows11""#))]);

/// The machine whose id [`Outcome::Duplicate`] repeats; a regular machine that never changes.
pub(crate) const TWIN: usize = 9;
/// The first machine index after the odd ones.
pub(crate) const MACHINES_END: usize = 48;
/// The managed-device indexes that are odd, or kept regular next to the odd ones.
pub(crate) const MANAGED_DEVICES: std::ops::Range<usize> = 48..64;

const fn fields(
    number: u32,
    what: &'static str,
    place: Place,
    fields: &'static [(&'static str, Option<&'static [u8]>)],
) -> Oddity {
    Oddity { number, what, place, outcome: Outcome::Mapped, change: Change::Fields(fields) }
}

const fn dead(
    number: u32,
    what: &'static str,
    place: Place,
    fields: &'static [(&'static str, Option<&'static [u8]>)],
) -> Oddity {
    Oddity { number, what, place, outcome: Outcome::DeadLetter, change: Change::Fields(fields) }
}

const fn stated(number: u32, what: &'static str, place: Place, outcome: Outcome) -> Oddity {
    Oddity { number, what, place, outcome, change: Change::NONE }
}

use Place::{Elsewhere, Everywhere, Machine, ManagedDevice};

/// Every odd payload, in the order of its number.
#[rustfmt::skip] // A table: one or two lines for each row.
pub const ODDITIES: &[Oddity] = &[
    fields(1, "osBuild null on Red Hat", Machine(1), &[
        ("osPlatform", Some(br#""RedHatEnterpriseLinux""#)), ("osBuild", Some(b"null"))]),
    fields(2, "osBuild 6 and version 20.4 on Ubuntu", Machine(2), &[
        ("osPlatform", Some(br#""Ubuntu""#)), ("osBuild", Some(b"6")), ("version", Some(br#""20.4""#))]),
    fields(3, "six fractional digits beside none", Machine(3), &[
        ("firstSeen", Some(br#""2022-03-01T08:15:30.123456Z""#)), ("lastSeen", Some(br#""2024-11-30T09:00:00Z""#))]),
    fields(4, "lastExternalIpAddress is IPv6", Machine(4), &[
        ("lastExternalIpAddress", Some(br#""2001:db8:85a3::8a2e:370:7334""#))]),
    fields(5, "computerDnsName of mixed case, without domain, over 50 characters", Machine(5), &[
        ("computerDnsName", Some(br#""Kiosk-6F9619FF-8b86-d011-B42D-00C04FC964FF-Reception-Hall""#))]),
    fields(6, "loopback adapter without MAC", Machine(6), &[
        ("ipAddresses", Some(br#"[{"ipAddress":"127.0.0.1","macAddress":null,"type":"SoftwareLoopback","operationalStatus":"Up"},{"ipAddress":"10.1.1.6","macAddress":"020000000606","type":"Ethernet","operationalStatus":"Up"}]"#))]),
    fields(7, "loopback adapter with an all-zero MAC, as Linux reports it", Machine(7), &[
        ("osPlatform", Some(br#""Ubuntu""#)),
        ("ipAddresses", Some(br#"[{"ipAddress":"127.0.0.1","macAddress":"000000000000","type":"Other","operationalStatus":"Up"},{"ipAddress":"::1","macAddress":"000000000000","type":"Other","operationalStatus":"Up"}]"#))]),
    fields(8, "an empty address with a real MAC", Machine(8), &[
        ("ipAddresses", Some(br#"[{"ipAddress":"","macAddress":"020000000808","type":"Ethernet","operationalStatus":"Down"}]"#))]),
    // Machine 9 is the twin: regular, and never changed or removed.
    Oddity { number: 9, what: "the same id twice in one listing, other content", place: Machine(10), outcome: Outcome::Duplicate, change: Change::Fields(&[
        ("version", Some(br#""Other""#)), ("exposureLevel", Some(br#""High""#))]) },
    fields(10, "rbacGroupId 0 with rbacGroupName null", Machine(11), &[
        ("rbacGroupId", Some(b"0")), ("rbacGroupName", Some(b"null"))]),
    fields(11, "rbacGroupId as text, where the wire has a number", Machine(12), &[
        ("rbacGroupId", Some(br#""140""#))]),
    fields(12, "lastIpAddress is public and not among ipAddresses", Machine(13), &[
        ("lastIpAddress", Some(br#""198.51.100.13""#))]),
    fields(13, "every adapter is down", Machine(14), &[
        ("ipAddresses", Some(br#"[{"ipAddress":"10.1.1.14","macAddress":"020000001414","type":"Ethernet","operationalStatus":"Down"}]"#))]),
    fields(14, "managedBy Intune with managedByStatus Unknown", Machine(15), &[
        ("managedBy", Some(br#""Intune""#)), ("managedByStatus", Some(br#""Unknown""#))]),
    stated(15, "osVersion and vmMetadata null, machineTags empty", Everywhere, Outcome::Mapped),
    fields(16, "isAadJoined true without aadDeviceId", Machine(16), &[
        ("isAadJoined", Some(b"true")), ("aadDeviceId", Some(b"null"))]),
    fields(17, "APIPA and link-local entries, several addresses on one MAC", Machine(17), &[
        ("ipAddresses", Some(br#"[{"ipAddress":"169.254.10.20","macAddress":"020000001717","type":"Ethernet","operationalStatus":"Up"},{"ipAddress":"fe80::1:2:3:4","macAddress":"020000001717","type":"Ethernet","operationalStatus":"Up"},{"ipAddress":"10.1.1.17","macAddress":"020000001717","type":"Ethernet","operationalStatus":"Up"}]"#))]),
    fields(18, "almost everything null, firstSeen in year 1, yet Active", Machine(18), &[
        ("computerDnsName", Some(b"null")), ("osPlatform", Some(b"null")), ("lastIpAddress", Some(b"null")), ("isAadJoined", Some(b"null")),
        ("firstSeen", Some(br#""0001-01-01T00:00:00Z""#)), ("healthStatus", Some(br#""Active""#))]),
    fields(19, "ipAddresses elements without type", Machine(19), &[
        ("ipAddresses", Some(br#"[{"ipAddress":"10.1.1.19","macAddress":"020000001919","operationalStatus":"Up"}]"#))]),
    fields(20, "version Other", Machine(20), &[("version", Some(br#""Other""#))]),
    fields(21, "a discovered device: CanBeOnboarded with null risk, exposure and health", Machine(21), &[
        ("onboardingStatus", Some(br#""CanBeOnboarded""#)), ("riskScore", Some(b"null")), ("exposureLevel", Some(b"null")), ("healthStatus", Some(b"null"))]),
    fields(22, "onboardingstatus, lower case, with value onboarded", Machine(22), &[
        ("onboardingStatus", None), ("onboardingstatus", Some(br#""onboarded""#))]),
    fields(23, "ethernetMacAddress with separators and letters that are not hexadecimal", ManagedDevice(48), &[
        ("ethernetMacAddress", Some(br#""GG:HH:II:JJ:KK:LL""#)), ("wiFiMacAddress", Some(br#""ZZ-00-11-22-33-44""#))]),
    Oddity { number: 24, what: "invalid JSON: two osPlatform values in a row", place: Machine(23), outcome: Outcome::DeadLetter, change: TWO_PLATFORMS },
    fields(25, "defenderAvStatus present, as in older records", Machine(24), &[
        ("defenderAvStatus", Some(br#""Updated""#))]),
    fields(26, "vm_metadata beside vmMetadata", Machine(25), &[
        ("vm_metadata", Some(br#"{"vmId":"ca1b0d41-5a3b-4d95-b48b-f220aed11d78","cloudProvider":"Azure"}"#)),
        ("vmMetadata", Some(br#"{"vmId":"ca1b0d41-5a3b-4d95-b48b-f220aed11d78","cloudProvider":"Azure","resourceId":"/subscriptions/0/x","subscriptionId":"5d4e9f0a-0000-4000-8000-000000000001"}"#))]),
    fields(27, "a number where a time is due; year 1", Machine(26), &[
        ("lastSeen", Some(b"1700000000")), ("firstSeen", Some(br#""0001-01-01T00:00:00""#))]),
    fields(28, "all-zero azureADDeviceId, no user, retireIssued", ManagedDevice(49), &[
        ("azureADDeviceId", Some(br#""00000000-0000-0000-0000-000000000000""#)), ("userId", Some(br#""""#)), ("userPrincipalName", Some(br#""""#)),
        ("managementState", Some(br#""retireIssued""#)), ("deviceEnrollmentType", Some(br#""appleBulkWithoutUser""#))]),
    fields(29, "years 1 and 9999, the latter with seven digits", ManagedDevice(50), &[
        ("complianceGracePeriodExpirationDateTime", Some(br#""9999-12-31T23:59:59.9999999Z""#)), ("easActivationDateTime", Some(br#""0001-01-01T00:00:00Z""#)),
        ("exchangeLastSuccessfulSyncDateTime", Some(br#""9999-12-31T23:59:59Z""#)), ("enrolledDateTime", Some(br#""0001-01-01T00:00:00Z""#))]),
    fields(30, "deviceName with a typographic apostrophe and blanks", ManagedDevice(51), &[
        ("deviceName", Some("\"Zoë\u{2019}s MacBook Pro\"".as_bytes()))]),
    fields(31, "macOS osVersion with its build in brackets", ManagedDevice(52), &[
        ("operatingSystem", Some(br#""macOS""#)), ("osVersion", Some(br#""11.2.1 (20D74)""#))]),
    fields(32, "placeholders as serial number and IMEI", ManagedDevice(53), &[
        ("serialNumber", Some(br#""Default string""#)), ("imei", Some(br#""Provisioning: not yet known""#))]),
    fields(33, "wiFiMacAddress empty", ManagedDevice(54), &[("wiFiMacAddress", Some(br#""""#))]),
    fields(33, "wiFiMacAddress null", ManagedDevice(55), &[("wiFiMacAddress", Some(b"null"))]),
    fields(33, "wiFiMacAddress lower case", ManagedDevice(56), &[("wiFiMacAddress", Some(br#""a434d9123456""#))]),
    fields(34, "azureADRegistered null", ManagedDevice(57), &[("azureADRegistered", Some(b"null"))]),
    stated(35, "an empty page with a next link; @odata.count of the page", Everywhere, Outcome::Mapped),
    stated(36, "affectedMachine null in the vulnerability feed", Elsewhere, Outcome::Nothing),
    stated(37, "DeviceInfo with every OS column null", Elsewhere, Outcome::Nothing),
    dead(101, "no id", Machine(27), &[("id", None)]),
    dead(102, "id null", Machine(28), &[("id", Some(b"null"))]),
    dead(103, "id empty", Machine(29), &[("id", Some(br#""""#))]),
    dead(104, "id is a number", Machine(30), &[("id", Some(b"42"))]),
    fields(105, "text that is not UTF-8", Machine(31), &[("computerDnsName", Some(b"\"caf\xe9-pc.contoso.com\""))]),
    Oddity { number: 106, what: "a text where a record is due", place: Machine(32), outcome: Outcome::DeadLetter, change: Change::Whole(br#""record withheld""#) },
    Oddity { number: 107, what: "null where a record is due", place: Machine(33), outcome: Outcome::DeadLetter, change: Change::Whole(b"null") },
    fields(108, "an osPlatform that nobody knows", Machine(34), &[("osPlatform", Some(br#""TempleOS""#))]),
    fields(109, "a risk score that nobody knows", Machine(35), &[("riskScore", Some(br#""Severe""#))]),
    fields(110, "escapes and an emoji as surrogate pair in the name", Machine(36), &[
        ("computerDnsName", Some(br#""r\u00e9ception \ud83d\udda5 \"front\" {[.contoso.com""#))]),
    fields(111, "a new field of any shape", Machine(37), &[
        ("futureInsights", Some(br#"{"nested":[[1,2,{"deep":null}],"]}"],"score":1.5e3}"#))]),
    fields(112, "a last address that is none", Machine(38), &[("lastIpAddress", Some(br#""not-an-address""#))]),
    fields(114, "a time as Windows PowerShell writes it", Machine(39), &[
        ("firstSeen", Some(br#""\/Date(1571240587193)\/""#))]),
    fields(115, "a text where a list is due, as PowerShell writes what is nested too deep", Machine(40), &[
        ("ipAddresses", Some(br#""System.Object[]""#))]),
    fields(116, "a record that was merged into another one", Machine(41), &[
        ("mergedIntoMachineId", Some(br#""1e5bc9d7e413ddd7902c2932e418702b84d0cc07""#)), ("isPotentialDuplication", Some(b"true")),
        ("isExcluded", Some(b"true")), ("exclusionReason", Some(br#""DuplicateDevice""#))]),
    fields(113, "a managed device of a kind and state that nobody knows", ManagedDevice(58), &[
        ("managementAgent", Some(br#""quantumAgent""#)), ("complianceState", Some(br#""perhaps""#))]),
];

/// The change of the machine at `index`.
pub(crate) fn of_machine(index: usize) -> &'static Change {
    of(Place::Machine(index))
}

/// The change of the managed device at `index`.
pub(crate) fn of_managed_device(index: usize) -> &'static Change {
    of(Place::ManagedDevice(index))
}

/// What becomes of the machine at `index`.
pub(crate) fn outcome_of_machine(index: usize) -> Outcome {
    ODDITIES
        .iter()
        .find(|oddity| oddity.place == Place::Machine(index))
        .map_or(Outcome::Mapped, |oddity| oddity.outcome)
}

fn of(place: Place) -> &'static Change {
    ODDITIES
        .iter()
        .find(|oddity| oddity.place == place)
        .map_or(&Change::NONE, |oddity| &oddity.change)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_the_notes_is_in_the_table_and_no_place_is_taken_twice() {
        for number in 1..=37 {
            assert!(ODDITIES.iter().any(|oddity| oddity.number == number), "{number}");
        }
        let mut places = Vec::new();
        for oddity in ODDITIES {
            match oddity.place {
                Place::Machine(index) => assert!(index < MACHINES_END && index != TWIN),
                Place::ManagedDevice(index) => assert!(MANAGED_DEVICES.contains(&index)),
                Place::Everywhere | Place::Elsewhere => continue,
            }
            assert!(!places.contains(&oddity.place), "{:?}", oddity.place);
            places.push(oddity.place);
        }
    }
}
