//! Posts events as NDJSON.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, Request, Uri};
use stocktake_connector_core::{
    Acknowledgement, Batch, BatchLimits, Check, CycleEnd, Failure, Finding, Sink, SinkDestination,
    SinkError,
};
use stocktake_http_stack::{ApiError, ApiStack};

#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) uri: Uri,
    pub(super) stack: ApiStack,
}

impl Webhook {
    async fn call(&self, name: &'static str, method: Method, body: Bytes) -> Result<(), ApiError> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = self.uri.clone();
        self.stack.call(name, request).await?;
        Ok(())
    }
}

#[async_trait]
impl Sink for Webhook {
    fn batch_limits(&self) -> BatchLimits {
        BatchLimits { max_events: 1_000, max_bytes: 1024 * 1024, max_event_bytes: None }
    }

    async fn destination(&self) -> Option<SinkDestination> {
        // The query may hold a key.
        let address = self.uri.to_string();
        let address = address.split_once('?').map_or(&*address, |(address, _)| address);
        Some(SinkDestination::new(address))
    }

    async fn write_batch(&self, batch: &Batch) -> Result<Acknowledgement, SinkError> {
        let mut body = Vec::with_capacity(batch.bytes() + batch.events.len());
        for event in &batch.events {
            body.extend_from_slice(&event.body);
            body.push(b'\n');
        }
        self.call("post events", Method::POST, body.into()).await.map_err(Failure::from)?;
        Ok(Acknowledgement::ALL)
    }

    async fn finish_cycle(&self, _: &CycleEnd) -> Result<Acknowledgement, SinkError> {
        Ok(Acknowledgement::ALL)
    }
}

#[async_trait]
impl Check for Webhook {
    async fn check(&self) -> Vec<Finding> {
        vec![match self.call("check access", Method::HEAD, Bytes::new()).await {
            Ok(()) => Finding::fine("access", "the receiver responds"),
            Err(error) => Finding::failed("access", error.to_string(), "Check the URL."),
        }]
    }
}
