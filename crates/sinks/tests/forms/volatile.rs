use stocktake_connector_core::{Fingerprint, Form as _};
use stocktake_ocsf_model::{InventoryInfo, Timestamp, Version};
use stocktake_sinks::{OcsfForm, SekoiaForm, VOLATILE};

use crate::{AnyForm, encode, event, mapping};

fn fingerprint(form: AnyForm<'_>, event: &InventoryInfo<'_>) -> Fingerprint {
    encode(form, event).0.fingerprint
}

#[test]
fn a_volatile_field_does_not_change_the_fingerprint_and_any_other_does() {
    let ocsf = OcsfForm::new(Version::default(), mapping(), VOLATILE);
    let old = OcsfForm::new("1.3.0".parse().unwrap(), mapping(), VOLATILE);
    let sekoia = SekoiaForm::new(false, mapping(), VOLATILE);
    let forms: [AnyForm<'_>; 3] = [&ocsf, &old, &sekoia];
    for form in forms {
        let first = fingerprint(form, &event());
        let mut later = event();
        later.time = Timestamp::from_millis(1_800_000_000_000);
        later.device.last_seen_time = None;
        later.metadata.processed_time = Some(later.time);
        later.metadata.original_time = Some("later".into());
        later.metadata.uid = Some("another sending".into());
        assert_eq!(fingerprint(form, &later), first, "{form:?}");
        later.device.hostname = Some("renamed".into());
        assert_ne!(fingerprint(form, &later), first, "{form:?}");
    }
}

#[test]
fn which_fields_are_volatile_can_be_chosen() {
    let mut renamed = event();
    renamed.device.hostname = Some("renamed".into());
    renamed.device.network_interfaces[1].mac = None;
    let same = |volatile: &[&str]| {
        let form = OcsfForm::new(Version::default(), mapping(), volatile.iter().copied());
        fingerprint(&form, &event()) == fingerprint(&form, &renamed)
    };
    assert!(same(&["device.hostname", "device.network_interfaces.mac"]));
    assert!(same(&["device", "device.hostname"]));
    assert!(!same(&["device.hostname"]));
    assert!(!same(&[]));
}

#[test]
fn forms_are_equal_when_they_write_and_compare_alike() {
    let version = Version::default();
    let form = OcsfForm::new(version, mapping(), VOLATILE).fingerprint();
    let mut turned = VOLATILE;
    turned.reverse();
    assert_eq!(OcsfForm::new(version, mapping(), turned).fingerprint(), form);
    for other in [
        OcsfForm::new("1.6.0".parse().unwrap(), mapping(), VOLATILE).fingerprint(),
        OcsfForm::new(version, Fingerprint::of([]), VOLATILE).fingerprint(),
        OcsfForm::new(version, mapping(), ["time"]).fingerprint(),
        SekoiaForm::new(false, mapping(), VOLATILE).fingerprint(),
        SekoiaForm::new(true, mapping(), VOLATILE).fingerprint(),
    ] {
        assert_ne!(other, form);
    }
}
