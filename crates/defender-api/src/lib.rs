//! Typed client of the Microsoft Defender for Endpoint machines API.
