//! Stable codes of the errors that an operator can meet.
//!
//! A code stands in brackets at the end of an error line and never changes its meaning; each has a
//! page under `docs/errors`. Codes are for people and for searching: programs act on exit codes and
//! on [`Recovery`], never on a message.

use std::error::Error;

use stocktake_auth::EntraError;
use stocktake_connector_core::{
    ApiError, ApiErrorKind, EnrichError, Imbalance, Recovery, SinkError, SourceError, StateError,
    TokenError,
};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// What an error is looked up by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ErrorCode { $($(#[$doc])* $name),* }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub(crate) const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it is printed.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

codes! {
    /// The configuration, or an argument, cannot be used.
    Configuration = "ST0101",
    /// Entra, or the platform, refuses a token until a person mends something.
    TokenRefused = "ST0201",
    /// The credential cannot be presented: its file is missing or holds something else.
    CredentialUnreadable = "ST0202",
    /// No token can be had for now.
    TokenUnavailable = "ST0203",
    /// What answered as a login host is none.
    NoLoginHost = "ST0204",
    /// The token lacks a permission.
    PermissionMissing = "ST0205",
    /// The API does not accept the token.
    TokenNotAccepted = "ST0206",
    /// A Microsoft API asks to slow down.
    ApiThrottled = "ST0301",
    /// A Microsoft API cannot be reached or does not answer in time.
    ApiUnavailable = "ST0302",
    /// A cursor points to another origin.
    ForeignCursor = "ST0303",
    /// A listing repeats a cursor.
    RepeatedCursor = "ST0304",
    /// A listing has more pages than allowed.
    TooManyPages = "ST0305",
    /// An answer is larger than allowed.
    AnswerTooLarge = "ST0306",
    /// An answer is not what the API documents.
    AnswerMalformed = "ST0307",
    /// A Microsoft API refuses the request itself.
    RequestRefused = "ST0308",
    /// The sink does not accept the key.
    SinkKeyRefused = "ST0401",
    /// The sink cannot be reached, asks to slow down, or does not finish in time.
    SinkUnavailable = "ST0402",
    /// The sink refuses the request itself.
    SinkRequestRefused = "ST0403",
    /// The sink refuses one event after the other.
    SinkRefusesEverything = "ST0404",
    /// The sink fails in a way of its own.
    SinkFailed = "ST0405",
    /// Files of events cannot be written.
    SinkFile = "ST0406",
    /// The sink's answer is not understood.
    SinkAnswer = "ST0407",
    /// Another process uses the state.
    StateInUse = "ST0501",
    /// The state was written by a newer program.
    StateNewer = "ST0502",
    /// The state's file holds something else.
    StateDamaged = "ST0503",
    /// The state's file cannot be read or written.
    StateFailed = "ST0504",
    /// The accounts of a cycle do not balance.
    Imbalance = "ST0601",
    /// A stage of a cycle broke.
    StageBroke = "ST0602",
    /// A cycle was stopped before everything was delivered.
    Stopped = "ST0603",
}

/// What Stocktake calls the APIs that it reads; any other is a sink's.
const MICROSOFT: [&str; 2] = ["defender", "graph"];

