//! One span for the whole call: its waits for quota, for the gate and between attempts, which no request
//! on the wire shows. A call that fails without a request has this span only.

use http::Response;
use tower::layer::{Layer, layer_fn};
use tracing::Instrument;
use tracing::field::Empty;

use stocktake_connector_core::TenantName;
use stocktake_telemetry::{field, span};

use crate::StackOptions;
use crate::attempt_failure::kind_name;
use crate::call::Call;
use crate::layers::service;

#[derive(Debug, Clone)]
pub(crate) struct CallSpan<S> {
    inner: S,
    api: &'static str,
    tenant: Option<TenantName>,
}

pub(crate) fn layer<S>(options: &StackOptions) -> impl Layer<S, Service = CallSpan<S>> + use<S> {
    let (api, tenant) = (options.api, options.tenant.clone());
    layer_fn(move |inner| CallSpan { inner, api, tenant: tenant.clone() })
}

service!(CallSpan, Response<bytes::Bytes>, |this, request| {
    let call = Call::of(&request);
    let span = tracing::info_span!(
        span::API_CALL,
        { field::API } = this.api,
        { field::TENANT_NAME } =
            call.tenant.as_ref().or(this.tenant.as_ref()).map(TenantName::as_str),
        { field::OPERATION } = call.operation,
        { field::ERROR_TYPE } = Empty,
        { field::OTEL_STATUS_CODE } = Empty,
    );
    let outcome = this.inner.call(request).instrument(span.clone()).await;
    if let Err(failure) = &outcome {
        span.record(field::ERROR_TYPE, kind_name(failure.kind));
        span.record(field::OTEL_STATUS_CODE, field::STATUS_ERROR);
    }
    outcome
});
