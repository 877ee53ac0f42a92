//! Destinations of events, one module and one feature each.
