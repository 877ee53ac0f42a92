//! Checks: what `stocktake check` asks of every part that talks to the outside.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// How a checked step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A cycle would work.
    Fine,
    /// A cycle would work, but a person should know.
    Warning,
    /// A cycle would fail.
    Failed,
    /// Not tried, because a step before it failed or it does not apply.
    Skipped,
}

/// The result of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was checked: `token for defender`.
    pub step: String,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, in one line. Never a secret.
    pub detail: String,
    /// What to do about it, as a sentence; `None` when it is fine.
    pub advice: Option<String>,
    /// Commands that do it, in their order; empty where there are none. Never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl Finding {
    /// A step that is fine.
    pub fn fine(step: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            step: step.into(),
            verdict: Verdict::Fine,
            detail: detail.into(),
            advice: None,
            commands: Vec::new(),
        }
    }

    /// A step that was not tried, and why.
    pub fn skipped(step: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { verdict: Verdict::Skipped, ..Self::fine(step, detail) }
    }

    /// A step that failed, and what to do.
    pub fn failed(
        step: impl Into<String>,
        detail: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self { verdict: Verdict::Failed, advice: Some(advice.into()), ..Self::fine(step, detail) }
    }

    /// The same with commands that do what is advised.
    #[must_use]
    pub fn with_commands(mut self, commands: impl IntoIterator<Item = String>) -> Self {
        self.commands.extend(commands);
        self
    }
}

/// Something that can be tried without changing anything.
#[async_trait]
pub trait Check: fmt::Debug + Send + Sync {
    /// Tries it. Failures are findings, so that one step never hides the next.
    async fn check(&self) -> Vec<Finding>;
}
