//! The private readers of outside bytes, as `fuzz/` calls them. Not a part of the public API.

/// Reads Sekoia's responses to a push and about a task. Returns the path segment of the task, if the
/// response names one.
pub fn sekoia_responses(body: &[u8]) -> Option<String> {
    crate::sekoia::read_responses(body)
}
