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
    /// It holds an error of the server, which failed after it had sent the status: what is there is a
    /// part at most.
    #[error("the response holds an error of the server{0}")]
    ServerError(ServerCode),
    /// It has a part twice, so that one of the two would be lost.
    #[error("the page has more than one `{0}`")]
    Doubled(&'static str),
}

/// The code of an error that came inside a response, if it has one that can be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerCode(Option<String>);

impl ServerCode {
    /// Longest code that is shown, in bytes.
    const LONGEST: usize = 64;

    fn read(error: &[u8]) -> Self {
        let code = find_text(error, "code").filter(|code| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
            (1..=Self::LONGEST).contains(&code.len()) && code.bytes().all(is_plain)
        });
        Self(code)
    }
}

impl fmt::Display for ServerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |code| write!(f, ": {code}"))
    }
}

/// Reads a page: `{"value": [...], "@odata.nextLink": "..."}`.
///
/// # Errors
/// [`PageError`] when not even the list of records can be found, or when the response says itself that
/// it is a part: with an error next to the records
/// (<https://docs.oasis-open.org/odata/odata-json-format/v4.01/>, in-stream errors), or with a second
/// list or link. A record that cannot be read is not an error but an entry of
/// [`WirePage::malformed`].
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

/// What a property of an envelope is. Annotations are compared without case and without the prefix
/// that newer versions of OData leave out: a link that is not recognized would end the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Value,
    NextLink,
    Error,
    Other,
}

impl Key {
    const NEXT_LINK: &str = "@odata.nextLink";

    fn of(name: &str) -> Self {
        if name == "value" {
            return Self::Value;
        }
        let name = name.strip_prefix('@').unwrap_or(name);
        let bare = match name.split_at_checked("odata.".len()) {
            Some((prefix, bare)) if prefix.eq_ignore_ascii_case("odata.") => bare,
            _ => name,
        };
        match bare {
            bare if bare.eq_ignore_ascii_case("nextLink") => Self::NextLink,
            bare if bare.eq_ignore_ascii_case("error") => Self::Error,
            _ => Self::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Key;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a property")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
                Ok(Key::of(name))
            }
        }
        deserializer.deserialize_str(V)
    }
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
                // Whatever is an error here is looked at again, and named, by `cut`.
                let mut records = None;
                let mut next_link = None;
                let mut reading = Reading::default();
                while let Some(key) = map.next_key()? {
                    match key {
                        Key::Value if records.is_some() => {
                            return Err(A::Error::duplicate_field("value"));
                        }
                        Key::Value => {
                            let records = records.get_or_insert_with(Vec::new);
                            map.next_value_seed(Records { records, reading: &mut reading })?;
                        }
                        Key::NextLink => {
                            if next_link.replace(map.next_value::<Option<String>>()?).is_some() {
                                return Err(A::Error::duplicate_field(Key::NEXT_LINK));
                            }
                        }
                        Key::Error => {
                            if map.next_value::<Option<IgnoredAny>>()?.is_some() {
                                return Err(A::Error::custom("an error"));
                            }
                        }
                        Key::Other => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(Envelope {
                    records: records.ok_or_else(|| A::Error::missing_field("value"))?,
                    next_link: usable(next_link.flatten()),
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
    let mut page = WirePage { records: Vec::new(), malformed: Vec::new(), next_link: None };
    let (mut has_list, mut link, mut error) = (false, None, None);
    let mut reading = Reading::default();
    let ended = walk(body, |key, rest| {
        match key {
            Key::Value if has_list => return Err(PageError::Doubled("value")),
            Key::Value => {
                if rest.next_token() != Some(b'[') {
                    return Err(PageError::NotAnEnvelope);
                }
                has_list = true;
                rest.at += 1;
                cut_records(rest, &mut page, &mut reading)?;
            }
            Key::NextLink => {
                // An unreadable link must not pass for the end of the listing.
                let found = serde_json::from_slice::<Option<String>>(rest.value(b",}")?);
                if link.replace(found.map_err(|_| PageError::NotAnEnvelope)?).is_some() {
                    return Err(PageError::Doubled(Key::NEXT_LINK));
                }
            }
            Key::Error => match rest.value(b",}")? {
                b"null" => {}
                found => error = Some(ServerCode::read(found)),
            },
            Key::Other => {
                rest.value(b",}")?;
            }
        }
        Ok(())
    });
    // A server that fails in the middle may break off behind its error.
    match error {
        Some(code) => return Err(PageError::ServerError(code)),
        None => ended?,
    }
    page.next_link = usable(link.flatten());
    if has_list { Ok(page) } else { Err(PageError::NotAnEnvelope) }
}

/// Checks that the response to a request for one record is that record, and not the error of a server
/// that failed after it had sent the status.
///
/// # Errors
/// [`PageError::ServerError`], or what [`parse_page`] reports of something that is not an object.
///
/// ```
/// use stocktake_odata::check_record;
///
/// assert!(check_record(br#"{"id": "a", "error": null}"#).is_ok());
/// assert!(check_record(br#"{"id": "a", "error": {"code": "InternalServerError"}}"#).is_err());
/// ```
pub fn check_record(body: &[u8]) -> Result<(), PageError> {
    let mut error = None;
    let ended = walk(body, |key, rest| {
        let value = rest.value(b",}")?;
        if key == Key::Error && value != b"null" {
            error = Some(ServerCode::read(value));
        }
        Ok(())
    });
    match error {
        Some(code) => Err(PageError::ServerError(code)),
        None => ended,
    }
}

/// Hands the properties of an object to `property`, which takes the value from what is left.
fn walk<'a>(
    body: &'a [u8],
    mut property: impl FnMut(Key, &mut Scan<'a>) -> Result<(), PageError>,
) -> Result<(), PageError> {
    let mut rest = Scan { bytes: body, at: 0 };
    if rest.next_token() != Some(b'{') {
        return Err(PageError::NotAnEnvelope);
    }
    rest.at += 1;
    loop {
        match rest.next_token().ok_or(PageError::BrokenOff)? {
            b'}' => break,
            b',' => rest.at += 1,
            b'"' => {
                let name = rest.value(b",}")?;
                if rest.next_token().ok_or(PageError::BrokenOff)? != b':' {
                    return Err(PageError::NotAnEnvelope);
                }
                rest.at += 1;
                rest.next_token().ok_or(PageError::BrokenOff)?;
                property(serde_json::from_slice(name).unwrap_or(Key::Other), &mut rest)?;
            }
            _ => return Err(PageError::NotAnEnvelope),
        }
    }
    rest.at += 1;
    if rest.next_token().is_none() { Ok(()) } else { Err(PageError::NotAnEnvelope) }
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
