use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use stocktake_connector_core::conformance::{self, Destination};
use stocktake_connector_core::{Check, Clock, CycleId, FixedClock, Sink, TenantName, Verdict};
use stocktake_sinks::{FileLayout, FileOptions, FileSink};

use crate::{batch, contoso};

fn sink(path: &Path, layout: FileLayout) -> FileSink {
    let clock = FixedClock(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    FileSink::new(FileOptions { path: path.to_owned(), layout }, Arc::new(clock))
}

/// The names in a folder, hidden ones included but for the lock.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("stocktake.lock"))
        .collect();
    names.sort();
    names
}

fn content(folder: &Path) -> String {
    names(folder).iter().map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
}

/// Each look at it is a second later, so that names sort in the order of their cycles.
#[derive(Debug, Default)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> DateTime<Utc> {
        let seconds = self.0.fetch_add(1, Ordering::SeqCst);
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }
}

fn ticking(path: &Path, layout: FileLayout) -> FileSink {
    FileSink::new(FileOptions { path: path.to_owned(), layout }, Arc::new(Ticking::default()))
}

struct Files {
    folder: tempfile::TempDir,
    sink: FileSink,
}

#[async_trait]
impl Destination for Files {
    fn sink(&self) -> &dyn Sink {
        &self.sink
    }

    async fn arrived(&self) -> Vec<Bytes> {
        content(self.folder.path())
            .lines()
            .map(|line| Bytes::copy_from_slice(line.as_bytes()))
            .collect()
    }
}

#[tokio::test]
async fn the_sink_conforms_in_both_layouts() {
    conformance::sink(async || {
        let folder = tempfile::tempdir().unwrap();
        Files { sink: ticking(folder.path(), FileLayout::Directory), folder }
    })
    .await;
    conformance::sink(async || {
        let folder = tempfile::tempdir().unwrap();
        Files { sink: ticking(&folder.path().join("all.ndjson"), FileLayout::Single), folder }
    })
    .await;
}

#[tokio::test]
async fn a_file_has_its_final_name_only_when_the_cycle_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), FileLayout::Directory);
    let cycle = CycleId::random();
    sink.write_batch(&batch(cycle, &["{\"a\":1}", "{\"b\":2}"])).await.unwrap();
    let [partial] = &names(folder.path())[..] else { panic!("one file") };
    assert!(partial.starts_with('.') && partial.ends_with(".partial"), "{partial}");
    assert_eq!(content(folder.path()), "{\"a\":1}\n{\"b\":2}\n", "acknowledged is on the disk");
    sink.finish_cycle(&contoso(), cycle).await.unwrap();
    assert_eq!(names(folder.path()), [format!("contoso-20260921T141320Z-{cycle}.ndjson")]);
}

#[tokio::test]
async fn a_cycle_without_events_leaves_no_file_and_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("events");
    sink(&inner, FileLayout::Directory).finish_cycle(&contoso(), CycleId::random()).await.unwrap();
    assert!(!inner.exists());
}

#[tokio::test]
async fn a_tenant_name_cannot_leave_the_folder_or_meet_another_tenants_file() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), FileLayout::Directory);
    let cycle = CycleId::random();
    for name in ["../../etc/x", ".._.._etc_x", "a b", "a:b", "é", &"x".repeat(250)] {
        let tenant = TenantName::new(name).unwrap();
        let mut batch = batch(cycle, &["{}"]);
        batch.tenant = tenant.clone();
        sink.write_batch(&batch).await.unwrap();
        sink.finish_cycle(&tenant, cycle).await.unwrap();
    }
    let names = names(folder.path());
    assert_eq!(names.len(), 6, "{names:?}");
    assert!(
        names.iter().all(|name| name.ends_with(".ndjson") && !name.starts_with('.')),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_complete_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), FileLayout::Directory);
    let cycle = CycleId::random();
    for body in ["1", "2"] {
        sink.write_batch(&batch(cycle, &[body])).await.unwrap();
        sink.finish_cycle(&contoso(), cycle).await.unwrap();
    }
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn a_cycle_that_was_never_finished_is_published_when_the_next_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path(), FileLayout::Directory);
    let (first, second) = (CycleId::random(), CycleId::random());
    sink.write_batch(&batch(first, &["1"])).await.unwrap();
    sink.write_batch(&batch(second, &["2"])).await.unwrap();
    assert!(names(folder.path()).contains(&format!("contoso-20260921T141320Z-{first}.ndjson")));
    sink.finish_cycle(&contoso(), second).await.unwrap();
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn what_a_dead_process_left_is_published_up_to_its_last_whole_line() {
    for (layout, path, partial) in [
        (FileLayout::Directory, "", ".contoso-20260101T000000Z-1.ndjson.partial"),
        (FileLayout::Single, "all.ndjson", ".all.ndjson.contoso-20260101T000000Z-1.events.partial"),
    ] {
        for (left, expected) in [
            ("{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n{\"b\":2}\n"),
            ("{\"a\":1}\n{\"b\":", "{\"a\":1}\n"),
            ("{\"a\":1}\n{\"b\"\0\0\0\0\n{\"c\":3}\n", "{\"a\":1}\n"),
            ("{\"a\":", ""),
            ("", ""),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(partial), left).unwrap();
            fs::write(folder.path().join(".other-program.partial"), "").unwrap();
            let sink = sink(&folder.path().join(path), layout);
            sink.finish_cycle(&contoso(), CycleId::random()).await.unwrap();
            assert_eq!(content(folder.path()), expected, "{left:?} in {layout:?}");
            let names = names(folder.path());
            assert_eq!(names[0], ".other-program.partial");
            assert!(names[1..].iter().all(|name| name.ends_with("ndjson")), "{names:?}");
        }
    }
}

