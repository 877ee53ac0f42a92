//! Typed client of Intune managed devices in Microsoft Graph.
