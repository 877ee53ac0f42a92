//! A token endpoint's success, and what its token says of itself.
#![no_main]

use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;
use stocktake_auth::{Claims, fuzzing};
use stocktake_connector_core::AccessToken;

fuzz_target!(|body: &[u8]| {
    let asked_at = DateTime::UNIX_EPOCH;
    if let Ok(token) = fuzzing::token_response(body, asked_at) {
        let ends = token.expires_at().expect("a token has an end");
        assert!(ends >= asked_at && ends <= asked_at + TimeDelta::hours(48));
        let _ = Claims::decode(&token);
    }
    // A token on its own, too: three parts in base64 inside JSON are hard to come by.
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = Claims::decode(&AccessToken::new(text.to_owned(), None));
    }
});
