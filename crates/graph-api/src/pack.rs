//! Managed devices, packed: what the join index keeps of each.
//!
//! A device takes about 165 bytes instead of a kilobyte: GUIDs are 16 bytes, values that many devices
//! share (models, versions, states, mail domains) are kept once, and what equals another field of the
//! same record, or the key under which it is found, is a mark. The form is never stored, so it may
//! change with any version.

use std::collections::HashMap;

use chrono::DateTime;
use uuid::Uuid;

use crate::ManagedDevice;

/// Most distinct shared values. Beyond it values are written out, so that a remote that sends a new
/// one with each record cannot fill the memory with an index of its index.
const MOST_SHARED: usize = 65_536;

/// Values that many devices share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    values: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Shared {
    fn number(&mut self, value: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(value) {
            return Some(*number);
        }
        if self.values.len() >= MOST_SHARED {
            return None;
        }
        let number = u32::try_from(self.values.len()).ok()?;
        self.values.push(value.into());
        self.numbers.insert(value.into(), number);
        Some(number)
    }

    /// Ends the adding of values: drops what only [`pack`] needs.
    pub(crate) fn seal(&mut self) {
        self.numbers = HashMap::new();
        self.values.shrink_to_fit();
    }

    /// Bytes that the values take.
    pub(crate) fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len() + size_of::<Box<str>>()).sum()
    }
}

/// Appends `device`, which is found under `key`, to `out`.
pub(crate) fn pack(device: &ManagedDevice, key: Uuid, shared: &mut Shared, out: &mut Vec<u8>) {
    let mut writer = Writer { out, shared, key };
    let d = device;
    writer.guid(d.id.as_deref());
    writer.guid(d.azure_ad_device_id.as_deref());
    writer.guid(d.user_id.as_deref());
    for text in [
        &d.device_name,
        &d.serial_number,
        &d.imei,
        &d.meid,
        &d.udid,
        &d.iccid,
        &d.wifi_mac_address,
        &d.ethernet_mac_address,
        &d.user_display_name,
    ] {
        writer.text(text.as_deref());
    }
    for text in [&d.operating_system, &d.os_version, &d.model, &d.manufacturer] {
        writer.shared(text.as_deref());
    }
    writer.shared(d.compliance_state.as_ref().map(|name| name.as_str()));
    writer.shared(d.managed_device_owner_type.as_ref().map(|name| name.as_str()));
    writer.shared(d.management_agent.as_ref().map(|name| name.as_str()));
    writer.shared(d.management_state.as_ref().map(|name| name.as_str()));
    writer.number(3 * flag(d.is_encrypted) + flag(d.is_supervised));
    writer.integer(d.physical_memory_in_bytes);
    writer.integer(d.enrolled_date_time.map(|time| time.timestamp_millis()));
    writer.integer(d.last_sync_date_time.map(|time| time.timestamp_millis()));
    writer.address(d.user_principal_name.as_deref());
    if d.email_address.is_some() && d.email_address == d.user_principal_name {
        writer.number(1);
    } else {
        writer.number(0);
        writer.address(d.email_address.as_deref());
    }
}

/// 0 if absent; 1 for no, 2 for yes.
fn flag(flag: Option<bool>) -> u64 {
    flag.map_or(0, |flag| 1 + u64::from(flag))
}

