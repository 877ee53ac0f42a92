use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use stocktake_connector_core::conformance::{self, Destination, Received};
use stocktake_connector_core::{
    Acknowledgement, Check, Clock, CycleId, ErrorCode, FixedClock, Recovery, Sink, SinkError,
    Verdict,
};
use stocktake_sinks::FileSink;

use crate::{batch, batch_of, end, end_of, inventory};

pub(crate) fn sink(path: &Path) -> FileSink {
    let clock = FixedClock(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    FileSink::new(path.to_owned(), Arc::new(clock))
}

/// The names in a folder, hidden ones included.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What readers find: the files with final names.
pub(crate) fn content(folder: &Path) -> String {
    let names = names(folder).into_iter().filter(|name| !name.starts_with('.'));
    names.map(|name| fs::read_to_string(folder.join(name)).unwrap()).collect()
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

fn ticking(path: &Path) -> FileSink {
    FileSink::new(path.to_owned(), Arc::new(Ticking::default()))
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

    async fn received(&self) -> Vec<Received> {
        content(self.folder.path())
            .lines()
            .map(|line| conformance::read_json_body(Bytes::copy_from_slice(line.as_bytes())))
            .collect()
    }
}

#[tokio::test]
async fn the_sink_conforms() {
    conformance::sink(async || {
        let folder = tempfile::tempdir().unwrap();
        Files { sink: ticking(folder.path()), folder }
    })
    .await;
}

#[tokio::test]
async fn a_file_has_its_final_name_only_when_the_cycle_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let cycle = CycleId::random();
    let written = sink.write_batch(&batch(cycle, &["{\"a\":1}", "{\"b\":2}"])).await.unwrap();
    assert_eq!(written, Acknowledgement::STAGED);
    let [partial] = &names(folder.path())[..] else { panic!("one file") };
    assert!(partial.starts_with('.') && partial.ends_with(".partial"), "{partial}");
    assert_eq!(sink.finish_cycle(&end(cycle)).await.unwrap(), Acknowledgement::ALL);
    assert_eq!(content(folder.path()), "{\"a\":1}\n{\"b\":2}\n");
    assert_eq!(names(folder.path()), [format!("contoso.defender-20260921T141320Z-{cycle}.ndjson")]);
}

#[tokio::test]
async fn a_cycle_without_events_leaves_no_file_and_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("events");
    sink(&inner).finish_cycle(&end(CycleId::random())).await.unwrap();
    assert!(!inner.exists());
}

#[tokio::test]
async fn a_name_cannot_leave_the_folder_or_meet_the_file_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let cycle = CycleId::random();
    let hostile = ["../../etc/x", ".._.._etc_x", "a b", "a:b", "é", &"x".repeat(250)];
    let of_tenants = hostile.map(|name| inventory(name, "defender"));
    let of_sources = hostile.map(|name| inventory("contoso", name));
    for inventory in of_tenants.iter().chain(&of_sources) {
        sink.write_batch(&batch_of(inventory, cycle, &["{}"])).await.unwrap();
        sink.finish_cycle(&end_of(inventory, cycle)).await.unwrap();
    }
    let names = names(folder.path());
    assert_eq!(names.len(), 12, "{names:?}");
    assert!(
        names.iter().all(|name| name.ends_with(".ndjson") && !name.starts_with('.')),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_complete_file_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let cycle = CycleId::random();
    for body in ["1", "2"] {
        sink.write_batch(&batch(cycle, &[body])).await.unwrap();
        sink.finish_cycle(&end(cycle)).await.unwrap();
    }
    assert_eq!(names(folder.path()).len(), 2);
}

#[tokio::test]
async fn a_cycle_that_was_never_finished_is_dropped_when_the_next_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let (first, second) = (CycleId::random(), CycleId::random());
    sink.write_batch(&batch(first, &["1"])).await.unwrap();
    sink.write_batch(&batch(second, &["1", "2"])).await.unwrap();
    sink.finish_cycle(&end(second)).await.unwrap();
    assert_eq!((names(folder.path()).len(), content(folder.path())), (1, "1\n2\n".to_owned()));
}

#[tokio::test]
async fn what_a_dead_process_left_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cycle = CycleId::random();
    fs::write(folder.path().join(".contoso.defender-20260101T000000Z-1.ndjson.partial"), "{}")
        .unwrap();
    fs::write(folder.path().join(".other-program.partial"), "").unwrap();
    let sink = sink(folder.path());
    sink.write_batch(&batch(cycle, &["1"])).await.unwrap();
    sink.finish_cycle(&end(cycle)).await.unwrap();
    let published = format!("contoso.defender-20260921T141320Z-{cycle}.ndjson");
    assert_eq!(names(folder.path()), [".other-program.partial", &published]);
}

#[tokio::test]
async fn what_a_living_process_writes_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Each sink opens files of its own, as another process would.
    let (living, other) = (sink(folder.path()), sink(folder.path()));
    let (first, second) = (CycleId::random(), CycleId::random());
    living.write_batch(&batch(first, &["1"])).await.unwrap();
    other.write_batch(&batch(second, &["2"])).await.unwrap();
    other.finish_cycle(&end(second)).await.unwrap();
    assert_eq!(names(folder.path()).len(), 2, "one partial, one published");
    living.write_batch(&batch(first, &["3"])).await.unwrap();
    living.finish_cycle(&end(first)).await.unwrap();
    let mut lines: Vec<_> = content(folder.path()).lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["1", "2", "3"]);
}

#[tokio::test]
async fn two_sources_of_a_tenant_have_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let cycle = CycleId::random();
    let inventories = ["defender", "intune"].map(|source| inventory("contoso", source));
    for part in ["1", "2"] {
        for inventory in &inventories {
            let body = format!("\"{}{part}\"", inventory.source);
            sink.write_batch(&batch_of(inventory, cycle, &[&body])).await.unwrap();
        }
    }
    for inventory in &inventories {
        sink.finish_cycle(&end_of(inventory, cycle)).await.unwrap();
        let source = &inventory.source;
        let name = format!("contoso.{source}-20260921T141320Z-{cycle}.ndjson");
        let written = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(written, format!("\"{source}1\"\n\"{source}2\"\n"));
    }
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, "").unwrap();
    for (path, advice) in [
        (folder.path().join("mis/spelt"), "Make the folder"),
        (taken.clone(), "Set the path of a folder"),
    ] {
        let failed = sink(&path).write_batch(&batch(CycleId::random(), &["{}"])).await;
        let Err(SinkError::Failed { failure, .. }) = failed else { panic!("{failed:?}") };
        assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkFile, Recovery::Operator));
        assert!(failure.message.contains(path.to_str().unwrap()), "{failure:?}");
        assert!(failure.advice.as_deref().unwrap_or_default().contains(advice), "{failure:?}");
    }
}

#[tokio::test]
async fn a_check_shows_whether_files_can_be_made_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let check = async |path: &Path| {
        let findings = sink(path).check().await;
        assert_eq!(findings.len(), 1);
        findings[0].verdict
    };
    assert_eq!(check(folder.path()).await, Verdict::Fine);
    assert_eq!(names(folder.path()), [""; 0]);
    assert_eq!(check(&folder.path().join("new")).await, Verdict::Fine);
    assert_eq!(check(&folder.path().join("mis/spelt")).await, Verdict::Failed);
    assert_eq!(names(folder.path()), [""; 0]);
}
