//! Which enum types the facts need, and what they are called.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context as _, ensure};

use crate::schema::{Attribute, Facts, Id, Member};

/// The enum types of the schema, each once, and who uses which.
#[derive(Debug)]
pub(crate) struct Enums<'a> {
    /// Type name -> members.
    types: BTreeMap<String, &'a [Member]>,
    /// `object.attribute` -> type name.
    used: BTreeMap<String, String>,
}

impl<'a> Enums<'a> {
    /// The enums of those objects that `is_wanted` names. An attribute that means the same in every
    /// object of the schema gives its name to the type (`RiskLevelId`); one whose members differ by
    /// object is told apart by the object (`DeviceTypeId`).
    pub(crate) fn collect(
        facts: &'a Facts,
        is_wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<Self> {
        let class = (facts.class.name.as_str(), &facts.class.object);
        let objects = facts.objects.iter().map(|(name, object)| (name.as_str(), object));
        // Attribute -> members -> the objects that have it so.
        let mut groups = BTreeMap::<&str, BTreeMap<&[Member], Vec<&str>>>::new();
        let mut arrays = BTreeMap::new();
        for (owner, object) in objects.chain([class]) {
            for (name, attribute) in &object.attributes {
                if !attribute.members.is_empty() {
                    let sets = groups.entry(name).or_default();
                    sets.entry(&attribute.members).or_default().push(owner);
                    arrays.insert(name.as_str(), attribute.array);
                }
            }
        }
        let mut enums = Self { types: BTreeMap::new(), used: BTreeMap::new() };
        for (attribute, sets) in groups {
            let array = arrays.get(attribute) == Some(&true);
            let alone = sets.len() == 1 && !array;
            for (members, owners) in sets {
                // Of several objects the shortest name is the most general one.
                let owner = owners.iter().min_by_key(|owner| owner.len()).context("no owner")?;
                let singular = attribute.strip_suffix('s').filter(|_| array).unwrap_or(attribute);
                let name = if alone {
                    type_name(attribute)
                } else {
                    format!("{}{}", type_name(owner), type_name(singular))
                };
                let wanted: Vec<_> = owners.into_iter().filter(|owner| is_wanted(owner)).collect();
                if wanted.is_empty() {
                    continue;
                }
                ensure!(
                    members.iter().all(|member| matches!(member.id, Id::Number(_))),
                    "{name} is an enum of texts, for which there is no Rust type"
                );
                ensure!(
                    enums.types.insert(name.clone(), members).is_none(),
                    "two enums would be called {name}"
                );
                for owner in wanted {
                    enums.used.insert(format!("{owner}.{attribute}"), name.clone());
                }
            }
        }
        Ok(enums)
    }

    /// The enum type of an attribute.
    pub(crate) fn of(&self, owner: &str, name: &str, attribute: &Attribute) -> Option<&str> {
        if attribute.members.is_empty() {
            return None;
        }
        self.used.get(&format!("{owner}.{name}")).map(String::as_str)
    }

    /// The names of the types.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// Invocations of the macros that make the types.
    pub(crate) fn source(&self) -> anyhow::Result<String> {
        let mut out = String::from("use crate::enumeration::integer_enum;\n");
        for (name, members) in &self.types {
            let mut users = Vec::new();
            for (user, used) in &self.used {
                if used == name {
                    users.push(format!("`{user}`"));
                }
            }
            write!(
                out,
                "\ninteger_enum! {{\n    /// Values of {}.\n    {name} {{\n",
                users.join(", ")
            )?;
            let mut variants = BTreeMap::new();
            for member in *members {
                let variant = type_name(&member.caption);
                ensure!(
                    variant != "Unlisted" && variants.insert(variant.clone(), ()).is_none(),
                    "{name} has two members called {variant}"
                );
                if let Id::Number(id) = member.id {
                    writeln!(out, "        {variant} = {id} {:?},", member.caption)?;
                }
            }
            out.push_str("    }\n}\n");
        }
        Ok(out)
    }
}

/// `network_interface` -> `NetworkInterface`, `macOS` -> `Macos`, `HP-UX` -> `HpUx`.
pub(crate) fn type_name(name: &str) -> String {
    let mut out = String::new();
    for word in name.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        if let Some(first) = letters.next() {
            if out.is_empty() && first.is_ascii_digit() {
                out.push('N');
            }
            out.push(first.to_ascii_uppercase());
            out.extend(letters.map(|c| c.to_ascii_lowercase()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::type_name;

    #[test]
    fn names_become_type_names() {
        for (name, expected) in [
            ("network_interface", "NetworkInterface"),
            ("macOS", "Macos"),
            ("HP-UX", "HpUx"),
            ("Device Inventory Info: Log", "DeviceInventoryInfoLog"),
            ("3DES", "N3des"),
        ] {
            assert_eq!(type_name(name), expected);
        }
    }
}
