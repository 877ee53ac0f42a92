//! Who may read the files.

use std::os::fd::AsFd;

use rustix::fs::Mode;
use rustix::io::Errno;

/// Who may read the files of events, and enter a folder that the sink makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "registry",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)
)]
pub enum FileMode {
    /// The user that runs the program.
    #[default]
    #[cfg_attr(feature = "registry", serde(rename = "0600"))]
    Owner,
    /// Their group, too.
    #[cfg_attr(feature = "registry", serde(rename = "0640"))]
    Group,
}

impl FileMode {
    pub(super) fn of_file(self) -> Mode {
        Mode::from_raw_mode(match self {
            Self::Owner => 0o600,
            Self::Group => 0o640,
        })
    }

    pub(super) fn of_new_folder(self) -> Mode {
        Mode::from_raw_mode(match self {
            Self::Owner => 0o700,
            Self::Group => 0o750,
        })
    }

    /// Gives the group what the umask took from it when the file or folder was made.
    pub(super) fn widen(self, made: impl AsFd) -> Result<(), Errno> {
        if self == Self::Owner {
            return Ok(());
        }
        let current = Mode::from_raw_mode(rustix::fs::fstat(&made)?.st_mode);
        // The group enters folders, and the owner who may enter is that of a folder.
        let of_group =
            if current.contains(Mode::XUSR) { Mode::RGRP | Mode::XGRP } else { Mode::RGRP };
        rustix::fs::fchmod(made, current | of_group)
    }
}
