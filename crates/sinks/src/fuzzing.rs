//! The private readers of outside bytes, as `fuzz/` calls them. No part of the public API.

/// Sekoia's answers to a push and about a task; gives the path segment of the task, if one is named.
pub fn sekoia_answers(body: &[u8]) -> Option<String> {
    crate::sekoia::read_answers(body)
}
