//! Tables of plain text.

use std::fmt;

use stocktake_telemetry::Escaped;

/// On which side the cells of a column stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table with a heading.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let columns =
            columns.into_iter().map(|(heading, align)| (heading.to_owned(), align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row; cells beyond the columns are not shown. A row is one line, whatever is in its cells.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| Escaped(&cell).to_string()).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings: Vec<String> =
            self.columns.iter().map(|(heading, _)| heading.clone()).collect();
        let lines = || std::iter::once(&headings).chain(&self.rows);
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|column| {
                lines().filter_map(|line| line.get(column)).map(|cell| cell.chars().count()).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        for (number, line) in lines().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let mut text = String::new();
            for (((_, align), width), cell) in self.columns.iter().zip(&widths).zip(line) {
                let padding = " ".repeat(width.saturating_sub(cell.chars().count()));
                match align {
                    Align::Left => text.extend([cell.as_str(), &padding, "  "]),
                    Align::Right => text.extend([padding.as_str(), cell, "  "]),
                }
            }
            f.write_str(text.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new([("os", Align::Left), ("devices", Align::Right)]);
        table.row(["Windows".into(), "12".into()]);
        table.row(["macOS".into(), "3".into()]);
        assert_eq!(table.to_string(), "os       devices\nWindows       12\nmacOS          3");
    }

    #[test]
    fn a_row_is_one_line() {
        let mut table = Table::new([("os", Align::Left)]);
        table.row(["a\nb\u{202e}".into()]);
        assert_eq!(table.to_string(), "os\na\\nb\\u202e");
    }
}
