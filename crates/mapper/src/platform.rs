//! Platforms: what Defender's `osPlatform` says about the operating system and the device.

use stocktake_ocsf_model::{DeviceTypeId, OsTypeId};

/// A family of operating systems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Platform {
    /// No platform is known: a device that was only discovered.
    Absent,
    WindowsServer,
    Windows,
    MacOs,
    IpadOs,
    Ios,
    Android,
    Linux,
    /// A platform that belongs to no family here.
    Other,
}

/// Prefixes of `osPlatform`, the longest first so that `WindowsServer2019` is not a `Windows`.
///
/// The set is open: learn.microsoft.com/defender-endpoint/api/machine lists a part of it, and
/// discovered devices bring names of their own.
const PREFIXES: &[(&str, Platform)] = &[
    ("redhatenterpriselinux", Platform::Linux),
    ("windows server", Platform::WindowsServer),
    ("windowsserver", Platform::WindowsServer),
    ("amazonlinux", Platform::Linux),
    ("oraclelinux", Platform::Linux),
    ("almalinux", Platform::Linux),
    ("opensuse", Platform::Linux),
    ("android", Platform::Android),
    ("mariner", Platform::Linux),
    ("windows", Platform::Windows),
    ("centos", Platform::Linux),
    ("debian", Platform::Linux),
    ("fedora", Platform::Linux),
    ("ipados", Platform::IpadOs),
    ("redhat", Platform::Linux),
    ("ubuntu", Platform::Linux),
    ("linux", Platform::Linux),
    ("macos", Platform::MacOs),
    ("rocky", Platform::Linux),
    ("rhel", Platform::Linux),
    ("sles", Platform::Linux),
    ("suse", Platform::Linux),
];

impl Platform {
    /// The family of an `osPlatform`, compared without case.
    pub(crate) fn of(os_platform: Option<&str>) -> Self {
        let Some(text) = os_platform.map(str::trim).filter(|text| !text.is_empty()) else {
            return Self::Absent;
        };
        if let Some((_, platform)) = PREFIXES.iter().find(|(prefix, _)| starts_with(text, prefix)) {
            return *platform;
        }
        // Not as a prefix: network devices that were discovered run `IOS-XE` and `IOS XR`.
        if starts_with(text, "ios")
            && text.chars().skip(3).find(|c| *c != ' ').is_none_or(|c| c.is_ascii_digit())
        {
            return Self::Ios;
        }
        if text.eq_ignore_ascii_case("unknown") {
            return Self::Absent;
        }
        // Distributions that no list names call themselves so: `AzureLinux`, `KaliLinux`.
        if text.as_bytes().windows(5).any(|part| part.eq_ignore_ascii_case(b"linux")) {
            return Self::Linux;
        }
        Self::Other
    }

    /// `device.os.type_id`.
    pub(crate) const fn os_type(self) -> OsTypeId {
        match self {
            Self::Absent => OsTypeId::Unknown,
            Self::Windows | Self::WindowsServer => OsTypeId::Windows,
            Self::MacOs => OsTypeId::Macos,
            Self::IpadOs => OsTypeId::Ipados,
            Self::Ios => OsTypeId::Ios,
            Self::Android => OsTypeId::Android,
            Self::Linux => OsTypeId::Linux,
            Self::Other => OsTypeId::Other,
        }
    }

    /// `device.type_id`, as far as the platform alone tells.
    pub(crate) const fn device_type(self) -> DeviceTypeId {
        match self {
            Self::WindowsServer => DeviceTypeId::Server,
            Self::Windows | Self::MacOs => DeviceTypeId::Desktop,
            Self::Android | Self::Ios | Self::IpadOs => DeviceTypeId::Mobile,
            // A Linux is as often a server as a desk's machine.
            Self::Linux | Self::Other | Self::Absent => DeviceTypeId::Unknown,
        }
    }
}

/// Whether `text` begins with `prefix`, which is lower case, without regard to case.
pub(crate) fn starts_with(text: &str, prefix: &str) -> bool {
    text.as_bytes()
        .get(..prefix.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(os_platform: &str, os_type: i64, device_type: i64) {
        let platform = Platform::of(Some(os_platform));
        assert_eq!(
            (platform.os_type().id(), platform.device_type().id()),
            (os_type, device_type),
            "{os_platform:?}"
        );
    }

    #[test]
    fn a_windows_client_is_a_desktop() {
        for text in [
            "Windows11",
            "Windows10",
            "Windows10WVD",
            "Windows8.1",
            "Windows7",
            "WindowsXp",
            "Windows",
            "windows10",
            "WINDOWS11",
        ] {
            check(text, 100, 2);
        }
    }

    #[test]
    fn a_windows_server_is_a_server() {
        for text in [
            "WindowsServer2025",
            "WindowsServer2012R2",
            "windowsserver2008R2",
            "Windows Server 2019",
        ] {
            check(text, 100, 1);
        }
    }

    #[test]
    fn linux_and_its_distributions_are_linux_of_unknown_type() {
        for text in [
            "Linux",
            "Ubuntu",
            "RedHatEnterpriseLinux",
            "CentOS",
            "Debian",
            "SLES",
            "OracleLinux",
            "AmazonLinux2",
            "Fedora",
            "AzureLinux",
            "KaliLinux",
            "RHEL8",
            "Rocky",
            "Mariner",
        ] {
            check(text, 200, 0);
        }
    }

    #[test]
    fn a_mac_is_a_desktop_and_phones_are_mobile() {
        check("macOS", 300, 2);
        check("MacOS", 300, 2);
        check("Android", 201, 5);
        check("iOS", 301, 5);
        check("iOS 17.2", 301, 5);
        check("iPadOS", 302, 5);
    }

    #[test]
    fn no_platform_is_unknown_and_a_foreign_one_is_other() {
        assert_eq!(Platform::of(None), Platform::Absent);
        check("", 0, 0);
        check("  ", 0, 0);
        check("Unknown", 0, 0);
        for text in ["Solaris", "IOS-XE", "IOS XR", "ChromeOS", "Ünbekannt", "Wïndows"] {
            check(text, 99, 0);
        }
    }

    #[test]
    fn the_longest_prefix_comes_first() {
        assert!(PREFIXES.is_sorted_by_key(|(prefix, _)| std::cmp::Reverse(prefix.len())));
        assert!(PREFIXES.iter().all(|(prefix, _)| prefix.to_ascii_lowercase() == *prefix));
    }
}
