//! Typed client of Intune managed devices in Microsoft Graph.
mod model;
mod named;

pub use model::ManagedDevice;
pub use named::{ComplianceState, ManagementAgent, ManagementState, OwnerType};
