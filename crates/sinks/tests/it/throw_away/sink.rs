use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, Failure, Finding, Sink, SinkError,
};
use stocktake_http_stack::ApiStack;
use url::Url;

#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) url: Url,
    pub(super) stack: ApiStack,
}

#[async_trait]
impl Sink for Webhook {
    fn batch_limits(&self) -> BatchLimits {
        BatchLimits { max_events: 1_000, max_bytes: 1024 * 1024, max_event_bytes: None }
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let mut body = Vec::with_capacity(batch.bytes() + batch.events.len());
        for event in &batch.events {
            body.extend_from_slice(&event.body);
            body.push(b'\n');
        }
        let url = format!("{}events", self.url);
        let request = Request::post(url).body(Bytes::from(body)).unwrap();
        match self.stack.call("post events", request).await {
            Ok(_) => Ok(Acknowledgement::ALL),
            Err(error) => Err(Failure::from(error).into()),
        }
    }

    async fn finish_cycle(&self, _: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for Webhook {
    async fn check(&self) -> Vec<Finding> {
        let request = Request::head(self.url.as_str()).body(Bytes::new()).unwrap();
        vec![match self.stack.call("check access", request).await {
            Ok(_) => Finding::fine("access", "the receiver responds"),
            Err(error) => Finding::failed("access", error.to_string(), "Check the URL."),
        }]
    }
}
