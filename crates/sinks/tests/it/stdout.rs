use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use stocktake_connector_core::conformance::{self, Destination, Received};
use stocktake_connector_core::{
    Batch, CycleId, ErrorCode, Failure, Recovery, Refusal, Sink, SinkError, chain,
};
use stocktake_sinks::StdoutSink;

use crate::batch;

/// A writer whose content can be read.
#[derive(Debug, Clone, Default)]
struct SharedBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for SharedBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Stream {
    buffer: SharedBuffer,
    sink: StdoutSink<SharedBuffer>,
}

#[async_trait]
impl Destination for Stream {
    fn sink(&self) -> &dyn Sink {
        &self.sink
    }

    fn has_address(&self) -> bool {
        false
    }

    async fn received(&self) -> Vec<Received> {
        let text = self.buffer.0.lock().unwrap().clone();
        text.split_inclusive(|byte| *byte == b'\n')
            .map(|line| Bytes::copy_from_slice(line.strip_suffix(b"\n").unwrap()))
            .map(conformance::read_json_body)
            .collect()
    }
}

#[tokio::test]
async fn the_sink_conforms() {
    conformance::sink(async || {
        let buffer = SharedBuffer::default();
        Stream { sink: StdoutSink::with_writer(buffer.clone()), buffer }
    })
    .await;
}

#[tokio::test]
async fn an_event_with_a_line_break_is_refused_alone() {
    let buffer = SharedBuffer::default();
    let sink = StdoutSink::with_writer(buffer.clone());
    let batch = batch(CycleId::random(), &["{\"a\":1}", "{\n}", "{\"b\":2}"]);
    let acknowledgement = sink.write_batch(&batch).await.unwrap();
    let [Refusal { index: 1, reason }] = &acknowledgement.refused[..] else {
        panic!("{acknowledgement:?}");
    };
    assert!(reason.contains("line break"), "{reason}");
    assert_eq!(buffer.0.lock().unwrap().as_slice(), b"{\"a\":1}\n{\"b\":2}\n");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_named() {
    let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let sink = StdoutSink::with_writer(full);
    let failure = failure(&sink, &batch(CycleId::random(), &["{}"])).await;
    assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkFile, Recovery::Operator));
    assert!(failure.advice.as_deref().unwrap().contains("Make room"), "{failure:?}");
    let error = chain(&failure);
    assert!(error.starts_with("write to standard output: "), "{error}");
}

async fn failure(sink: &dyn Sink, batch: &Batch) -> Failure {
    match sink.write_batch(batch).await {
        Err(SinkError::Failed { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reader_that_ended_is_named() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let sink = StdoutSink::with_writer(writer);
    let failure = failure(&sink, &batch(CycleId::random(), &["{}"])).await;
    assert!(failure.advice.unwrap().contains("The program that reads the events has ended"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_stands_still_is_named_and_the_sink_goes_on_when_it_does() {
    let (mut reader, writer) = io::pipe().unwrap();
    let sink = StdoutSink::with_writer(writer);
    // More than a pipe holds.
    let body = format!("\"{}\"", "x".repeat(512 * 1024));
    let large = batch(CycleId::random(), &[&body]);
    // The second one waits for no thread of its own.
    for _ in 0..2 {
        let failure = failure(&sink, &large).await;
        assert_eq!((failure.code, failure.recovery), (ErrorCode::SinkFile, Recovery::Retry));
        assert_eq!(chain(&failure), "write to standard output: not done within 10 s");
        assert!(failure.advice.unwrap().contains("the program that reads the events"));
    }
    tokio::time::resume();
    let reading = std::thread::spawn(move || {
        let mut all = String::new();
        reader.read_to_string(&mut all).unwrap();
        all
    });
    sink.write_batch(&batch(CycleId::random(), &["{}"])).await.unwrap();
    drop(sink);
    assert_eq!(reading.join().unwrap(), format!("{body}\n{{}}\n"), "nothing is torn");
}
