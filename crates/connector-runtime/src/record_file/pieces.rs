//! JSON from files, cut into objects while it is read.
//!
//! The shapes in which people keep records are one grammar here: any number of JSON values in a row,
//! each an object, a list, or a page (an object whose `value` is a list), lists and pages nested in
//! each other. Only the object that is being cut is in memory.
//!
//! Objects are cut by matching brackets outside of strings, as the pages of the APIs are: one that
//! is broken inside costs itself. One whose brackets do not match swallows what follows; at the top
//! level the lines after it are read again, each as a value of its own.

use std::io::{self, Read};
use std::ops::Range;

/// Longest object that is read, in bytes: far above any real one, low enough to protect memory.
pub(crate) const LONGEST_OBJECT: usize = 16 * 1024 * 1024;

/// Bytes that are read at once.
const CHUNK: usize = 128 * 1024;

/// Lists and pages that are nested in each other, at most: tools wrap pages once or twice.
const DEEPEST: usize = 8;

/// A part of a file.
#[derive(Debug)]
pub(crate) enum Piece<'a> {
    /// An object that is not a page. Broken JSON may be inside.
    Object(Object<'a>),
    /// Another value, or a line that is not an object.
    Other(Text<'a>),
    /// A list has ended.
    ListEnd,
    /// A page has ended.
    PageEnd(PageFacts),
    /// The file ends, or cannot be cut any further, in the middle of a list or a page. The last piece.
    BrokenOff,
}

/// Text of a file, and where it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) bytes: &'a [u8],
    /// Counted from 1.
    pub(crate) line: u64,
}

/// An object, and where its members are in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'a> {
    pub(crate) text: Text<'a>,
    members: &'a [Member],
}

impl<'a> Object<'a> {
    /// The names, without quotes and as they are escaped, with their raw values.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let bytes = self.text.bytes;
        self.members.iter().filter_map(move |Member { name, value }| {
            Some((bytes.get(name.clone())?, bytes.get(value.clone())?))
        })
    }
}

/// Where a member is in its object: the name inside of the quotes, and the value.
#[derive(Debug, Clone)]
struct Member {
    name: Range<usize>,
    value: Range<usize>,
}

/// What a page says about the listing that it belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct PageFacts {
    /// It links to a next page.
    pub(crate) has_next: bool,
    /// It contains an error next to its records.
    pub(crate) has_error: bool,
    /// It lists changes, not all records.
    pub(crate) is_delta: bool,
    /// How many records the listing has, over all pages.
    pub(crate) total: Option<u64>,
}

impl PageFacts {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        let is_empty = matches!(value, b"null" | b"\"\"" | b"{}" | b"");
        let name = name.to_ascii_lowercase();
        let annotation = name.strip_prefix(b"@").unwrap_or(&name);
        match annotation.strip_prefix(b"odata.").unwrap_or(annotation) {
            b"nextlink" if !is_empty => self.has_next = true,
            b"deltalink" if !is_empty => self.is_delta = true,
            // `Count`, without `odata`, is PowerShell's and counts this list alone.
            b"count" if name.len() > b"@count".len() => {
                self.total = std::str::from_utf8(value).ok().and_then(|value| value.parse().ok());
            }
            b"error" if !is_empty => self.has_error = true,
            _ => {}
        }
    }
}

/// Why a file cannot be read further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CutError {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error(
        "an object of it is longer than {LONGEST_OBJECT} bytes (bound `LONGEST_OBJECT`), or its \
         brackets and quotes are not closed"
    )]
    TooLong,
}

/// What is open around the next piece.
#[derive(Debug, Clone, Copy)]
enum Container {
    List,
    Page(PageFacts),
}

/// Why an object ends without its bracket.
enum Unclosed {
    /// The end of the file, a bracket of what is around it, or a line end within a string.
    Broken,
    Fault(CutError),
}

impl From<CutError> for Unclosed {
    fn from(error: CutError) -> Self {
        Self::Fault(error)
    }
}

/// How an object ended.
enum ObjectEnd {
    Closed,
    /// Its `value` is a list, whose bracket comes next.
    IsPage(PageFacts),
}

