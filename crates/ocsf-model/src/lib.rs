//! OCSF 1.5.0 Device Inventory Info: generated types, dialect writers and a validator.
