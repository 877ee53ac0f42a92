//! A managed device as Graph writes it: every property of v1.0, or those selected.
//!
//! In a list some properties hold their default, however real they are; only a read by id gives them
//! (<https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice>).

use chrono::{DateTime, TimeDelta, Utc};

use super::example;
use super::identifiers::{Guid, Kind};
use super::machine::{self, key};
use super::oddities::Change;
use super::platform::{Form, Platform};
use super::snapshot::{Join, Snapshot, is_older_enrolment};
use crate::json;
use crate::random::{draw, pick};

/// How much of a record a response shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// As in a list: a property with a list default holds it.
    Listed,
    /// As read by id.
    Detailed,
}

/// The properties a response shows, by place in the table of fields; `None` is all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection(Option<Vec<usize>>);

impl Selection {
    /// Reads a `$select`. The error is the name of the first unknown property.
    pub(crate) fn parse(select: &str) -> Result<Self, String> {
        let mut places = Vec::new();
        for name in select.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let place = FIELDS.iter().position(|field| field.name == name);
            places.push(place.ok_or_else(|| name.to_owned())?);
        }
        Ok(Self(Some(places)))
    }

    fn shows(&self, place: usize) -> bool {
        self.0.as_ref().is_none_or(|places| places.contains(&place))
    }
}

struct Field {
    name: &'static str,
    /// What a list writes instead of the value.
    list_default: Option<&'static str>,
    write: fn(&ManagedDevice<'_>, &mut Vec<u8>),
}

const fn field(name: &'static str, write: fn(&ManagedDevice<'_>, &mut Vec<u8>)) -> Field {
    Field { name, list_default: None, write }
}

