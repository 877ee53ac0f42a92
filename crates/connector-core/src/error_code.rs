//! Stable codes of the errors that an operator can meet.
//!
//! A code never changes its meaning; each has a page under `docs/errors`. Programs act on
//! [`Recovery`](crate::Recovery) and exit codes, people look codes up.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal),* $(,)?) => {
        /// What an error is looked up by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode { $($(#[$doc])* #[serde(rename = $code)] $name),* }

        impl ErrorCode {
            /// Every code, in the order of the catalogue.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as it is printed.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

codes! {
    /// The configuration, or an argument, cannot be used.
    Configuration = "ST0101",
    /// Entra, or the platform, refuses a token until an operator changes something.
    TokenRefused = "ST0201",
    /// The credential cannot be presented: its file is missing or holds something else.
    CredentialUnreadable = "ST0202",
    /// No token can be had for now.
    TokenUnavailable = "ST0203",
    /// The configured login host is not a login host.
    NoLoginHost = "ST0204",
    /// The token lacks a permission.
    PermissionMissing = "ST0205",
    /// The API does not accept the token.
    TokenNotAccepted = "ST0206",
    /// A source or enrichment API asks to slow down.
    ApiThrottled = "ST0301",
    /// A source or enrichment API cannot be reached or does not respond in time.
    ApiUnavailable = "ST0302",
    /// A cursor points to another origin.
    ForeignCursor = "ST0303",
    /// A listing repeats a cursor.
    RepeatedCursor = "ST0304",
    /// A listing has more pages than allowed.
    TooManyPages = "ST0305",
    /// A response is larger than allowed.
    AnswerTooLarge = "ST0306",
    /// A response is not what the API documents.
    AnswerMalformed = "ST0307",
    /// A source or enrichment API refuses the request itself.
    RequestRefused = "ST0308",
    /// A source or enricher failed in a way of its own.
    SourceFailed = "ST0309",
    /// The pages of a listing bring nothing new.
    ListingStalled = "ST0310",
    /// An enrichment does not give what it gave before.
    EnrichmentOutage = "ST0311",
    /// The sink does not accept the credential.
    SinkKeyRefused = "ST0401",
    /// The sink cannot be reached, asks to slow down, or does not finish in time.
    SinkUnavailable = "ST0402",
    /// The sink refuses the request itself.
    SinkRequestRefused = "ST0403",
    /// The sink refuses one event after the other.
    SinkRefusesEverything = "ST0404",
    /// The sink failed in a way of its own.
    SinkFailed = "ST0405",
    /// Files of events cannot be written.
    SinkFile = "ST0406",
    /// The response of the sink is not understood.
    SinkAnswer = "ST0407",
    /// Another process uses the state.
    StateInUse = "ST0501",
    /// The state was written by a newer program.
    StateNewer = "ST0502",
    /// The file of the state holds something else.
    StateDamaged = "ST0503",
    /// The state cannot be read or written.
    StateFailed = "ST0504",
    /// Another worker holds the tenant.
    LeaseLost = "ST0505",
    /// The accounts of a cycle do not balance.
    Imbalance = "ST0601",
    /// A stage of a cycle panicked.
    StagePanicked = "ST0602",
    /// A cycle was stopped before everything was delivered.
    Stopped = "ST0603",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
        let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
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

    #[test]
    fn no_code_stands_for_two_errors() {
        let codes: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_code_is_written_as_it_is_printed() {
        for code in ErrorCode::ALL {
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }
}