/// Cuts JSON text into pieces.
pub(crate) struct Pieces<R> {
    input: R,
    /// Where the input is read into.
    chunk: Vec<u8>,
    buffer: Vec<u8>,
    /// What is before is not needed any more.
    start: usize,
    at: usize,
    /// The line in which `start` is.
    line: u64,
    /// Whether the byte before `start` is a carriage return.
    after_return: bool,
    /// Nothing behind it is looked at: the end of a line.
    limit: Option<usize>,
    has_ended: bool,
    around: Vec<Container>,
    /// Whether objects with a list as `value` are pages.
    pages: bool,
    /// Whether each line is a value of its own: an object did not end where it should.
    by_line: bool,
    members: Vec<Member>,
}

impl<R: Read> Pieces<R> {
    /// Pieces of UTF-8 text that may contain pages.
    pub(crate) fn with_pages(input: R) -> Self {
        Self { pages: true, ..Self::of_objects(input) }
    }

    /// Pieces of UTF-8 text in which every object is an object.
    pub(crate) fn of_objects(input: R) -> Self {
        Self {
            input,
            chunk: vec![0; CHUNK],
            buffer: Vec::new(),
            start: 0,
            at: 0,
            line: 1,
            after_return: false,
            limit: None,
            has_ended: false,
            around: Vec::new(),
            pages: false,
            by_line: false,
            members: Vec::new(),
        }
    }

    /// Whether the next piece may have to be waited for.
    pub(crate) fn is_dry(&self) -> bool {
        !self.has_ended && self.buffer.get(self.at..).unwrap_or_default().trim_ascii().is_empty()
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the text cannot be read, or an object exceeds its bound.
    pub(crate) fn next(&mut self) -> Result<Option<Piece<'_>>, CutError> {
        loop {
            let Some(byte) = self.first_token()? else {
                let is_whole = self.around.is_empty();
                return Ok(if is_whole { None } else { Some(self.break_off()) });
            };
            match (self.around.last().copied(), byte) {
                (_, b',') => self.at += 1,
                (Some(Container::List), b']') => {
                    self.at += 1;
                    self.around.pop();
                    // The end of a page's list is reported with the page.
                    if !matches!(self.around.last(), Some(Container::Page(_))) {
                        return Ok(Some(Piece::ListEnd));
                    }
                }
                (Some(Container::Page(facts)), b'}') => {
                    self.at += 1;
                    self.around.pop();
                    return Ok(Some(Piece::PageEnd(facts)));
                }
                (Some(Container::Page(_)), _) => match self.rest_of_page() {
                    Ok(()) => {}
                    Err(Unclosed::Broken) => return Ok(Some(self.break_off())),
                    Err(Unclosed::Fault(error)) => return Err(error),
                },
                (None, b'{' | b'[') if self.by_line && !self.closes_in_line()? => {
                    return self.other_line().map(Some);
                }
                (_, b'[') if self.around.len() < DEEPEST => {
                    self.at += 1;
                    self.around.push(Container::List);
                }
                (around, b'{') => {
                    let is_top = around.is_none();
                    match self.object() {
                        Ok(ObjectEnd::Closed) => {
                            let object = Object { text: self.text(), members: &self.members };
                            return Ok(Some(Piece::Object(object)));
                        }
                        Ok(ObjectEnd::IsPage(facts)) => {
                            self.around.extend([Container::Page(facts), Container::List]);
                        }
                        Err(Unclosed::Fault(CutError::Read(error))) => return Err(error.into()),
                        Err(_) if is_top && !self.by_line => {
                            self.by_line = true;
                            self.at = self.start;
                        }
                        Err(Unclosed::Broken) => return Ok(Some(self.break_off())),
                        Err(Unclosed::Fault(error)) => return Err(error),
                    }
                }
                (None, _) => return self.other_line().map(Some),
                (Some(Container::List), _) => match self.value(b",]") {
                    Ok(()) => return Ok(Some(Piece::Other(self.text()))),
                    Err(Unclosed::Broken) => return Ok(Some(self.break_off())),
                    Err(Unclosed::Fault(error)) => return Err(error),
                },
            }
        }
    }

