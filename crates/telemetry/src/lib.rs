//! Names of spans, fields and metrics, and the set-up of logs.
