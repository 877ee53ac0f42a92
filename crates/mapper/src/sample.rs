//! Made-up records that fill every row of the table between them.

use serde_json::{Value, json};
use stocktake_connector_core::{DirectoryId, Enrichment};
use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;

/// A pair with everything that either API says, and the machine alone: what Defender says of adapters
/// shows where Intune names none.
pub(crate) fn records() -> Vec<(Machine, Enrichment<ManagedDevice>)> {
    let read_machine = || serde_json::from_value::<Machine>(machine()).unwrap_or_default();
    let device = serde_json::from_value(managed_device()).unwrap_or_default();
    vec![(read_machine(), Enrichment::Matched(device)), (read_machine(), Enrichment::NoMatch)]
}

fn machine() -> Value {
    json!({
        "id": "9a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "computerDnsName": "host.contoso.com",
        "firstSeen": "2024-01-01T00:00:00Z",
        "lastSeen": "2024-12-01T10:00:00Z",
        "osPlatform": "Windows11",
        "osBuild": 22631,
        "osProcessor": "x64",
        "osArchitecture": "64-bit",
        "lastIpAddress": "10.0.0.1",
        "healthStatus": "Active",
        "rbacGroupId": 12,
        "rbacGroupName": "Laptops",
        "riskScore": "Medium",
        "exposureLevel": "Low",
        "aadDeviceId": "9f9c9e5b-1111-2222-3333-444455556666",
        "machineTags": ["Tier 0"],
        "onboardingStatus": "Onboarded",
        "agentVersion": "10.8295",
        "deviceValue": "High",
        "managedBy": "Intune",
        "managedByStatus": "Success",
        "lastExternalIpAddress": "198.51.100.7",
        "isExcluded": true,
        "exclusionReason": "DuplicateDevice",
        "isPotentialDuplication": true,
        "mergedIntoMachineId": "00112233445566778899aabbccddeeff00112233",
        "ipAddresses": [
            { "ipAddress": "10.0.0.1", "macAddress": "A434D9123456", "type": "Ethernet" },
        ],
    })
}

fn managed_device() -> Value {
    json!({
        "id": "5f0c8a4e-0000-0000-0000-000000000005",
        "deviceName": "HOST",
        "osVersion": "10.0.22631.4460",
        "model": "Surface Pro 9",
        "manufacturer": "Microsoft Corporation",
        "serialNumber": "S1",
        "imei": "356938035643809",
        "meid": "A10000009296F2",
        "iccid": "8944",
        "udid": "u1",
        "wiFiMacAddress": "B434D9123456",
        "ethernetMacAddress": "A434D9123456",
        "physicalMemoryInBytes": 34_359_738_368_i64,
        "complianceState": "compliant",
        "managedDeviceOwnerType": "company",
        "managementAgent": "mdm",
        "isSupervised": false,
        "isEncrypted": true,
        "userId": "99999999-0000-0000-0000-000000000009",
        "userPrincipalName": "user@contoso.com",
        "userDisplayName": "User",
        "emailAddress": "user@contoso.com",
    })
}

/// A directory for `metadata.tenant_uid`.
pub(crate) fn directory() -> Option<DirectoryId> {
    DirectoryId::new("contoso.com").ok()
}

#[cfg(test)]
mod tests {
    use stocktake_connector_core::{EncodeError, Encoded, Fingerprint, Form};
    use stocktake_ocsf_model::{InventoryInfo, Paths, write};

    use crate::{TABLE, carried_by};

    /// Carries everything.
    #[derive(Debug)]
    struct Whole;

    impl Form<InventoryInfo<'_>> for Whole {
        fn fingerprint(&self) -> Fingerprint {
            Fingerprint::of([])
        }

        fn encode(
            &self,
            event: &InventoryInfo<'_>,
            out: &mut Vec<u8>,
        ) -> Result<Encoded, EncodeError> {
            write(event, &Paths::default(), out);
            let fingerprint = self.fingerprint();
            Ok(Encoded { fingerprint, time: Default::default(), uid_at: None })
        }
    }

    #[test]
    fn every_row_is_in_the_sample() {
        let carried = carried_by(&Whole);
        let missing: Vec<_> =
            TABLE.iter().filter(|row| !carried.contains(row)).map(|row| row.ocsf).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
