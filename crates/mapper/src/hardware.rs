//! Hardware: processor, memory, serial number and radios.

use std::borrow::Cow;

use stocktake_ocsf_model::CpuArchitectureId;

use crate::platform::starts_with;

/// Serial numbers that firmware reports where nobody set one, in lower case.
const PLACEHOLDERS: [&str; 12] = [
    "0",
    "none",
    "n/a",
    "unknown",
    "default string",
    "not specified",
    "not applicable",
    "to be filled by o.e.m.",
    "system serial number",
    "chassis serial number",
    "invalid",
    "0123456789",
];

/// A serial number, unless it is a placeholder.
pub(crate) fn serial_number(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let placeholder = PLACEHOLDERS.iter().any(|known| trimmed.eq_ignore_ascii_case(known));
    (!placeholder).then_some(text)
}

/// Architecture and bits of a processor, as far as its name tells.
pub(crate) fn processor(name: &str) -> (Option<CpuArchitectureId>, Option<i64>) {
    use CpuArchitectureId::{Arm, RiscV, X86};
    let name = name.trim();
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("x64") || is("amd64") || is("x86_64") || is("x86-64") {
        (Some(X86), Some(64))
    } else if is("x86") || is("i386") || is("i686") {
        (Some(X86), Some(32))
    } else if is("arm64") || is("aarch64") {
        (Some(Arm), Some(64))
    } else if is("arm") || is("arm32") {
        (Some(Arm), Some(32))
    } else if starts_with(name, "arm") {
        (Some(Arm), None)
    } else if is("riscv64") {
        (Some(RiscV), Some(64))
    } else if starts_with(name, "riscv") {
        (Some(RiscV), None)
    } else {
        (None, None)
    }
}

/// The bits that an operating system is built for.
pub(crate) fn os_bits(architecture: &str) -> Option<i64> {
    let is = |known: &str| architecture.trim().eq_ignore_ascii_case(known);
    if is("64-bit") {
        Some(64)
    } else if is("32-bit") {
        Some(32)
    } else {
        None
    }
}

/// Memory in MiB. Lists send 0 for every device
/// (learn.microsoft.com/graph/api/resources/intune-devices-manageddevice).
pub(crate) fn memory(bytes: i64) -> Option<i64> {
    Some(bytes / (1024 * 1024)).filter(|mebibytes| *mebibytes > 0)
}

/// The IMEI numbers in a text. Other texts stand there too, such as `Provisioning:…`.
pub(crate) fn imei_list(text: &str) -> Vec<Cow<'_, str>> {
    // A device has as many as it has radios; a longer text is no list of them.
    const MOST: usize = 8;
    text.split([',', ';'])
        .take(MOST)
        .map(without_separators)
        .filter(|imei| (14..=16).contains(&imei.len()) && digits(imei, 10))
        .collect()
}

fn without_separators(text: &str) -> Cow<'_, str> {
    const SEPARATORS: [char; 2] = [' ', '-'];
    if text.contains(SEPARATORS) { text.replace(SEPARATORS, "").into() } else { text.into() }
}

/// A MEID, unless the text is something else.
pub(crate) fn meid(text: &str) -> Option<&str> {
    let text = text.trim();
    ((text.len() == 14 && digits(text, 16)) || (text.len() == 18 && digits(text, 10)))
        .then_some(text)
}

/// Whether the text is made of digits that are not all zero.
fn digits(text: &str, radix: u32) -> bool {
    text.chars().all(|c| c.is_digit(radix)) && text.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_no_serial_number() {
        for text in ["0", "Default string", "To be filled by O.E.M.", "NONE", " unknown "] {
            assert_eq!(serial_number(text), None, "{text}");
        }
        assert_eq!(serial_number("5CD0123ABC"), Some("5CD0123ABC"));
    }

    #[test]
    fn a_processor_tells_architecture_and_bits() {
        for (name, architecture, bits) in [
            ("x64", Some(1), Some(64)),
            ("X86", Some(1), Some(32)),
            ("amd64", Some(1), Some(64)),
            ("arm64", Some(2), Some(64)),
            ("arm", Some(2), Some(32)),
            ("armv7", Some(2), None),
            ("riscv64", Some(3), Some(64)),
            ("sparc", None, None),
        ] {
            let found = processor(name);
            assert_eq!(
                (found.0.map(CpuArchitectureId::id), found.1),
                (architecture, bits),
                "{name}"
            );
        }
    }

    #[test]
    fn bits_of_the_operating_system_are_read_from_the_documented_texts_only() {
        for (text, bits) in [("64-bit", Some(64)), ("32-Bit", Some(32)), ("ARM 64", None)] {
            assert_eq!(os_bits(text), bits, "{text}");
        }
    }

    #[test]
    fn memory_that_a_list_leaves_out_is_none() {
        assert_eq!(memory(0), None);
        assert_eq!(memory(-1), None);
        assert_eq!(memory(17_179_869_184), Some(16_384));
    }

    #[test]
    fn only_what_looks_like_an_imei_is_one() {
        let list = |text| imei_list(text).join(" ");
        assert_eq!(list("356938035643809"), "356938035643809");
        assert_eq!(
            list("35 693803 564380 9, 35-693803-564381-7"),
            "356938035643809 356938035643817"
        );
        for text in ["Provisioning:1234", "000000000000000", "12345", "35693803564380X"] {
            assert_eq!(list(text), "", "{text}");
        }
        assert_eq!(imei_list(&"356938035643809,".repeat(100)).len(), 8);
    }

    #[test]
    fn only_what_looks_like_a_meid_is_one() {
        assert_eq!(meid("A10000009296F2"), Some("A10000009296F2"));
        assert_eq!(meid("270113177609606898"), Some("270113177609606898"));
        for text in ["", "00000000000000", "A10000009296F", "Z10000009296F2"] {
            assert_eq!(meid(text), None, "{text}");
        }
    }
}
