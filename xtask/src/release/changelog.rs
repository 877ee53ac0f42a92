//! The changelog: a section for what is not released yet, then one for each version.

use anyhow::{Context as _, ensure};
use chrono::NaiveDate;

/// Where it is, from the root of the repository.
pub(super) const FILE: &str = "CHANGELOG.md";

const UNRELEASED: &str = "## Unreleased";

/// Makes what is unreleased the section of `version`, and leaves an empty one above it.
pub(super) fn close(text: &str, version: &str, date: NaiveDate) -> anyhow::Result<String> {
    let (before, after) = split(text, UNRELEASED)?;
    ensure!(!body(after).is_empty(), "nothing is listed under `{UNRELEASED}`");
    let other = text.lines().any(|line| line.starts_with(&format!("## {version} ")));
    ensure!(!other, "it has a section of {version} already");
    Ok(format!("{before}{UNRELEASED}\n\n## {version} - {date}\n\n{}", after.trim_start()))
}

/// What is listed under a version.
pub(super) fn section<'a>(text: &'a str, version: &str) -> anyhow::Result<&'a str> {
    let (_, after) = split(text, &format!("## {version} - "))?;
    // The rest of the heading is the day.
    Ok(body(after.split_once('\n').map_or("", |(_, rest)| rest)))
}

/// What stands before a heading, and what after it.
fn split<'a>(text: &'a str, heading: &str) -> anyhow::Result<(&'a str, &'a str)> {
    let at = text
        .match_indices(heading)
        .map(|(at, _)| at)
        .find(|at| {
            text.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with('\n'))
        })
        .with_context(|| format!("it has no heading `{heading}`"))?;
    let (before, rest) = text.split_at(at);
    Ok((before, rest.get(heading.len()..).unwrap_or_default()))
}

/// The text up to the next heading of the same rank.
fn body(text: &str) -> &str {
    text.split("\n## ").next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Changelog\n\nWords.\n\n## Unreleased\n\n- New.\n\n### Fixed\n\n- Old.\n\n\
                        ## 0.1.0 - 2026-01-02\n\n- First.\n";

    fn day() -> NaiveDate {
        "2026-11-26".parse().unwrap()
    }

    #[test]
    fn what_is_unreleased_becomes_the_versions() {
        let closed = close(TEXT, "0.2.0", day()).unwrap();
        assert_eq!(
            closed,
            "# Changelog\n\nWords.\n\n## Unreleased\n\n## 0.2.0 - 2026-11-26\n\n- New.\n\n\
             ### Fixed\n\n- Old.\n\n## 0.1.0 - 2026-01-02\n\n- First.\n"
        );
        assert_eq!(section(&closed, "0.2.0").unwrap(), "- New.\n\n### Fixed\n\n- Old.");
        assert_eq!(section(&closed, "0.1.0").unwrap(), "- First.");
        assert!(section(&closed, "0.1").is_err());
    }

    #[test]
    fn a_release_without_changes_is_refused() {
        let closed = close(TEXT, "0.2.0", day()).unwrap();
        let error = close(&closed, "0.3.0", day()).unwrap_err().to_string();
        assert!(error.contains("nothing is listed"), "{error}");
        assert!(
            close("# Changelog\n", "0.3.0", day()).unwrap_err().to_string().contains("heading")
        );
        assert!(close(TEXT, "0.1.0", day()).is_err());
    }
}
