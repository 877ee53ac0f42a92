//! Folders of files that other programs change, plant things in, or stand in the place of.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;

use stocktake_connector_core::{
    Acknowledgement, Check, CycleId, ErrorCode, Failure, Recovery, Sink, SinkError, Verdict, chain,
};
use stocktake_sinks::{FileMode, FileSink};

use crate::file::{content, names, sink};
use crate::{batch, end};

fn failed(response: Result<Acknowledgement, SinkError>) -> Failure {
    match response {
        Err(SinkError::Failed { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

fn partial(folder: &Path) -> PathBuf {
    folder.join(names(folder).into_iter().find(|name| name.ends_with(".partial")).unwrap())
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// One cycle of one batch.
async fn cycle(sink: &FileSink, bodies: &[&str]) -> Result<Acknowledgement, SinkError> {
    let cycle = CycleId::random();
    sink.write_batch(&batch(cycle, bodies)).await?;
    sink.finish_cycle(&end(cycle)).await
}

type Interfere = fn(&Path);

/// What another program can do to the folder while a cycle runs. Each gets the folder.
const INTERFERENCES: [(&str, Interfere); 10] = [
    ("the folder is removed", |folder| fs::remove_dir_all(folder).unwrap()),
    ("the folder is moved away", |folder| {
        fs::rename(folder, folder.with_extension("moved")).unwrap();
    }),
    ("another folder takes its place", |folder| {
        fs::rename(folder, folder.with_extension("moved")).unwrap();
        fs::create_dir(folder).unwrap();
    }),
    ("a link to another folder takes its place", |folder| {
        let moved = folder.with_extension("moved");
        fs::rename(folder, &moved).unwrap();
        let other = folder.with_extension("other");
        fs::create_dir(&other).unwrap();
        symlink(other, folder).unwrap();
    }),
    ("the partial file is removed", |folder| fs::remove_file(partial(folder)).unwrap()),
    ("the partial file is renamed", |folder| {
        fs::rename(partial(folder), folder.join("mine")).unwrap();
    }),
    ("another file takes its place", |folder| {
        fs::write(folder.join("other"), "1\n2\n").unwrap();
        fs::rename(folder.join("other"), partial(folder)).unwrap();
    }),
    ("the partial file is emptied", |folder| {
        fs::File::options().write(true).open(partial(folder)).unwrap().set_len(0).unwrap();
    }),
    ("the partial file is cut", |folder| {
        fs::File::options().write(true).open(partial(folder)).unwrap().set_len(1).unwrap();
    }),
    ("the partial file is appended to", |folder| {
        fs::File::options().append(true).open(partial(folder)).unwrap().write_all(b"{").unwrap();
    }),
];

#[tokio::test]
async fn what_is_not_where_readers_look_is_not_acknowledged_and_the_next_cycle_can_send_it() {
    for (what, interfere) in INTERFERENCES {
        for has_second_batch in [false, true] {
            let parent = tempfile::tempdir().unwrap();
            let folder = parent.path().join("events");
            let sink = sink(&folder);
            let id = CycleId::random();
            let staged = sink.write_batch(&batch(id, &["1"])).await.unwrap();
            assert_eq!(staged, Acknowledgement::STAGED, "{what}");
            interfere(&folder);
            if has_second_batch {
                // It may go unnoticed until the end of the cycle.
                let _ = sink.write_batch(&batch(id, &["2"])).await;
            }

            let failure = failed(sink.finish_cycle(&end(id)).await);

            assert_eq!(
                (failure.code, failure.recovery),
                (ErrorCode::SinkFile, Recovery::Retry),
                "{what}"
            );
            assert!(failure.message.contains(folder.to_str().unwrap()), "{what}: {failure:?}");
            assert!(failure.advice.is_some(), "{what}");
            if folder.exists() {
                fs::remove_file(folder.join("mine")).ok();
                assert_eq!(content(&folder), "", "{what}");
            }
            let again = cycle(&sink, &["1", "2"]).await.unwrap();
            assert_eq!(
                (again, content(&folder)),
                (Acknowledgement::ALL, "1\n2\n".to_owned()),
                "{what}"
            );
            let left = names(&folder).into_iter().filter(|name| name.ends_with(".partial")).count();
            assert!(left <= 1, "{what}: only what is not ours: {:?}", names(&folder));
        }
    }
}

#[tokio::test]
async fn a_reader_may_take_a_file_as_soon_as_it_has_its_final_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let (stop, stopped) = mpsc::channel::<()>();
    let reader = std::thread::spawn(move || {
        let mut taken = 0;
        loop {
            // The last look comes after the last file.
            let is_last = stopped.try_recv() == Err(mpsc::TryRecvError::Disconnected);
            for name in names(&path).iter().filter(|name| !name.starts_with('.')) {
                taken += fs::read_to_string(path.join(name)).unwrap().lines().count();
                fs::remove_file(path.join(name)).unwrap();
            }
            if is_last {
                return taken;
            }
        }
    });
    let sink = sink(folder.path());
    for _ in 0..100 {
        assert_eq!(cycle(&sink, &["1"]).await.unwrap(), Acknowledgement::ALL);
    }
    drop(stop);
    assert_eq!(reader.join().unwrap(), 100);
}

#[tokio::test]
async fn a_large_cycle_is_published_in_parts_so_that_little_is_staged() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let id = CycleId::random();
    let body = format!("\"{}\"", "x".repeat(8 * 1024 * 1024));
    let mut durable = Vec::new();
    for _ in 0..5 {
        let written = sink.write_batch(&batch(id, &[&body])).await.unwrap();
        durable.push(written == Acknowledgement::ALL);
    }
    assert_eq!(durable, [false, false, false, true, false]);
    sink.finish_cycle(&end(id)).await.unwrap();
    let stem = format!("contoso.defender-20260921T141320Z-{id}");
    assert_eq!(names(folder.path()), [format!("{stem}-2.ndjson"), format!("{stem}.ndjson")]);
    assert_eq!(content(folder.path()).lines().count(), 5);
}

#[tokio::test]
async fn a_part_that_is_lost_fails_the_end_of_its_cycle_too() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("events");
    let sink = sink(&folder);
    let id = CycleId::random();
    let body = format!("\"{}\"", "x".repeat(8 * 1024 * 1024));
    for _ in 0..3 {
        sink.write_batch(&batch(id, &[&body])).await.unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
    failed(sink.write_batch(&batch(id, &[&body])).await);
    failed(sink.write_batch(&batch(id, &["1"])).await);
    failed(sink.finish_cycle(&end(id)).await);
    assert_eq!(cycle(&sink, &["1"]).await.unwrap(), Acknowledgement::ALL);
}

#[tokio::test]
async fn a_batch_that_is_refused_whole_makes_nothing_safe() {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink(folder.path());
    let id = CycleId::random();
    sink.write_batch(&batch(id, &["1"])).await.unwrap();
    let refused = sink.write_batch(&batch(id, &["{\n}"])).await.unwrap();
    assert_eq!(
        (refused.refused.len(), refused.durability),
        (1, Acknowledgement::STAGED.durability)
    );
}

type Plant = fn(&Path, &Path);

/// What others can plant in the folder. Each gets a free path, and a file that must stay as it is.
const PLANTED: [(&str, Plant); 8] = [
    ("a link to a file", |path, precious| symlink(precious, path).unwrap()),
    ("a link to a folder", |path, precious| symlink(precious.parent().unwrap(), path).unwrap()),
    ("a link to nothing", |path, precious| symlink(precious.with_extension("new"), path).unwrap()),
    ("a link to a device", |path, _| symlink("/dev/null", path).unwrap()),
    ("a hard link", |path, precious| fs::hard_link(precious, path).unwrap()),
    ("a folder", |path, _| fs::create_dir(path).unwrap()),
    ("a named pipe", |path, _| pipe(path)),
    ("a socket", |path, _| drop(UnixListener::bind(path).unwrap())),
];

#[tokio::test]
async fn nothing_that_others_plant_is_followed_changed_or_in_the_way() {
    for (what, plant) in PLANTED {
        let outside = tempfile::tempdir().unwrap();
        let precious = outside.path().join("precious");
        fs::write(&precious, "precious, without a line end").unwrap();
        let folder = outside.path().join("e");
        fs::create_dir(&folder).unwrap();
        let id = CycleId::random();
        let stem = format!("contoso.defender-20260921T141320Z-{id}");
        let planted = [
            ".x.ndjson.partial".to_owned(),
            format!(".{stem}.ndjson.partial"),
            format!("{stem}.ndjson"),
        ];
        for name in &planted {
            plant(&folder.join(name), &precious);
        }
        let kind = |name: &str| folder.join(name).symlink_metadata().unwrap().file_type();
        let before = planted.each_ref().map(|name| kind(name));
        let sink = sink(&folder);

        sink.write_batch(&batch(id, &["1"])).await.unwrap();
        let finished = sink.finish_cycle(&end(id)).await.unwrap();

        assert_eq!(finished, Acknowledgement::ALL, "{what}");
        let published = fs::read_to_string(folder.join(format!("{stem}-2.ndjson")));
        assert_eq!(published.unwrap(), "1\n", "{what}");
        assert_eq!(planted.each_ref().map(|name| kind(name)), before, "{what}");
        assert_eq!(
            fs::read_to_string(&precious).unwrap(),
            "precious, without a line end",
            "{what}"
        );
        assert!(!precious.with_extension("new").exists(), "{what}");
        assert_eq!(names(&folder).len(), 4, "{what}: {:?}", names(&folder));
        assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    }
}

#[tokio::test]
async fn odd_and_unreadable_names_in_any_number_stop_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..1_500 {
        let name = format!(".{number}.ndjson.partial");
        symlink("nowhere", folder.path().join(name)).unwrap();
    }
    let odd =
        [&b".\xff\xfe.ndjson.partial"[..], b".\n.ndjson.partial", b".ndjson.partial", b"\xff"];
    for name in odd {
        fs::create_dir(folder.path().join(std::ffi::OsStr::from_bytes(name))).unwrap();
    }
    let unreadable = folder.path().join(".unreadable.ndjson.partial");
    fs::create_dir(&unreadable).unwrap();
    fs::set_permissions(&unreadable, fs::Permissions::from_mode(0o000)).unwrap();
    let sink = sink(folder.path());
    for _ in 0..2 {
        assert_eq!(cycle(&sink, &["1"]).await.unwrap(), Acknowledgement::ALL);
    }
    let published = fs::read_dir(folder.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "ndjson"));
    assert_eq!(published.count(), 2);
}

/// What may lie where the folder should be, and what is said of it.
const NO_FOLDERS: [(&str, &str, Interfere); 7] = [
    ("a file", "is a file, not a folder", |path| fs::write(path, "mine").unwrap()),
    ("a link to a file", "is a file, not a folder", |path| {
        fs::write(path.with_extension("file"), "mine").unwrap();
        symlink(path.with_extension("file"), path).unwrap();
    }),
    ("a device", "is a device, not a folder", |path| symlink("/dev/null", path).unwrap()),
    ("a named pipe", "is a named pipe, not a folder", pipe),
    ("a socket", "is a socket, not a folder", |path| drop(UnixListener::bind(path).unwrap())),
    ("a link to nothing", "is a link that leads nowhere", |path| symlink("nowhere", path).unwrap()),
    ("a link to itself", "levels of symbolic links", |path| symlink(path, path).unwrap()),
];

#[tokio::test]
async fn what_is_no_folder_is_named_by_check_and_cycle_and_left_as_it_is() {
    for (what, said, place) in NO_FOLDERS {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("e");
        place(&path);
        let before = (names(parent.path()), path.symlink_metadata().unwrap().file_type());
        let sink = sink(&path);

        let findings = sink.check().await;
        let failure = failed(cycle(&sink, &["1"]).await);

        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert_eq!(finding.verdict, Verdict::Failed, "{what}");
        assert!(finding.detail.contains(said), "{what}: {finding:?}");
        assert!(finding.advice.is_some(), "{what}");
        assert!(chain(&failure).contains(said), "{what}: {failure:?}");
        assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkFile, Recovery::Operator));
        let after = (names(parent.path()), path.symlink_metadata().unwrap().file_type());
        assert_eq!(after, before, "{what}");
    }
}

