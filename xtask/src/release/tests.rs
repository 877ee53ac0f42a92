use super::*;

const CHANGELOG: &str = "# Changelog\n\n## Unreleased\n\n- A thing.\n";

/// A repository with a workspace, a changelog and a chart.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let repository = Self(tempfile::tempdir().unwrap());
        let root = repository.root();
        let chart = root.join(dist::CHART);
        fs::create_dir_all(root.join("one/src")).unwrap();
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::create_dir_all(&chart).unwrap();
        for (path, text) in [
            (
                "Cargo.toml",
                "[workspace]\nresolver = \"3\"\nmembers = [\"one\"]\n\n[workspace.package]\n\
                 version = \"0.1.0\" # of all\n",
            ),
            ("one/Cargo.toml", "[package]\nname = \"one\"\nversion.workspace = true\n"),
            ("one/src/lib.rs", ""),
            ("CHANGELOG.md", CHANGELOG),
            ("docs/install.md", "VERSION=0.1.0\ntag = \"v0.1.0\"\nRust 0.1.0\n"),
        ] {
            fs::write(root.join(path), text).unwrap();
        }
        let facts = "name: stocktake\nversion: 0.1.0 # of the chart\nappVersion: \"0.1.0\"\n\
                     annotations:\n  artifacthub.io/prerelease: \"true\"\n  \
                     artifacthub.io/images: |\n    - image: example.com/stocktake:0.1.0\n";
        fs::write(chart.join("Chart.yaml"), facts).unwrap();
        let cargo = ["generate-lockfile", "--offline", "--quiet"];
        printed(Command::new(env!("CARGO")).args(cargo).current_dir(root)).unwrap();
        for arguments in [
            &["init", "--quiet", "--initial-branch", BRANCH][..],
            &["config", "user.name", "A"],
            &["config", "user.email", "a@example.com"],
            &["config", "commit.gpgsign", "false"],
            &["config", "tag.gpgsign", "false"],
            &["config", "core.hooksPath", "no-hooks"],
            &["add", "."],
            &["commit", "--quiet", "--message", "First"],
        ] {
            git(root, arguments).unwrap();
        }
        repository
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).unwrap()
    }

    /// Everything that a release may change: references and the tree.
    fn state(&self) -> (String, String) {
        let references = git(self.root(), &["show-ref"]).unwrap();
        (references, git(self.root(), &["status", "--porcelain", "--ignored"]).unwrap())
    }
}

fn plan(version: &str) -> Plan {
    Plan { version: version.parse().unwrap(), date: "2026-11-26".parse().unwrap() }
}

#[test]
fn a_release_sets_the_version_everywhere_commits_and_tags() {
    let repository = Repository::new();
    plan("0.2.0").execute(repository.root()).unwrap();
    assert!(repository.read("Cargo.toml").contains("version = \"0.2.0\" # of all\n"));
    assert!(repository.read("Cargo.lock").contains("name = \"one\"\nversion = \"0.2.0\""));
    assert!(repository.read("CHANGELOG.md").contains("## 0.2.0 - 2026-11-26\n\n- A thing."));
    assert_eq!(
        repository.read("deploy/helm/stocktake/Chart.yaml"),
        "name: stocktake\nversion: 0.2.0 # of the chart\nappVersion: \"0.2.0\"\n\
         annotations:\n  artifacthub.io/prerelease: \"false\"\n  \
         artifacthub.io/images: |\n    - image: example.com/stocktake:0.2.0\n"
    );
    assert_eq!(
        repository.read("docs/install.md"),
        "VERSION=0.2.0\ntag = \"v0.2.0\"\nRust 0.1.0\n",
        "what is copied from the book is this release"
    );
    let git = |arguments: &[&str]| git(repository.root(), arguments).unwrap();
    assert_eq!(git(&["status", "--porcelain"]), "");
    assert_eq!(git(&["log", "-1", "--format=%s"]), "Release 0.2.0");
    assert_eq!(git(&["rev-parse", "v0.2.0^{commit}"]), git(&["rev-parse", "HEAD"]));
    assert_eq!(git(&["cat-file", "-t", "v0.2.0"]), "tag", "an annotated one");
}

#[test]
fn the_first_release_may_have_the_version_that_is_there() {
    let repository = Repository::new();
    plan("0.1.0").execute(repository.root()).unwrap();
    assert_eq!(git(repository.root(), &["tag"]).unwrap(), "v0.1.0");
}

#[test]
fn the_version_of_the_real_chart_stands_in_its_own_keys_only() {
    let real = fs::read_to_string(schema::root().join(dist::CHART).join("Chart.yaml")).unwrap();
    let current = dist::version(&schema::root()).unwrap();
    let released = plan("7.8.9-rc.1").chart(&real);
    assert!(!released.contains(&current), "{released}");
    assert_eq!(released.matches("7.8.9-rc.1").count(), 3, "{released}");
    assert!(released.contains("artifacthub.io/prerelease: \"true\""), "{released}");
}

#[test]
fn a_version_that_cannot_be_a_tag_of_an_image_is_refused() {
    let repository = Repository::new();
    let faults = plan("0.2.0+build.5").faults(repository.root()).unwrap();
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("build metadata"), "{faults:?}");
}

#[test]
fn a_rehearsal_changes_nothing() {
    let repository = Repository::new();
    let before = repository.state();
    plan("0.2.0").rehearse(repository.root()).unwrap();
    assert_eq!(repository.state(), before);
}

#[test]
fn every_obstacle_to_a_release_is_reported_at_once_and_nothing_is_done() {
    let repository = Repository::new();
    let root = repository.root();
    git(root, &["tag", "v0.3.0"]).unwrap();
    git(root, &["tag", "vague"]).unwrap();
    git(root, &["switch", "--quiet", "--create", "side"]).unwrap();
    fs::write(root.join("CHANGELOG.md"), "# Changelog\n\n## Unreleased\n").unwrap();
    fs::write(root.join(dist::CHART).join("Chart.yaml"), "name: stocktake\n").unwrap();
    let before = repository.state();
    let faults = plan("0.0.9").faults(root).unwrap();
    let wanted = [
        "has changes",
        "branch is `side`",
        "not greater than 0.3.0",
        "less than 0.1.0",
        "nothing is listed",
        "has no version",
        "has no appVersion",
    ];
    assert_eq!(faults.len(), wanted.len(), "{faults:?}");
    for (fault, words) in faults.iter().zip(wanted) {
        assert!(fault.contains(words), "{fault}");
    }
    assert!(plan("0.0.9").execute(root).is_err());
    assert!(plan("0.0.9").rehearse(root).is_err());
    assert_eq!(repository.state(), before);
}