/// Reads what [`pack`] wrote under `key`; `None` when it is something else.
pub(crate) fn unpack(bytes: &[u8], key: Uuid, shared: &Shared) -> Option<ManagedDevice> {
    let mut reader = Reader { bytes, shared, key };
    let mut d = ManagedDevice {
        id: reader.guid()?,
        azure_ad_device_id: reader.guid()?,
        user_id: reader.guid()?,
        ..ManagedDevice::default()
    };
    for slot in [
        &mut d.device_name,
        &mut d.serial_number,
        &mut d.imei,
        &mut d.meid,
        &mut d.udid,
        &mut d.iccid,
        &mut d.wifi_mac_address,
        &mut d.ethernet_mac_address,
        &mut d.user_display_name,
    ] {
        *slot = reader.text()?;
    }
    for slot in [&mut d.operating_system, &mut d.os_version, &mut d.model, &mut d.manufacturer] {
        *slot = reader.shared()?.map(str::to_owned);
    }
    d.compliance_state = reader.shared()?.map(Into::into);
    d.managed_device_owner_type = reader.shared()?.map(Into::into);
    d.management_agent = reader.shared()?.map(Into::into);
    d.management_state = reader.shared()?.map(Into::into);
    let flags = reader.number()?;
    let flag = |flag: u64| (flag > 0).then_some(flag == 2);
    (d.is_encrypted, d.is_supervised) = (flag(flags / 3), flag(flags % 3));
    d.physical_memory_in_bytes = reader.integer()?;
    d.enrolled_date_time = reader.integer()?.and_then(DateTime::from_timestamp_millis);
    d.last_sync_date_time = reader.integer()?.and_then(DateTime::from_timestamp_millis);
    d.user_principal_name = reader.address()?;
    d.email_address = match reader.number()? {
        1 => d.user_principal_name.clone(),
        _ => reader.address()?,
    };
    reader.bytes.is_empty().then_some(d)
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    shared: &'a mut Shared,
    key: Uuid,
}