const fn detail(
    name: &'static str,
    list_default: &'static str,
    write: fn(&ManagedDevice<'_>, &mut Vec<u8>),
) -> Field {
    Field { name, list_default: Some(list_default), write }
}

const YEAR_ONE: &str = "0001-01-01T00:00:00Z";

#[rustfmt::skip] // A table: a row for each property, in the order of live responses.
const FIELDS: &[Field] = &[
    field("id", |device, out| quoted(out, |out| device.id().write(out))),
    field("userId", |device, out| if device.has_user() {
        quoted(out, |out| Guid::new(device.seed(), Kind::User, device.index).write(out));
    } else {
        json::text(out, "");
    }),
    field("deviceName", |device, out| quoted(out, |out| device.write_name(out))),
    field("managedDeviceOwnerType", |device, out| json::text(out,
        pick(&["company", "company", "company", "company", "personal", "unknown"], device.draw(71)))),
    field("enrolledDateTime", |device, out| json::instant_in_seconds(out, device.enrolled())),
    field("lastSyncDateTime", |device, out| json::instant_in_seconds(out, device.last_sync())),
    field("operatingSystem", |device, out| json::text(out, device.platform.operating_system)),
    field("complianceState", |device, out| {
        let drawn = pick(&[0, 0, 0, 0, 0, 0, 0, 1, 2, 3], device.draw(72)) + device.revision;
        json::text(out, pick(&["compliant", "noncompliant", "inGracePeriod", "unknown"], drawn));
    }),
    field("jailBroken", |_, out| json::text(out, "Unknown")),
    field("managementAgent", |device, out| json::text(out, device.agent())),
    field("osVersion", |device, out| json::text(out, device.platform.os_version)),
    field("easActivated", |_, out| json::boolean(out, false)),
    field("easDeviceId", |_, out| json::text(out, "")),
    field("easActivationDateTime", |_, out| json::text(out, YEAR_ONE)),
    field("azureADRegistered", |device, out| json::boolean(out, device.snapshot.join(device.index) != Join::Zero)),
    field("deviceEnrollmentType", |device, out| json::text(out, device.enrollment())),
    field("activationLockBypassCode", |_, out| json::null(out)),
    field("emailAddress", |device, out| device.write_user(out)),
    field("azureADDeviceId", |device, out| quoted(out, |out| device.write_directory_id(out))),
    field("deviceRegistrationState", |_, out| json::text(out, "registered")),
    field("deviceCategoryDisplayName", |_, out| json::text(out, "")),
    field("isSupervised", |device, out| json::boolean(out, device.platform.operating_system == "iOS")),
    field("exchangeLastSuccessfulSyncDateTime", |_, out| json::text(out, YEAR_ONE)),
    field("exchangeAccessState", |_, out| json::text(out, "none")),
    field("exchangeAccessStateReason", |_, out| json::text(out, "none")),
    detail("remoteAssistanceSessionUrl", "\"\"", |_, out| json::text(out, "")),
    field("remoteAssistanceSessionErrorDetails", |_, out| json::text(out, "")),
    field("isEncrypted", |device, out| json::boolean(out, device.draw(73) % 10 != 0)),
    field("userPrincipalName", |device, out| device.write_user(out)),
    field("model", |device, out| json::text(out, device.hardware().1)),
    field("manufacturer", |device, out| json::text(out, device.hardware().0)),
    field("imei", |device, out| if device.mobile() {
        quoted(out, |out| json::padded(out, 350_000_000_000_000 + device.index as u64, 15));
    } else {
        json::text(out, "");
    }),
    field("complianceGracePeriodExpirationDateTime", |_, out| json::text(out, "9999-12-31T23:59:59Z")),
    field("serialNumber", |device, out| quoted(out, |out| json::hex(out, device.draw(74).into(), 10))),
    field("phoneNumber", |_, out| json::text(out, "")),
    field("androidSecurityPatchLevel", |device, out| json::text(out,
        if device.platform.operating_system == "Android" { "2026-10-01" } else { "" })),
    field("userDisplayName", |device, out| if device.has_user() {
        quoted(out, |out| {
            out.extend_from_slice(b"User ");
            json::number(out, device.index as u64);
        });
    } else {
        json::text(out, "");
    }),
    field("configurationManagerClientEnabledFeatures", |_, out| json::null(out)),
    field("wiFiMacAddress", |device, out| if device.platform.form == Form::Server {
        json::text(out, "");
    } else {
        quoted(out, |out| machine::mac(device.seed(), device.machine, 1, out));
    }),
    field("deviceHealthAttestationState", |_, out| json::null(out)),
    field("subscriberCarrier", |_, out| json::text(out, "")),
    field("meid", |_, out| json::text(out, "")),
    field("totalStorageSpaceInBytes", |_, out| json::number(out, 512_110_190_592)),
    field("freeStorageSpaceInBytes", |device, out| json::number(out, device.draw(75) % 512_110_190_592)),
    field("managedDeviceName", |device, out| quoted(out, |out| {
        device.write_name(out);
        out.extend_from_slice(b"_11/24/2026_8:00 AM");
    })),
    field("partnerReportedThreatState", |_, out| json::text(out, "unknown")),
    field("requireUserEnrollmentApproval", |_, out| json::null(out)),
    field("managementCertificateExpirationDate", |device, out|
        json::instant_in_seconds(out, device.enrolled() + TimeDelta::days(2_000))),
    detail("iccid", "\"\"", |device, out| if device.mobile() {
        quoted(out, |out| json::padded(out, 8_949_000_000_000_000_000 + device.index as u64, 19));
    } else {
        json::text(out, "");
    }),
    detail("udid", "\"\"", |device, out| if device.platform.operating_system == "iOS" {
        quoted(out, |out| for (purpose, digits) in [(76, 16), (81, 16), (82, 8)] {
            json::hex(out, device.draw(purpose).into(), digits);
        });
    } else {
        json::text(out, "");
    }),
    detail("notes", "null", |_, out| json::text(out, "")),
    detail("ethernetMacAddress", "null", |device, out| if device.mobile() {
        json::text(out, "");
    } else {
        quoted(out, |out| machine::mac(device.seed(), device.machine, 0, out));
    }),
    detail("physicalMemoryInBytes", "0", |_, out| json::number(out, 17_179_869_184)),
    field("enrollmentProfileName", |_, out| json::null(out)),
    field("managementState", |device, out| json::text(out, match device.draw(77) % 60 {
        0 => "retireIssued",
        1 => "discovered",
        _ => "managed",
    })),
    field("deviceActionResults", |_, out| out.extend_from_slice(b"[]")),
];

/// One managed device, computed from its index.
pub(crate) struct ManagedDevice<'a> {
    snapshot: &'a Snapshot,
    index: usize,
    /// The machine that it runs on.
    machine: usize,
    platform: &'static Platform,
    revision: u64,
}

