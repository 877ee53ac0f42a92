//! Values made of files, and made again when the files change.

use std::error::Error;
use std::fmt;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use ring::digest::{Context, SHA256};
use secrecy::zeroize::Zeroizing;
use tokio::time::Instant;

use stocktake_connector_core::chain;

/// The coarsest clock that file systems stamp with (FAT). A file that has looked the same for this long
/// cannot be rewritten under the same stamp any more.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// A file that cannot be read.
///
/// Its name is shown when it is plainly a path: a setting that should name a file may hold the secret
/// itself.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be read", ShownPath(path))]
pub struct UnreadableFile {
    /// The file.
    pub path: PathBuf,
    /// What failed.
    #[source]
    pub source: io::Error,
}

/// A path as a message shows it: by its name when it exists, starts with a folder that exists, or has
/// several parts that no secret looks like.
#[derive(Debug, Clone, Copy)]
pub struct ShownPath<'p>(pub &'p Path);

impl ShownPath<'_> {
    /// Whether the text is plainly a path.
    pub fn is_shown(&self) -> bool {
        let mut parts = self.0.components();
        let is_folder = match (parts.next(), parts.next()) {
            (Some(Component::RootDir), Some(first)) => Path::new("/").join(first).is_dir(),
            (Some(Component::CurDir | Component::ParentDir), Some(_)) => true,
            (Some(Component::Normal(first)), Some(_)) => Path::new(first).is_dir(),
            _ => false,
        };
        // Keys and passwords are of one part, or have capitals and other characters between slashes.
        let is_plain = |byte: &u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/._-".contains(byte)
        };
        let bytes = self.0.as_os_str().as_encoded_bytes();
        let is_written_so = self.0.components().count() > 1 && bytes.iter().all(is_plain);
        is_folder || is_written_so || self.0.exists()
    }
}

impl fmt::Display for ShownPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_shown() {
            return write!(f, "{}", self.0.display());
        }
        f.write_str("(hidden: not the path of a folder here, and maybe a secret)")
    }
}

/// A value made of one or several small files: a secret, a certificate with its key, a list of
/// authorities.
///
/// # Rules
/// - The files are looked at when the value is used; nothing watches them in between.
/// - A look costs one `stat` per file. Content is read when a stamp (times, length, inode) differs, and
///   for the two seconds in which a file system could give a rewritten file the same stamp.
/// - The value is made again only when the content differs, by digest. The content itself is not kept.
/// - While the files cannot be read or used, the last good value stays in use. Each such fault is logged
///   once.
/// - A file above the size bound is an error that names the bound.
///
/// Looks block the calling thread; the files are local and small.
///
/// ```
/// use stocktake_http_stack::{Reloadable, UnreadableFile};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("greeting");
/// # std::fs::write(&path, "hello")?;
/// let greeting = Reloadable::new([path], 1024, |[bytes]| {
///     Ok::<_, UnreadableFile>(String::from_utf8_lossy(bytes).into_owned())
/// });
/// assert_eq!(*greeting.current()?, "hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reloadable<T, E> {
    files: Vec<PathBuf>,
    max_bytes: u64,
    make: Make<T, E>,
    held: Mutex<Held<T>>,
}

type Content = Zeroizing<Vec<u8>>;
type Make<T, E> = Box<dyn Fn(&[Content]) -> Result<T, E> + Send + Sync>;

struct Held<T> {
    /// The last good value, and the digest of what it was made of.
    good: Option<(Arc<T>, [u8; 32])>,
    /// The stamps of the files when `good` was last compared with them; `None` reads them next time.
    seen: Option<Seen>,
    /// Why the files cannot be used now; kept so that each reason is logged once.
    fault: Option<String>,
    #[cfg(test)]
    reads: usize,
}

#[derive(Clone, Copy)]
struct Seen {
    stamp: u64,
    since: Instant,
    /// Whether the content was read after `SETTLED_AFTER`: then an equal stamp proves equal content.
    settled: bool,
}

