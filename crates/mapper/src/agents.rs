//! Agents: Defender's sensor where it is on board, and Intune's client where it manages the device.

use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_ocsf_model::Json;

use crate::text::said;

/// The agents of a device, as the schema's `agent` objects.
pub(crate) fn agents<'a>(machine: &'a Machine, intune: Option<&'a ManagedDevice>) -> Vec<Json<'a>> {
    let version = said(&machine.agent_version);
    let is_onboarded = match said(&machine.onboarding_status) {
        Some(status) => status.trim().eq_ignore_ascii_case("Onboarded"),
        None => version.is_some(),
    };
    let sensor = is_onboarded.then(|| {
        let name = "Microsoft Defender for Endpoint";
        agent(name, 1, "Endpoint Detection and Response", ("version", version))
    });
    let client = intune.filter(|device| device.is_managed()).map(|device| {
        agent("Microsoft Intune", 7, "Mobile Device Management", ("uid", said(&device.id)))
    });
    sensor.into_iter().chain(client).collect()
}

fn agent<'a>(
    name: &'static str,
    type_id: i64,
    caption: &'static str,
    (own, value): (&'static str, Option<&'a str>),
) -> Json<'a> {
    let mut fields = vec![
        ("name".into(), Json::Text(name.into())),
        ("type".into(), Json::Text(caption.into())),
        ("type_id".into(), Json::Number(type_id.into())),
        ("vendor_name".into(), Json::Text("Microsoft".into())),
    ];
    fields.extend(value.map(|value| (own.into(), Json::Text(value.into()))));
    Json::Object(fields)
}