#[tokio::test]
async fn a_folder_may_be_a_link_to_one() {
    let parent = tempfile::tempdir().unwrap();
    fs::create_dir(parent.path().join("volume")).unwrap();
    symlink("volume", parent.path().join("events")).unwrap();
    let sink = sink(&parent.path().join("events"));
    assert_eq!(sink.check().await[0].verdict, Verdict::Fine);
    assert_eq!(cycle(&sink, &["1"]).await.unwrap(), Acknowledgement::ALL);
    assert_eq!(content(&parent.path().join("volume")), "1\n");
}

#[tokio::test]
async fn files_and_folder_are_for_their_owner_unless_the_group_is_let_in() {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (setting, of_folder, of_file) in
        [(FileMode::Owner, 0o700, 0o600), (FileMode::Group, 0o750, 0o640)]
    {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("events");
        let sink = sink(&folder).with_mode(setting);
        let id = CycleId::random();
        sink.write_batch(&batch(id, &["1"])).await.unwrap();
        assert_eq!((mode(&folder), mode(&partial(&folder))), (of_folder, of_file));
        sink.finish_cycle(&end(id)).await.unwrap();
        let [name] = &names(&folder)[..] else { panic!("one file") };
        assert_eq!(mode(&folder.join(name)), of_file);
    }
}
