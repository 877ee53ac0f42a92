//! Which kind of record an object is, by the names of its fields.

use std::borrow::Cow;

use stocktake_defender_api::Machine;
use stocktake_graph_api::ManagedDevice;
use stocktake_odata::{WireObject as _, WireRecord};

use super::{Object, Piece, Pieces, foreign};

/// A record that files are read for.
pub(crate) trait FileRecord: WireRecord {
    /// One of them, for messages.
    const ONE: &'static str;
    /// Several of them.
    const MANY: &'static str;
    /// The names of its fields.
    const NAMES: &'static [&'static str];
    /// A kind that is mistaken for it, and the names of its fields.
    const OTHER: (&'static str, &'static [&'static str]);
    /// A field without which the record is of no use.
    const REQUIRED: Option<&'static str>;
    /// A field that shows that an object is about such a record.
    const REFERENCE: Option<&'static str>;
}

impl FileRecord for Machine {
    const ONE: &'static str = "machine";
    const MANY: &'static str = "machines";
    const NAMES: &'static [&'static str] = Self::WIRE_NAMES;
    const OTHER: (&'static str, &'static [&'static str]) =
        ("a managed device", ManagedDevice::WIRE_NAMES);
    /// A machine without its id is reported as every other one that cannot be mapped.
    const REQUIRED: Option<&'static str> = None;
    /// Alerts and machine actions have fields of their machine.
    const REFERENCE: Option<&'static str> = Some("machineId");
}

impl FileRecord for ManagedDevice {
    const ONE: &'static str = "managed device";
    const MANY: &'static str = "managed devices";
    const NAMES: &'static [&'static str] = Self::WIRE_NAMES;
    const OTHER: (&'static str, &'static [&'static str]) = ("a machine", Machine::WIRE_NAMES);
    /// The join. Null and empty are fine: such a device has no machine.
    const REQUIRED: Option<&'static str> = Some("azureADDeviceId");
    const REFERENCE: Option<&'static str> = None;
}

/// What an object is.
#[derive(Debug)]
pub(super) enum Recognised<'a> {
    /// A record. Its reader knows the names in every spelling.
    Record(Cow<'a, [u8]>),
    /// A record of the kind that nothing can be concluded from.
    Unusable(String),
    /// Something else: what it is.
    Foreign(String),
}

/// Recognises an object, or what it alone wraps as `value`: the form of a single record in the
/// reference of Graph.
pub(super) fn recognise<'a, R: FileRecord>(object: &Object<'a>) -> Recognised<'a> {
    let wrapped = object
        .members()
        .find(|(name, value)| name.eq_ignore_ascii_case(b"value") && value.starts_with(b"{"));
    if let Some((_, value)) = wrapped
        && let Ok(Some(Piece::Object(inner))) = Pieces::of_objects(value).next()
    {
        return match recognise_fields::<R>(&inner) {
            Recognised::Record(text) => Recognised::Record(Cow::Owned(text.into_owned())),
            Recognised::Unusable(problem) => Recognised::Unusable(problem),
            Recognised::Foreign(what) => Recognised::Foreign(what),
        };
    }
    recognise_fields::<R>(object)
}

/// A field that is known under the name of the API.
struct Spelled<'a> {
    name: &'static str,
    is_exact: bool,
    value: &'a [u8],
}

fn recognise_fields<'a, R: FileRecord>(object: &Object<'a>) -> Recognised<'a> {
    let (other, other_names) = R::OTHER;
    let mut known: Vec<Spelled<'a>> = Vec::new();
    let (mut own, mut of_other, mut unknown) = (0, 0, 0);
    for (name, value) in object.members() {
        if name.contains(&b'@') {
            continue; // An annotation.
        }
        let in_other = find(other_names, name);
        if let Some((known_name, is_exact)) = find(R::NAMES, name) {
            own += usize::from(in_other.is_none());
            known.push(Spelled { name: known_name, is_exact, value });
        } else if in_other.is_some() {
            of_other += 1;
        } else if R::REFERENCE.is_some_and(|field| name.eq_ignore_ascii_case(field.as_bytes())) {
            let field = R::REFERENCE.unwrap_or_default();
            return Recognised::Foreign(format!(
                "is about a {one} (it has `{field}`) and not a {one}",
                one = R::ONE
            ));
        } else {
            unknown += 1;
        }
    }
    if own == 0 && of_other > 0 {
        return Recognised::Foreign(format!("is {other}, not a {}", R::ONE));
    }
    // `id` alone may be anybody's.
    if own == 0 && (known.is_empty() || unknown > 0) {
        return Recognised::Foreign(foreign::object(object, R::ONE));
    }
    if let Some(required) = R::REQUIRED
        && !known.iter().any(|field| field.name == required)
    {
        return Recognised::Unusable(format!(
            "has no `{required}`, so which machine it belongs to is unknown"
        ));
    }
    if let Some(name) = contradiction(&known) {
        return Recognised::Unusable(format!(
            "has `{name}` twice, in different spellings and with different values"
        ));
    }
    Recognised::Record(Cow::Borrowed(object.text.bytes))
}

/// A field that comes in two spellings, which say different things. Graph's PowerShell module, for one,
/// begins each name with a capital.
fn contradiction(known: &[Spelled<'_>]) -> Option<&'static str> {
    if known.iter().all(|field| field.is_exact) {
        return None;
    }
    let is_doubled = |field: &&Spelled<'_>| {
        known.iter().any(|other| other.name == field.name && other.value != field.value)
    };
    known.iter().find(is_doubled).map(|field| field.name)
}

/// The name as the API spells it, and whether it is spelled so already.
fn find(names: &[&'static str], name: &[u8]) -> Option<(&'static str, bool)> {
    if let Some(exact) = names.iter().find(|known| known.as_bytes() == name) {
        return Some((exact, true));
    }
    names.iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name)).map(|it| (*it, false))
}
