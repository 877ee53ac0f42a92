//! A container image as files (an OCI image layout), made without a container engine.
//!
//! Two layers over nothing: what a program expects of a system, and the program. It runs as a user
//! without a name elsewhere, and writes below one folder, so that the root may be read-only.
//! `deploy/docker/Dockerfile` describes the same image for people with a container engine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use chrono::DateTime;
use serde_json::{Value, json};

use crate::archive::{Archive, gzip};
use crate::digest::sha256;
use crate::dist::{self, Linkage};
use crate::program::git;
use crate::schema;

/// Where the layout is put, from the root of the repository.
const FOLDER: &str = "target/image";

/// The user and the group of the process.
const USER: u64 = 65_532;

/// Where the state is, and the one folder that is written to.
const STATE: &str = "var/lib/stocktake";

/// Where a Debian machine has the certificates of all authorities in one file. The program looks
/// there for the system's.
const AUTHORITIES: &str = "etc/ssl/certs/ca-certificates.crt";

/// What the image presets. The environment would count over a mounted configuration; this file does not.
const PRESETS: &str = "usr/local/share/stocktake/image.toml";

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Image.
#[derive(Debug, clap::Args)]
pub(crate) struct Image {
    /// The program, static [default: that of the last `cargo xtask dist`]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The authorities' certificates, in one PEM file
    #[arg(long, value_name = "FILE", default_value = "/etc/ssl/certs/ca-certificates.crt")]
    authorities: PathBuf,
}

impl Image {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let root = schema::root();
        let path = self.program.unwrap_or_else(|| root.join(dist::UNPACKED));
        let program = fs::read(&path).with_context(|| {
            format!("cannot read {}; `cargo xtask dist` makes it", path.display())
        })?;
        let authorities = fs::read(&self.authorities).ok();
        if authorities.is_none() {
            println!(
                "WITHOUT certificates of authorities: {} cannot be read (Debian package \
                 ca-certificates); mount them at /{AUTHORITIES}",
                self.authorities.display()
            );
        }
        let layout = Contents {
            program: &program,
            authorities: authorities.as_deref(),
            version: &dist::version(&root)?,
            revision: &git(&root, &["rev-parse", "HEAD"])?,
            time: dist::time(&root)?,
        };
        let folder = root.join(FOLDER);
        let digest = layout.write(&folder)?;
        println!("{FOLDER}: {digest}");
        Ok(())
    }
}

/// What goes into an image.
struct Contents<'a> {
    program: &'a [u8],
    authorities: Option<&'a [u8]>,
    version: &'a str,
    revision: &'a str,
    /// Seconds since 1970, of every file and of the image.
    time: u64,
}

