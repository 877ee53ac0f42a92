//! Pages: the records of an OData envelope, unreadable ones set aside.
//!
//! A valid page is read in one typed pass. Only when that fails is the page cut into its elements,
//! by matching brackets outside of strings, and each element read alone: a record with broken JSON
//! inside costs itself and not its neighbours. (The public sample of *List machines* is such a
//! record.) A record whose fields can be told apart is then read field by field: a value with invalid
//! UTF-8, half of a surrogate pair or a number out of range costs its field and not its record.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use stocktake_connector_core::{DeviceUid, MalformedRecord};

use crate::reading::Reading;
use crate::record::{RawValue, RecordSeed, WireRecord};

/// Most records that one page may hold. The largest documented page has 10,000.
pub const MOST_RECORDS: usize = 100_000;

/// Longest payload kept of a malformed record, in bytes: what every store keeps of a dead letter.
pub const LONGEST_PAYLOAD: usize = 64 * 1024;

/// One page of a listing as it came over the wire.
#[derive(Debug, PartialEq)]
pub struct WirePage<R> {
    /// The records that could be read, in the remote's order.
    pub records: Vec<R>,
    /// The ones that could not.
    pub malformed: Vec<MalformedRecord>,
    /// Where the next page is, unchecked.
    pub next_link: Option<String>,
}

/// Why a page as a whole could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// It ends before its brackets or quotes are closed: its records cannot be separated.
    #[error("the page breaks off: its brackets or quotes are not closed")]
    BrokenOff,
    /// The runtime stopped.
    #[error("the runtime stopped before the page was read")]
    Interrupted,
    /// It is something else.
    #[error("the response is not a JSON object with a `value` list")]
    NotAnEnvelope,
    /// It holds more records than the bound allows.
    #[error("the page holds more than {MOST_RECORDS} records (bound `MOST_RECORDS`)")]
    TooManyRecords,
}

/// Reads a page: `{"value": [...], "@odata.nextLink": "..."}`.
///
/// # Errors
/// [`PageError`] when not even the list of records can be found. A record that cannot be read is
/// not an error but an entry of [`WirePage::malformed`].
///
/// ```
/// use stocktake_odata::parse_page;
///
/// # #[derive(Debug, Default)]
/// # struct Machine { id: Option<String>, unreadable: Vec<stocktake_connector_core::UnreadableValue> }
/// # stocktake_odata::wire_record! { Machine("machine") { "id" => id: stocktake_odata::Text } }
/// // Two values in a row are not JSON, but the neighbour survives.
/// let body = br#"{"value":[{"id":"a","os":"x" "y"},{"id":"b","os":"z"}]}"#;
/// let page = parse_page::<Machine>(body).unwrap();
/// assert_eq!(page.records.len(), 1);
/// assert_eq!(page.malformed[0].uid.as_ref().unwrap().as_str(), "a");
/// ```
pub fn parse_page<R: WireRecord>(body: &[u8]) -> Result<WirePage<R>, PageError> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    // Checking the page for UTF-8 as a whole takes a fraction of what checking each short text does.
    let envelope = std::str::from_utf8(body)
        .ok()
        .and_then(|text| serde_json::from_str::<Envelope<R>>(text).ok());
    match envelope {
        Some(envelope) => Ok(WirePage {
            records: envelope.records,
            malformed: Vec::new(),
            next_link: envelope.next_link,
        }),
        None => cut(body),
    }
}

struct Envelope<R> {
    records: Vec<R>,
    next_link: Option<String>,
}

#[derive(Deserialize)]
#[serde(field_identifier)]
enum Key {
    #[serde(rename = "value")]
    Value,
    #[serde(rename = "@odata.nextLink")]
    NextLink,
    #[serde(other)]
    Other,
}

impl<'de, R: WireRecord> Deserialize<'de> for Envelope<R> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V<R>(PhantomData<R>);
        impl<'de, R: WireRecord> Visitor<'de> for V<R> {
            type Value = Envelope<R>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with a `value` list")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Envelope<R>, A::Error> {
                let mut records = None;
                let mut next_link = None;
                let mut reading = Reading::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Value => {
                            let records = records.get_or_insert_with(Vec::new);
                            map.next_value_seed(Records { records, reading: &mut reading })?;
                        }
                        Key::NextLink => next_link = map.next_value::<Option<String>>()?,
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Envelope {
                    records: records.ok_or_else(|| A::Error::missing_field("value"))?,
                    next_link: usable(next_link),
                })
            }
        }
        deserializer.deserialize_map(V(PhantomData))
    }
}

struct Records<'a, R> {
    records: &'a mut Vec<R>,
    reading: &'a mut Reading,
}

