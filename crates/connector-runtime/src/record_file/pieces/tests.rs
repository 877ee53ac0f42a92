//! Pieces, whatever way the text comes.

use super::*;
use proptest::prelude::*;

/// Gives out a few bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let (first, rest) = self.0.split_at(self.0.len().min(self.1).min(target.len()));
        target[..first.len()].copy_from_slice(first);
        self.0 = rest;
        Ok(first.len())
    }
}

fn cut(text: &str, at_once: usize) -> Vec<String> {
    let mut pieces = Pieces::with_pages(Slow(text.as_bytes(), at_once));
    let mut all = Vec::new();
    while let Some(piece) = pieces.next().unwrap() {
        let shown = |text: Text<'_>| String::from_utf8_lossy(text.bytes).into_owned();
        all.push(match piece {
            Piece::Object(object) => shown(object.text),
            Piece::Other(text) => format!("other {}", shown(text)),
            Piece::ListEnd => "list".to_owned(),
            Piece::PageEnd(facts) if facts.has_next => "page, more".to_owned(),
            Piece::PageEnd(_) => "page".to_owned(),
            Piece::BrokenOff => "broken off".to_owned(),
        });
    }
    all
}

#[test]
fn text_is_cut_into_its_objects() {
    for (text, expected) in [
        ("", &[][..]),
        (" \n", &[]),
        (r#"{"a":1}"#, &[r#"{"a":1}"#]),
        ("{\"a\":1}\r\n{\"b\":\"}\"}\r\n", &[r#"{"a":1}"#, r#"{"b":"}"}"#]),
        ("{\"a\":1}\r{\"b\":2}\r", &[r#"{"a":1}"#, r#"{"b":2}"#]),
        (r#"{"a":1} {"b":2},{"c":3}"#, &[r#"{"a":1}"#, r#"{"b":2}"#, r#"{"c":3}"#]),
        ("{\n  \"a\": [1]\n}\n{\n}", &["{\n  \"a\": [1]\n}", "{\n}"]),
        ("\u{1e}{}\n\u{feff}{}", &["{}", "{}"]),
        ("[]", &["list"]),
        (r#"[{"a":1},{"b":2}]"#, &[r#"{"a":1}"#, r#"{"b":2}"#, "list"]),
        (
            r#"[{"a":1},null,[{}],"x"]"#,
            &[r#"{"a":1}"#, "other null", "{}", "list", "other \"x\"", "list"],
        ),
        (r#"{"n":"x","value":[{"a":1}],"@odata.nextLink":"y"}"#, &[r#"{"a":1}"#, "page, more"]),
        (r#"{"@odata.nextLink":"y","Value" : [ {"a":1} ] }"#, &[r#"{"a":1}"#, "page, more"]),
        (r#"{"value":[{}],"@odata.nextLink":null}{"value":[]}"#, &["{}", "page", "page"]),
        (
            r#"[{"value":[{}]},{"value":[{}],"value":[{}]}]"#,
            &["{}", "page", "{}", "{}", "page", "list"],
        ),
        (r#"{"value":{"a":1}}"#, &[r#"{"value":{"a":1}}"#]),
        // Broken at the top level: the line is lost, and no other.
        ("{\"a\":\n{\"b\":2}\n{\"c\":3}", &["other {\"a\":", r#"{"b":2}"#, r#"{"c":3}"#]),
        ("{\"a\":\"x\n{\"b\":2}\n[{}]\n", &["other {\"a\":\"x", r#"{"b":2}"#, "{}", "list"]),
        ("{\"a\":1\n{\"value\":[{}]}\n", &["other {\"a\":1", "{}", "page"]),
        ("no\n{}", &["other no", "{}"]),
        ("{}}\n{}", &["{}", "other }", "{}"]),
        // Broken in a list: what is inside of an object stays there.
        (r#"[{"a":"x" "y"},{"b":[},{}]"#, &[r#"{"a":"x" "y"}"#, r#"{"b":[}"#, "{}", "list"]),
        (r#"[{"a":1},{"b"#, &[r#"{"a":1}"#, "broken off"]),
        (r#"[{"a":1},"#, &[r#"{"a":1}"#, "broken off"]),
        (r#"{"value":[{"a":1}"#, &[r#"{"a":1}"#, "broken off"]),
        (r#"{"value":[{"a":1}],"n":"#, &[r#"{"a":1}"#, "broken off"]),
        (r#"[{"a":1}}, {}]"#, &[r#"{"a":1}"#, "other }", "{}", "list"]),
    ] {
        for at_once in [1, 7, 1000] {
            assert_eq!(cut(text, at_once), expected, "{text} by {at_once} bytes");
        }
    }
}

#[test]
fn facts_of_a_page_are_read_before_and_behind_its_list() {
    let page = r#"{"@odata.count":12,"value":[],"error":{"code":"x"},"@odata.deltaLink":"y"}"#;
    let mut pieces = Pieces::with_pages(page.as_bytes());
    let Some(Piece::PageEnd(facts)) = pieces.next().unwrap() else { panic!("no page") };
    let expected = PageFacts { has_next: false, has_error: true, is_delta: true, total: Some(12) };
    assert_eq!(facts, expected);
    for name in ["@odata.nextLink", "odata.nextLink", "@nextLink", "nextLink", "NextLink"] {
        let page = format!("{{\"value\":[],\"{name}\":\"x\",\"Count\":0}}");
        let mut pieces = Pieces::with_pages(page.as_bytes());
        let piece = pieces.next().unwrap();
        assert!(
            matches!(piece, Some(Piece::PageEnd(PageFacts { has_next: true, total: None, .. }))),
            "{name}: {piece:?}"
        );
    }
}

#[test]
fn lines_are_counted_at_every_kind_of_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["{}", "", "{", "}", "{}"].join(end);
        for at_once in [1, 1000] {
            let mut pieces = Pieces::of_objects(Slow(text.as_bytes(), at_once));
            let mut lines = Vec::new();
            while let Some(Piece::Object(object)) = pieces.next().unwrap() {
                lines.push(object.text.line);
            }
            assert_eq!(lines, [1, 3, 5], "{end:?} by {at_once}");
        }
    }
}

#[test]
fn an_endless_object_is_an_error_that_names_its_bound() {
    for start in ["{\"a\":\"", "[1"] {
        let endless = start.as_bytes().chain(io::repeat(b'1'));
        let error = Pieces::with_pages(endless).next().map(drop).unwrap_err();
        assert!(error.to_string().contains("LONGEST_OBJECT"), "{error}");
    }
}

#[test]
fn endless_blanks_do_not_fill_the_memory() {
    let blanks = io::repeat(b'\n').take(3 * LONGEST_OBJECT as u64).chain(b"{}".as_slice());
    let mut pieces = Pieces::with_pages(blanks);
    assert!(matches!(pieces.next(), Ok(Some(Piece::Object(_)))));
    assert!(pieces.buffer.capacity() < 4 * CHUNK, "{}", pieces.buffer.capacity());
}

#[test]
fn many_broken_lines_take_linear_time() {
    let text = "{\"a\":[\n".repeat(30_000);
    let mut pieces = Pieces::with_pages(text.as_bytes());
    let mut count = 0;
    while let Some(piece) = pieces.next().unwrap() {
        assert!(matches!(piece, Piece::Other(_)));
        count += 1;
    }
    assert_eq!(count, 30_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_bytes_make_it_panic_or_loop(
        bytes in "[\\[\\]{}\",:\\\\a\n\r 1]{0,40}",
        at_once in 1_usize..5,
    ) {
        cut(&bytes, at_once);
        cut(&bytes.replace('a', "\"value\":"), at_once);
    }
}
