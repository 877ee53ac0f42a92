// Written by `cargo xtask codegen`; do not edit.
//! The enums of the structs, OCSF 1.5.0.

use crate::enumeration::integer_enum;

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
    /// Values of `inventory_info.confidence_id`.
    ConfidenceId {
        Unknown = 0 "Unknown",
        Low = 1 "Low",
        Medium = 2 "Medium",
        High = 3 "High",
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
    /// Values of `inventory_info.status_id`.
    InventoryInfoStatusId {
        Unknown = 0 "Unknown",
        Success = 1 "Success",
        Failure = 2 "Failure",
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
    /// Values of `inventory_info.severity_id`.
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
    /// Values of `inventory_info.type_uid`.
    TypeUid {
        DeviceInventoryInfoUnknown = 500100 "Device Inventory Info: Unknown",
        DeviceInventoryInfoLog = 500101 "Device Inventory Info: Log",
        DeviceInventoryInfoCollect = 500102 "Device Inventory Info: Collect",
        DeviceInventoryInfoOther = 500199 "Device Inventory Info: Other",
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
