//! Names: how a partial file is made, published and recovered.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use stocktake_connector_core::CycleId;

use super::partial::{Partial, sync_folder};
use super::{FileLayout, FileOptions, failed};
use crate::lines::FileFault;

/// The ending of published files in a folder.
const FINAL: &str = ".ndjson";

/// Where files go, and under which names.
#[derive(Debug)]
pub(super) enum Place {
    /// One file per tenant and cycle.
    Directory { folder: PathBuf },
    /// One file.
    Single { folder: PathBuf, file: PathBuf, name: String },
}

impl Place {
    pub(super) fn new(options: FileOptions) -> Self {
        let path = options.path;
        match options.layout {
            FileLayout::Directory => Self::Directory { folder: path },
            FileLayout::Single => {
                let folder = match path.parent() {
                    Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
                    _ => PathBuf::from("."),
                };
                let name = path.file_name().unwrap_or(OsStr::new("events")).to_string_lossy();
                Self::Single { folder, name: name.into_owned(), file: path }
            }
        }
    }

    /// The folder of every file.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::Directory { folder } | Self::Single { folder, .. } => folder,
        }
    }

    /// What the names of all hidden files of this sink start with.
    fn hidden(&self) -> String {
        match self {
            Self::Directory { .. } => ".".into(),
            Self::Single { name, .. } => format!(".{name}."),
        }
    }

    /// What the names of partial files end with. A folder may hold the partial files of other programs,
    /// and of a single file beside it, so the two layouts differ.
    fn partial(&self) -> &'static str {
        match self {
            Self::Directory { .. } => ".ndjson.partial",
            Self::Single { .. } => ".events.partial",
        }
    }

    /// Starts the partial file of a cycle.
    pub(super) fn start(&self, cycle: CycleId, stem: &str) -> Result<Partial, FileFault> {
        let folder = self.folder();
        match fs::create_dir(folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("create", folder)(error));
            }
            _ => {}
        }
        let _lock = self.lock()?;
        self.recover_locked()?;
        let hidden = self.hidden();
        let path = unused(folder, &format!("{hidden}{stem}"), self.partial());
        let partial = Partial::create(path, cycle)?;
        sync_folder(folder)?;
        Ok(partial)
    }

    /// Publishes what a cycle wrote and empties its slot. When that fails the slot keeps it, and the
    /// next call tries again.
    pub(super) fn publish(&self, slot: &mut Option<Partial>) -> Result<(), FileFault> {
        let _lock = self.lock()?;
        self.recover_locked()?;
        if let Some(partial) = slot {
            self.publish_locked(partial)?;
            *slot = None;
        }
        Ok(())
    }

    /// Publishes what processes left that died.
    pub(super) fn recover(&self) -> Result<(), FileFault> {
        if !self.folder().exists() {
            return Ok(());
        }
        let _lock = self.lock()?;
        self.recover_locked()
    }

    /// Holds the folder against every process that changes its names, ours included. Waits for others:
    /// they hold it for a rename, or for one copy of a single file.
    fn lock(&self) -> Result<File, FileFault> {
        let path = self.folder().join(format!("{}stocktake.lock", self.hidden()));
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        file.lock().map_err(failed("lock", &path))?;
        Ok(file)
    }

    fn recover_locked(&self) -> Result<(), FileFault> {
        let folder = self.folder();
        let hidden = self.hidden();
        let mut left = Vec::new();
        for entry in fs::read_dir(folder).map_err(failed("list", folder))? {
            let path = entry.map_err(failed("list", folder))?.path();
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            if name.starts_with(&hidden) && name.ends_with(self.partial()) {
                left.push(path);
            }
        }
        // Names begin with tenant and time, so a single file gets a tenant's older events first.
        left.sort();
        for path in left {
            if let Some(mut partial) = Partial::adopt(path)? {
                tracing::warn!("found events of a process that died; publishing them");
                self.publish_locked(&mut partial)?;
            }
        }
        Ok(())
    }

    fn publish_locked(&self, partial: &mut Partial) -> Result<(), FileFault> {
        partial.cut()?;
        if partial.whole == 0 {
            return fs::remove_file(&partial.path).map_err(failed("remove", &partial.path));
        }
        match self {
            Self::Directory { folder } => {
                let name = partial.path.file_name().and_then(OsStr::to_str).unwrap_or_default();
                let stem = name.trim_start_matches('.').trim_end_matches(self.partial());
                rename(partial, unused(folder, stem, FINAL))?;
                sync_folder(folder)
            }
            Self::Single { folder, file, .. } => {
                let hidden = self.hidden();
                let before = length(file)?;
                let expected = before.whole + partial.whole;
                if merged(&partial.path) != Some(before.bytes) {
                    // The length that the file will have is noted first, in the name: a process that
                    // dies behind the rename below must not add the same events again.
                    let noted = format!("{hidden}merging-{expected}-{}", partial.cycle);
                    rename(partial, unused(folder, &noted, self.partial()))?;
                    sync_folder(folder)?;
                    let copy = folder.join(format!("{hidden}copy"));
                    add(file, partial, before, &copy)?;
                    fs::rename(&copy, file).map_err(failed("rename", &copy))?;
                    sync_folder(folder)?;
                }
                fs::remove_file(&partial.path).map_err(failed("remove", &partial.path))
            }
        }
    }
}

