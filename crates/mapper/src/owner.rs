//! The owner: the user whom Intune names for a device.

use std::borrow::Cow;

use stocktake_graph_api::ManagedDevice;
use stocktake_ocsf_model::User;

use crate::text::{said, said_guid};

/// The user, when a name or an identifier tells who it is. OCSF takes no user without either.
pub(crate) fn owner(device: &ManagedDevice) -> Option<User<'_>> {
    let name = said(&device.user_principal_name);
    let uid = said_guid(&device.user_id);
    if name.is_none() && uid.is_none() {
        return None;
    }
    let email = said(&device.email_address).map(str::trim).filter(|at| is_email(at));
    Some(User {
        name: name.map(Cow::Borrowed),
        uid: uid.map(Cow::Borrowed),
        display_name: said(&device.user_display_name).map(Cow::Borrowed),
        email_addr: email.map(Cow::Borrowed),
        ..User::default()
    })
}

/// Whether the text has the form of an `email_t` of OCSF 1.5.0.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let in_local = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+,-./=?^_`{|}~".contains(&b);
    let in_domain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    let dotted = domain.split_once('.').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty());
    !local.is_empty() && local.bytes().all(in_local) && domain.bytes().all(in_domain) && dotted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_schema_takes_for_a_mail_address_is_one() {
        for text in ["user@contoso.com", "o'neil+x@mail.contoso.co.uk", "a@b-c.d"] {
            assert!(is_email(text), "{text}");
        }
        for text in [
            "",
            "user",
            "user@",
            "@contoso.com",
            "a@b",
            "a@.b",
            "a@b.",
            "a b@c.d",
            "a@b@c.d",
            "ü@c.d",
        ] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn a_userless_device_has_no_owner() {
        let device = ManagedDevice {
            user_id: Some("00000000-0000-0000-0000-000000000000".into()),
            user_principal_name: Some(String::new()),
            user_display_name: Some("Front desk".into()),
            email_address: Some("desk@contoso.com".into()),
            ..ManagedDevice::default()
        };
        assert_eq!(owner(&device), None);
    }

    #[test]
    fn a_user_may_be_known_by_identifier_alone() {
        let device = ManagedDevice {
            user_id: Some("11111111-1111-1111-1111-111111111111".into()),
            email_address: Some("not an address".into()),
            ..ManagedDevice::default()
        };
        let owner = owner(&device).unwrap();
        assert_eq!(owner.uid.as_deref(), Some("11111111-1111-1111-1111-111111111111"));
        assert_eq!((owner.name, owner.email_addr), (None, None));
    }
}