impl<T, E: Error + From<UnreadableFile> + 'static> Reloadable<T, E> {
    /// A value that `make` makes of the content of `files`, in their order. Nothing is read before the
    /// value is used.
    ///
    /// No file may be larger than `max_bytes`. An error of `make` must not quote the content: it is
    /// logged.
    pub fn new<const N: usize>(
        files: [PathBuf; N],
        max_bytes: u64,
        make: impl Fn([&[u8]; N]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Self {
        let make = move |contents: &[Content]| {
            let mut contents = contents.iter();
            // There is one content per file.
            make(std::array::from_fn(|_| contents.next().map_or(&[][..], |bytes| bytes)))
        };
        Self {
            files: files.into(),
            max_bytes,
            make: Box::new(make),
            held: Mutex::new(Held {
                good: None,
                seen: None,
                fault: None,
                #[cfg(test)]
                reads: 0,
            }),
        }
    }

    /// The same, with a first value made at once.
    ///
    /// # Errors
    /// When a file cannot be read or used.
    pub fn open<const N: usize>(
        files: [PathBuf; N],
        max_bytes: u64,
        make: impl Fn([&[u8]; N]) -> Result<T, E> + Send + Sync + 'static,
    ) -> Result<Self, E> {
        let value = Self::new(files, max_bytes, make);
        value.current()?;
        Ok(value)
    }

    /// The value of the files as they are now, or the last good one while they cannot be used.
    ///
    /// # Errors
    /// When the files cannot be read or used and there has been no good value yet.
    pub fn current(&self) -> Result<Arc<T>, E> {
        let mut held = self.held();
        // Before the content is read: a change in between is noticed by the next look.
        let stamp = self.stamp();
        let error = match self.look(&mut held, stamp) {
            Ok(value) => {
                held.fault = None;
                return Ok(value);
            }
            Err(error) => error,
        };
        held.seen = None;
        let Some((good, _)) = &held.good else { return Err(error) };
        let good = Arc::clone(good);
        let fault = chain(&error);
        if held.fault.as_ref() != Some(&fault) {
            tracing::warn!(
                file = %self.name().display(),
                %fault,
                "a file cannot be used; its last good content stays in use"
            );
            held.fault = Some(fault);
        }
        Ok(good)
    }

    fn look(&self, held: &mut Held<T>, stamp: u64) -> Result<Arc<T>, E> {
        let now = Instant::now();
        let seen = held.seen.filter(|seen| seen.stamp == stamp);
        if let (Some(seen), Some((good, _))) = (&seen, &held.good)
            && seen.settled
        {
            return Ok(Arc::clone(good));
        }
        #[cfg(test)]
        {
            held.reads += 1;
        }
        let contents =
            self.files.iter().map(|path| self.read(path)).collect::<Result<Vec<_>, _>>()?;
        let digest = digest(&contents);
        let value = match &held.good {
            Some((good, old)) if *old == digest => Arc::clone(good),
            old => {
                let value = Arc::new((self.make)(&contents)?);
                if old.is_some() {
                    tracing::info!(file = %self.name().display(), "a file has changed and was read again");
                }
                held.good = Some((Arc::clone(&value), digest));
                value
            }
        };
        let since = seen.map_or(now, |seen| seen.since);
        held.seen = Some(Seen { stamp, since, settled: now - since >= SETTLED_AFTER });
        Ok(value)
    }

    fn read(&self, path: &Path) -> Result<Content, UnreadableFile> {
        let read = || {
            let mut bytes = Zeroizing::new(Vec::new());
            File::open(path)?.take(self.max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > self.max_bytes {
                let message = format!("it is larger than {} bytes", self.max_bytes);
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
            }
            Ok(bytes)
        };
        read().map_err(|source| UnreadableFile { path: path.to_owned(), source })
    }
}

impl<T, E> Reloadable<T, E> {
    /// The last good value, without a look at the files; `None` before the first one.
    pub fn last_good(&self) -> Option<Arc<T>> {
        self.held().good.as_ref().map(|(good, _)| Arc::clone(good))
    }

    /// Reads the files at the next use, even if they look unchanged: their content was refused.
    pub fn invalidate(&self) {
        self.held().seen = None;
    }

    /// A number that changes when a file changes, appears or disappears. It costs one `stat` per file, so
    /// that a scheduler can compare it between attempts and retry at once after a change.
    pub fn stamp(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for path in &self.files {
            FileStamp::of(path).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// The files that the value is made of.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// The file that the log names.
    fn name(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |path| path)
    }

    fn held(&self) -> MutexGuard<'_, Held<T>> {
        // A panic of `make` leaves the fields as they were.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T, E> fmt::Debug for Reloadable<T, E> {
    // By hand, because the value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reloadable").field("files", &self.files).finish_non_exhaustive()
    }
}

/// What changes when a file does.
#[derive(Hash)]
struct FileStamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Inode, and the time of the last change of anything, which no tool can set back.
    #[cfg(unix)]
    identity: (u64, i64, i64),
}

impl FileStamp {
    /// `None` when the file cannot be looked at; reading it says why.
    fn of(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok()?;
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt;
        Some(Self {
            modified: facts.modified().ok(),
            length: facts.len(),
            #[cfg(unix)]
            identity: (facts.ino(), facts.ctime(), facts.ctime_nsec()),
        })
    }
}

fn digest(contents: &[Content]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for content in contents {
        // With its length, so that bytes that move from one file to the next differ.
        context.update(&(content.len() as u64).to_be_bytes());
        context.update(content);
    }
    let mut digest = [0; 32];
    // SHA-256 has 32 bytes.
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_lines::LogLines;

    #[derive(Debug, thiserror::Error)]
    enum NumberError {
        #[error(transparent)]
        Unreadable(#[from] UnreadableFile),
        #[error("the content is not a number")]
        NotANumber(#[from] std::num::ParseIntError),
    }

    fn parse(bytes: &[u8]) -> Result<u32, NumberError> {
        Ok(String::from_utf8_lossy(bytes).parse()?)
    }

    fn number(path: &Path) -> Reloadable<u32, NumberError> {
        Reloadable::new([path.to_owned()], 8, |[bytes]| parse(bytes))
    }

    fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("number");
        fs::write(&path, content).unwrap();
        (folder, path)
    }

    #[test]
    fn each_fault_is_logged_once_and_the_last_good_value_stays() {
        let (_folder, path) = file("1");
        let (lines, _guard) = LogLines::capture();
        let number = Reloadable::open([path.clone()], 8, |[bytes]| parse(bytes)).unwrap();
        assert_eq!((*number.current().unwrap(), lines.take().as_str()), (1, ""));

        fs::write(&path, "2").unwrap();
        assert_eq!(*number.last_good().unwrap(), 1);
        assert_eq!(*number.current().unwrap(), 2);
        assert_eq!(*number.last_good().unwrap(), 2);
        assert!(lines.take().contains("read again"));

        let refused = |words: &str| {
            assert_eq!((*number.current().unwrap(), *number.current().unwrap()), (2, 2));
            let logged = lines.take();
            assert_eq!(logged.lines().count(), 1, "{logged}");
            assert!(logged.contains("last good content") && logged.contains(words), "{logged}");
        };
        fs::write(&path, "2.").unwrap();
        refused("invalid digit");
        fs::remove_file(&path).unwrap();
        refused("No such file");
        fs::create_dir(&path).unwrap();
        refused("Is a directory");
        fs::remove_dir(&path).unwrap();
        refused("No such file");
        fs::write(&path, "123456789").unwrap();
        refused("larger than 8 bytes");

        fs::write(&path, "2").unwrap();
        assert_eq!((*number.current().unwrap(), lines.take().as_str()), (2, ""));
        fs::write(&path, "3").unwrap();
        assert_eq!(*number.current().unwrap(), 3);
    }

    #[test]
    fn without_a_good_value_the_fault_is_an_error_and_is_tried_again() {
        let (_folder, path) = file("x");
        let number = number(&path);
        assert!(matches!(number.current(), Err(NumberError::NotANumber(_))));
        fs::remove_file(&path).unwrap();
        let error = chain(&number.current().unwrap_err());
        assert!(error.contains("number cannot be read: No such file"), "{error}");
        assert!(number.last_good().is_none());
        fs::write(&path, "4").unwrap();
        assert_eq!(*number.current().unwrap(), 4);
    }

    #[test]
    fn a_value_follows_each_of_its_files() {
        let (folder, one) = file("1");
        let two = folder.path().join("two");
        fs::write(&two, "2").unwrap();
        let sum = Reloadable::<_, NumberError>::new([one.clone(), two.clone()], 8, |[one, two]| {
            Ok((parse(one)?, parse(two)?))
        });
        assert_eq!(*sum.current().unwrap(), (1, 2));
        fs::write(&two, "3").unwrap();
        let next = folder.path().join("next");
        fs::write(&next, "4").unwrap();
        fs::rename(&next, &one).unwrap();
        assert_eq!(*sum.current().unwrap(), (4, 3));
        // The same bytes, divided differently.
        fs::write(&one, "43").unwrap();
        fs::write(&two, "").unwrap();
        assert_eq!(*sum.current().unwrap(), (4, 3), "an empty file is not a number");
        fs::write(&two, "0").unwrap();
        assert_eq!(*sum.current().unwrap(), (43, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unchanged_file_is_not_read_again_once_its_stamp_can_be_trusted() {
        let (_folder, path) = file("1");
        let number = number(&path);
        let reads_after = async |seconds: u64| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            assert_eq!(*number.current().unwrap(), 1);
            number.held().reads
        };
        assert_eq!(reads_after(0).await, 1);
        assert_eq!(reads_after(1).await, 2, "a rewrite could have the same stamp");
        assert_eq!(reads_after(1).await, 3);
        assert_eq!(reads_after(0).await, 3);
        assert_eq!(reads_after(3600).await, 3);
        number.invalidate();
        assert_eq!(reads_after(0).await, 4);
    }

    #[test]
    fn a_rewrite_under_the_same_stamp_is_noticed_while_it_is_possible() {
        let (_folder, path) = file("1");
        let number = number(&path);
        assert_eq!(*number.current().unwrap(), 1);
        fs::write(&path, "2").unwrap();
        // As if both were written within one tick of the file system's clock.
        let stamp = number.stamp();
        number.held().seen.as_mut().unwrap().stamp = stamp;
        assert_eq!(*number.current().unwrap(), 2);
    }

    #[test]
    fn the_stamp_differs_when_a_file_changes_appears_or_disappears() {
        let (_folder, path) = file("1");
        let number = number(&path);
        let first = number.stamp();
        assert_eq!(number.stamp(), first);
        fs::write(&path, "23").unwrap();
        let second = number.stamp();
        fs::remove_file(&path).unwrap();
        let gone = number.stamp();
        assert!(first != second && second != gone && first != gone);
    }

    #[test]
    fn the_value_and_the_content_are_never_shown() {
        let (_folder, path) = file("4711");
        let number = number(&path);
        number.current().unwrap();
        assert!(!format!("{number:?}").contains("4711"), "{number:?}");
    }

    #[test]
    fn a_path_is_shown_and_a_secret_in_its_place_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("Absent");
        let shown = |path: &Path| ShownPath(path).to_string();
        assert_eq!(shown(&inside), inside.display().to_string(), "the folder exists");
        for path in
            ["/run/secrets/contoso", "/nonexistent/ca.pem", "./Absent", "../x", "a/b.pem", "/"]
        {
            assert_eq!(shown(Path::new(path)), path);
        }
        for secret in ["canary", "canary-0123", "/Canary+x==", "x/Canary~1", "canary.pem", ""] {
            assert!(shown(Path::new(secret)).starts_with("(hidden: "), "{secret}");
        }
    }
}
