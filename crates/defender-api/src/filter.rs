//! Which machines are collected.

use crate::Machine;

/// Admits the machines that match every list that is not empty. Compared without case; a `*` at the
/// end of a pattern stands for any ending.
///
/// The filter works on the records that were read, not by `$filter`: the API filters by the id of a
/// group but not by its name, and a machine that is only left out must not be taken for one that is
/// gone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineFilter {
    /// Health: `Active`, `Inactive`, …
    pub health_status: Vec<String>,
    /// Names of device groups.
    pub rbac_groups: Vec<String>,
    /// Platforms: `Windows11`, `WindowsServer*`, …
    pub os_platforms: Vec<String>,
    /// Tags; the machine needs one of them.
    pub tags: Vec<String>,
}

impl MachineFilter {
    /// Whether `machine` is collected. A value that is absent matches no list. One that cannot be read
    /// may match any: the machine is collected, so that the value is reported.
    pub fn admits(&self, machine: &Machine) -> bool {
        let admits = |list: &[String], values: &[String], field: &str| {
            matches_any(list, values) || machine.unreadable.iter().any(|value| value.field == field)
        };
        admits(&self.health_status, machine.health_status.as_slice(), "machine.healthStatus")
            && admits(
                &self.rbac_groups,
                machine.rbac_group_name.as_slice(),
                "machine.rbacGroupName",
            )
            && admits(&self.os_platforms, machine.os_platform.as_slice(), "machine.osPlatform")
            && admits(&self.tags, &machine.machine_tags, "machine.machineTags")
    }
}

fn matches_any(list: &[String], values: &[String]) -> bool {
    list.is_empty()
        || values.iter().any(|value| list.iter().any(|pattern| matches_pattern(pattern, value)))
}

fn matches_pattern(pattern: &str, value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let pattern = pattern.trim().to_lowercase();
    match pattern.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Machine {
        Machine {
            health_status: Some("Active".into()),
            rbac_group_name: Some("Servers EU".into()),
            os_platform: Some("WindowsServer2022".into()),
            machine_tags: vec!["finance".into(), "Tier 0".into()],
            ..Machine::default()
        }
    }

    fn list(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
    }

    #[test]
    fn an_empty_filter_admits_everything() {
        assert!(MachineFilter::default().admits(&Machine::default()));
    }

    #[test]
    fn a_machine_must_match_every_list() {
        let mut filter = MachineFilter {
            health_status: list(&["inactive", "ACTIVE"]),
            rbac_groups: list(&["servers eu"]),
            os_platforms: list(&["windowsserver*"]),
            tags: list(&["tier 0"]),
        };
        assert!(filter.admits(&machine()));
        assert!(!filter.admits(&Machine::default()), "a missing value matches no list");
        filter.os_platforms = list(&["Windows11"]);
        assert!(!filter.admits(&machine()));
    }

    #[test]
    fn a_value_that_cannot_be_read_may_match_any_list() {
        let filter = MachineFilter {
            health_status: list(&["active"]),
            rbac_groups: list(&["servers"]),
            os_platforms: list(&["windows11"]),
            tags: list(&["tier 0"]),
        };
        let unreadable =
            r#"{"healthStatus":[],"rbacGroupName":{},"osPlatform":1.5,"machineTags":5}"#;
        let machine: Machine = serde_json::from_str(unreadable).unwrap();
        assert!(filter.admits(&machine));
        let absent = unreadable.replace("[]", "null");
        assert!(!filter.admits(&serde_json::from_str(&absent).unwrap()));
    }

    #[test]
    fn only_a_star_stands_for_an_ending() {
        let filter = |pattern: &str| MachineFilter {
            os_platforms: list(&[pattern]),
            ..MachineFilter::default()
        };
        assert!(!filter("WindowsServer").admits(&machine()));
        assert!(filter("*").admits(&machine()));
        assert!(!filter("*").admits(&Machine::default()));
    }
}
