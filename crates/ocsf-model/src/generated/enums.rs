// Written by `cargo xtask codegen`; do not edit.
//! The enums of the schema, OCSF 1.5.0.

use crate::enumeration::{integer_enum, string_enum};

integer_enum! {
    /// Values of `account.type_id`.
    AccountTypeId {
        Unknown = 0 "Unknown",
        LdapAccount = 1 "LDAP Account",
        WindowsAccount = 2 "Windows Account",
        AwsIamUser = 3 "AWS IAM User",
        AwsIamRole = 4 "AWS IAM Role",
        GcpAccount = 5 "GCP Account",
        AzureAdAccount = 6 "Azure AD Account",
        MacOsAccount = 7 "Mac OS Account",
        AppleAccount = 8 "Apple Account",
        LinuxAccount = 9 "Linux Account",
        AwsAccount = 10 "AWS Account",
        GcpProject = 11 "GCP Project",
        OciCompartment = 12 "OCI Compartment",
        AzureSubscription = 13 "Azure Subscription",
        SalesforceAccount = 14 "Salesforce Account",
        GoogleWorkspace = 15 "Google Workspace",
        ServicenowInstance = 16 "Servicenow Instance",
        M365Tenant = 17 "M365 Tenant",
        EmailAccount = 18 "Email Account",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.action_id`.
    ActionId {
        Unknown = 0 "Unknown",
        Allowed = 1 "Allowed",
        Denied = 2 "Denied",
        Observed = 3 "Observed",
        Modified = 4 "Modified",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.activity_id`.
    ActivityId {
        Unknown = 0 "Unknown",
        Log = 1 "Log",
        Collect = 2 "Collect",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `agent.type_id`.
    AgentTypeId {
        Unknown = 0 "Unknown",
        EndpointDetectionAndResponse = 1 "Endpoint Detection and Response",
        DataLossPrevention = 2 "Data Loss Prevention",
        BackupRecovery = 3 "Backup & Recovery",
        PerformanceMonitoringObservability = 4 "Performance Monitoring & Observability",
        VulnerabilityManagement = 5 "Vulnerability Management",
        LogForwarding = 6 "Log Forwarding",
        MobileDeviceManagement = 7 "Mobile Device Management",
        ConfigurationManagement = 8 "Configuration Management",
        RemoteAccess = 9 "Remote Access",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `analytic.type_id`.
    AnalyticTypeId {
        Unknown = 0 "Unknown",
        Rule = 1 "Rule",
        Behavioral = 2 "Behavioral",
        Statistical = 3 "Statistical",
        LearningMlDl = 4 "Learning (ML/DL)",
        Fingerprinting = 5 "Fingerprinting",
        Tagging = 6 "Tagging",
        KeywordMatch = 7 "Keyword Match",
        RegularExpressions = 8 "Regular Expressions",
        ExactDataMatch = 9 "Exact Data Match",
        PartialDataMatch = 10 "Partial Data Match",
        IndexedDataMatch = 11 "Indexed Data Match",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `scim.auth_protocol_id`, `sso.auth_protocol_id`.
    AuthProtocolId {
        Unknown = 0 "Unknown",
        Ntlm = 1 "NTLM",
        Kerberos = 2 "Kerberos",
        Digest = 3 "Digest",
        Openid = 4 "OpenID",
        Saml = 5 "SAML",
        Oauth20 = 6 "OAUTH 2.0",
        Pap = 7 "PAP",
        Chap = 8 "CHAP",
        Eap = 9 "EAP",
        Radius = 10 "RADIUS",
        BasicAuthentication = 11 "Basic Authentication",
        Ldap = 12 "LDAP",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `data_classification.category_id`.
    CategoryId {
        Unknown = 0 "Unknown",
        Personal = 1 "Personal",
        Governmental = 2 "Governmental",
        Financial = 3 "Financial",
        Business = 4 "Business",
        MilitaryAndLawEnforcement = 5 "Military and Law Enforcement",
        Security = 6 "Security",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.category_uid`.
    CategoryUid {
        Discovery = 5 "Discovery",
    }
}

integer_enum! {
    /// Values of `inventory_info.class_uid`.
    ClassUid {
        DeviceInventoryInfo = 5001 "Device Inventory Info",
    }
}

integer_enum! {
    /// Values of `inventory_info.confidence_id`, `osint.confidence_id`.
    ConfidenceId {
        Unknown = 0 "Unknown",
        Low = 1 "Low",
        Medium = 2 "Medium",
        High = 3 "High",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `data_classification.confidentiality_id`, `file.confidentiality_id`.
    ConfidentialityId {
        Unknown = 0 "Unknown",
        NotConfidential = 1 "Not Confidential",
        Confidential = 2 "Confidential",
        Secret = 3 "Secret",
        TopSecret = 4 "Top Secret",
        Private = 5 "Private",
        Restricted = 6 "Restricted",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `device_hw_info.cpu_architecture_id`.
    CpuArchitectureId {
        Unknown = 0 "Unknown",
        X86 = 1 "x86",
        Arm = 2 "ARM",
        RiscV = 3 "RISC-V",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `data_classification.status_id`.
    DataClassificationStatusId {
        Unknown = 0 "Unknown",
        Complete = 1 "Complete",
        Partial = 2 "Partial",
        Fail = 3 "Fail",
        Other = 99 "Other",
    }
}

string_enum! {
    /// Values of `cvss.depth`.
    Depth {
        Base = "Base",
        Environmental = "Environmental",
        Temporal = "Temporal",
    }
}

integer_enum! {
    /// Values of `osint.detection_pattern_type_id`.
    DetectionPatternTypeId {
        Unknown = 0 "Unknown",
        Stix = 1 "STIX",
        Pcre = 2 "PCRE",
        Sigma = 3 "SIGMA",
        Snort = 4 "Snort",
        Suricata = 5 "Suricata",
        Yara = 6 "YARA",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `device.type_id`.
    DeviceTypeId {
        Unknown = 0 "Unknown",
        Server = 1 "Server",
        Desktop = 2 "Desktop",
        Laptop = 3 "Laptop",
        Tablet = 4 "Tablet",
        Mobile = 5 "Mobile",
        Virtual = 6 "Virtual",
        Iot = 7 "IOT",
        Browser = 8 "Browser",
        Firewall = 9 "Firewall",
        Switch = 10 "Switch",
        Hub = 11 "Hub",
        Router = 12 "Router",
        Ids = 13 "IDS",
        Ips = 14 "IPS",
        LoadBalancer = 15 "Load Balancer",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `digital_signature.algorithm_id`.
    DigitalSignatureAlgorithmId {
        Unknown = 0 "Unknown",
        Dsa = 1 "DSA",
        Rsa = 2 "RSA",
        Ecdsa = 3 "ECDSA",
        Authenticode = 4 "Authenticode",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `digital_signature.state_id`.
    DigitalSignatureStateId {
        Unknown = 0 "Unknown",
        Valid = 1 "Valid",
        Expired = 2 "Expired",
        Revoked = 3 "Revoked",
        Suspended = 4 "Suspended",
        Pending = 5 "Pending",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.disposition_id`.
    DispositionId {
        Unknown = 0 "Unknown",
        Allowed = 1 "Allowed",
        Blocked = 2 "Blocked",
        Quarantined = 3 "Quarantined",
        Isolated = 4 "Isolated",
        Deleted = 5 "Deleted",
        Dropped = 6 "Dropped",
        CustomAction = 7 "Custom Action",
        Approved = 8 "Approved",
        Restored = 9 "Restored",
        Exonerated = 10 "Exonerated",
        Corrected = 11 "Corrected",
        PartiallyCorrected = 12 "Partially Corrected",
        Uncorrected = 13 "Uncorrected",
        Delayed = 14 "Delayed",
        Detected = 15 "Detected",
        NoAction = 16 "No Action",
        Logged = 17 "Logged",
        Tagged = 18 "Tagged",
        Alert = 19 "Alert",
        Count = 20 "Count",
        Reset = 21 "Reset",
        Captcha = 22 "Captcha",
        Challenge = 23 "Challenge",
        AccessRevoked = 24 "Access Revoked",
        Rejected = 25 "Rejected",
        Unauthorized = 26 "Unauthorized",
        Error = 27 "Error",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `dns_answer.flag_ids`.
    DnsAnswerFlagId {
        Unknown = 0 "Unknown",
        AuthoritativeAnswer = 1 "Authoritative Answer",
        TruncatedResponse = 2 "Truncated Response",
        RecursionDesired = 3 "Recursion Desired",
        RecursionAvailable = 4 "Recursion Available",
        AuthenticData = 5 "Authentic Data",
        CheckingDisabled = 6 "Checking Disabled",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `whois.dnssec_status_id`.
    DnssecStatusId {
        Unknown = 0 "Unknown",
        Signed = 1 "Signed",
        Unsigned = 2 "Unsigned",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `domain_contact.type_id`.
    DomainContactTypeId {
        Unknown = 0 "Unknown",
        Registrant = 1 "Registrant",
        Administrative = 2 "Administrative",
        Technical = 3 "Technical",
        Billing = 4 "Billing",
        Abuse = 5 "Abuse",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `file.drive_type_id`.
    DriveTypeId {
        Unknown = 0 "Unknown",
        Removable = 1 "Removable",
        Fixed = 2 "Fixed",
        Remote = 3 "Remote",
        CdRom = 4 "CD-ROM",
        RamDisk = 5 "RAM Disk",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `encryption_details.algorithm_id`.
    EncryptionDetailsAlgorithmId {
        Unknown = 0 "Unknown",
        Des = 1 "DES",
        Tripledes = 2 "TripleDES",
        Aes = 3 "AES",
        Rsa = 4 "RSA",
        Ecc = 5 "ECC",
        Sm2 = 6 "SM2",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `auth_factor.factor_type_id`.
    FactorTypeId {
        Unknown = 0 "Unknown",
        Sms = 1 "SMS",
        SecurityQuestion = 2 "Security Question",
        PhoneCall = 3 "Phone Call",
        Biometric = 4 "Biometric",
        PushNotification = 5 "Push Notification",
        HardwareToken = 6 "Hardware Token",
        Otp = 7 "OTP",
        Email = 8 "Email",
        U2f = 9 "U2F",
        Webauthn = 10 "WebAuthn",
        Password = 11 "Password",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `file.type_id`.
    FileTypeId {
        Unknown = 0 "Unknown",
        RegularFile = 1 "Regular File",
        Folder = 2 "Folder",
        CharacterDevice = 3 "Character Device",
        BlockDevice = 4 "Block Device",
        LocalSocket = 5 "Local Socket",
        NamedPipe = 6 "Named Pipe",
        SymbolicLink = 7 "Symbolic Link",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `fingerprint.algorithm_id`.
    FingerprintAlgorithmId {
        Unknown = 0 "Unknown",
        Md5 = 1 "MD5",
        Sha1 = 2 "SHA-1",
        Sha256 = 3 "SHA-256",
        Sha512 = 4 "SHA-512",
        Ctph = 5 "CTPH",
        Tlsh = 6 "TLSH",
        Quickxorhash = 7 "quickXorHash",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `vulnerability.fix_coverage_id`.
    FixCoverageId {
        Unknown = 0 "Unknown",
        Complete = 1 "Complete",
        Partial = 2 "Partial",
        None = 3 "None",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `idp.state_id`.
    IdpStateId {
        Unknown = 0 "Unknown",
        Active = 1 "Active",
        Suspended = 2 "Suspended",
        Deprecated = 3 "Deprecated",
        Deleted = 4 "Deleted",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `advisory.install_state_id`, `kb_article.install_state_id`.
    InstallStateId {
        Unknown = 0 "Unknown",
        Installed = 1 "Installed",
        NotInstalled = 2 "Not Installed",
        InstalledPendingReboot = 3 "Installed Pending Reboot",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `process.integrity_id`.
    IntegrityId {
        Unknown = 0 "Unknown",
        Untrusted = 1 "Untrusted",
        Low = 2 "Low",
        Medium = 3 "Medium",
        High = 4 "High",
        System = 5 "System",
        Protected = 6 "Protected",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.status_id`.
    InventoryInfoStatusId {
        Unknown = 0 "Unknown",
        Success = 1 "Success",
        Failure = 2 "Failure",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `malware.classification_ids`.
    MalwareClassificationId {
        Unknown = 0 "Unknown",
        Adware = 1 "Adware",
        Backdoor = 2 "Backdoor",
        Bot = 3 "Bot",
        Bootkit = 4 "Bootkit",
        Ddos = 5 "DDOS",
        Downloader = 6 "Downloader",
        Dropper = 7 "Dropper",
        ExploitKit = 8 "Exploit-Kit",
        Keylogger = 9 "Keylogger",
        Ransomware = 10 "Ransomware",
        RemoteAccessTrojan = 11 "Remote-Access-Trojan",
        ResourceExploitation = 13 "Resource-Exploitation",
        RogueSecuritySoftware = 14 "Rogue-Security-Software",
        Rootkit = 15 "Rootkit",
        ScreenCapture = 16 "Screen-Capture",
        Spyware = 17 "Spyware",
        Trojan = 18 "Trojan",
        Virus = 19 "Virus",
        Webshell = 20 "Webshell",
        Wiper = 21 "Wiper",
        Worm = 22 "Worm",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `malware_scan_info.type_id`.
    MalwareScanInfoTypeId {
        Unknown = 0 "Unknown",
        Manual = 1 "Manual",
        Scheduled = 2 "Scheduled",
        UpdatedContent = 3 "Updated Content",
        QuarantinedItems = 4 "Quarantined Items",
        AttachedMedia = 5 "Attached Media",
        UserLogon = 6 "User Logon",
        Elam = 7 "ELAM",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `network_interface.type_id`.
    NetworkInterfaceTypeId {
        Unknown = 0 "Unknown",
        Wired = 1 "Wired",
        Wireless = 2 "Wireless",
        Mobile = 3 "Mobile",
        Tunnel = 4 "Tunnel",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `observable.type_id`.
    ObservableTypeId {
        Unknown = 0 "Unknown",
        Hostname = 1 "Hostname",
        IpAddress = 2 "IP Address",
        MacAddress = 3 "MAC Address",
        UserName = 4 "User Name",
        EmailAddress = 5 "Email Address",
        UrlString = 6 "URL String",
        FileName = 7 "File Name",
        Hash = 8 "Hash",
        ProcessName = 9 "Process Name",
        ResourceUid = 10 "Resource UID",
        Port = 11 "Port",
        Subnet = 12 "Subnet",
        CommandLine = 13 "Command Line",
        Country = 14 "Country",
        ProcessId = 15 "Process ID",
        HttpUserAgent = 16 "HTTP User-Agent",
        CweObjectUid = 17 "CWE Object: uid",
        CveObjectUid = 18 "CVE Object: uid",
        UserCredentialId = 19 "User Credential ID",
        Endpoint = 20 "Endpoint",
        User = 21 "User",
        Email = 22 "Email",
        UniformResourceLocator = 23 "Uniform Resource Locator",
        File = 24 "File",
        Process = 25 "Process",
        GeoLocation = 26 "Geo Location",
        Container = 27 "Container",
        RegistryKey = 28 "Registry Key",
        RegistryValue = 29 "Registry Value",
        Fingerprint = 30 "Fingerprint",
        UserObjectUid = 31 "User Object: uid",
        GroupObjectName = 32 "Group Object: name",
        GroupObjectUid = 33 "Group Object: uid",
        AccountObjectName = 34 "Account Object: name",
        AccountObjectUid = 35 "Account Object: uid",
        ScriptContent = 36 "Script Content",
        SerialNumber = 37 "Serial Number",
        ResourceDetailsObjectName = 38 "Resource Details Object: name",
        ProcessEntityObjectUid = 39 "Process Entity Object: uid",
        EmailObjectSubject = 40 "Email Object: subject",
        EmailObjectUid = 41 "Email Object: uid",
        MessageUid = 42 "Message UID",
        RegistryValueObjectName = 43 "Registry Value Object: name",
        AdvisoryObjectUid = 44 "Advisory Object: uid",
        FilePath = 45 "File Path",
        RegistryKeyPath = 46 "Registry Key Path",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `os.type_id`.
    OsTypeId {
        Unknown = 0 "Unknown",
        Other = 99 "Other",
        Windows = 100 "Windows",
        WindowsMobile = 101 "Windows Mobile",
        Linux = 200 "Linux",
        Android = 201 "Android",
        Macos = 300 "macOS",
        Ios = 301 "iOS",
        Ipados = 302 "iPadOS",
        Solaris = 400 "Solaris",
        Aix = 401 "AIX",
        HpUx = 402 "HP-UX",
    }
}

integer_enum! {
    /// Values of `osint.type_id`.
    OsintTypeId {
        Unknown = 0 "Unknown",
        IpAddress = 1 "IP Address",
        Domain = 2 "Domain",
        Hostname = 3 "Hostname",
        Hash = 4 "Hash",
        Url = 5 "URL",
        UserAgent = 6 "User Agent",
        DigitalCertificate = 7 "Digital Certificate",
        Email = 8 "Email",
        EmailAddress = 9 "Email Address",
        Vulnerability = 10 "Vulnerability",
        File = 11 "File",
        RegistryKey = 12 "Registry Key",
        RegistryValue = 13 "Registry Value",
        CommandLine = 14 "Command Line",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `affected_package.type_id`, `package.type_id`.
    PackageTypeId {
        Unknown = 0 "Unknown",
        Application = 1 "Application",
        OperatingSystem = 2 "Operating System",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `kill_chain_phase.phase_id`.
    PhaseId {
        Unknown = 0 "Unknown",
        Reconnaissance = 1 "Reconnaissance",
        Weaponization = 2 "Weaponization",
        Delivery = 3 "Delivery",
        Exploitation = 4 "Exploitation",
        Installation = 5 "Installation",
        CommandControl = 6 "Command & Control",
        ActionsOnObjectives = 7 "Actions on Objectives",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `device.risk_level_id`, `inventory_info.risk_level_id`, `user.risk_level_id`.
    RiskLevelId {
        Info = 0 "Info",
        Low = 1 "Low",
        Medium = 2 "Medium",
        High = 3 "High",
        Critical = 4 "Critical",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `scim.state_id`.
    ScimStateId {
        Unknown = 0 "Unknown",
        Pending = 1 "Pending",
        Active = 2 "Active",
        Failed = 3 "Failed",
        Deleted = 4 "Deleted",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `reputation.score_id`.
    ScoreId {
        Unknown = 0 "Unknown",
        VerySafe = 1 "Very Safe",
        Safe = 2 "Safe",
        ProbablySafe = 3 "Probably Safe",
        LeansSafe = 4 "Leans Safe",
        MayNotBeSafe = 5 "May not be Safe",
        ExerciseCaution = 6 "Exercise Caution",
        SuspiciousRisky = 7 "Suspicious/Risky",
        PossiblyMalicious = 8 "Possibly Malicious",
        ProbablyMalicious = 9 "Probably Malicious",
        Malicious = 10 "Malicious",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `script.type_id`.
    ScriptTypeId {
        Unknown = 0 "Unknown",
        WindowsCommandPrompt = 1 "Windows Command Prompt",
        Powershell = 2 "PowerShell",
        Python = 3 "Python",
        Javascript = 4 "JavaScript",
        Vbscript = 5 "VBScript",
        UnixShell = 6 "Unix Shell",
        Vba = 7 "VBA",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `inventory_info.severity_id`, `malware.severity_id`, `osint.severity_id`.
    SeverityId {
        Unknown = 0 "Unknown",
        Informational = 1 "Informational",
        Low = 2 "Low",
        Medium = 3 "Medium",
        High = 4 "High",
        Critical = 5 "Critical",
        Fatal = 6 "Fatal",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `threat_actor.type_id`.
    ThreatActorTypeId {
        Unknown = 0 "Unknown",
        NationState = 1 "Nation-state",
        Cybercriminal = 2 "Cybercriminal",
        Hacktivists = 3 "Hacktivists",
        Insider = 4 "Insider",
        Other = 99 "Other",
    }
}

integer_enum! {
    /// Values of `timespan.type_id`.
    TimespanTypeId {
        Unknown = 0 "Unknown",
        Milliseconds = 1 "Milliseconds",
        Seconds = 2 "Seconds",
        Minutes = 3 "Minutes",
        Hours = 4 "Hours",
        Days = 5 "Days",
        Weeks = 6 "Weeks",
        Months = 7 "Months",
        Years = 8 "Years",
        TimeInterval = 9 "Time Interval",
        Other = 99 "Other",
    }
}

string_enum! {
    /// Values of `osint.tlp`.
    Tlp {
        TlpAmber = "AMBER",
        TlpAmberStrict = "AMBER STRICT",
        TlpClear = "CLEAR",
        TlpGreen = "GREEN",
        TlpRed = "RED",
        TlpWhite = "WHITE",
    }
}

integer_enum! {
    /// Values of `inventory_info.type_uid`.
    TypeUid {
        DeviceInventoryInfoUnknown = 500100 "Device Inventory Info: Unknown",
        DeviceInventoryInfoLog = 500101 "Device Inventory Info: Log",
        DeviceInventoryInfoCollect = 500102 "Device Inventory Info: Collect",
        DeviceInventoryInfoOther = 500199 "Device Inventory Info: Other",
    }
}

integer_enum! {
    /// Values of `url.category_ids`.
    UrlCategoryId {
        Unknown = 0 "Unknown",
        AdultMatureContent = 1 "Adult/Mature Content",
        Pornography = 3 "Pornography",
        SexEducation = 4 "Sex Education",
        IntimateApparelSwimsuit = 5 "Intimate Apparel/Swimsuit",
        Nudity = 6 "Nudity",
        Extreme = 7 "Extreme",
        ScamQuestionableIllegal = 9 "Scam/Questionable/Illegal",
        Gambling = 11 "Gambling",
        ViolenceHateRacism = 14 "Violence/Hate/Racism",
        Weapons = 15 "Weapons",
        Abortion = 16 "Abortion",
        Hacking = 17 "Hacking",
        Phishing = 18 "Phishing",
        Entertainment = 20 "Entertainment",
        BusinessEconomy = 21 "Business/Economy",
        AlternativeSpiritualityBelief = 22 "Alternative Spirituality/Belief",
        Alcohol = 23 "Alcohol",
        Tobacco = 24 "Tobacco",
        ControlledSubstances = 25 "Controlled Substances",
        ChildPornography = 26 "Child Pornography",
        Education = 27 "Education",
        CharitableOrganizations = 29 "Charitable Organizations",
        ArtCulture = 30 "Art/Culture",
        FinancialServices = 31 "Financial Services",
        BrokerageTrading = 32 "Brokerage/Trading",
        Games = 33 "Games",
        GovernmentLegal = 34 "Government/Legal",
        Military = 35 "Military",
        PoliticalSocialAdvocacy = 36 "Political/Social Advocacy",
        Health = 37 "Health",
        TechnologyInternet = 38 "Technology/Internet",
        SearchEnginesPortals = 40 "Search Engines/Portals",
        MaliciousSourcesMalnets = 43 "Malicious Sources/Malnets",
        MaliciousOutboundDataBotnets = 44 "Malicious Outbound Data/Botnets",
        JobSearchCareers = 45 "Job Search/Careers",
        NewsMedia = 46 "News/Media",
        PersonalsDating = 47 "Personals/Dating",
        Reference = 49 "Reference",
        MixedContentPotentiallyAdult = 50 "Mixed Content/Potentially Adult",
        ChatImSms = 51 "Chat (IM)/SMS",
        Email = 52 "Email",
        NewsgroupsForums = 53 "Newsgroups/Forums",
        Religion = 54 "Religion",
        SocialNetworking = 55 "Social Networking",
        FileStorageSharing = 56 "File Storage/Sharing",
        RemoteAccessTools = 57 "Remote Access Tools",
        Shopping = 58 "Shopping",
        Auctions = 59 "Auctions",
        RealEstate = 60 "Real Estate",
        SocietyDailyLiving = 61 "Society/Daily Living",
        PersonalSites = 63 "Personal Sites",
        RestaurantsDiningFood = 64 "Restaurants/Dining/Food",
        SportsRecreation = 65 "Sports/Recreation",
        Travel = 66 "Travel",
        Vehicles = 67 "Vehicles",
        HumorJokes = 68 "Humor/Jokes",
        SoftwareDownloads = 71 "Software Downloads",
        PeerToPeerP2p = 83 "Peer-to-Peer (P2P)",
        AudioVideoClips = 84 "Audio/Video Clips",
        OfficeBusinessApplications = 85 "Office/Business Applications",
        ProxyAvoidance = 86 "Proxy Avoidance",
        ForKids = 87 "For Kids",
        WebAdsAnalytics = 88 "Web Ads/Analytics",
        WebHosting = 89 "Web Hosting",
        Uncategorized = 90 "Uncategorized",
        Suspicious = 92 "Suspicious",
        SexualExpression = 93 "Sexual Expression",
        Translation = 95 "Translation",
        NonViewableInfrastructure = 96 "Non-Viewable/Infrastructure",
        ContentServers = 97 "Content Servers",
        Placeholders = 98 "Placeholders",
        Other = 99 "Other",
        Spam = 101 "Spam",
        PotentiallyUnwantedSoftware = 102 "Potentially Unwanted Software",
        DynamicDnsHost = 103 "Dynamic DNS Host",
        ECardInvitations = 106 "E-Card/Invitations",
        Informational = 107 "Informational",
        ComputerInformationSecurity = 108 "Computer/Information Security",
        InternetConnectedDevices = 109 "Internet Connected Devices",
        InternetTelephony = 110 "Internet Telephony",
        OnlineMeetings = 111 "Online Meetings",
        MediaSharing = 112 "Media Sharing",
        RadioAudioStreams = 113 "Radio/Audio Streams",
        TvVideoStreams = 114 "TV/Video Streams",
        PiracyCopyrightConcerns = 118 "Piracy/Copyright Concerns",
        Marijuana = 121 "Marijuana",
    }
}

integer_enum! {
    /// Values of `user.type_id`.
    UserTypeId {
        Unknown = 0 "Unknown",
        User = 1 "User",
        Admin = 2 "Admin",
        System = 3 "System",
        Other = 99 "Other",
    }
}
