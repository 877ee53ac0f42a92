//! Defender machine and Intune managed device to OCSF Device Inventory Info; pure.
