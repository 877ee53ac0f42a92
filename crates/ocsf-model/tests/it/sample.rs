//! The event of these tests and of the tests of the sinks' forms, which include this file.

use stocktake_ocsf_model::{
    ActivityId, CategoryUid, ClassUid, Device, DeviceTypeId, Enrichment, InventoryInfo, Json,
    Metadata, NetworkInterface, NetworkInterfaceTypeId, Os, OsTypeId, Product, RiskLevelId,
    SeverityId, Timestamp, TypeUid,
};

/// An event as a mapper makes it.
pub(crate) fn event() -> InventoryInfo<'static> {
    let interface =
        |mac: &'static str, name: &'static str, type_id: NetworkInterfaceTypeId| NetworkInterface {
            mac: Some(mac.into()),
            name: Some(name.into()),
            r#type: type_id.caption().map(Into::into),
            type_id,
            ..Default::default()
        };
    let enrichments = [
        ("azure_ad_device_id", "80fe8ff8-2624-418e-9591-41f0491218f9"),
        ("health_status", "Active"),
        ("exposure_level", "Medium"),
        ("rbac_group_name", "The-A-Team"),
        ("user_principal_name", "user@contoso.com"),
        ("management_agent", "mdm"),
        ("compliance_state", "compliant"),
    ];
    let device = Device {
        type_id: DeviceTypeId::Laptop,
        r#type: Some("Laptop".into()),
        uid: Some("1e5bc9d7e413ddd7902c2932e418702b84d0cc07".into()),
        hostname: Some("mymachine1.contoso.com".into()),
        ip: Some("172.17.230.209".into()),
        os: Some(Box::new(Os {
            name: "10.0.22631.3880".into(),
            r#type: Some("Windows".into()),
            type_id: OsTypeId::Windows,
            build: Some("18209".into()),
            ..Default::default()
        })),
        model: Some("Surface Pro 9".into()),
        vendor_name: Some("Microsoft Corporation".into()),
        first_seen_time: Some(Timestamp(1_533_221_703_779)),
        last_seen_time: Some(Timestamp(1_733_047_200_000)),
        risk_level: Some("Low".into()),
        risk_level_id: Some(RiskLevelId::Low),
        network_interfaces: vec![
            interface("11:22:33:44:55:66", "ethernet", NetworkInterfaceTypeId::Wired),
            interface("AA:BB:CC:DD:EE:FF", "wifi", NetworkInterfaceTypeId::Wireless),
        ],
        is_compliant: Some(true),
        is_managed: Some(true),
        is_personal: Some(false),
        is_supervised: Some(false),
        ..Default::default()
    };
    InventoryInfo {
        activity_id: ActivityId::Collect,
        activity_name: Some("Collect".into()),
        category_uid: CategoryUid::Discovery,
        category_name: Some("Discovery".into()),
        class_uid: ClassUid::DeviceInventoryInfo,
        class_name: Some("Device Inventory Info".into()),
        type_uid: TypeUid::DeviceInventoryInfoCollect,
        type_name: Some("Device Inventory Info: Collect".into()),
        severity_id: SeverityId::Informational,
        severity: Some("Informational".into()),
        time: Timestamp(1_733_047_200_000),
        metadata: Box::new(Metadata {
            product: Box::new(Product {
                name: Some("Microsoft Defender for Endpoint".into()),
                vendor_name: Some("Microsoft".into()),
                version: Some("1.0".into()),
                ..Default::default()
            }),
            version: "1.5.0".into(),
            uid: Some("6f1c1f0e-0f0e-4b43-9e55-0a5a3f1d2b77".into()),
            ..Default::default()
        }),
        device: Box::new(device),
        enrichments: enrichments
            .into_iter()
            .map(|(name, value)| Enrichment {
                name: name.into(),
                value: value.into(),
                data: Json::field("value", value),
                ..Default::default()
            })
            .collect(),
        ..Default::default()
    }
}
