//! Faults: rules of a condition, an effect and how often it strikes.

use serde::{Deserialize, Serialize};

/// One kind of call.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Api {
    /// Any kind, in a condition; a call to no emulated API, in counts.
    #[default]
    Any,
    /// `POST /{tenant}/oauth2/v2.0/token`.
    Entra,
    /// `GET /metadata/identity/oauth2/token` or `GET /msi/token`.
    ManagedIdentity,
    /// `GET /api/machines`.
    DefenderList,
    /// `GET /api/machines/{id}`.
    DefenderLookup,
    /// `GET /v1.0/deviceManagement/managedDevices`.
    GraphList,
    /// `GET /v1.0/deviceManagement/managedDevices/{id}`.
    GraphLookup,
    /// `POST /v1.0/$batch`.
    GraphBatch,
    /// One request inside a batch; it takes [`Effect::Status`] and [`Effect::QuotaInWords`].
    GraphBatchItem,
    /// `POST /api/v2/asset-management/asset-connector/{uuid}`.
    SekoiaPush,
    /// `GET /api/v1/tasks/{id}`.
    SekoiaTask,
}

impl Api {
    /// Whether the response is a page of a listing.
    pub(crate) fn is_list(self) -> bool {
        matches!(self, Self::DefenderList | Self::GraphList)
    }
}

/// Which calls a fault strikes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// Which kind. [`Api::Any`] is every emulated API, but no request inside a batch.
    pub api: Api,
    /// How many matching calls pass before the first one is struck.
    pub after_calls: u32,
    /// What the path with its query contains.
    pub path_contains: Option<String>,
    /// Whose call it is, by tenant id. Calls to the receiver are nobody's.
    pub tenant: Option<String>,
}

impl Condition {
    /// Every call of one kind.
    pub fn on(api: Api) -> Self {
        Self { api, ..Self::default() }
    }

    fn matches(&self, call: &Target<'_>) -> bool {
        let api = match self.api {
            Api::Any => call.api != Api::GraphBatchItem,
            api => api == call.api,
        };
        let path = self.path_contains.as_ref().is_none_or(|part| call.path.contains(part.as_str()));
        let tenant = self.tenant.is_none() || self.tenant.as_deref() == call.tenant;
        api && path && tenant
    }
}

/// When to try again, as a header says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// As a number of seconds.
    Seconds(u32),
    /// As the HTTP date this many seconds from now.
    Date(u32),
}

/// What a fault does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Effect {
    /// Serves with a status. Without a body the API's usual one for it.
    Status {
        /// The status.
        code: u16,
        /// When to try again.
        #[serde(default)]
        retry_after: Option<RetryAfter>,
        /// The body.
        #[serde(default)]
        body: Option<String>,
    },
    /// Serves 429 without `Retry-After`, and names quota and wait in words, as Defender does.
    QuotaInWords {
        /// Calls allowed in a minute.
        limit: u32,
        /// Seconds until the next call.
        wait_seconds: u32,
    },
    /// Closes the connection without a response, and without having done anything.
    Reset,
    /// Does what was asked, then closes the connection without a response.
    LostAnswer,
    /// Never responds.
    Hang,
    /// Serves 200 with a page of HTML.
    Html,
    /// Serves 302.
    Redirect {
        /// Where to.
        location: String,
    },
    /// Announces the whole body, sends half of it and closes the connection.
    TruncatedBody,
    /// Sends half of the JSON as a complete response.
    CutJson,
    /// Sends the body bit by bit.
    SlowBody {
        /// Bytes each time.
        bytes: usize,
        /// Milliseconds between them.
        every_millis: u64,
    },
    /// Serves with a listing of one record that is this large.
    HugeBody {
        /// Bytes of its one long text.
        bytes: u64,
    },
    /// Revokes every token issued so far; the call gets the 401 that follows.
    ExpireTokens,
    /// The page's link leads elsewhere: this origin, the usual path and query.
    ForeignNextLink {
        /// Scheme, host and port.
        origin: String,
    },
    /// The page's link leads back to the page itself.
    RepeatingNextLink,
    /// An empty page comes first; its link leads to the one asked for.
    EmptyPageWithLink,
    /// The listing shifts before this page, which is not the first: that many records of the page
    /// before come again, or, where negative, that many are passed over.
    ShiftedPage {
        /// Records that repeat.
        records: i64,
    },
    /// The first records of the page do not parse.
    MalformedRecords {
        /// How many.
        count: usize,
    },
    /// The push is accepted and its task fails.
    TaskFails,
    /// The push is accepted and nobody knows its task (404).
    TaskLost,
    /// The push is accepted and its task never finishes.
    TaskNeverFinishes,
    /// The push is accepted without a task, and its events are lost.
    NoTaskId,
}

impl Effect {
    /// A status without `Retry-After` and with the usual body.
    pub fn status(code: u16) -> Self {
        Self::Status { code, retry_after: None, body: None }
    }

