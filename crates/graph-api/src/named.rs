//! Enumerations that travel by name. A name that is not known keeps its text.

/// Defines an enumeration of named values, with a case for names that came later.
macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$case_doc:meta])* $case:ident = $name:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$case_doc])* $case,)+
            /// A name that this version does not know, as it was sent.
            Other(Box<str>),
        }

        impl $type {
            /// Every known value, in the order of the documentation.
            pub const KNOWN: &[Self] = &[$(Self::$case),+];

            /// The name as it travels.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$case => $name,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for $type {
            /// Compares without case; an unknown name becomes `Other`.
            fn from(name: &str) -> Self {
                match name {
                    $($name => Self::$case,)+
                    _ => Self::KNOWN
                        .iter()
                        .find(|known| known.as_str().eq_ignore_ascii_case(name))
                        .cloned()
                        .unwrap_or_else(|| Self::Other(name.into())),
                }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl stocktake_odata::ReadValue for $type {
            type Value = Option<Self>;

            fn from_scalar(scalar: stocktake_odata::Scalar<'_>) -> Option<Option<Self>> {
                match scalar {
                    stocktake_odata::Scalar::Text(name) => Some(Some(Self::from(name.trim()))),
                    _ => None,
                }
            }
        }
    };
}

named! {
    /// Whether a device meets the policies that apply to it.
    ComplianceState {
        /// Not evaluated.
        Unknown = "unknown",
        /// Meets them.
        Compliant = "compliant",
        /// Does not.
        Noncompliant = "noncompliant",
        /// Two policies contradict each other.
        Conflict = "conflict",
        /// The evaluation failed.
        Error = "error",
        /// Does not, and still has time to.
        InGracePeriod = "inGracePeriod",
        /// Configuration Manager decides.
        ConfigManager = "configManager",
    }
}

named! {
    /// The owner of a device.
    OwnerType {
        /// Not known.
        Unknown = "unknown",
        /// The company.
        Company = "company",
        /// Its user.
        Personal = "personal",
    }
}

named! {
    /// What manages a device.
    ManagementAgent {
        /// Exchange ActiveSync only: Intune does not manage the device.
        Eas = "eas",
        /// Intune's own management.
        Mdm = "mdm",
        /// Intune and Exchange ActiveSync.
        EasMdm = "easMdm",
        /// The classic Intune client.
        IntuneClient = "intuneClient",
        /// The classic Intune client and Exchange ActiveSync.
        EasIntuneClient = "easIntuneClient",
        /// Configuration Manager.
        ConfigurationManagerClient = "configurationManagerClient",
        /// Configuration Manager and Intune.
        ConfigurationManagerClientMdm = "configurationManagerClientMdm",
        /// Configuration Manager, Intune and Exchange ActiveSync.
        ConfigurationManagerClientMdmEas = "configurationManagerClientMdmEas",
        /// Not known.
        Unknown = "unknown",
        /// Jamf.
        Jamf = "jamf",
        /// Google's policy controller.
        GoogleCloudDevicePolicyController = "googleCloudDevicePolicyController",
        /// Microsoft 365.
        Microsoft365ManagedMdm = "microsoft365ManagedMdm",
        /// Defender's security settings, without enrolment: Intune does not manage the device.
        MsSense = "msSense",
    }
}

named! {
    /// Where a device stands between enrolment and removal.
    ManagementState {
        /// Managed.
        Managed = "managed",
        /// About to be retired.
        RetirePending = "retirePending",
        /// Could not be retired.
        RetireFailed = "retireFailed",
        /// About to be wiped.
        WipePending = "wipePending",
        /// Could not be wiped.
        WipeFailed = "wipeFailed",
        /// Does not respond as expected.
        Unhealthy = "unhealthy",
        /// About to be deleted.
        DeletePending = "deletePending",
        /// Ordered to retire.
        RetireIssued = "retireIssued",
        /// Ordered to wipe itself.
        WipeIssued = "wipeIssued",
        /// Not to be wiped after all.
        WipeCanceled = "wipeCanceled",
        /// Not to be retired after all.
        RetireCanceled = "retireCanceled",
        /// Seen, not managed.
        Discovered = "discovered",
    }
}
