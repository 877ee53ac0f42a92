//! The tokens that Entra has issued.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::audience::Audience;

/// A token that was issued.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) tenant: usize,
    pub(crate) audience: Audience,
    pub(crate) roles: Vec<String>,
    pub(crate) expires: DateTime<Utc>,
}

/// The tokens that are valid.
#[derive(Debug, Default)]
pub(crate) struct Tokens(pub(crate) HashMap<String, Grant>);

impl Tokens {
    /// Revokes every token.
    pub(crate) fn revoke(&mut self) {
        self.0.clear();
    }
}
