//! What is made of files, and made again when they change.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connection_fault::causes;

/// Files, and how something is made of them.
pub(crate) trait Files {
    /// What is read from them.
    type Content: PartialEq;
    /// What is made of it.
    type Made;
    type Error: Error + 'static;

    /// The file that the log names.
    fn name(&self) -> &Path;

    fn read(&self) -> Result<Self::Content, Self::Error>;

    fn make(&self, content: &Self::Content) -> Result<Self::Made, Self::Error>;
}

/// What was made of files when they were last good.
pub(crate) struct Watched<F: Files> {
    pub(crate) files: F,
    held: Mutex<Held<F>>,
}

struct Held<F: Files> {
    made: Arc<F::Made>,
    /// What `made` was made of. Compared whole, because a time stamp can miss a quick change.
    content: F::Content,
    /// Why the files of now do not count; kept so that each reason is logged once.
    fault: Option<String>,
}

impl<F: Files> Watched<F> {
    pub(crate) fn open(files: F) -> Result<Self, F::Error> {
        let content = files.read()?;
        let made = Arc::new(files.make(&content)?);
        Ok(Self { files, held: Mutex::new(Held { made, content, fault: None }) })
    }

    /// What the files of now give, or those of before while these cannot be used.
    ///
    /// It reads on the thread of the caller: small files, once for each connection, are not worth a
    /// thread of their own.
    pub(crate) fn current(&self) -> Arc<F::Made> {
        let mut held = self.held();
        let fault = self.look_again(&mut held).err().map(|error| chain(&error));
        if let Some(fault) = &fault
            && held.fault.as_ref() != Some(fault)
        {
            tracing::warn!(
                file = %self.files.name().display(),
                %fault,
                "a file cannot be used; what it held before still counts"
            );
        }
        held.fault = fault;
        Arc::clone(&held.made)
    }

    /// The same without a look at the files.
    pub(crate) fn last(&self) -> Arc<F::Made> {
        Arc::clone(&self.held().made)
    }

    fn held(&self) -> MutexGuard<'_, Held<F>> {
        // Whoever panicked with the lock left a whole value: fields are replaced one by one, and any
        // mix of them is read again by the next look.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_again(&self, held: &mut Held<F>) -> Result<(), F::Error> {
        let content = self.files.read()?;
        if content != held.content {
            held.made = Arc::new(self.files.make(&content)?);
            held.content = content;
            tracing::info!(file = %self.files.name().display(), "a file has been read again");
        }
        Ok(())
    }
}

/// An error and its causes in one line, so that a missing file, one that may not be read and half a
/// file differ.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = causes(error).map(ToString::to_string).collect();
    // A wrapper repeats what it wraps.
    words.dedup();
    words.join(": ")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io;
    use std::path::PathBuf;

    use super::*;

    /// A file with a number in it.
    struct Number(PathBuf);

    #[derive(Debug, thiserror::Error)]
    #[error("{} cannot be used", path.display())]
    struct NumberError {
        path: PathBuf,
        source: Box<dyn Error + Send + Sync>,
    }

    impl Number {
        fn error(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> NumberError {
            NumberError { path: self.0.clone(), source: source.into() }
        }
    }

    impl Files for Number {
        type Content = String;
        type Made = u32;
        type Error = NumberError;

        fn name(&self) -> &Path {
            &self.0
        }

        fn read(&self) -> Result<String, NumberError> {
            fs::read_to_string(&self.0).map_err(|error| self.error(error))
        }

        fn make(&self, content: &String) -> Result<u32, NumberError> {
            content.parse().map_err(|error: std::num::ParseIntError| self.error(error))
        }
    }

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn each_reason_is_told_once_with_its_causes() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber =
            tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
        // While there is one subscriber alone, tracing asks the thread that first meets an event whether
        // anybody wants it, and that may be another test's.
        let _second = tracing::Dispatch::new(tracing_subscriber::registry());
        let _guard = tracing::subscriber::set_default(subscriber);
        let told = || String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap();

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("number");
        fs::write(&file, "1").unwrap();
        let watched = Watched::open(Number(file.clone())).unwrap();
        assert_eq!((*watched.current(), told().as_str()), (1, ""));

        fs::write(&file, "2").unwrap();
        assert_eq!((*watched.last(), *watched.current(), *watched.last()), (1, 2, 2));
        assert!(told().contains("read again"));

        let refused = |words: &str| {
            assert_eq!((*watched.current(), *watched.current()), (2, 2));
            let told = told();
            assert_eq!(told.lines().count(), 1, "{told}");
            assert!(told.contains("number cannot be used: ") && told.contains(words), "{told}");
        };
        fs::write(&file, "2.").unwrap();
        refused("invalid digit");
        fs::remove_file(&file).unwrap();
        refused("No such file");
        fs::create_dir(&file).unwrap();
        refused("Is a directory");
        fs::remove_dir(&file).unwrap();
        refused("No such file");

        fs::write(&file, "2").unwrap();
        assert_eq!((*watched.current(), told().as_str()), (2, ""));
        fs::write(&file, "3").unwrap();
        assert_eq!(*watched.current(), 3);
    }
}