impl ErrorCode {
    /// The code of an error; `None` for what the catalogue does not have.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Option<Self> {
        // Transparent wrappers hide what they wrap from `Error::source`, so they are opened here.
        if let Some(error) = error.downcast_ref::<SourceError>() {
            return Self::of_source(error);
        }
        if let Some(error) = error.downcast_ref::<EnrichError>() {
            return match error {
                EnrichError::Api(error) => Some(Self::of_api(error)),
                EnrichError::Listing(error) => Self::of_source(error),
                _ => None,
            };
        }
        if let Some(error) = error.downcast_ref::<SinkError>() {
            return match error {
                SinkError::Api(error) => Some(Self::of_api(error)),
                SinkError::File { .. } => Some(Self::SinkFile),
                SinkError::Other { .. } => Some(Self::SinkFailed),
                _ => None,
            };
        }
        if let Some(error) = error.downcast_ref::<StateError>() {
            return Some(match error {
                StateError::InUse { .. } => Self::StateInUse,
                StateError::NewerSchema { .. } => Self::StateNewer,
                StateError::Damaged { .. } => Self::StateDamaged,
                _ => Self::StateFailed,
            });
        }
        if let Some(error) = error.downcast_ref::<ApiError>() {
            return Some(Self::of_api(error));
        }
        if let Some(error) = error.downcast_ref::<TokenError>() {
            return Some(Self::of_token(error));
        }
        error.is::<Imbalance>().then_some(Self::Imbalance)
    }

    fn of_source(error: &SourceError) -> Option<Self> {
        match error {
            SourceError::Api(error) => Some(Self::of_api(error)),
            SourceError::ForeignCursor { .. } => Some(Self::ForeignCursor),
            SourceError::RepeatedCursor { .. } => Some(Self::RepeatedCursor),
            SourceError::TooManyPages { .. } => Some(Self::TooManyPages),
            _ => None,
        }
    }

    fn of_api(error: &ApiError) -> Self {
        if !MICROSOFT.contains(&error.api) {
            return match error.kind {
                ApiErrorKind::NoToken | ApiErrorKind::Unauthorised | ApiErrorKind::Forbidden => {
                    Self::SinkKeyRefused
                }
                ApiErrorKind::Throttled
                | ApiErrorKind::Unavailable
                | ApiErrorKind::DeadlineExceeded => Self::SinkUnavailable,
                ApiErrorKind::NotFound | ApiErrorKind::Refused => Self::SinkRequestRefused,
                ApiErrorKind::TooLarge | ApiErrorKind::Malformed => Self::SinkAnswer,
            };
        }
        // First, because the kind of a call without a token says only whether it may pass.
        let source = error.source.as_deref();
        if let Some(token) = source.and_then(|source| source.downcast_ref::<TokenError>()) {
            return Self::of_token(token);
        }
        match error.kind {
            ApiErrorKind::NoToken => Self::TokenRefused,
            ApiErrorKind::Unauthorised => Self::TokenNotAccepted,
            ApiErrorKind::Forbidden => Self::PermissionMissing,
            ApiErrorKind::Throttled => Self::ApiThrottled,
            ApiErrorKind::Unavailable | ApiErrorKind::DeadlineExceeded => Self::ApiUnavailable,
            ApiErrorKind::NotFound | ApiErrorKind::Refused => Self::RequestRefused,
            ApiErrorKind::TooLarge => Self::AnswerTooLarge,
            ApiErrorKind::Malformed => Self::AnswerMalformed,
        }
    }

    fn of_token(error: &TokenError) -> Self {
        let entra = error.source.as_deref().and_then(|source| source.downcast_ref::<EntraError>());
        match (entra, error.recovery) {
            (Some(EntraError::Credential { .. }), _) => Self::CredentialUnreadable,
            // A person mends the address; no credential was refused.
            (Some(EntraError::Call { aadsts: None, source, .. }), _)
                if source.kind == ApiErrorKind::NotFound =>
            {
                Self::NoLoginHost
            }
            (_, Recovery::Operator) => Self::TokenRefused,
            (_, Recovery::NextCycle { .. }) => Self::TokenUnavailable,
            (_, Recovery::Defect) => Self::NoLoginHost,
        }
    }

    /// The code at the end of an error, as [`ErrorCode::tag`] puts it there; where it has several lines,
    /// of the first.
    pub(crate) fn at_end_of(error: &str) -> Option<Self> {
        let (_, code) = error.lines().next()?.strip_suffix(']')?.rsplit_once('[')?;
        Self::ALL.iter().find(|known| known.as_str() == code).copied()
    }

    /// The text with this code at its end.
    pub(crate) fn tag(self, text: impl std::fmt::Display) -> String {
        format!("{text} [{}]", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_has_a_page_and_every_page_a_code() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
        let pages: BTreeSet<String> = std::fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
            .filter(|stem| stem != "README")
            .collect();
        let codes: BTreeSet<String> =
            ErrorCode::ALL.iter().map(|code| code.as_str().to_owned()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len(), "a code stands for two errors");
        assert_eq!(pages, codes);
        let overview = std::fs::read_to_string(folder.join("README.md")).unwrap();
        for code in codes {
            let page = std::fs::read_to_string(folder.join(format!("{code}.md"))).unwrap();
            assert!(page.starts_with(&format!("# {code}: ")), "{code}");
            for heading in ["## What happened", "## What to do"] {
                assert!(page.contains(heading), "{code} lacks `{heading}`");
            }
            assert!(overview.contains(&format!("({code}.md)")), "{code} is not in the overview");
        }
    }

    fn api(api: &'static str, kind: ApiErrorKind) -> ApiError {
        ApiError::new(api, "list", kind)
    }

    #[test]
    fn an_error_is_looked_up_by_what_it_is_and_where() {
        let code = |error: &(dyn Error + 'static)| ErrorCode::of(error).unwrap();
        let forbidden = || api("defender", ApiErrorKind::Forbidden);
        assert_eq!(code(&SourceError::Api(forbidden())), ErrorCode::PermissionMissing);
        assert_eq!(code(&EnrichError::Api(forbidden())), ErrorCode::PermissionMissing);
        let key = SinkError::Api(api("sekoia", ApiErrorKind::Forbidden));
        assert_eq!(code(&key), ErrorCode::SinkKeyRefused);
        let used = StateError::InUse { place: "stocktake.db".into() };
        assert_eq!(code(&used), ErrorCode::StateInUse);
        assert_eq!(ErrorCode::of(&std::fmt::Error), None);
    }

    #[test]
    fn a_call_without_a_token_is_about_the_token_whatever_its_kind() {
        let call = |api, kind, recovery| {
            let mut call = ApiError::new(api, "list", kind);
            let message = "entra cannot be asked".into();
            call.source =
                Some(Box::new(TokenError { message, advice: None, recovery, source: None }));
            ErrorCode::of(&call).unwrap()
        };
        let later = Recovery::NextCycle { after: None };
        for (kind, recovery, code) in [
            (ApiErrorKind::NoToken, Recovery::Operator, ErrorCode::TokenRefused),
            (ApiErrorKind::NoToken, Recovery::Defect, ErrorCode::NoLoginHost),
            (ApiErrorKind::Unavailable, later, ErrorCode::TokenUnavailable),
            (ApiErrorKind::Throttled, later, ErrorCode::TokenUnavailable),
        ] {
            assert_eq!(call("graph", kind, recovery), code, "{kind:?}, {recovery:?}");
        }
        // A sink's key has a page of its own.
        let key = call("sekoia", ApiErrorKind::NoToken, Recovery::Operator);
        assert_eq!(key, ErrorCode::SinkKeyRefused);
    }

    #[test]
    fn the_code_of_a_line_is_the_one_at_its_end() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::at_end_of(&code.tag("broken [ST0101]")), Some(*code));
        }
        for line in ["", "broken", "broken [ST9999]", "[ST0101] broken"] {
            assert_eq!(ErrorCode::at_end_of(line), None, "{line}");
        }
    }

    #[test]
    fn an_error_in_one_line_ends_with_its_code() {
        let used = StateError::InUse { place: "stocktake.db".into() };
        assert_eq!(
            crate::chain(&used),
            "state at stocktake.db is in use by another process [ST0501]"
        );
    }
}
