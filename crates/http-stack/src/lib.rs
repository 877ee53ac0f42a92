//! The one tower stack over reqwest: deadline, retry, quota, pause, token, bounds.
