//! A machine as `GET /api/machines` writes it.
//!
//! Fields, types and spellings: *Machine resource type*
//! (<https://learn.microsoft.com/defender-endpoint/api/machine>) and, where the wire differs from that
//! page, the wire: `rbacGroupId` is a number, the name is `onboardingStatus`.

use chrono::{DateTime, Utc};

use super::identifiers::{Guid, Kind, MachineId};
use super::oddities::{self, Change};
use super::platform::{Form, Platform};
use super::snapshot::Snapshot;
use crate::json;
use crate::random::{draw, pick};

/// One field: its name, and how its value is written.
type Field = (&'static str, fn(&Machine<'_>, &mut Vec<u8>));

const FIELDS: &[Field] = &[
    ("id", |machine, out| {
        out.push(b'"');
        machine.id.write(out);
        out.push(b'"');
    }),
    ("mergedIntoMachineId", |_, out| json::null(out)),
    ("isPotentialDuplication", |_, out| json::boolean(out, false)),
    ("isExcluded", |_, out| json::boolean(out, false)),
    ("exclusionReason", |_, out| json::null(out)),
    ("computerDnsName", |machine, out| {
        out.push(b'"');
        machine.write_name(out);
        out.extend_from_slice(b".contoso.com\"");
    }),
    ("firstSeen", |machine, out| json::instant(out, machine.first_seen())),
    ("lastSeen", |machine, out| json::instant(out, machine.last_seen)),
    ("osPlatform", |machine, out| json::text(out, machine.platform.os_platform)),
    ("osVersion", |_, out| json::null(out)),
    ("osProcessor", |machine, out| json::text(out, machine.platform.processor)),
    ("version", |machine, out| json::text(out, machine.platform.version)),
    ("lastIpAddress", |machine, out| machine.write_address(out)),
    ("lastExternalIpAddress", |machine, out| {
        out.extend_from_slice(b"\"203.0.113.");
        json::number(out, machine.draw(51) % 254 + 1);
        out.push(b'"');
    }),
    ("agentVersion", |machine, out| {
        out.extend_from_slice(b"\"10.8760.");
        json::number(out, machine.platform.build.unwrap_or(17_763));
        out.extend_from_slice(b".1021\"");
    }),
    ("osBuild", |machine, out| match machine.platform.build {
        Some(build) => json::number(out, build),
        None => json::null(out),
    }),
    ("healthStatus", |machine, out| json::text(out, machine.health())),
    ("deviceValue", |machine, out| {
        json::text(out, pick(&["Normal", "Normal", "Normal", "Low", "High"], machine.draw(52)));
    }),
    ("rbacGroupId", |machine, out| json::number(out, machine.group().0)),
    ("rbacGroupName", |machine, out| json::text_or_null(out, machine.group().1)),
    ("riskScore", |machine, out| {
        // Moves by one step with each revision, so that a change is always a change of content.
        let drawn = pick(&[0, 0, 0, 0, 1, 1, 2, 2, 3, 4], machine.draw(53)) + machine.revision;
        json::text(out, pick(&["None", "Informational", "Low", "Medium", "High"], drawn));
    }),
    ("exposureLevel", |machine, out| {
        json::text(
            out,
            pick(&["None", "Low", "Low", "Medium", "Medium", "High"], machine.draw(54)),
        );
    }),
    ("isAadJoined", |machine, out| json::boolean(out, machine.directory_id().is_some())),
    ("aadDeviceId", |machine, out| match machine.directory_id() {
        Some(id) => {
            out.push(b'"');
            id.write(out);
            out.push(b'"');
        }
        None => json::null(out),
    }),
    ("machineTags", |machine, out| {
        let tags = match machine.draw(55) % 8 {
            0 => r#"["finance"]"#,
            1 => r#"["Zürich","kiosk"]"#,
            _ => "[]",
        };
        out.extend_from_slice(tags.as_bytes());
    }),
    ("onboardingStatus", |_, out| json::text(out, "Onboarded")),
    ("osArchitecture", |_, out| json::text(out, "64-bit")),
    ("managedBy", |machine, out| {
        let server = machine.platform.form == Form::Server;
        json::text(out, if server { "MicrosoftDefenderForEndpoint" } else { "Intune" });
    }),
    ("managedByStatus", |_, out| json::text(out, "Success")),
    ("ipAddresses", |machine, out| machine.write_interfaces(out)),
    ("vmMetadata", |_, out| json::null(out)),
];

/// Device groups, with the most frequent one twice; 0 with no name is "in no group".
const GROUPS: &[(u64, &str)] = &[
    (140, "The-A-Team"),
    (140, "The-A-Team"),
    (141, "Workplace Zürich"),
    (142, "Servers"),
    (143, "Field \"blue\""),
    (0, ""),
];

/// One machine, computed from its index.
pub(crate) struct Machine<'a> {
    snapshot: &'a Snapshot,
    index: usize,
    id: MachineId,
    platform: &'static Platform,
    revision: u64,
    last_seen: DateTime<Utc>,
}

