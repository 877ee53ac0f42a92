//! Device types: what a machine's metadata and Intune's facts add to what the platform tells.
//!
//! A refinement needs solid evidence, because a receiver groups and alerts by it. Model names that
//! are sold in several shapes (`Surface Pro 9`, `20XW0026US`) say nothing here.

use stocktake_ocsf_model::DeviceTypeId;

use crate::platform::{Platform, starts_with};

/// What is known of a device beyond its platform.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence<'a> {
    /// `machine.osPlatform` as it is.
    pub(crate) os_platform: Option<&'a str>,
    /// Defender has metadata of a virtual machine.
    pub(crate) vm_metadata: bool,
    /// `managedDevice.model`
    pub(crate) model: Option<&'a str>,
    /// `managedDevice.manufacturer`
    pub(crate) manufacturer: Option<&'a str>,
    /// `managedDevice.operatingSystem`
    pub(crate) operating_system: Option<&'a str>,
}

/// Models that hypervisors and cloud PCs report: lower-case prefixes.
///
/// Intune shows a Cloud PC as `Cloud PC Enterprise 2vCPU/8GB/128GB`
/// (learn.microsoft.com/windows-365/enterprise/identify-device-cloud-pc).
const VIRTUAL_MODELS: [&str; 11] = [
    "virtual machine", // Hyper-V and Azure.
    "cloud pc",
    "vmware",
    "virtualbox",
    "kvm",
    "standard pc (", // QEMU: `Standard PC (Q35 + ICH9, 2009)`.
    "qemu",
    "hvm domu", // Xen.
    "google compute engine",
    "parallels virtual platform",
    "bhyve",
];

/// Makers of nothing but virtual machines: lower-case prefixes.
const VIRTUAL_MAKERS: [&str; 5] = ["vmware", "qemu", "xen", "innotek gmbh", "parallels"];

/// Models that are only sold as tablets: lower-case prefixes.
const TABLETS: [&str; 5] = ["ipad", "galaxy tab", "sm-t", "sm-x", "pixel tablet"];

/// Model lines that are only sold as laptops, in lower case, found where a word begins.
const LAPTOPS: [&str; 11] = [
    "macbook",
    "surface laptop",
    "surface book",
    "latitude",
    "thinkpad",
    "elitebook",
    "probook",
    "zbook",
    "ideapad",
    "zenbook",
    "chromebook",
];

/// The type of a device; the first evidence that holds decides.
pub(crate) fn refine(platform: Platform, evidence: Evidence<'_>) -> DeviceTypeId {
    let base = platform.device_type();
    let model = evidence.model.map(str::trim).unwrap_or_default();
    let begins = |text: &str, prefixes: &[&str]| prefixes.iter().any(|p| starts_with(text, p));
    // `Windows10WVD` is the multi-session Windows of Azure Virtual Desktop, which has no metal.
    let multi_session = platform == Platform::Windows
        && evidence.os_platform.is_some_and(|text| ends_with(text.trim(), "wvd"));
    let virtual_machine = evidence.vm_metadata
        || multi_session
        || begins(model, &VIRTUAL_MODELS)
        || evidence.manufacturer.is_some_and(|maker| begins(maker.trim(), &VIRTUAL_MAKERS));
    // That it is a server tells a receiver more than that it has no metal of its own.
    if virtual_machine && base != DeviceTypeId::Server {
        return DeviceTypeId::Virtual;
    }
    let is_ipad = platform == Platform::IpadOs
        || evidence.operating_system.is_some_and(|text| text.trim().eq_ignore_ascii_case("ipados"));
    match base {
        DeviceTypeId::Mobile if is_ipad || begins(model, &TABLETS) => DeviceTypeId::Tablet,
        DeviceTypeId::Desktop if is_laptop(model) => DeviceTypeId::Laptop,
        base => base,
    }
}

fn ends_with(text: &str, suffix: &str) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|start| text.as_bytes().get(start..))
        .is_some_and(|end| end.eq_ignore_ascii_case(suffix.as_bytes()))
}

/// Whether a word of `model` begins with the name of a line of laptops: `HP EliteBook 840 G8`,
/// `MacBookPro18,3`.
fn is_laptop(model: &str) -> bool {
    let spaces = model.bytes().enumerate().filter(|(_, byte)| *byte == b' ');
    let mut words = std::iter::once(0).chain(spaces.map(|(at, _)| at + 1));
    words.any(|at| {
        let rest = model.get(at..).unwrap_or_default();
        LAPTOPS.iter().any(|line| starts_with(rest, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(os_platform: &str, evidence: Evidence<'_>, expected: DeviceTypeId) {
        let evidence = Evidence { os_platform: Some(os_platform), ..evidence };
        let found = refine(Platform::of(Some(os_platform)), evidence);
        assert_eq!(found, expected, "{evidence:?}");
    }

    fn model(model: &str) -> Evidence<'_> {
        Evidence { model: Some(model), ..Evidence::default() }
    }

    #[test]
    fn without_evidence_the_platform_decides() {
        check("Windows11", Evidence::default(), DeviceTypeId::Desktop);
        check("WindowsServer2022", Evidence::default(), DeviceTypeId::Server);
        check("Ubuntu", model(""), DeviceTypeId::Unknown);
        check("Windows11", model("Surface Pro 9"), DeviceTypeId::Desktop);
        check("Windows11", model("20XW0026US"), DeviceTypeId::Desktop);
    }

    #[test]
    fn a_virtual_machine_is_virtual_whatever_runs_on_it() {
        let metadata = Evidence { vm_metadata: true, ..Evidence::default() };
        check("WindowsServer2022", metadata, DeviceTypeId::Server);
        check("Ubuntu", metadata, DeviceTypeId::Virtual);
        check("Windows10WVD", Evidence::default(), DeviceTypeId::Virtual);
        for name in ["Virtual Machine", "VMware7,1", "Cloud PC Enterprise 2vCPU/8GB/128GB", "KVM"] {
            check("Windows11", model(name), DeviceTypeId::Virtual);
        }
        let maker = Evidence { manufacturer: Some("VMware, Inc."), ..Evidence::default() };
        check("Windows11", maker, DeviceTypeId::Virtual);
    }

    #[test]
    fn a_tablet_is_told_by_its_model_or_by_ipados() {
        check("iPadOS", Evidence::default(), DeviceTypeId::Tablet);
        check("iOS", model("iPad Pro (11-inch)"), DeviceTypeId::Tablet);
        check("Android", model("SM-T870"), DeviceTypeId::Tablet);
        let intune = Evidence { operating_system: Some("iPadOS"), ..Evidence::default() };
        check("iOS", intune, DeviceTypeId::Tablet);
        check("iOS", model("iPhone 14"), DeviceTypeId::Mobile);
        check("Windows11", model("SM-T870"), DeviceTypeId::Desktop);
    }

    #[test]
    fn a_laptop_is_told_by_a_line_that_is_sold_as_nothing_else() {
        for name in ["MacBookPro18,3", "MacBook Air"] {
            check("macOS", model(name), DeviceTypeId::Laptop);
        }
        for name in
            ["HP EliteBook 840 G8", "Latitude 5420", "ThinkPad X1 Carbon", "Surface Laptop 5"]
        {
            check("Windows11", model(name), DeviceTypeId::Laptop);
        }
        check("macOS", model("iMac21,1"), DeviceTypeId::Desktop);
        check("WindowsServer2022", model("Latitude 5420"), DeviceTypeId::Server);
        check("Windows11", model("NotAMacBook"), DeviceTypeId::Desktop);
    }
}
