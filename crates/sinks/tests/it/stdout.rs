use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use stocktake_connector_core::conformance::{self, Destination};
use stocktake_connector_core::{CycleId, Recovery, Refusal, Sink};
use stocktake_sinks::StdoutSink;

use crate::batch;

/// A writer whose content can be looked at.
#[derive(Debug, Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Stream {
    page: Page,
    sink: StdoutSink<Page>,
}

#[async_trait]
impl Destination for Stream {
    fn sink(&self) -> &dyn Sink {
        &self.sink
    }

    async fn arrived(&self) -> Vec<Bytes> {
        let text = self.page.0.lock().unwrap().clone();
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| Bytes::copy_from_slice(line.strip_suffix(b"\n").unwrap()))
            .collect()
    }
}

#[tokio::test]
async fn the_sink_conforms() {
    conformance::sink(async || {
        let page = Page::default();
        Stream { sink: StdoutSink::over(page.clone()), page }
    })
    .await;
}

#[tokio::test]
async fn an_event_with_a_line_break_is_refused_alone() {
    let page = Page::default();
    let sink = StdoutSink::over(page.clone());
    let batch = batch(CycleId::random(), &["{\"a\":1}", "{\n}", "{\"b\":2}"]);
    let acknowledgement = sink.write_batch(&batch).await.unwrap();
    let [Refusal { index: 1, reason }] = &acknowledgement.refused[..] else {
        panic!("{acknowledgement:?}");
    };
    assert!(reason.contains("line break"), "{reason}");
    assert_eq!(page.0.lock().unwrap().as_slice(), b"{\"a\":1}\n{\"b\":2}\n");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_named() {
    let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let sink = StdoutSink::over(full);
    let error = sink.write_batch(&batch(CycleId::random(), &["{}"])).await.unwrap_err();
    assert_eq!(error.recovery(), Recovery::Operator);
    let error = error.to_string();
    assert!(
        error.starts_with("write to standard output: ") && error.contains("make room"),
        "{error}"
    );
}

#[tokio::test]
async fn a_reader_that_ended_is_named() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let sink = StdoutSink::over(writer);
    let error = sink.write_batch(&batch(CycleId::random(), &["{}"])).await.unwrap_err().to_string();
    assert!(error.contains("the program that reads the events has ended"), "{error}");
}
