use std::collections::BTreeSet;

use tar::EntryType::{Directory, Regular};

use super::*;
use crate::archive::tests::{gunzip, listed};

const TIME: u64 = 1_700_000_000;

/// The head of a static program for x86-64.
fn program() -> Vec<u8> {
    let mut program = dist::tests::program(1);
    program[0x12] = 0x3e;
    program
}

struct Layout(tempfile::TempDir);

impl Layout {
    fn of(program: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        contents(program).write(folder.path()).unwrap();
        Self(folder)
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&fs::read(self.0.path().join(path)).unwrap()).unwrap()
    }

    /// The content that a descriptor names, checked as a registry would.
    fn blob(&self, descriptor: &Value) -> Vec<u8> {
        let digest = descriptor["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
        let content = fs::read(self.0.path().join("blobs/sha256").join(digest)).unwrap();
        assert_eq!(sha256(&content), digest);
        assert_eq!(descriptor["size"], content.len());
        content
    }

    fn manifest(&self) -> Value {
        serde_json::from_slice(&self.blob(&self.json("index.json")["manifests"][0])).unwrap()
    }

    fn config(&self) -> Value {
        serde_json::from_slice(&self.blob(&self.manifest()["config"])).unwrap()
    }
}

fn contents(program: &[u8]) -> Contents<'_> {
    let authorities = Some(&b"certificates"[..]);
    Contents { program, authorities, version: "1.2.3", revision: "abc", time: TIME }
}

#[test]
fn every_digest_agrees_with_what_it_names_and_nothing_else_is_there() {
    let layout = Layout::of(&program());
    let manifest = layout.manifest();
    let layers = manifest["layers"].as_array().unwrap();
    let contents: Vec<_> = layers
        .iter()
        .map(|layer| format!("sha256:{}", sha256(&gunzip(&layout.blob(layer)))))
        .collect();
    assert_eq!(layout.config()["rootfs"]["diff_ids"], json!(contents));
    assert_eq!(layout.config()["history"].as_array().unwrap().len(), layers.len());
    assert_eq!(layout.json("oci-layout"), json!({ "imageLayoutVersion": "1.0.0" }));
    let index = layout.json("index.json");
    assert_eq!(
        index["manifests"][0]["platform"],
        json!({ "architecture": "amd64", "os": "linux" })
    );

    let named: BTreeSet<_> = [&index["manifests"][0], &manifest["config"]]
        .into_iter()
        .chain(layers)
        .map(|descriptor| descriptor["digest"].as_str().unwrap().replace("sha256:", ""))
        .collect();
    let there: BTreeSet<_> = fs::read_dir(layout.0.path().join("blobs/sha256"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(there, named);
}

#[test]
fn it_starts_the_program_as_a_user_without_rights() {
    let config = Layout::of(&program()).config()["config"].clone();
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/usr/local/bin/stocktake"]));
    assert_eq!(config["Cmd"], json!(["run"]));
    assert_eq!(config["ExposedPorts"], json!({ "9464/tcp": {} }));
    assert_eq!(config["Volumes"], json!({ "/var/lib/stocktake": {} }));
    let variables = config["Env"].as_array().unwrap();
    for variable in
        ["STOCKTAKE_DEFAULTS=/usr/local/share/stocktake/image.toml", "MIMALLOC_PURGE_DELAY=10"]
    {
        assert!(variables.contains(&variable.into()), "{variables:?}");
    }
    // A variable that sets a key would count over the operator's file.
    let sets_a_key = |variable: &str| variable.starts_with("STOCKTAKE_") && variable.contains("__");
    assert!(!variables.iter().any(|variable| sets_a_key(variable.as_str().unwrap())));
}

#[test]
fn the_layers_hold_these_paths_with_these_rights_and_no_others() {
    let layout = Layout::of(&program());
    let layers = layout.manifest()["layers"].as_array().unwrap().clone();
    let found: Vec<_> = layers.iter().map(|layer| listed(&gunzip(&layout.blob(layer)))).collect();
    let folder = |path: &str| (format!("{path}/"), Directory, 0o755, 0, TIME);
    let file = |path: &str| (path.to_owned(), Regular, 0o644, 0, TIME);
    assert_eq!(
        found,
        [
            vec![
                folder("etc"),
                file("etc/group"),
                file("etc/nsswitch.conf"),
                file("etc/passwd"),
                folder("etc/ssl"),
                folder("etc/ssl/certs"),
                file("etc/ssl/certs/ca-certificates.crt"),
                folder("var"),
                folder("var/lib"),
                ("var/lib/stocktake/".into(), Directory, 0o700, 65_532, TIME),
            ],
            vec![
                folder("usr"),
                folder("usr/local"),
                folder("usr/local/bin"),
                ("usr/local/bin/stocktake".into(), Regular, 0o755, 0, TIME),
                folder("usr/local/share"),
                folder("usr/local/share/stocktake"),
                file("usr/local/share/stocktake/image.toml"),
            ],
        ]
    );
}

#[test]
fn the_same_contents_give_the_same_image() {
    let index = |layout: Layout| layout.json("index.json");
    assert_eq!(index(Layout::of(&program())), index(Layout::of(&program())));
}

#[test]
fn a_program_that_needs_a_loader_is_refused() {
    let mut dynamic = dist::tests::program(3);
    dynamic[0x12] = 0x3e;
    let folder = tempfile::tempdir().unwrap();
    let error = contents(&dynamic).write(folder.path()).unwrap_err().to_string();
    assert!(error.contains("dynamic loader"), "{error}");
    let unknown = dist::tests::program(1);
    assert!(contents(&unknown).write(folder.path()).is_err());
}

#[test]
fn the_dockerfile_describes_the_same_image() {
    let text = fs::read_to_string(schema::root().join("deploy/docker/Dockerfile")).unwrap();
    let last = text.rsplit("\nFROM ").next().unwrap();
    let config = Layout::of(&program()).config()["config"].clone();
    for variable in config["Env"].as_array().unwrap() {
        let variable = variable.as_str().unwrap();
        assert!(variable.starts_with("PATH=") || last.contains(variable), "{variable}");
    }
    for line in [
        format!("USER {}", config["User"].as_str().unwrap()),
        format!("ENTRYPOINT {}", config["Entrypoint"]),
        format!("CMD {}", config["Cmd"]),
        "EXPOSE 9464".to_owned(),
        "VOLUME /var/lib/stocktake".to_owned(),
        "WORKDIR /var/lib/stocktake".to_owned(),
    ] {
        assert!(last.lines().any(|found| found == line), "{line}\n{last}");
    }
}