    /// Gives up: what follows cannot be separated.
    fn break_off(&mut self) -> Piece<'_> {
        self.around.clear();
        self.has_ended = true;
        self.buffer.truncate(self.at);
        Piece::BrokenOff
    }

    /// Moves over members behind the list of a page, to its bracket or to another list.
    fn rest_of_page(&mut self) -> Result<(), Unclosed> {
        let ended = self.members_until_bracket(true);
        let facts = self.page_facts();
        if let Some(Container::Page(page)) = self.around.last_mut() {
            page.has_next |= facts.has_next;
            page.has_error |= facts.has_error;
            page.is_delta |= facts.is_delta;
            page.total = page.total.or(facts.total);
        }
        match ended? {
            ObjectEnd::IsPage(_) => self.around.push(Container::List),
            // Taken again as the end of the page.
            ObjectEnd::Closed => self.at -= 1,
        }
        Ok(())
    }

    fn page_facts(&self) -> PageFacts {
        let mut facts = PageFacts::default();
        let object = Object { text: self.text(), members: &self.members };
        object.members().for_each(|(name, value)| facts.note(name, value));
        facts
    }

    /// Moves over an object, or into the list of a page.
    fn object(&mut self) -> Result<ObjectEnd, Unclosed> {
        self.at += 1;
        self.members_until_bracket(self.pages && self.around.len() + 1 < DEEPEST)
    }

    fn members_until_bracket(&mut self, may_be_page: bool) -> Result<ObjectEnd, Unclosed> {
        self.members.clear();
        loop {
            match self.token()?.ok_or(Unclosed::Broken)? {
                b'}' => {
                    self.at += 1;
                    return Ok(ObjectEnd::Closed);
                }
                b']' => return Err(Unclosed::Broken),
                b'{' | b'[' => self.brackets(true)?,
                b'"' => {
                    let name = self.at + 1 - self.start;
                    self.string()?;
                    let name = name..self.at - 1 - self.start;
                    if self.token()? != Some(b':') {
                        continue;
                    }
                    self.at += 1;
                    let first = self.token()?.ok_or(Unclosed::Broken)?;
                    let bytes = self.buffer.get(self.start..).unwrap_or_default();
                    let is_value = bytes
                        .get(name.clone())
                        .is_some_and(|name| name.eq_ignore_ascii_case(b"value"));
                    if may_be_page && is_value && first == b'[' {
                        self.at += 1;
                        return Ok(ObjectEnd::IsPage(self.page_facts()));
                    }
                    let value = self.at - self.start;
                    self.value(b",}")?;
                    let value = value..value + self.trimmed(value);
                    self.members.push(Member { name, value });
                }
                _ => self.at += 1,
            }
        }
    }

    /// The length of what was moved over since `from`, without blanks at its end.
    fn trimmed(&self, from: usize) -> usize {
        let bytes = self.buffer.get(self.start + from..self.at).unwrap_or_default();
        bytes.trim_ascii_end().len()
    }

    /// What was moved over.
    fn text(&self) -> Text<'_> {
        let bytes = self.buffer.get(self.start..self.at).unwrap_or_default();
        Text { bytes: bytes.trim_ascii_end(), line: self.line }
    }

    /// Whether the brackets that open here close in the same line. Moves nowhere.
    fn closes_in_line(&mut self) -> Result<bool, CutError> {
        self.limit = Some(self.line_end()?);
        let closes = self.brackets(false).is_ok();
        self.limit = None;
        self.at = self.start;
        Ok(closes)
    }

    fn other_line(&mut self) -> Result<Piece<'_>, CutError> {
        self.at = self.line_end()?;
        Ok(Piece::Other(self.text()))
    }

    /// Where the line ends that begins at `start`.
    fn line_end(&mut self) -> Result<usize, CutError> {
        let mut length = 0;
        loop {
            let rest = self.buffer.get(self.start + length..).unwrap_or_default();
            if let Some(more) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                return Ok(self.start + length + more);
            }
            length += rest.len();
            if !self.fill()? {
                return Ok(self.buffer.len());
            }
        }
    }

    /// Moves over a string, whatever one pair of brackets holds, or bytes up to one of `stop` or to
    /// an opening bracket; over one byte at least.
    fn value(&mut self, stop: &[u8; 2]) -> Result<(), Unclosed> {
        match self.peek()? {
            Some(b'{' | b'[') => return self.brackets(stop == b",}"),
            Some(b'"') => return self.string(),
            _ => self.at += 1,
        }
        while let Some(byte) = self.peek()? {
            match byte {
                b'{' | b'[' => break,
                byte if stop.contains(&byte) => break,
                b'"' => self.string()?,
                _ => self.at += 1,
            }
        }
        Ok(())
    }

    /// Moves over a string. A line end within one is not JSON, and shows at the top level that a
    /// quote is missing: the next line is another value.
    fn string(&mut self) -> Result<(), Unclosed> {
        let ends_with_line = self.around.is_empty();
        self.at += 1;
        loop {
            let rest = self.buffer.get(self.at..self.end()).unwrap_or_default();
            let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'\n' | b'\r');
            let special = rest.iter().position(is_special);
            self.at += special.unwrap_or(rest.len());
            match self.peek()?.ok_or(Unclosed::Broken)? {
                b'"' => {
                    self.at += 1;
                    return Ok(());
                }
                b'\\' => self.at += 2,
                b'\n' | b'\r' if ends_with_line => return Err(Unclosed::Broken),
                b'\n' | b'\r' => self.at += 1,
                // The text went on behind what was in the buffer.
                _ => {}
            }
        }
    }

    /// Moves over what a pair of brackets holds. A closing bracket closes the nearest opening one of
    /// its kind and what is open inside, so that a missing bracket deep in an object stays within it:
    /// `in_object`, a brace too many is that of the object around.
    fn brackets(&mut self, in_object: bool) -> Result<(), Unclosed> {
        let mut open = Vec::new();
        loop {
            let byte = self.peek()?.ok_or(Unclosed::Broken)?;
            let opening = match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => {
                    open.push(byte);
                    None
                }
                b'}' => Some(b'{'),
                b']' => Some(b'['),
                _ => None,
            };
            if let Some(opening) = opening {
                match open.iter().rposition(|bracket| *bracket == opening) {
                    Some(depth) => open.truncate(depth),
                    None if in_object && byte == b'}' => return Ok(()),
                    None => return Err(Unclosed::Broken),
                }
            }
            self.at += 1;
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// The first byte of the next piece; the one before is not needed any more.
    fn first_token(&mut self) -> Result<Option<u8>, CutError> {
        self.release();
        loop {
            match self.peek()? {
                // A record separator (RFC 7464) stands before each value of a sequence.
                Some(b' ' | b'\t' | b'\n' | b'\r' | 0x1E) => self.at += 1,
                // Files that were joined have byte order marks in their middle.
                Some(0xEF) if self.around.is_empty() && self.is_at_mark()? => self.at += 3,
                byte => {
                    self.release();
                    return Ok(byte);
                }
            }
            if self.at >= self.buffer.len() {
                self.release();
            }
        }
    }

    /// The next byte within a piece that is not blank; it is not taken.
    fn token(&mut self) -> Result<Option<u8>, CutError> {
        loop {
            match self.peek()? {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                byte => return Ok(byte),
            }
        }
    }

    fn is_at_mark(&mut self) -> Result<bool, CutError> {
        while self.buffer.len() < self.at + 3 {
            if !self.fill()? {
                return Ok(false);
            }
        }
        let rest = self.buffer.get(self.at..).unwrap_or_default();
        Ok(rest.starts_with(b"\xEF\xBB\xBF"))
    }

    fn end(&self) -> usize {
        self.limit.unwrap_or(self.buffer.len())
    }

    /// The next byte; it is not taken.
    fn peek(&mut self) -> Result<Option<u8>, CutError> {
        while self.at >= self.end() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Lets go of everything before `at`.
    fn release(&mut self) {
        for byte in self.buffer.get(self.start..self.at).unwrap_or_default() {
            self.line += u64::from(*byte == b'\r' || (*byte == b'\n' && !self.after_return));
            self.after_return = *byte == b'\r';
        }
        self.start = self.at.min(self.buffer.len());
    }

    /// Reads more; `false` at the end.
    fn fill(&mut self) -> Result<bool, CutError> {
        if self.has_ended || self.limit.is_some() {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.at -= self.start;
            self.start = 0;
        }
        if self.buffer.len() >= LONGEST_OBJECT {
            return Err(CutError::TooLong);
        }
        let read = loop {
            match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                ended => break ended?,
            }
        };
        self.buffer.extend_from_slice(self.chunk.get(..read).unwrap_or_default());
        self.has_ended = read == 0;
        Ok(!self.has_ended)
    }
}

#[cfg(test)]
mod tests;
