//! What a fleet is made of: operating systems with their share, and the hardware they run on.

/// One operating system as both APIs describe it.
#[derive(Debug)]
pub(crate) struct Platform {
    /// Share of the fleet, in thousandths.
    share: u64,
    /// Defender's `osPlatform`.
    pub(crate) os_platform: &'static str,
    /// Defender's `version`.
    pub(crate) version: &'static str,
    /// Defender's `osBuild`; null on part of Linux and macOS.
    pub(crate) build: Option<u64>,
    /// Defender's `osProcessor`.
    pub(crate) processor: &'static str,
    /// Intune's `operatingSystem`.
    pub(crate) operating_system: &'static str,
    /// Intune's `osVersion`.
    pub(crate) os_version: &'static str,
    /// Start of the host's name.
    pub(crate) prefix: &'static str,
    /// What kind of machine runs it.
    pub(crate) form: Form,
    /// Manufacturers and models.
    pub(crate) hardware: &'static [(&'static str, &'static str)],
}

/// What kind of machine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Stands or lies on a desk.
    Client,
    /// Runs in a data centre.
    Server,
    /// Is carried.
    Mobile,
}

const PC: &[(&str, &str)] = &[
    ("LENOVO", "ThinkPad X1 Carbon Gen 11"),
    ("LENOVO", "20XW00FPUS"),
    ("Dell Inc.", "Latitude 7440"),
    ("Dell Inc.", "OptiPlex 7010"),
    ("HP", "HP EliteBook 840 14 inch G10 Notebook PC"),
    ("Microsoft Corporation", "Surface Laptop 5"),
    ("Microsoft Corporation", "Virtual Machine"),
];
const SERVER: &[(&str, &str)] = &[
    ("VMware, Inc.", "VMware Virtual Platform"),
    ("Microsoft Corporation", "Virtual Machine"),
    ("HPE", "ProLiant DL380 Gen10"),
    ("Dell Inc.", "PowerEdge R750"),
];
const MAC: &[(&str, &str)] =
    &[("Apple", "MacBook Pro"), ("Apple", "MacBook Air"), ("Apple", "iMac")];
const ANDROID: &[(&str, &str)] =
    &[("samsung", "SM-S911B"), ("Google", "Pixel 8"), ("samsung", "SM-X710")];
const APPLE_MOBILE: &[(&str, &str)] =
    &[("Apple", "iPhone 15"), ("Apple", "iPad Air (5th generation)")];

const fn windows(
    share: u64,
    os_platform: &'static str,
    version: &'static str,
    build: u64,
    os_version: &'static str,
    prefix: &'static str,
) -> Platform {
    let server = matches!(prefix.as_bytes().first(), Some(b's'));
    Platform {
        share,
        os_platform,
        version,
        build: Some(build),
        processor: "x64",
        operating_system: "Windows",
        os_version,
        prefix,
        form: if server { Form::Server } else { Form::Client },
        hardware: if server { SERVER } else { PC },
    }
}

const fn linux(share: u64, os_platform: &'static str, version: &'static str) -> Platform {
    Platform {
        share,
        os_platform,
        version,
        build: None,
        processor: "x64",
        operating_system: "Linux",
        os_version: version,
        prefix: "lnx",
        form: Form::Server,
        hardware: SERVER,
    }
}

static PLATFORMS: &[Platform] = &[
    windows(330, "Windows11", "23H2", 22631, "10.0.22631.4460", "wks"),
    windows(90, "Windows11", "24H2", 26100, "10.0.26100.2314", "wks"),
    windows(180, "Windows10", "22H2", 19045, "10.0.19045.5131", "wks"),
    windows(20, "Windows10WVD", "22H2", 19045, "10.0.19045.5131", "avd"),
    windows(5, "Windows7", "Other", 7601, "6.1.7601.0", "old"),
    windows(60, "WindowsServer2022", "21H2", 20348, "10.0.20348.2849", "srv"),
    windows(60, "WindowsServer2019", "1809", 17763, "10.0.17763.6532", "srv"),
    windows(25, "WindowsServer2016", "1607", 14393, "10.0.14393.7515", "srv"),
    windows(10, "WindowsServer2025", "24H2", 26100, "10.0.26100.2314", "srv"),
    windows(10, "WindowsServer2012R2", "Other", 9600, "6.3.9600.0", "srv"),
    Platform {
        share: 80,
        os_platform: "macOS",
        version: "14.7",
        build: None,
        processor: "arm64",
        operating_system: "macOS",
        os_version: "14.7.1 (23H222)",
        prefix: "mac",
        form: Form::Client,
        hardware: MAC,
    },
    linux(40, "Ubuntu", "22.4"),
    linux(25, "RedHatEnterpriseLinux", "9.5"),
    linux(10, "Debian", "12.8"),
    linux(5, "SLES", "15.5"),
    Platform {
        share: 25,
        os_platform: "Android",
        version: "14.0",
        build: None,
        processor: "arm64",
        operating_system: "Android",
        os_version: "14.0",
        prefix: "and",
        form: Form::Mobile,
        hardware: ANDROID,
    },
    Platform {
        share: 25,
        os_platform: "iOS",
        version: "17.6",
        build: None,
        processor: "arm64",
        operating_system: "iOS",
        os_version: "17.6.1",
        prefix: "ios",
        form: Form::Mobile,
        hardware: APPLE_MOBILE,
    },
];

impl Platform {
    /// The platform that a drawn number falls on.
    pub(crate) fn drawn(number: u64) -> &'static Self {
        let mut left = number % 1_000;
        for platform in PLATFORMS {
            if left < platform.share {
                return platform;
            }
            left -= platform.share;
        }
        &FALLBACK
    }
}

/// Never drawn while the shares add up to 1,000; a test holds them to it.
static FALLBACK: Platform = linux(0, "Linux", "Other");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_add_up_to_the_whole_fleet() {
        assert_eq!(PLATFORMS.iter().map(|platform| platform.share).sum::<u64>(), 1_000);
    }
}