impl<'a> Machine<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, index: usize) -> Self {
        let options = snapshot.options();
        Self {
            snapshot,
            index,
            id: snapshot.drawn_id(index),
            platform: platform(options.seed, index),
            revision: snapshot.revision(index),
            last_seen: snapshot.regular_last_seen(index),
        }
    }

    pub(crate) fn write(&self, change: &Change, out: &mut Vec<u8>) {
        if let Change::Whole(bytes) = change {
            out.extend_from_slice(bytes);
            return;
        }
        let start = out.len();
        for (name, write) in FIELDS {
            match change.field(name) {
                Some(None) => {}
                Some(Some(value)) => {
                    key(out, start, name);
                    out.extend_from_slice(value);
                }
                None => {
                    key(out, start, name);
                    write(self, out);
                }
            }
        }
        for (name, value) in change.fields() {
            if let Some(value) = value
                && !FIELDS.iter().any(|(known, _)| known == name)
            {
                key(out, start, name);
                out.extend_from_slice(value);
            }
        }
        if out.len() == start {
            out.push(b'{');
        }
        out.push(b'}');
    }

    /// The same record with the oddity of the documentation's own sample: two values in a row.
    pub(crate) fn write_malformed(&self, out: &mut Vec<u8>) {
        self.write(&oddities::TWO_PLATFORMS, out);
    }

    fn draw(&self, purpose: u64) -> u64 {
        draw(self.snapshot.options().seed, self.index as u64, purpose)
    }

    fn directory_id(&self) -> Option<Guid> {
        self.snapshot.directory_id(self.index)
    }

    fn first_seen(&self) -> DateTime<Utc> {
        self.snapshot.first_seen(self.index)
    }

    fn health(&self) -> &'static str {
        // Inactive after seven days without a signal
        // (https://learn.microsoft.com/defender-endpoint/fix-unhealthy-sensors).
        if (self.snapshot.options().now - self.last_seen).num_days() >= 7 {
            return "Inactive";
        }
        match self.draw(56) % 40 {
            0 => "ImpairedCommunication",
            1 => "NoSensorData",
            _ => "Active",
        }
    }

    fn group(&self) -> (u64, &'static str) {
        pick(GROUPS, self.draw(57))
    }

    fn write_name(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.platform.prefix.as_bytes());
        out.push(b'-');
        json::padded(out, self.index as u64, 7);
    }

    fn write_address(&self, out: &mut Vec<u8>) {
        let index = self.index as u64;
        out.extend_from_slice(b"\"10.");
        json::number(out, (index >> 16) & 0xff);
        out.push(b'.');
        json::number(out, (index >> 8) & 0xff);
        out.push(b'.');
        json::number(out, index & 0xff);
        out.push(b'"');
    }

    fn write_interfaces(&self, out: &mut Vec<u8>) {
        let kind = if self.platform.form == Form::Mobile { "Wireless80211" } else { "Ethernet" };
        out.extend_from_slice(b"[{\"ipAddress\":");
        self.write_address(out);
        self.write_interface_rest(out, 0, kind, "Up");
        // Several addresses on one adapter are several elements with one MAC.
        out.extend_from_slice(b",{\"ipAddress\":\"fe80::");
        json::hex(out, self.draw(58).into(), 4);
        out.push(b':');
        json::hex(out, u128::from(self.draw(58) >> 16), 4);
        out.push(b'"');
        self.write_interface_rest(out, 0, kind, "Up");
        if self.draw(59).is_multiple_of(2) {
            out.extend_from_slice(b",{\"ipAddress\":\"\"");
            self.write_interface_rest(out, 1, "Wireless80211", "Down");
        }
        out.push(b']');
    }

    fn write_interface_rest(&self, out: &mut Vec<u8>, adapter: u64, kind: &str, status: &str) {
        out.extend_from_slice(b",\"macAddress\":\"");
        mac(self.snapshot.options().seed, self.index, adapter, out);
        out.extend_from_slice(b"\",\"type\":");
        json::text(out, kind);
        out.extend_from_slice(b",\"operationalStatus\":");
        json::text(out, status);
        out.push(b'}');
    }
}

/// The platform of a machine and of its Intune record.
pub(super) fn platform(seed: u64, index: usize) -> &'static Platform {
    Platform::drawn(draw(seed, index as u64, 50))
}

/// Twelve bare upper-case digits: 02 (locally administered), the adapter, the index.
pub(super) fn mac(seed: u64, index: usize, adapter: u64, out: &mut Vec<u8>) {
    let start = out.len();
    json::hex(out, 2, 2);
    json::hex(out, u128::from(draw(seed, adapter, 60)), 2);
    json::hex(out, index as u128, 8);
    if let Some(written) = out.get_mut(start..) {
        written.make_ascii_uppercase();
    }
}

/// The mark before a field, and its name.
pub(super) fn key(out: &mut Vec<u8>, start: usize, name: &str) {
    out.push(if out.len() == start { b'{' } else { b',' });
    json::name(out, name);
}

/// The directory id of a machine that has one.
pub(super) fn directory_id(seed: u64, index: usize) -> Guid {
    Guid::new(seed, Kind::Directory, index)
}