impl<'de, R: WireRecord> DeserializeSeed<'de> for Records<'_, R> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, R: WireRecord> Visitor<'de> for Records<'_, R> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(record) = seq.next_element_seed(RecordSeed::new(self.reading))? {
            if self.records.len() >= MOST_RECORDS {
                return Err(A::Error::custom(PageError::TooManyRecords));
            }
            self.records.push(record);
        }
        Ok(())
    }
}

fn usable(link: Option<String>) -> Option<String> {
    link.filter(|link| !link.trim().is_empty())
}

/// The slow way: cuts the page first and reads each record alone.
fn cut<R: WireRecord>(body: &[u8]) -> Result<WirePage<R>, PageError> {
    let mut rest = Scan { bytes: body, at: 0 };
    let mut page = WirePage { records: Vec::new(), malformed: Vec::new(), next_link: None };
    let mut found = false;
    let mut reading = Reading::default();
    if rest.next_token() != Some(b'{') {
        return Err(PageError::NotAnEnvelope);
    }
    rest.at += 1;
    loop {
        match rest.next_token().ok_or(PageError::BrokenOff)? {
            b'}' => break,
            b',' => rest.at += 1,
            b'"' => {
                let key = rest.value(b",}")?;
                if rest.next_token().ok_or(PageError::BrokenOff)? != b':' {
                    return Err(PageError::NotAnEnvelope);
                }
                rest.at += 1;
                let first = rest.next_token().ok_or(PageError::BrokenOff)?;
                if key == b"\"value\"" {
                    if first != b'[' {
                        return Err(PageError::NotAnEnvelope);
                    }
                    found = true;
                    rest.at += 1;
                    cut_records(&mut rest, &mut page, &mut reading)?;
                } else {
                    let value = rest.value(b",}")?;
                    if key == b"\"@odata.nextLink\"" {
                        // An unreadable link must not pass for the end of the listing.
                        let link = serde_json::from_slice(value);
                        page.next_link = usable(link.map_err(|_| PageError::NotAnEnvelope)?);
                    }
                }
            }
            _ => return Err(PageError::NotAnEnvelope),
        }
    }
    rest.at += 1;
    if found && rest.next_token().is_none() { Ok(page) } else { Err(PageError::NotAnEnvelope) }
}

/// Cuts the elements of the list that `rest` stands in, up to and with its closing bracket.
fn cut_records<R: WireRecord>(
    rest: &mut Scan<'_>,
    page: &mut WirePage<R>,
    reading: &mut Reading,
) -> Result<(), PageError> {
    loop {
        match rest.next_token().ok_or(PageError::BrokenOff)? {
            b']' => {
                rest.at += 1;
                return Ok(());
            }
            b',' => rest.at += 1,
            _ => {
                let record = rest.value(b",]")?;
                if page.records.len() + page.malformed.len() >= MOST_RECORDS {
                    return Err(PageError::TooManyRecords);
                }
                match read_alone(record, reading) {
                    Ok(record) => page.records.push(record),
                    Err(error) => page.malformed.push(malformed(record, &error)),
                }
            }
        }
    }
}

/// Reads one record that is not part of a page.
///
/// # Errors
/// When it is not an object whose fields can be told apart, or a required field cannot be read.
pub fn parse_record<R: WireRecord>(record: &[u8]) -> Result<R, serde_json::Error> {
    read_alone(record, &mut Reading::default())
}

/// Reads one record; field by field where it cannot be read in one go.
fn read_alone<R: WireRecord>(record: &[u8], reading: &mut Reading) -> Result<R, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(record);
    let whole = RecordSeed::<R>::new(reading).deserialize(&mut deserializer);
    match whole.and_then(|whole| deserializer.end().map(|()| whole)) {
        // What was noted before the error is noted again.
        Err(error) => match read_by_field(record, reading) {
            Some(Ok(mut record)) => {
                R::set_unreadable(&mut record, reading.take_unreadable());
                Ok(record)
            }
            found => {
                reading.take_unreadable();
                Err(found.and_then(Result::err).unwrap_or(error))
            }
        },
        whole => whole,
    }
}

/// Reads an object whose names and values are told apart by their quotes, brackets and separators;
/// `None` when they cannot be. A value that is not JSON costs its field.
fn read_by_field<R: WireRecord>(
    record: &[u8],
    reading: &mut Reading,
) -> Option<Result<R, serde_json::Error>> {
    let mut rest = Scan { bytes: record, at: 0 };
    let mut read = R::default();
    rest.take(b'{')?;
    if rest.next_token()? != b'}' {
        loop {
            if rest.next_token()? != b'"' {
                return None;
            }
            let name = rest.value(b",}").ok()?;
            rest.take(b':')?;
            rest.next_token()?;
            let value = RawValue(rest.value(b",}").ok()?);
            // A name that is not text is none that is known.
            let name = serde_json::from_slice::<String>(name).unwrap_or_default();
            if let Err(error) = read.read_field(&name, value, reading) {
                return Some(Err(error));
            }
            match rest.next_token()? {
                b',' => rest.at += 1,
                _ => break,
            }
        }
    }
    rest.take(b'}')?;
    rest.next_token().is_none().then_some(Ok(read))
}