impl Writer<'_> {
    /// Seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.out.push((number & 0x7f) as u8 | 0x80);
            number >>= 7;
        }
        self.out.push(number as u8);
    }

    /// 0 if absent; else 1 and the number, folded so that small negative ones stay small.
    fn integer(&mut self, number: Option<i64>) {
        match number {
            None => self.number(0),
            Some(number) => {
                self.number(1);
                self.number(((number << 1) ^ (number >> 63)) as u64);
            }
        }
    }

    /// 0 if absent; else the length plus one, and the text.
    fn text(&mut self, text: Option<&str>) {
        match text {
            None => self.number(0),
            Some(text) => {
                self.number(text.len() as u64 + 1);
                self.out.extend_from_slice(text.as_bytes());
            }
        }
    }

    /// 0 before any text, 1 before the 16 bytes of a GUID in its usual form, 2 for the key.
    fn guid(&mut self, text: Option<&str>) {
        let guid = text.and_then(|text| {
            let guid = Uuid::try_parse(text).ok()?;
            (guid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text).then_some(guid)
        });
        match guid {
            Some(guid) if guid == self.key => self.number(2),
            Some(guid) => {
                self.number(1);
                self.out.extend_from_slice(guid.as_bytes());
            }
            None => {
                self.number(0);
                self.text(text);
            }
        }
    }

    /// 0 if absent, 1 before text written out, else the number of a shared value plus two.
    fn shared(&mut self, text: Option<&str>) {
        let Some(text) = text else { return self.number(0) };
        match self.shared.number(text) {
            Some(number) => self.number(u64::from(number) + 2),
            None => {
                self.number(1);
                self.text(Some(text));
            }
        }
    }

    /// `name@domain`, of which the domain is shared. Without a domain the second half is absent.
    fn address(&mut self, text: Option<&str>) {
        match text.and_then(|text| text.rsplit_once('@')) {
            Some((name, domain)) => {
                self.text(Some(name));
                self.shared(Some(domain));
            }
            None => {
                self.text(text);
                self.shared(None);
            }
        }
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    shared: &'a Shared,
    key: Uuid,
}

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.bytes.split_first()?;
            self.bytes = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn integer(&mut self) -> Option<Option<i64>> {
        match self.number()? {
            0 => Some(None),
            _ => {
                let folded = self.number()?;
                Some(Some((folded >> 1) as i64 ^ -((folded & 1) as i64)))
            }
        }
    }

    fn raw(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(taken)
    }

    fn text(&mut self) -> Option<Option<String>> {
        Some(match self.number()?.checked_sub(1) {
            None => None,
            Some(length) => {
                let text = self.raw(usize::try_from(length).ok()?)?;
                Some(std::str::from_utf8(text).ok()?.to_owned())
            }
        })
    }

    fn guid(&mut self) -> Option<Option<String>> {
        match self.number()? {
            0 => self.text(),
            2 => Some(Some(self.key.to_string())),
            _ => Some(Some(Uuid::from_slice(self.raw(16)?).ok()?.to_string())),
        }
    }

    fn shared(&mut self) -> Option<Option<&'a str>> {
        match self.number()? {
            0 => Some(None),
            1 => {
                let length = self.number()?.checked_sub(1)?;
                let text = self.raw(usize::try_from(length).ok()?)?;
                Some(Some(std::str::from_utf8(text).ok()?))
            }
            number => {
                let value = self.shared.values.get(usize::try_from(number - 2).ok()?)?;
                Some(Some(value))
            }
        }
    }

    fn address(&mut self) -> Option<Option<String>> {
        let name = self.text()?;
        Some(match (name, self.shared()?) {
            (Some(name), Some(domain)) => Some(format!("{name}@{domain}")),
            (name, _) => name,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;

    /// Any record that could come over the wire.
    pub(crate) fn any_device() -> impl Strategy<Value = ManagedDevice> {
        let guid = || {
            of(prop_oneof![
                any::<u128>().prop_map(|bits| Uuid::from_u128(bits).to_string()),
                any::<u128>().prop_map(|bits| Uuid::from_u128(bits).to_string().to_uppercase()),
                "\\PC{1,40}",
            ])
        };
        let text = || of("\\PC{1,12}");
        let time = || {
            of((0_i64..200_000_000_000_000)
                .prop_map(|t| DateTime::from_timestamp_millis(t).unwrap()))
        };
        let address = || of(prop_oneof!["[a-z]{0,5}@[a-z]{0,5}", "[a-z]{1,5}", "a@b@c"]);
        let name = || {
            of(prop_oneof![
                Just("managed"),
                Just("mdm"),
                Just("eas"),
                Just("discovered"),
                Just("new")
            ])
        };
        (
            (guid(), guid(), guid(), text(), text(), text()),
            (text(), text(), text(), text(), address(), address()),
            (name(), name(), name(), name(), of(any::<bool>()), of(any::<i64>())),
            (time(), time(), of(any::<bool>())),
        )
            .prop_map(|(a, b, c, e)| ManagedDevice {
                id: a.0,
                azure_ad_device_id: a.1,
                user_id: a.2,
                device_name: a.3.clone(),
                serial_number: a.4.clone(),
                imei: a.5.clone(),
                meid: a.3,
                udid: a.4,
                iccid: a.5,
                operating_system: b.0.clone(),
                os_version: b.1.clone(),
                model: b.2.clone(),
                manufacturer: b.3.clone(),
                wifi_mac_address: b.0,
                ethernet_mac_address: b.1,
                user_display_name: b.2,
                user_principal_name: b.4,
                email_address: b.5,
                compliance_state: c.0.map(Into::into),
                managed_device_owner_type: c.1.map(Into::into),
                management_agent: c.2.map(Into::into),
                management_state: c.3.map(Into::into),
                is_supervised: c.4,
                physical_memory_in_bytes: c.5,
                enrolled_date_time: e.0,
                last_sync_date_time: e.1,
                is_encrypted: e.2,
                unreadable: Vec::new(),
            })
    }

    fn key(device: &ManagedDevice) -> Uuid {
        device.azure_ad_device_id().unwrap_or_default()
    }

    proptest! {
        #[test]
        fn a_packed_record_unpacks_to_itself(devices in prop::collection::vec(any_device(), 1..5)) {
            let mut shared = Shared::default();
            let packed: Vec<Vec<u8>> = devices
                .iter()
                .map(|device| {
                    let mut out = Vec::new();
                    pack(device, key(device), &mut shared, &mut out);
                    out
                })
                .collect();
            shared.seal();
            for (device, bytes) in devices.iter().zip(&packed) {
                prop_assert_eq!(unpack(bytes, key(device), &shared), Some(device.clone()));
            }
        }

        #[test]
        fn other_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = unpack(&bytes, Uuid::nil(), &Shared::default());
        }
    }

    #[test]
    fn values_beyond_the_bound_are_written_out() {
        let mut shared = Shared::default();
        for number in 0..MOST_SHARED {
            assert!(shared.number(&number.to_string()).is_some());
        }
        let device = ManagedDevice { model: Some("one more".into()), ..ManagedDevice::default() };
        let mut out = Vec::new();
        pack(&device, Uuid::nil(), &mut shared, &mut out);
        assert_eq!(shared.values.len(), MOST_SHARED);
        assert_eq!(unpack(&out, Uuid::nil(), &shared), Some(device));
    }
}
