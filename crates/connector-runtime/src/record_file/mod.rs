//! Records from files: every shape in which people and tools keep what the APIs returned.
//!
//! ```text
//! bytes ─▶ Utf8Text (encodings) ─▶ Pieces (objects) ─▶ RecordFile (records of one kind)
//! ```
//!
//! A JSON list, responses of the API, one object, and one object per line are read, in any
//! arrangement and in any Unicode encoding but UTF-32. Anything else is refused in a sentence that
//! says what it is. A file is read while its records are used, so that its size does not matter.
//!
//! What a file does not contain is not absent: [`RecordFile::gap`] says why it may not be the whole
//! list.

mod encoding;
mod foreign;
mod kind;
mod pieces;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::path::Path;

use stocktake_connector_core::MalformedRecord;
use stocktake_odata::{LONGEST_PAYLOAD, WirePage, parse_page};

use self::encoding::Utf8Text;
pub(crate) use self::kind::FileRecord;
use self::kind::{Recognised, recognise};
pub(crate) use self::pieces::{Object, PageFacts, Piece, Pieces, Text};
use crate::command_error::CommandError;

/// Records that come at once, at most: as many as in a page of the API, in which of two records of one
/// device one stands for it.
const BATCH: usize = 10_000;
/// Bytes that are parsed at once, unless one record has more.
const BATCH_BYTES: usize = 32 * 1024 * 1024;

/// Other entries that may precede the first record: a file that has more is something else.
const MOST_FOREIGN: usize = 1_000;

/// Text from a file or from standard input.
pub(crate) struct TextFile {
    pub(crate) text: Box<dyn Read>,
    /// For messages.
    pub(crate) name: String,
    /// Whether it ends by itself, which a pipe may not.
    pub(crate) is_finite: bool,
}

impl TextFile {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// When it cannot be read, or is not text. The message names it.
    pub(crate) fn open(path: &Path) -> Result<Self, CommandError> {
        let (name, bytes, is_finite): (_, Box<dyn Read>, _) = if path.as_os_str() == "-" {
            ("standard input".to_owned(), Box::new(io::stdin()), false)
        } else {
            let name = path.display().to_string();
            let file = File::open(path).map_err(|error| cannot_read(&name, &error))?;
            let is_finite = file.metadata().is_ok_and(|metadata| metadata.is_file());
            (name, Box::new(file), is_finite)
        };
        let file = Self::new(bytes, name)?;
        Ok(Self { is_finite, ..file })
    }

    /// The text of bytes that may not end.
    ///
    /// # Errors
    /// As for [`TextFile::open`].
    pub(crate) fn new(bytes: Box<dyn Read>, name: String) -> Result<Self, CommandError> {
        match Utf8Text::new(bytes) {
            Ok(Ok(text)) => Ok(Self { text: Box::new(text), name, is_finite: false }),
            Ok(Err(what)) => Err(CommandError::failed(format!("{name} {what}"))),
            Err(error) => Err(cannot_read(&name, &error)),
        }
    }
}

impl fmt::Debug for TextFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextFile").field("name", &self.name).finish_non_exhaustive()
    }
}

fn cannot_read(name: &str, error: &io::Error) -> CommandError {
    CommandError::failed(format!("cannot read {name}: {error}"))
}

/// Why a file may not have every record that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Gap {
    /// It says so, or breaks off.
    Incomplete(String),
    /// It does not say, but nothing can be concluded from what it lacks: it has one record or none.
    NoList(String),
}

/// A file with records of one kind.
pub(crate) struct RecordFile<R> {
    pieces: Pieces<Box<dyn Read>>,
    name: String,
    is_finite: bool,
    tally: Tally,
    /// Entries before the first record that are something else.
    early: Vec<MalformedRecord>,
    kind: PhantomData<R>,
}

/// What a file has shown so far.
#[derive(Debug, Default)]
struct Tally {
    /// Records of the kind, including those that cannot be used.
    records: u64,
    lists: u64,
    pages_with_next: u64,
    last_pages: u64,
    has_error: bool,
    is_delta: bool,
    total: Option<u64>,
    breaks_off: bool,
}

impl Tally {
    fn add_page(&mut self, facts: PageFacts) {
        self.lists += 1;
        if facts.has_next {
            self.pages_with_next += 1;
        } else {
            self.last_pages += 1;
        }
        self.has_error |= facts.has_error;
        self.is_delta |= facts.is_delta;
        self.total = self.total.max(facts.total);
    }
}

impl<R: FileRecord> RecordFile<R> {
    /// Opens a file; `-` is standard input.
    ///
    /// # Errors
    /// As for [`TextFile::open`].
    pub(crate) fn open(path: &Path) -> Result<Self, CommandError> {
        TextFile::open(path).map(Self::new)
    }

    /// The records of a text.
    pub(crate) fn new(file: TextFile) -> Self {
        let TextFile { text, name, is_finite } = file;
        Self {
            pieces: Pieces::with_pages(text),
            name,
            is_finite,
            tally: Tally::default(),
            early: Vec::new(),
            kind: PhantomData,
        }
    }

    /// Whether it ends by itself, which a pipe may not.
    pub(crate) fn is_finite(&self) -> bool {
        self.is_finite
    }