impl Contents<'_> {
    /// Writes the layout over whatever is in `folder`; gives the manifest's digest.
    fn write(&self, folder: &Path) -> anyhow::Result<String> {
        let architecture = architecture(self.program)?;
        ensure!(
            dist::linkage(self.program, "")? != Linkage::Dynamic,
            "the program needs a dynamic loader, which an empty image lacks; build a static one"
        );
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs)?;
        let blob = |kind: &str, content: &[u8]| -> anyhow::Result<Value> {
            let digest = sha256(content);
            fs::write(blobs.join(&digest), content)?;
            let digest = format!("sha256:{digest}");
            Ok(json!({ "mediaType": kind, "digest": digest, "size": content.len() }))
        };

        let (mut layers, mut contents, mut history) = (Vec::new(), Vec::new(), Vec::new());
        let created = DateTime::from_timestamp(i64::try_from(self.time)?, 0)
            .context("no such time")?
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        for (what, archive) in [("system", self.system()), ("program", self.program())] {
            let tar = archive.tar(self.time)?;
            contents.push(format!("sha256:{}", sha256(&tar)));
            layers.push(blob(LAYER, &gzip(&tar)?)?);
            history.push(
                json!({ "created": created, "created_by": "cargo xtask image", "comment": what }),
            );
        }
        let config = json!({
            "created": created,
            "architecture": architecture,
            "os": "linux",
            "config": self.config(),
            "rootfs": { "type": "layers", "diff_ids": contents },
            "history": history,
        });
        let config = blob(CONFIG, config.to_string().as_bytes())?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": config,
            "layers": layers,
            "annotations": self.labels(),
        });
        let mut manifest = blob(MANIFEST, manifest.to_string().as_bytes())?;
        let digest = manifest["digest"].as_str().unwrap_or_default().to_owned();
        manifest["platform"] = json!({ "architecture": architecture, "os": "linux" });
        manifest["annotations"] = json!({ "org.opencontainers.image.ref.name": self.version });
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [manifest] });
        fs::write(folder.join("index.json"), index.to_string())?;
        fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#)?;
        Ok(digest)
    }

    /// Users, names and authorities.
    fn system(&self) -> Archive {
        let mut archive = Archive::default();
        for folder in ["etc", "var", "var/lib"] {
            archive.folder(folder, 0o755, 0);
        }
        archive.file(
            "etc/passwd",
            format!("root:x:0:0:root:/:/sbin/nologin\nstocktake:x:{USER}:{USER}:stocktake:/{STATE}:/sbin/nologin\n"),
        );
        archive.file("etc/group", format!("root:x:0:\nstocktake:x:{USER}:\n"));
        archive.file("etc/nsswitch.conf", "hosts: files dns\n");
        if let Some(authorities) = self.authorities {
            archive.folder("etc/ssl", 0o755, 0);
            archive.folder("etc/ssl/certs", 0o755, 0);
            archive.file(AUTHORITIES, authorities);
        }
        archive.folder(STATE, 0o700, USER);
        archive
    }

    fn program(&self) -> Archive {
        let mut archive = Archive::default();
        for folder in ["usr", "usr/local", "usr/local/bin"] {
            archive.folder(folder, 0o755, 0);
        }
        archive.program("usr/local/bin/stocktake", self.program);
        for folder in ["usr/local/share", "usr/local/share/stocktake"] {
            archive.folder(folder, 0o755, 0);
        }
        archive.file(PRESETS, include_str!("../../deploy/docker/image.toml"));
        archive
    }

    fn config(&self) -> Value {
        json!({
            "User": format!("{USER}:{USER}"),
            "ExposedPorts": { "9464/tcp": {} },
            "Env": [
                "PATH=/usr/local/bin",
                format!("STOCKTAKE_DEFAULTS=/{PRESETS}"),
                "MIMALLOC_PURGE_DELAY=10",
            ],
            "Entrypoint": ["/usr/local/bin/stocktake"],
            "Cmd": ["run"],
            "Volumes": { format!("/{STATE}"): {} },
            "WorkingDir": format!("/{STATE}"),
            "Labels": self.labels(),
            "StopSignal": "SIGTERM",
        })
    }

    fn labels(&self) -> Value {
        json!({
            "org.opencontainers.image.title": "stocktake",
            "org.opencontainers.image.description":
                "Device inventory from Microsoft Defender and Intune, as OCSF events",
            "org.opencontainers.image.version": self.version,
            "org.opencontainers.image.revision": self.revision,
            "org.opencontainers.image.source": env!("CARGO_PKG_REPOSITORY"),
            "org.opencontainers.image.licenses": "Apache-2.0",
        })
    }
}

/// The processor that an ELF program is for, by OCI's names.
fn architecture(program: &[u8]) -> anyhow::Result<&'static str> {
    match program.get(0x12..0x14) {
        Some([0x3e, 0]) => Ok("amd64"),
        Some([0xb7, 0]) => Ok("arm64"),
        _ => bail!("the program is for no processor that images are made for (x86-64, AArch64)"),
    }
}

#[cfg(test)]
mod tests;