fn malformed(record: &[u8], error: &serde_json::Error) -> MalformedRecord {
    let kept = record.get(..LONGEST_PAYLOAD).unwrap_or(record);
    let mut payload = String::from_utf8_lossy(kept).into_owned();
    // The replacement of a byte that is not UTF-8 has three.
    let mut length = payload.len().min(LONGEST_PAYLOAD);
    while !payload.is_char_boundary(length) {
        length -= 1;
    }
    payload.truncate(length);
    MalformedRecord {
        uid: find_id(record),
        reason: format!("record cannot be read: {error}"),
        payload,
    }
}

/// The `id` of an object that may be broken behind it.
fn find_id(record: &[u8]) -> Option<DeviceUid> {
    DeviceUid::new(find_text(record, "id")?.trim()).ok()
}

/// A text of an object that may be broken around it; null is empty. `None` when the object does not
/// have it, or its value cannot be read.
///
/// ```
/// use stocktake_odata::find_text;
///
/// let record = br#"{"id":"a","os":"x" "y","owner":null,"size":"#;
/// assert_eq!(find_text(record, "id").as_deref(), Some("a"));
/// assert_eq!(find_text(record, "owner").as_deref(), Some(""));
/// assert_eq!(find_text(record, "size"), None);
/// ```
pub fn find_text(record: &[u8], name: &str) -> Option<String> {
    let mut rest = Scan { bytes: record, at: 0 };
    if rest.next_token()? != b'{' {
        return None;
    }
    rest.at += 1;
    while let Some(token) = rest.next_token() {
        if token != b'"' {
            rest.at += 1;
            continue;
        }
        let key = rest.value(b",}").ok()?;
        if rest.next_token()? != b':' {
            continue;
        }
        rest.at += 1;
        rest.next_token()?;
        let value = rest.value(b",}").ok()?;
        if key.strip_prefix(b"\"").and_then(|key| key.strip_suffix(b"\"")) == Some(name.as_bytes())
        {
            return serde_json::from_slice::<Option<String>>(value)
                .ok()
                .map(Option::unwrap_or_default);
        }
    }
    None
}

/// Walks over JSON that may be broken, without recursion.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The next byte that is not blank; it is not taken.
    fn next_token(&mut self) -> Option<u8> {
        while let Some(byte) = self.bytes.get(self.at) {
            if !byte.is_ascii_whitespace() {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    /// Takes `token`, which may stand behind blanks.
    fn take(&mut self, token: u8) -> Option<()> {
        (self.next_token()? == token).then(|| self.at += 1)
    }

    /// Takes one value: a string, whatever one pair of brackets holds, or bytes up to one of `stop`
    /// or to an opening bracket. Takes at least one byte.
    fn value(&mut self, stop: &[u8; 2]) -> Result<&'a [u8], PageError> {
        let start = self.at;
        match self.bytes.get(start) {
            Some(b'{' | b'[') => self.skip_brackets()?,
            Some(b'"') => self.skip_string()?,
            _ => {
                self.at += 1;
                while let Some(byte) = self.bytes.get(self.at) {
                    match byte {
                        b'{' | b'[' => break,
                        byte if stop.contains(byte) => break,
                        b'"' => self.skip_string()?,
                        _ => self.at += 1,
                    }
                }
            }
        }
        let value = self.bytes.get(start..self.at).ok_or(PageError::BrokenOff)?;
        Ok(value.trim_ascii_end())
    }

    fn skip_string(&mut self) -> Result<(), PageError> {
        self.at += 1;
        loop {
            match self.bytes.get(self.at).ok_or(PageError::BrokenOff)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(())
    }

    /// A closing bracket closes the nearest opening one of its kind and what stands open inside, so
    /// that a bracket that is missing deep in a record stays the matter of that record.
    fn skip_brackets(&mut self) -> Result<(), PageError> {
        let mut open = Vec::new();
        loop {
            let byte = *self.bytes.get(self.at).ok_or(PageError::BrokenOff)?;
            let closes = match byte {
                b'"' => {
                    self.skip_string()?;
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
            if let Some(opening) = closes {
                match open.iter().rposition(|bracket| *bracket == opening) {
                    Some(depth) => open.truncate(depth),
                    // It would close the list around this record: what follows cannot be separated.
                    None => return Err(PageError::BrokenOff),
                }
            }
            self.at += 1;
            if open.is_empty() {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests;