#[tokio::test]
async fn what_a_living_process_writes_is_left_alone() {
    for (layout, path) in [(FileLayout::Directory, ""), (FileLayout::Single, "all.ndjson")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(path);
        // Each sink opens files of its own, as another process would.
        let (living, other) = (sink(&path, layout), sink(&path, layout));
        let (first, second) = (CycleId::random(), CycleId::random());
        living.write_batch(&batch(first, &["1"])).await.unwrap();
        other.write_batch(&batch(second, &["2"])).await.unwrap();
        other.finish_cycle(&contoso(), second).await.unwrap();
        assert_eq!(names(folder.path()).len(), 2, "one partial, one published");
        living.write_batch(&batch(first, &["3"])).await.unwrap();
        living.finish_cycle(&contoso(), first).await.unwrap();
        let mut lines: Vec<_> = content(folder.path()).lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["1", "2", "3"], "{layout:?}");
    }
}

#[tokio::test]
async fn a_single_file_gains_the_events_of_a_cycle_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.ndjson");
    // Another program wrote it, and left its last line open.
    fs::write(&path, "0").unwrap();
    let sink = sink(&path, FileLayout::Single);
    let cycle = CycleId::random();
    sink.write_batch(&batch(cycle, &["1"])).await.unwrap();
    sink.write_batch(&batch(cycle, &["2"])).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "0");
    sink.finish_cycle(&contoso(), cycle).await.unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "0\n1\n2\n");
    assert_eq!(names(folder.path()), ["all.ndjson"]);
}

#[tokio::test]
async fn events_that_reached_a_single_file_are_not_added_again_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.ndjson");
    let noted = folder.path().join(".all.ndjson.merging-4-x.events.partial");
    // The process died between the rename and the removal.
    fs::write(&path, "1\n2\n").unwrap();
    fs::write(&noted, "2\n").unwrap();
    let finish = || sink(&path, FileLayout::Single);
    finish().finish_cycle(&contoso(), CycleId::random()).await.unwrap();
    assert_eq!(content(folder.path()), "1\n2\n");
    // It died before the rename.
    fs::write(&path, "1\n").unwrap();
    fs::write(&noted, "2\n").unwrap();
    fs::write(folder.path().join(".all.ndjson.copy"), "1\n").unwrap();
    finish().finish_cycle(&contoso(), CycleId::random()).await.unwrap();
    assert_eq!(content(folder.path()), "1\n2\n");
    assert_eq!(names(folder.path()), ["all.ndjson"]);
}

#[cfg(unix)]
#[tokio::test]
async fn a_single_file_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("all.ndjson");
    fs::write(&path, "0\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let sink = sink(&path, FileLayout::Single);
    let cycle = CycleId::random();
    sink.write_batch(&batch(cycle, &["1"])).await.unwrap();
    sink.finish_cycle(&contoso(), cycle).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o604);
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("mis/spelt");
    let error = sink(&missing, FileLayout::Directory)
        .write_batch(&batch(CycleId::random(), &["{}"]))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("mis/spelt") && error.contains("make the folder"), "{error}");
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    for (path, layout) in
        [(taken.clone(), FileLayout::Directory), (taken.join("x"), FileLayout::Single)]
    {
        let refused = sink(&path, layout).write_batch(&batch(CycleId::random(), &["{}"])).await;
        let error = refused.unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
    }
}

#[tokio::test]
async fn a_check_tells_whether_files_can_be_made_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |path: &Path| {
        let findings = sink(path, FileLayout::Directory).check().await;
        assert_eq!(findings.len(), 1);
        findings[0].verdict
    };
    assert_eq!(check(folder.path()).await, Verdict::Fine);
    assert_eq!(check(&folder.path().join("new")).await, Verdict::Fine);
    assert_eq!(check(&folder.path().join("mis/spelt")).await, Verdict::Failed);
    assert_eq!(names(folder.path()), [""; 0]);
}
