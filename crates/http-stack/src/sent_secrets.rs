//! Secrets that requests carry, taken out of what comes back.
//!
//! A gateway, a proxy or a debug page may send a request back in its error, and every text of an error
//! ends in logs, reports and state. So each response is cleared of the secrets of its own request before
//! anything reads it: nothing is global, and it holds for any scheme of authentication.

use std::collections::HashSet;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderValue, Response};
use memchr::memmem;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

/// Stands in place of a secret.
const REDACTED: &[u8] = b"[secret]";

/// The shortest run of a longer secret that is taken out: a remote may cut what it sends back at either
/// end.
const SHORTEST_RUN: usize = 12;

/// A shorter secret is taken out where it stands alone, and stays within a word.
const SHORTEST_WITHIN_WORDS: usize = 8;

/// A success is searched for this much of a secret's start and end.
const SEARCHED: usize = 16;

/// A larger success is a list of records: it is searched for the start of secrets as they are.
const LARGE: usize = 256 * 1024;

/// Secrets that a request carries beside its authentication, in a form or a header of its own. A caller
/// puts them into the request's extensions; an error that repeats one has `[secret]` in its place.
///
/// ```
/// use bytes::Bytes;
/// use http::Request;
/// use stocktake_http_stack::SentSecrets;
///
/// let request = Request::post("https://login.example.com/token")
///     .extension(SentSecrets::new(["s3cr3t".into()]))
///     .body(Bytes::from("client_secret=s3cr3t"))?;
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct SentSecrets {
    secrets: Vec<SecretString>,
    /// Whether successes are cleared too: not those of token endpoints, which send a secret themselves.
    in_successes: bool,
}

impl SentSecrets {
    /// These secrets.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Self {
        Self { secrets: secrets.into_iter().collect(), in_successes: false }
    }

    /// These as well, in successes too: the authentication of a request.
    pub(crate) fn with_authentication(
        mut self,
        more: impl IntoIterator<Item = SecretString>,
    ) -> Self {
        self.secrets.extend(more);
        self.in_successes = true;
        self
    }

    /// These as well.
    pub(crate) fn with(mut self, more: &Self) -> Self {
        self.secrets.extend_from_slice(&more.secrets);
        self
    }

    /// Takes the secrets out of a response, before anything reads it.
    pub(crate) fn clear(&self, response: &mut Response<Bytes>) {
        if self.secrets.is_empty() {
            return;
        }
        let is_success = response.status().is_success();
        if is_success && (!self.in_successes || self.is_absent_in_large(response.body())) {
            return;
        }
        let spellings = self.spellings();
        if is_success && !is_repeated(response.body(), &spellings) {
            return;
        }
        if !is_success {
            for value in response.headers_mut().values_mut() {
                if let Some(clear) = cleared(value.as_bytes(), &spellings)
                    && let Ok(clear) = HeaderValue::from_bytes(&clear)
                {
                    *value = clear;
                }
            }
        }
        if let Some(clear) = cleared(response.body(), &spellings) {
            *response.body_mut() = Bytes::from(clear);
        }
    }

    /// Whether `body` is large and repeats no secret: without the cost of its spellings.
    fn is_absent_in_large(&self, body: &[u8]) -> bool {
        let is_repeated = |secret: &SecretString| {
            let secret = secret.expose_secret().as_bytes();
            secret.len() >= SHORTEST_WITHIN_WORDS
                && memmem::find(body, secret.get(..SEARCHED).unwrap_or(secret)).is_some()
        };
        body.len() > LARGE && !self.secrets.iter().any(is_repeated)
    }

    /// Takes the secrets out of a text that was read from a response: a parser may have turned an
    /// unusual spelling into the secret. Returns whether there was one.
    pub(crate) fn clear_text(&self, text: &mut String) -> bool {
        let clear = cleared(text.as_bytes(), &self.spellings());
        if let Some(clear) = &clear {
            *text = String::from_utf8_lossy(clear).into_owned();
        }
        clear.is_some()
    }

    /// Every secret as responses may spell it, without repetitions.
    fn spellings(&self) -> Vec<Zeroizing<String>> {
        let mut all: Vec<Zeroizing<String>> = Vec::new();
        for secret in &self.secrets {
            let secret = secret.expose_secret();
            let json = escape_json(secret);
            let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            let path = form.replace('+', "%20");
            for spelling in [
                escape_json(&json),
                json.replace('/', r"\/"),
                json,
                lower_hex(&form),
                lower_hex(&path),
                form,
                path,
                escape_html(secret),
                STANDARD.encode(secret),
                URL_SAFE_NO_PAD.encode(secret),
                secret.to_owned(),
            ] {
                let spelling = Zeroizing::new(spelling);
                if !spelling.is_empty() && !all.contains(&spelling) {
                    all.push(spelling);
                }
            }
        }
        all
    }
}