impl<'a> ManagedDevice<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, index: usize) -> Self {
        // An older enrolment belongs to the machine of the newer one.
        let older = index > 0 && is_older_enrolment(index);
        let machine = snapshot.machine_of(if older { index - 1 } else { index });
        Self {
            snapshot,
            index,
            machine,
            platform: machine::platform(snapshot.options().seed, machine),
            revision: snapshot.revision(machine),
        }
    }

    /// Writes the selected properties as an object.
    pub(crate) fn write(&self, selection: &Selection, depth: Depth, out: &mut Vec<u8>) {
        self.write_changed(self.snapshot.managed_device_change(self.index), selection, depth, out);
    }

    /// The same record with two values in a row.
    pub(crate) fn write_malformed(&self, out: &mut Vec<u8>) {
        const TWO_NAMES: Change =
            Change::Fields(&[("deviceName", Some(br#""DESKTOP" "LAPTOP""#.as_slice()))]);
        self.write_changed(&TWO_NAMES, &Selection::default(), Depth::Listed, out);
    }

    fn write_changed(&self, change: &Change, shown: &Selection, depth: Depth, out: &mut Vec<u8>) {
        let start = out.len();
        for (place, field) in FIELDS.iter().enumerate() {
            if !shown.shows(place) {
                continue;
            }
            key(out, start, field.name);
            if let (Depth::Listed, Some(default)) = (depth, field.list_default) {
                out.extend_from_slice(default.as_bytes());
            } else if let Some(Some(value)) = change.field(field.name) {
                out.extend_from_slice(value);
            } else if let Some(value) = self.example(field.name) {
                out.extend_from_slice(value.as_bytes());
            } else {
                (field.write)(self, out);
            }
        }
        if out.len() == start {
            out.push(b'{');
        }
        out.push(b'}');
    }

    pub(crate) fn id(&self) -> Guid {
        match self.index {
            0 => example::managed_device_id(),
            index => Guid::new(self.seed(), Kind::ManagedDevice, index),
        }
    }

    /// The name, as a cursor names it.
    pub(crate) fn name(&self) -> String {
        let mut out = Vec::new();
        self.write_name(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// `lastSyncDateTime`.
    pub(crate) fn last_sync(&self) -> DateTime<Utc> {
        let age = (self.draw(78) % (20 * 3_600)) as i64;
        let older = TimeDelta::days(if is_older_enrolment(self.index) { 90 } else { 0 });
        self.snapshot.regular_last_seen(self.machine)
            - older
            - TimeDelta::seconds(if self.revision > 0 { 0 } else { age })
    }

    fn enrolled(&self) -> DateTime<Utc> {
        self.snapshot.first_seen(self.machine)
    }

    fn example(&self, name: &str) -> Option<String> {
        if self.index == 0 { example::managed_device_field(name) } else { None }
    }

    fn seed(&self) -> u64 {
        self.snapshot.options().seed
    }

    fn draw(&self, purpose: u64) -> u64 {
        draw(self.seed(), self.index as u64, purpose)
    }

    fn mobile(&self) -> bool {
        self.platform.form == Form::Mobile
    }

    fn has_user(&self) -> bool {
        self.platform.form != Form::Server
    }

    fn hardware(&self) -> (&'static str, &'static str) {
        pick(self.platform.hardware, draw(self.seed(), self.machine as u64, 79))
    }

    fn agent(&self) -> &'static str {
        match (self.platform.form, self.draw(80) % 20) {
            // Defender's own settings management, without enrolment.
            (Form::Server, _) => "msSense",
            (Form::Mobile, 0) => "eas",
            (Form::Client, 0 | 1) => "configurationManagerClientMdm",
            _ => "mdm",
        }
    }

    fn enrollment(&self) -> &'static str {
        match self.platform.form {
            Form::Server => "unknown",
            Form::Mobile => "userEnrollment",
            Form::Client => "windowsAzureADJoin",
        }
    }

    fn write_name(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.platform.prefix.as_bytes());
        if let Some(written) = out.get_mut(start..) {
            written.make_ascii_uppercase();
        }
        out.push(b'-');
        json::padded(out, self.machine as u64, 7);
    }

    fn write_user(&self, out: &mut Vec<u8>) {
        if !self.has_user() {
            return json::text(out, "");
        }
        quoted(out, |out| {
            out.extend_from_slice(b"user");
            json::number(out, self.index as u64);
            out.extend_from_slice(b"@contoso.com");
        });
    }

    fn write_directory_id(&self, out: &mut Vec<u8>) {
        let id = match self.snapshot.join(self.index) {
            Join::Machine(0) => example::directory_id(),
            Join::Machine(machine) => machine::directory_id(self.seed(), machine),
            Join::Foreign => Guid::new(self.seed(), Kind::Foreign, self.index),
            Join::Zero => Guid::ZERO,
        };
        // Both cases occur, and a GUID is the same in either.
        if self.index % 3 == 1 { id.write_upper(out) } else { id.write(out) }
    }
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_id_and_each_of_the_55_other_properties_once() {
        let mut names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIELDS.len());
        assert_eq!(names.len(), 56);
    }
}