    /// Whether no record has come yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.tally.records == 0
    }

    /// The next records; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read, exceeds a bound, or is something else. The message says what.
    pub(crate) fn next_page(&mut self) -> Result<Option<WirePage<R>>, CommandError> {
        let mut batch = Vec::new();
        let mut malformed = Vec::new();
        let mut count = 0;
        let mut has_ended = false;
        while count < BATCH && malformed.len() < BATCH && batch.len() < BATCH_BYTES {
            if !self.is_finite && count + malformed.len() > 0 && self.pieces.is_dry() {
                break;
            }
            let piece = self.pieces.next().map_err(|error| Self::failed(&self.name, &error))?;
            let Some(piece) = piece else {
                has_ended = true;
                break;
            };
            match piece {
                Piece::Object(object) => match recognise::<R>(&object) {
                    Recognised::Record(text) if std::str::from_utf8(&text).is_ok() => {
                        self.tally.records += 1;
                        count += 1;
                        batch.push(b',');
                        batch.extend_from_slice(&text);
                    }
                    Recognised::Record(text) => {
                        self.tally.records += 1;
                        let payload = text.get(..LONGEST_PAYLOAD).unwrap_or(&text);
                        let payload = String::from_utf8_lossy(payload).into_owned();
                        let line = object.text.line;
                        let reason = format!("its text, in line {line}, is not valid Unicode");
                        malformed.push(MalformedRecord { uid: None, reason, payload });
                    }
                    Recognised::Unusable(problem) => {
                        self.tally.records += 1;
                        malformed.push(entry(object.text, &problem));
                    }
                    Recognised::Foreign(what) => self.early.push(entry(object.text, &what)),
                },
                Piece::Other(text) if text.bytes.starts_with(b"{") => {
                    self.tally.records += 1;
                    malformed.push(entry(text, "is not complete JSON"));
                }
                Piece::Other(text) => self.early.push(entry(text, &foreign::value(text.bytes))),
                Piece::ListEnd => self.tally.lists += 1,
                Piece::PageEnd(facts) => self.tally.add_page(facts),
                Piece::BrokenOff => self.tally.breaks_off = true,
            }
            if self.tally.records > 0 {
                malformed.append(&mut self.early);
            } else if self.early.len() > MOST_FOREIGN {
                break;
            }
        }
        if self.tally.records == 0 && (has_ended || self.early.len() > MOST_FOREIGN) {
            self.check_kind()?;
        }
        if count == 0 && malformed.is_empty() && has_ended {
            return Ok(None);
        }
        let mut page = Self::parse(batch).map_err(|error| Self::failed(&self.name, &error))?;
        page.malformed.append(&mut malformed);
        Ok(Some(page))
    }

    /// Parses records, each with a comma before it.
    fn parse(mut batch: Vec<u8>) -> Result<WirePage<R>, stocktake_odata::PageError> {
        const START: &[u8] = b"{\"value\":[";
        batch.splice(..batch.len().min(1), START.iter().copied());
        batch.extend_from_slice(b"]}");
        parse_page(&batch)
    }

    fn failed(name: &str, error: &dyn fmt::Display) -> CommandError {
        CommandError::failed(format!("{name}: {error}"))
    }

    /// Refuses a file without a single record, unless it is an empty list.
    fn check_kind(&self) -> Result<(), CommandError> {
        let (name, many) = (&self.name, R::MANY);
        let problem = match self.early.first() {
            Some(entry) => format!("is not a list of {many}: {}", entry.reason),
            None if self.tally.breaks_off => {
                format!("breaks off before the first of its {many}: its list is not closed")
            }
            None if self.tally.lists == 0 => {
                format!("is empty; an empty list of {many} would be []")
            }
            None => return Ok(()),
        };
        Err(CommandError::failed(format!("{name} {problem}")))
    }

    /// Why the file may not have every record that there is; known at its end.
    pub(crate) fn gap(&self) -> Option<Gap> {
        let Self { name, tally, .. } = self;
        let many = R::MANY;
        let incomplete = |why: &str| {
            Some(Gap::Incomplete(format!("{name} is not the whole list of {many}: it {why}")))
        };
        if tally.breaks_off {
            return incomplete("breaks off before its brackets are closed");
        }
        if tally.has_error {
            return incomplete("contains an error next to its records");
        }
        if tally.pages_with_next > 0 && tally.last_pages == 0 {
            return incomplete(
                "links to a next page (`@odata.nextLink`); add the pages that follow",
            );
        }
        if tally.is_delta {
            return incomplete("lists changes only (`@odata.deltaLink`)");
        }
        if let Some(total) = tally.total.filter(|total| *total > tally.records) {
            return incomplete(&format!(
                "has {} of {total} records (`@odata.count`)",
                tally.records
            ));
        }
        let no_list = |what: String| Some(Gap::NoList(format!("{name} {what}")));
        match (tally.lists, tally.records) {
            (_, 0) => no_list(format!("has no {many}")),
            (0, 1) => no_list(format!("has one {}, not a list", R::ONE)),
            _ => None,
        }
    }
}

/// An entry of a file that is not a record, or not a usable one. Its text is not kept: what is
/// something else may hold secrets.
fn entry(text: Text<'_>, problem: &str) -> MalformedRecord {
    let reason = format!("the entry in line {} {problem}", text.line);
    MalformedRecord { uid: None, reason, payload: String::new() }
}

#[cfg(test)]
mod tests;
