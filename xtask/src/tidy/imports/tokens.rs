//! Rust source as the few tokens that paths are made of. Comments and literals are left out.

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or a keyword.
    Word(String),
    /// `::`
    PathSeparator,
    /// Any other character of punctuation.
    Mark(char),
}

impl Token {
    pub(super) fn is_mark(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }

    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            _ => None,
        }
    }
}

/// Reads a whole file. Source that does not compile gives some tokens too.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let (token, length) = match next {
            '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => (None, block_comment(rest)),
            '"' => (None, string(rest)),
            '\'' => (None, character_or_lifetime(rest)),
            ':' if rest.starts_with("::") => (Some(Token::PathSeparator), 2),
            _ if next.is_alphanumeric() || next == '_' => word(rest),
            _ if next.is_whitespace() => (None, next.len_utf8()),
            _ => (Some(Token::Mark(next)), next.len_utf8()),
        };
        tokens.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    tokens
}

/// An identifier, or the literal that starts like one: a number, `b"…"`, `r#"…"#`.
fn word(rest: &str) -> (Option<Token>, usize) {
    let end = rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if word.starts_with(|first: char| first.is_ascii_digit()) {
        return (None, end);
    }
    match word {
        "b" | "c" if after.starts_with('"') => (None, end + string(after)),
        "b" if after.starts_with('\'') => (None, end + character_or_lifetime(after)),
        "r" | "br" | "cr" if after.starts_with(['"', '#']) => match raw_string(after) {
            Some(length) => (None, end + length),
            // `r#type`: an identifier that is a keyword.
            None => (None, end + 1),
        },
        _ => (Some(Token::Word(word.to_owned())), end),
    }
}

/// The length of `"…"`.
fn string(rest: &str) -> usize {
    let mut is_escaped = false;
    for (place, char) in rest.char_indices().skip(1) {
        match char {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `#"…"#` after the `r`, if it is one.
fn raw_string(rest: &str) -> Option<usize> {
    let hashes = rest.len() - rest.trim_start_matches('#').len();
    let body = rest.get(hashes..)?.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(body.find(&end).map_or(rest.len(), |at| hashes + 1 + at + end.len()))
}

/// The length of a character, or of the quote of a lifetime.
fn character_or_lifetime(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => {
            chars.find(|(_, char)| *char == '\'').map_or(rest.len(), |(place, _)| place + 1)
        }
        (Some(_), Some((place, '\''))) => place + 1,
        _ => 1,
    }
}

/// The length of a comment that may hold others.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut place = 0;
    while let Some(inner) = rest.get(place..).filter(|inner| !inner.is_empty()) {
        if inner.starts_with("/*") {
            depth += 1;
            place += 2;
        } else if inner.starts_with("*/") {
            depth -= 1;
            place += 2;
            if depth == 0 {
                return place;
            }
        } else {
            place += inner.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source).iter().filter_map(|token| token.word().map(str::to_owned)).collect()
    }

    #[test]
    fn comments_and_literals_are_left_out() {
        let source = r####"
            a /* b /* c */ d */ e // f
            "g \" h" i 'j' k '\'' l '\u{1f}' m 'n: o b"p" q br##"r "# s"## t r#type 1_u8 é
        "####;
        let expected = ["a", "e", "i", "k", "l", "m", "n", "o", "q", "t", "type", "é"];
        assert_eq!(words(source), expected);
    }

    #[test]
    fn a_file_that_ends_midway_is_read_to_its_end() {
        for source in ["a \"b", "a /* b", "a r#\"b", "a '\\", "a '"] {
            assert_eq!(words(source), ["a"], "{source}");
        }
    }

    #[test]
    fn a_path_has_separators() {
        let expected = [
            Token::Word("a".into()),
            Token::PathSeparator,
            Token::Word("b".into()),
            Token::Mark(';'),
        ];
        assert_eq!(tokens("a::b;"), expected);
    }
}