impl fmt::Debug for SentSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentSecrets").finish_non_exhaustive()
    }
}

fn escape_json(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Percent-encoded text with the hexadecimal digits in lower case.
fn lower_hex(encoded: &str) -> String {
    let mut digits = 0;
    encoded
        .chars()
        .map(|character| {
            if character == '%' {
                digits = 2;
                return character;
            }
            if digits > 0 {
                digits -= 1;
                return character.to_ascii_lowercase();
            }
            character
        })
        .collect()
}

/// Whether a success repeats a secret, by its start or its end.
fn is_repeated(body: &[u8], spellings: &[Zeroizing<String>]) -> bool {
    spellings.iter().filter(|spelling| spelling.len() >= SHORTEST_WITHIN_WORDS).any(|spelling| {
        let bytes = spelling.as_bytes();
        let ends = [bytes.first_chunk::<SEARCHED>(), bytes.last_chunk::<SEARCHED>()];
        let ends = ends.map(|end| end.map_or(bytes, |end| end.as_slice()));
        ends.iter().any(|end| memmem::find(body, end).is_some())
    })
}

/// `text` without any secret; `None` when it has none.
fn cleared(text: &[u8], spellings: &[Zeroizing<String>]) -> Option<Vec<u8>> {
    let mut is_secret = Vec::new();
    for spelling in spellings {
        mark(text, spelling.as_bytes(), &mut is_secret);
    }
    if is_secret.is_empty() {
        return None;
    }
    let mut clear = Vec::with_capacity(text.len());
    let mut is_within = false;
    for (byte, secret) in text.iter().zip(is_secret) {
        match (secret, is_within) {
            (true, false) => clear.extend_from_slice(REDACTED),
            (true, true) => {}
            (false, _) => clear.push(*byte),
        }
        is_within = secret;
    }
    Some(clear)
}

/// Marks every run of `secret` in `text`. `is_secret` stays empty as long as there is none.
fn mark(text: &[u8], secret: &[u8], is_secret: &mut Vec<bool>) {
    let mut set = |start: usize, length: usize| {
        is_secret.resize(text.len(), false);
        for is_secret in is_secret.iter_mut().skip(start).take(length) {
            *is_secret = true;
        }
    };
    if secret.len() >= SHORTEST_RUN {
        let runs: HashSet<_> = secret.windows(SHORTEST_RUN).collect();
        for (start, window) in text.windows(SHORTEST_RUN).enumerate() {
            if runs.contains(window) {
                set(start, SHORTEST_RUN);
            }
        }
        return;
    }
    for start in memmem::find_iter(text, secret) {
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let before = start.checked_sub(1).and_then(|at| text.get(at));
        let is_alone = !is_word(before) && !is_word(text.get(start + secret.len()));
        if secret.len() >= SHORTEST_WITHIN_WORDS || is_alone {
            set(start, secret.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header::{LOCATION, WWW_AUTHENTICATE};
    use proptest::prelude::*;

    use super::*;

    fn cleared_text(secret: &str, text: &str) -> String {
        let mut text = text.to_owned();
        SentSecrets::new([secret.into()]).clear_text(&mut text);
        text
    }

    #[test]
    fn a_secret_is_taken_out_even_where_it_is_cut() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        for (text, expected) in [
            ("nothing", "nothing"),
            ("a abcdefghijklmnopqrstuvwxyz b", "a [secret] b"),
            ("the start abcdefghijklm…", "the start [secret]…"),
            ("the end …opqrstuvwxyz", "the end …[secret]"),
            ("the middle …ghijklmnopqr…", "the middle …[secret]…"),
            ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "[secret]"),
            ("abcdefghijk is too short", "abcdefghijk is too short"),
        ] {
            assert_eq!(cleared_text(secret, text), expected);
        }
    }

    #[test]
    fn a_short_secret_is_taken_out_and_words_stay_whole() {
        assert_eq!(cleared_text("pwd", "the pwd: pwd."), "the [secret]: [secret].");
        assert_eq!(cleared_text("k", "the key k is unknown"), "the key [secret] is unknown");
        assert_eq!(cleared_text("passw0rd", "xpassw0rdx"), "x[secret]x");
        assert_eq!(cleared_text("", "text"), "text");
    }

    #[test]
    fn every_spelling_of_a_secret_is_taken_out() {
        let secret = "c4n/ry+ \"quoted\" & <tagged>=";
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = serde_json::to_string(secret).unwrap();
        for spelling in [
            secret.to_owned(),
            json.clone(),
            json.replace('/', r"\/"),
            serde_json::to_string(&json).unwrap(),
            form.clone(),
            form.replace('+', "%20"),
            lower_hex(&form),
            escape_html(secret),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
        ] {
            let text = cleared_text(secret, &format!("you sent {spelling} to us"));
            for part in ["quoted", "tagged", "c4n"] {
                assert!(!text.contains(part), "{spelling}: {text}");
            }
            assert!(text.contains("[secret]") && text.ends_with("to us"), "{spelling}: {text}");
        }
    }

    fn response(status: u16, body: &'static str) -> Response<Bytes> {
        Response::builder()
            .status(status)
            .header(WWW_AUTHENTICATE, format!("Bearer error=\"{SECRET}\""))
            .header(LOCATION, "https://example.com/")
            .body(Bytes::from(body))
            .unwrap()
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const ECHO: &str = r#"{"error": "0123456789abcdef0123456789abcdef"}"#;
    const CLEAR: &str = r#"{"error": "[secret]"}"#;

    #[test]
    fn errors_are_cleared_with_their_headers() {
        let mut error = response(400, ECHO);
        SentSecrets::new([SECRET.into()]).clear(&mut error);
        assert_eq!(error.body(), CLEAR);
        assert_eq!(error.headers()[WWW_AUTHENTICATE], "Bearer error=\"[secret]\"");
        assert_eq!(error.headers()[LOCATION], "https://example.com/");
    }

    #[test]
    fn a_success_is_cleared_of_the_authentication_alone() {
        let mut granted = response(200, ECHO);
        SentSecrets::new([SECRET.into()]).clear(&mut granted);
        assert_eq!(granted.body(), ECHO, "the response of a token endpoint stays as it is");
        let mut success = response(200, ECHO);
        SentSecrets::default().with_authentication([SECRET.into()]).clear(&mut success);
        assert_eq!(success.body(), CLEAR);
    }

    #[test]
    fn debug_hides_the_secrets() {
        assert!(!format!("{:?}", SentSecrets::new(["canary".into()])).contains("canary"));
    }

    proptest! {
        #[test]
        fn no_run_of_a_secret_is_left(
            secret in "[ -~]{12,40}", before in ".{0,20}", after in ".{0,20}",
            cut in 0usize..12,
        ) {
            // What is left of a cut secret is long enough to be found.
            let cut = cut.min(secret.len() - SHORTEST_RUN);
            for shown in [&secret[cut..], &secret[..secret.len() - cut]] {
                let text = cleared_text(&secret, &format!("{before}{shown}{after}"));
                prop_assert!(!text.contains(shown), "{text}");
            }
        }

        #[test]
        fn any_text_is_cleared_without_a_panic(secret in ".{0,20}", text in any::<Vec<u8>>()) {
            let secrets = SentSecrets::new([secret.into()]);
            let _ = cleared(&text, &secrets.spellings());
        }
    }
}
