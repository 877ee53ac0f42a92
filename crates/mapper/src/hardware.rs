//! Hardware: processor, memory, serial number and radios.

use std::borrow::Cow;

use stocktake_ocsf_model::CpuArchitectureId;

use crate::platform::starts_with;

/// What firmware reports where nobody set a value, in lower case: of a serial number, a model or a
/// maker.
const PLACEHOLDERS: [&str; 25] = [
    "none",
    "null",
    "n/a",
    "na",
    "empty",
    "unknow", // As some firmware spells it.
    "unknown",
    "undefined",
    "invalid",
    "default string",
    "not specified",
    "not available",
    "not applicable",
    "not defined",
    "o.e.m.",
    "oem",
    "to be filled by o.e.m.",
    "to be filled by oem",
    "to be filled",
    "system manufacturer",
    "system product name",
    "product name",
    "system name",
    "all series",
    "(null string)",
];

/// Serial numbers that stand for none, in lower case, after GLPI's list
/// (github.com/glpi-project/glpi, `src/Blacklist.php`).
const SERIAL_NUMBERS: [&str; 20] = [
    "system serial number",
    "systemserialnumb",
    "chassis serial number",
    "base board serial number",
    "serial number",
    "serial number xxxxxx",
    "oem_serial",
    "eval",
    "iatpass",
    "tulip computers",
    "mb-1234567890",
    "sn-12345",
    "sn-1234567890",
    "sn-123456fvgv3i0b8o5n6n7k",
    "sys-1234567890",
    "sys-9876543210",
    "123456789000",
    "abcdefghijk",
    "empty serial",
    "no serial number",
];

/// A text of firmware, unless it is a placeholder.
pub(crate) fn firmware(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let placeholder = PLACEHOLDERS.iter().any(|known| trimmed.eq_ignore_ascii_case(known));
    // `*`, `....`, `---`.
    let says_something = trimmed.chars().any(char::is_alphanumeric);
    (!placeholder && says_something).then_some(text)
}

/// A serial number, unless it is a placeholder.
pub(crate) fn serial_number(text: &str) -> Option<&str> {
    let trimmed = text.trim();
    let placeholder = SERIAL_NUMBERS.iter().any(|known| trimmed.eq_ignore_ascii_case(known));
    let stands_in = placeholder || is_repeated(trimmed) || is_counted(trimmed);
    firmware(text).filter(|_| !stands_in)
}

/// An identifier that is not made of one character alone, such as an all-zero one.
pub(crate) fn identifier(text: &str) -> Option<&str> {
    (!is_repeated(text.trim())).then_some(text)
}

/// Whether the text is one letter or digit, however often, separators aside: `0`, `0000-0000`, `xxxxx`.
fn is_repeated(text: &str) -> bool {
    let mut letters = text.bytes().filter(|byte| !b"-.: ".contains(byte));
    letters.next().is_none_or(|first| letters.all(|byte| byte.eq_ignore_ascii_case(&first)))
}

/// Whether the digits of the text count up from 0 or 1, over 9 to 0: `12345`, `0123456789`,
/// `12345678901234567`.
fn is_counted(text: &str) -> bool {
    let starts = [b'0', b'1'].map(Some).contains(&text.bytes().next());
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let mut counts = pairs.map(|(one, next)| {
        one.is_ascii_digit() && next == if one == b'9' { b'0' } else { one + 1 }
    });
    starts && text.len() >= 4 && counts.all(|counts| counts)
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

/// The first 14 digits of IMEI numbers that many devices report, which have lost their own or never
/// had one.
const SHARED_IMEIS: [&str; 8] = [
    "00499901064000", // Samsung's and Intel's modems without one (CyanogenMod's `BAD_IMEI`).
    "00440015202000", // MediaTek's.
    "35867301379589", // Clones.
    "35519500000001", // The test number of the GSM Association.
    "49015420323751", // The example of 3GPP TS 23.003 and of the books after it.
    "35824005111111", // Android's emulator.
    "01234567890123",
    "12345678901234",
];

/// The IMEI numbers in a text. Other texts stand there too, such as `Provisioning:…`.
pub(crate) fn imei_list(text: &str) -> Vec<Cow<'_, str>> {
    // A device has as many as it has radios; a longer text is no list of them.
    const MOST: usize = 8;
    let is_own = |imei: &str| !SHARED_IMEIS.iter().any(|shared| imei.starts_with(shared));
    text.split([',', ';'])
        .take(MOST)
        .map(without_separators)
        .filter(|imei| (14..=16).contains(&imei.len()) && digits(imei, 10) && is_own(imei))
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

/// Whether the text is made of digits that are not all the same.
fn digits(text: &str, radix: u32) -> bool {
    text.chars().all(|c| c.is_digit(radix)) && !is_repeated(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_no_serial_number() {
        for text in PLACEHOLDERS.into_iter().chain(SERIAL_NUMBERS) {
            assert_eq!(serial_number(text), None, "{text}");
            assert_eq!(serial_number(&format!(" {} ", text.to_uppercase())), None, "{text}");
        }
        for text in [
            "0",
            "1",
            "0000000",
            "1111111",
            "000-000-000",
            "xxxxxxxxxxx",
            "NNNNNNN",
            "......",
            "-",
            "12345",
            "0123456789",
            "1234567890",
            "12345678901234567",
            "*",
        ] {
            assert_eq!(serial_number(text), None, "{text}");
        }
        for text in ["5CD0123ABC", "0000-0014-4242", "1234", "12346", "VMware-56 4d", "A1", "10"] {
            let expected = (text != "1234").then_some(text);
            assert_eq!(serial_number(text), expected, "{text}");
        }
    }

    #[test]
    fn a_placeholder_of_firmware_is_no_model_and_no_maker() {
        for text in PLACEHOLDERS.into_iter().chain(["*", " - ", "System Product Name"]) {
            assert_eq!(firmware(text), None, "{text}");
        }
        for text in ["Surface Pro 9", "20XW0026US", "OEM Corp", "1", "000"] {
            assert_eq!(firmware(text), Some(text));
        }
    }

    #[test]
    fn an_identifier_of_one_character_is_none() {
        for text in ["0", "00000000-0000", "FFFFffff", "", "-"] {
            assert_eq!(identifier(text), None, "{text}");
        }
        assert_eq!(identifier("8944000000000000000"), Some("8944000000000000000"));
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
        let shared = SHARED_IMEIS.map(|shared| [shared.to_owned(), format!("{shared}0")]).concat();
        let none =
            ["Provisioning:1234", "000000000000000", "111111111111111", "12345", "35693803564380X"];
        for text in none.into_iter().chain(shared.iter().map(String::as_str)) {
            assert_eq!(list(text), "", "{text}");
        }
        assert_eq!(imei_list(&"356938035643809,".repeat(100)).len(), 8);
    }

    #[test]
    fn only_what_looks_like_a_meid_is_one() {
        assert_eq!(meid("A10000009296F2"), Some("A10000009296F2"));
        assert_eq!(meid("270113177609606898"), Some("270113177609606898"));
        for text in ["", "00000000000000", "FFFFFFFFFFFFFF", "A10000009296F", "Z10000009296F2"] {
            assert_eq!(meid(text), None, "{text}");
        }
    }
}
