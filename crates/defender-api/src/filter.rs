//! Which machines are collected.

use crate::Machine;

/// Admits the machines that fit every list that is not empty. Compared without case; a `*` at the end
/// of a word stands for any ending.
///
/// The filter works on what was read, not by `$filter`: the API filters by the group's id but not by
/// its name, and a machine that is only left out must not be taken for one that is gone.
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
    /// Whether `machine` is collected. What a machine does not say fits no list.
    pub fn admits(&self, machine: &Machine) -> bool {
        fits(&self.health_status, machine.health_status.as_slice())
            && fits(&self.rbac_groups, machine.rbac_group_name.as_slice())
            && fits(&self.os_platforms, machine.os_platform.as_slice())
            && fits(&self.tags, &machine.machine_tags)
    }
}

fn fits(list: &[String], values: &[String]) -> bool {
    list.is_empty() || values.iter().any(|value| list.iter().any(|word| matches(word, value)))
}

fn matches(word: &str, value: &str) -> bool {
    let value = value.trim().to_lowercase();
    let word = word.trim().to_lowercase();
    match word.strip_suffix('*') {
        Some(start) => value.starts_with(start),
        None => value == word,
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

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn an_empty_filter_admits_everything() {
        assert!(MachineFilter::default().admits(&Machine::default()));
    }

    #[test]
    fn a_machine_must_fit_every_list() {
        let mut filter = MachineFilter {
            health_status: words(&["inactive", "ACTIVE"]),
            rbac_groups: words(&["servers eu"]),
            os_platforms: words(&["windowsserver*"]),
            tags: words(&["tier 0"]),
        };
        assert!(filter.admits(&machine()));
        assert!(!filter.admits(&Machine::default()), "what is not said fits no list");
        filter.os_platforms = words(&["Windows11"]);
        assert!(!filter.admits(&machine()));
    }

    #[test]
    fn only_a_star_stands_for_an_ending() {
        let filter =
            |word: &str| MachineFilter { os_platforms: words(&[word]), ..MachineFilter::default() };
        assert!(!filter("WindowsServer").admits(&machine()));
        assert!(filter("*").admits(&machine()));
        assert!(!filter("*").admits(&Machine::default()));
    }
}
