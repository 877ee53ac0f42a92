//! Observables: what a hunter searches for, collected from the places in the event where it stands.

use std::borrow::Cow;

use stocktake_ocsf_model::{Device, Observable, ObservableTypeId};

/// Every observable of a device, in the order of the attributes.
pub(crate) fn observables<'a>(device: &Device<'a>) -> Vec<Observable<'a>> {
    use ObservableTypeId::{EmailAddress, Hostname, IpAddress, MacAddress, UserName};
    let mut found = Vec::with_capacity(4 + 2 * device.network_interfaces.len());
    let mut add = |name: &'static str, type_id: ObservableTypeId, value: &Option<Cow<'a, str>>| {
        if let Some(value) = value {
            found.push(Observable {
                name: Some(name.into()),
                type_id,
                r#type: type_id.caption().map(Cow::Borrowed),
                value: Some(value.clone()),
                reputation: None,
            });
        }
    };
    add("device.hostname", Hostname, &device.hostname);
    add("device.ip", IpAddress, &device.ip);
    for interface in &device.network_interfaces {
        add("device.network_interfaces[].mac", MacAddress, &interface.mac);
        add("device.network_interfaces[].ip", IpAddress, &interface.ip);
    }
    if let Some(owner) = &device.owner {
        add("device.owner.name", UserName, &owner.name);
        add("device.owner.email_addr", EmailAddress, &owner.email_addr);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use stocktake_ocsf_model::{NetworkInterface, User, attribute_exists};

    #[test]
    fn each_observable_names_the_attribute_that_holds_it() {
        let text = |text: &'static str| Some(Cow::Borrowed(text));
        let device = Device {
            hostname: text("host"),
            ip: text("10.0.0.1"),
            network_interfaces: vec![NetworkInterface {
                mac: text("A4:34:D9:12:34:56"),
                ip: text("10.0.0.2"),
                ..NetworkInterface::default()
            }],
            owner: Some(Box::new(User {
                name: text("user@contoso.com"),
                email_addr: text("u@contoso.com"),
                ..User::default()
            })),
            ..Device::default()
        };
        let found = observables(&device);
        let facts: Vec<_> = found
            .iter()
            .map(|o| (o.name.as_deref().unwrap(), o.type_id.id(), o.value.as_deref().unwrap()))
            .collect();
        assert_eq!(
            facts,
            [
                ("device.hostname", 1, "host"),
                ("device.ip", 2, "10.0.0.1"),
                ("device.network_interfaces[].mac", 3, "A4:34:D9:12:34:56"),
                ("device.network_interfaces[].ip", 2, "10.0.0.2"),
                ("device.owner.name", 4, "user@contoso.com"),
                ("device.owner.email_addr", 5, "u@contoso.com"),
            ]
        );
        assert!(facts.iter().all(|(path, ..)| attribute_exists(path)));
        assert!(observables(&Device::default()).is_empty());
    }
}
