//! Sinks as their users see them.
