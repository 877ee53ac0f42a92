//! Secrets that come back in an answer, taken out of what is told of it.

use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded;

use stocktake_connector_core::ApiError;

/// So many bytes of a secret are as bad as the whole: a message is cut before it gets here, and an
/// assertion is longer than the longest message.
const TELLING: usize = 16;

/// Takes `secrets` out of every text of an answer, as they are and as a form spells them.
pub(crate) fn conceal<'a>(
    error: &mut ApiError,
    secrets: impl IntoIterator<Item = &'a SecretString>,
) {
    for secret in secrets {
        let secret = secret.expose_secret();
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        for spelling in [secret, &encoded] {
            error.message = without(&error.message, spelling);
            error.code = error.code.as_deref().map(|code| without(code, spelling));
            error.request_id = error.request_id.as_deref().map(|id| without(id, spelling));
        }
    }
}

/// `text` with every start of `secret` in it replaced.
fn without(text: &str, secret: &str) -> String {
    let telling: usize = secret
        .chars()
        .scan(0, |taken, character| {
            let before = *taken;
            *taken += character.len_utf8();
            (before < TELLING).then_some(character.len_utf8())
        })
        .sum();
    let Some(head) = secret.get(..telling).filter(|head| !head.is_empty()) else {
        return text.to_owned();
    };
    let mut clear = String::new();
    let mut rest = text;
    while let Some((before, from)) = rest.find(head).and_then(|at| rest.split_at_checked(at)) {
        clear.push_str(before);
        clear.push_str("[secret]");
        let same = from.chars().zip(secret.chars()).take_while(|(one, other)| one == other);
        let length = same.map(|(character, _)| character.len_utf8()).sum();
        rest = from.get(length..).unwrap_or_default();
    }
    clear.push_str(rest);
    clear
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_concealed_even_where_it_is_cut() {
        let secret = "abcdefghijklmnopqrstuvwxyz";
        for (text, expected) in [
            ("nothing", "nothing"),
            ("a abcdefghijklmnopqrstuvwxyz b", "a [secret] b"),
            ("cut abcdefghijklmnopqrs…", "cut [secret]…"),
            ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "[secret][secret]"),
            ("abcdefghijklmno too short to tell", "abcdefghijklmno too short to tell"),
        ] {
            assert_eq!(without(text, secret), expected);
        }
        assert_eq!(without("short: pwd.", "pwd"), "short: [secret].");
        assert_eq!(without("é", ""), "é");
        assert_eq!(without("ééééééééééé", "éééééééééé"), "[secret]é");
    }
}
