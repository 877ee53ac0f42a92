//! Archives that are the same bytes whenever and wherever they are made: entries sorted, one time,
//! no names of users, a gzip header without a time.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// A file with its content.
    File(Vec<u8>),
    /// A folder.
    Folder,
}

/// A path's content, permissions and owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) node: Node,
    pub(crate) mode: u32,
    /// User and group alike.
    pub(crate) owner: u64,
}

/// Entries by their path, without a leading slash. The order of the map is that of the archive, and
/// a folder's path sorts before those below it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Archive(BTreeMap<String, Entry>);

impl Archive {
    /// Adds a file of root's that everybody may read.
    pub(crate) fn file(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.entry(path, Node::File(content.into()), 0o644, 0);
    }

    /// Adds a program of root's.
    pub(crate) fn program(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.entry(path, Node::File(content.into()), 0o755, 0);
    }

    /// Adds a folder.
    pub(crate) fn folder(&mut self, path: impl Into<String>, mode: u32, owner: u64) {
        self.entry(path, Node::Folder, mode, owner);
    }

    fn entry(&mut self, path: impl Into<String>, node: Node, mode: u32, owner: u64) {
        self.0.insert(path.into(), Entry { node, mode, owner });
    }

    /// The tar file, all times `mtime`.
    pub(crate) fn tar(&self, mtime: u64) -> anyhow::Result<Vec<u8>> {
        let mut tar = tar::Builder::new(Vec::new());
        for (path, entry) in &self.0 {
            let mut header = Header::new_ustar();
            header.set_mode(entry.mode);
            header.set_uid(entry.owner);
            header.set_gid(entry.owner);
            header.set_mtime(mtime);
            let (kind, path, content) = match &entry.node {
                Node::File(content) => (EntryType::Regular, path.clone(), content.as_slice()),
                Node::Folder => (EntryType::Directory, format!("{path}/"), &[][..]),
            };
            header.set_entry_type(kind);
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, &path, content)
                .with_context(|| format!("cannot put {path} into an archive"))?;
        }
        Ok(tar.into_inner()?)
    }

    /// The tar file, compressed.
    pub(crate) fn tar_gz(&self, mtime: u64) -> anyhow::Result<Vec<u8>> {
        gzip(&self.tar(mtime)?)
    }
}

/// Compresses without a name or a time.
pub(crate) fn gzip(bytes: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Read as _;

    use super::*;

    /// Path, kind, mode, owner and time of each entry of a tar file.
    pub(crate) fn listed(tar: &[u8]) -> Vec<(String, EntryType, u32, u64, u64)> {
        let mut listed = Vec::new();
        for entry in tar::Archive::new(tar).entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(header.uid().unwrap(), header.gid().unwrap());
            assert_eq!(header.username().unwrap(), Some(""), "a name of this machine");
            listed.push((
                entry.path().unwrap().display().to_string(),
                header.entry_type(),
                header.mode().unwrap(),
                header.uid().unwrap(),
                header.mtime().unwrap(),
            ));
        }
        listed
    }

    pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
        out
    }

    #[test]
    fn an_archive_does_not_depend_on_the_order_in_which_it_was_filled() {
        let mut one = Archive::default();
        one.folder("a", 0o755, 0);
        one.file("a/b", "1");
        one.program("a-b", "2");
        let mut other = Archive::default();
        other.program("a-b", "2");
        other.file("a/b", "1");
        other.folder("a", 0o755, 0);
        assert_eq!(one.tar_gz(7).unwrap(), other.tar_gz(7).unwrap());
        let listed = listed(&gunzip(&one.tar_gz(7).unwrap()));
        assert_eq!(
            listed,
            [
                ("a/".into(), EntryType::Directory, 0o755, 0, 7),
                ("a-b".into(), EntryType::Regular, 0o755, 0, 7),
                ("a/b".into(), EntryType::Regular, 0o644, 0, 7),
            ]
        );
    }
}