fn rename(partial: &mut Partial, to: PathBuf) -> Result<(), FileFault> {
    fs::rename(&partial.path, &to).map_err(failed("rename", &partial.path))?;
    partial.path = to;
    Ok(())
}

/// A name that nothing has: what is complete is never overwritten.
fn unused(folder: &Path, stem: &str, ending: &str) -> PathBuf {
    let mut path = folder.join(format!("{stem}{ending}"));
    let mut number = 2_u64;
    while path.symlink_metadata().is_ok() {
        path = folder.join(format!("{stem}-{number}{ending}"));
        number += 1;
    }
    path
}

/// The length that the single file has once this partial file was added, if that was begun.
fn merged(partial: &Path) -> Option<u64> {
    let name = partial.file_name()?.to_str()?;
    let (_, rest) = name.rsplit_once(".merging-")?;
    rest.split('-').next()?.parse().ok()
}

/// How long a single file is.
#[derive(Clone, Copy)]
struct Length {
    bytes: u64,
    /// With the line end that another program's last line may lack.
    whole: u64,
}

fn length(file: &Path) -> Result<Length, FileFault> {
    let mut present = match File::open(file) {
        Ok(present) => present,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Length { bytes: 0, whole: 0 });
        }
        Err(error) => return Err(failed("open", file)(error)),
    };
    let measure = |present: &mut File| -> io::Result<Length> {
        let bytes = present.metadata()?.len();
        if bytes == 0 {
            return Ok(Length { bytes, whole: 0 });
        }
        present.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        present.read_exact(&mut last)?;
        Ok(Length { bytes, whole: bytes + u64::from(last != *b"\n") })
    };
    measure(&mut present).map_err(failed("read", file))
}

/// Writes the present content and the partial file's events to `copy`, and waits until they lie on the
/// disk.
fn add(file: &Path, partial: &Partial, before: Length, copy: &Path) -> Result<(), FileFault> {
    let mut out = File::create(copy).map_err(failed("create", copy))?;
    if before.bytes > 0 {
        let mut present = File::open(file).map_err(failed("open", file))?;
        if let Ok(metadata) = present.metadata() {
            // Readers of the old file may read the new one.
            fs::set_permissions(copy, metadata.permissions()).map_err(failed("create", copy))?;
        }
        io::copy(&mut present, &mut out).map_err(failed("write", copy))?;
        if before.whole > before.bytes {
            out.write_all(b"\n").map_err(failed("write", copy))?;
        }
    }
    let mut events = File::open(&partial.path).map_err(failed("open", &partial.path))?;
    io::copy(&mut events, &mut out).map_err(failed("write", copy))?;
    out.sync_all().map_err(failed("sync", copy))
}