    /// Whether the effect means anything for a call. A rule waits for one where it does.
    fn suits(&self, call: &Target<'_>) -> bool {
        match self {
            Self::ForeignNextLink { .. }
            | Self::RepeatingNextLink
            | Self::EmptyPageWithLink
            | Self::MalformedRecords { .. } => call.api.is_list(),
            Self::ShiftedPage { .. } => call.api.is_list() && call.path.contains("$skip"),
            Self::TaskFails | Self::TaskLost | Self::TaskNeverFinishes | Self::NoTaskId => {
                call.api == Api::SekoiaPush
            }
            Self::Status { .. } | Self::QuotaInWords { .. } => true,
            Self::ExpireTokens => !matches!(
                call.api,
                Api::Entra | Api::SekoiaPush | Api::SekoiaTask | Api::GraphBatchItem
            ),
            _ => call.api != Api::GraphBatchItem,
        }
    }
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which calls it strikes.
    #[serde(default)]
    pub on: Condition,
    /// What it does.
    pub effect: Effect,
    /// How often it strikes; without, each time.
    #[serde(default)]
    pub hits: Option<u32>,
}

impl Fault {
    /// A fault that strikes every call of one kind.
    pub fn always(api: Api, effect: Effect) -> Self {
        Self { on: Condition::on(api), effect, hits: None }
    }

    /// A fault that strikes the first call of one kind.
    pub fn once(api: Api, effect: Effect) -> Self {
        Self { hits: Some(1), ..Self::always(api, effect) }
    }

    /// Lets this many matching calls pass first.
    #[must_use]
    pub fn after(mut self, calls: u32) -> Self {
        self.on.after_calls = calls;
        self
    }

    /// Strikes this many times.
    #[must_use]
    pub fn times(mut self, hits: u32) -> Self {
        self.hits = Some(hits);
        self
    }
}

/// A call, as a condition sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) api: Api,
    /// Path with query.
    pub(crate) path: &'a str,
    pub(crate) tenant: Option<&'a str>,
}

/// The rules in force. The first one that strikes wins; each counts its own matching calls.
#[derive(Debug, Default)]
pub(crate) struct Rules(Vec<(Fault, u32)>);

impl Rules {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push((fault, 0));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.iter().map(|(fault, _)| fault.clone()).collect()
    }

    /// The effect that strikes a call.
    pub(crate) fn strike(&mut self, call: &Target<'_>) -> Option<Effect> {
        let mut found = None;
        for (fault, seen) in &mut self.0 {
            let spent = fault.hits == Some(0);
            if spent || !fault.on.matches(call) || !fault.effect.suits(call) {
                continue;
            }
            *seen = seen.saturating_add(1);
            if found.is_none() && *seen > fault.on.after_calls {
                fault.hits = fault.hits.map(|hits| hits - 1);
                found = Some(fault.effect.clone());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(api: Api, path: &str) -> Target<'_> {
        Target { api, path, tenant: Some("t") }
    }

    #[test]
    fn a_rule_lets_calls_pass_then_strikes_as_often_as_it_says() {
        let mut rules = Rules::default();
        rules.add(Fault::always(Api::DefenderList, Effect::Reset).after(2).times(2));
        let page = call(Api::DefenderList, "/api/machines");
        let struck: Vec<_> = (0..6).map(|_| rules.strike(&page).is_some()).collect();
        assert_eq!(struck, [false, false, true, true, false, false]);
    }

    #[test]
    fn a_rule_strikes_no_call_outside_its_condition() {
        let mut rules = Rules::default();
        let on = Condition {
            api: Api::Any,
            path_contains: Some("skip=20".into()),
            tenant: Some("t".into()),
            ..Condition::default()
        };
        rules.add(Fault { on, effect: Effect::Reset, hits: None });
        assert_eq!(rules.strike(&call(Api::DefenderList, "/api/machines")), None);
        assert_eq!(rules.strike(&call(Api::GraphBatchItem, "?$skip=20")), None);
        let other = Target { tenant: None, ..call(Api::DefenderList, "?$skip=20") };
        assert_eq!(rules.strike(&other), None);
        let hit = call(Api::DefenderList, "/api/machines?$skip=20");
        assert_eq!(rules.strike(&hit), Some(Effect::Reset));
    }

    #[test]
    fn a_rule_waits_for_a_call_that_its_effect_means_something_for() {
        let mut rules = Rules::default();
        rules.add(Fault::once(Api::Any, Effect::ShiftedPage { records: 1 }));
        assert_eq!(rules.strike(&call(Api::DefenderList, "/api/machines")), None);
        assert!(rules.strike(&call(Api::DefenderList, "/api/machines?$skip=10")).is_some());
    }

    #[test]
    fn a_rule_is_written_in_json_as_in_rust() {
        let text = r#"{"on":{"api":"sekoia_push","after_calls":1},"hits":2,
            "effect":{"status":{"code":503,"retry_after":{"date":3}}}}"#;
        let retry_after = Some(RetryAfter::Date(3));
        let effect = Effect::Status { code: 503, retry_after, body: None };
        let fault = Fault::always(Api::SekoiaPush, effect).after(1).times(2);
        assert_eq!(serde_json::from_str::<Fault>(text).unwrap(), fault);
        let short = r#"{"effect":"reset"}"#;
        assert_eq!(
            serde_json::from_str::<Fault>(short).unwrap(),
            Fault::always(Api::Any, Effect::Reset)
        );
    }
}
