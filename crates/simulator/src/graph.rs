//! Graph: Intune's managed devices, one by one, in pages and in batches.
//!
//! Manners: *Paging* (<https://learn.microsoft.com/graph/paging>), *JSON batching*
//! (<https://learn.microsoft.com/graph/json-batching>); a filter on another property is ignored:
//! microsoftgraph/microsoft-graph-explorer-v4#3125.

use std::sync::Arc;

use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::audience::Audience;
use crate::cloud::{Cloud, Tenant};
use crate::defender::malformed;
use crate::entra::{Denied, authorise};
use crate::fault::Effect;
use crate::fleet::{Depth, Guid, Selection, Snapshot};
use crate::options::Intune;
use crate::query::{Query, equals_filter, time_filter};
use crate::response::{ApiResponse, PageBody};

/// The path of the listing, below the version.
pub(crate) const MANAGED_DEVICES: &str = "/deviceManagement/managedDevices";
pub(crate) const KIND: &str = "application/json;odata.metadata=minimal;odata.streaming=true;\
                               IEEE754Compatible=false;charset=utf-8";
const ROLES: &[&str] =
    &["DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All"];

/// A refusal: what a response or an item of a batch says.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// The body, in the form of Graph's errors.
    pub(crate) fn body(&self, cloud: &Cloud) -> Value {
        let request = cloud.fresh_guid().to_string();
        json!({"error": {
            "code": self.code,
            "message": self.message,
            "innerError": {
                "date": cloud.now().format("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request,
                "client-request-id": request,
            },
        }})
    }

    pub(crate) fn respond(&self, cloud: &Cloud) -> ApiResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        ApiResponse::json(status, &self.body(cloud))
    }
}

/// Who calls, if the token is good for Graph; roles and licence are another matter.
pub(crate) fn caller<'a>(cloud: &'a Cloud, headers: &HeaderMap) -> Result<&'a Tenant, Refusal> {
    let token = |message: &str| Refusal::new(401, "InvalidAuthenticationToken", message);
    match authorise(cloud, headers, Audience::Graph, ROLES) {
        Ok(tenant) if tenant.account.intune == Intune::Unregistered => Err(Refusal::new(
            401,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )),
        Ok(tenant) => Ok(tenant),
        Err(Denied::Unknown) => Err(token("Access token validation failure. Invalid token.")),
        Err(Denied::Expired) => Err(token("Lifetime validation failed, the token is expired.")),
        Err(Denied::WrongAudience) => {
            Err(token("Access token validation failure. Invalid audience."))
        }
        Err(Denied::MissingRole(_)) => Err(Refusal::new(
            403,
            "Forbidden",
            format!(
                "Application is not authorized to perform this operation. Application must have one \
                 of the following scopes: {}",
                ROLES.join(", ")
            ),
        )),
    }
}

/// What Intune says to a tenant without a licence.
pub(crate) fn licence(tenant: &Tenant) -> Result<(), Refusal> {
    match tenant.account.intune {
        Intune::Licensed | Intune::Unregistered => Ok(()),
        Intune::Unlicensed => {
            Err(Refusal::new(400, "BadRequest", "Request not applicable to target tenant."))
        }
        // Intune writes a document into the message.
        Intune::Forbidden => {
            let message = json!({
                "ErrorCode": "Forbidden", "Message": "", "Target": null, "Details": null,
                "InnerError": null, "InstanceAnnotations": [], "TypeAnnotation": null,
            });
            let message = format!("{message} realm=\"urn:intune:service\"");
            Err(Refusal::new(403, "UnknownError", message))
        }
    }
}

/// Serves `GET /v1.0/deviceManagement/managedDevices`.
pub(crate) fn list(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> ApiResponse {
    let page = get(method)
        .and_then(|()| caller(cloud, headers))
        .and_then(|tenant| licence(tenant).map(|()| tenant))
        .and_then(|tenant| page(cloud, tenant, query, effect));
    match page {
        Ok(page) => {
            let (before, link) = envelope(cloud, &page, origin, query, effect);
            let Page { state, records, selection, .. } = page;
            let malformed = malformed(effect);
            let write = move |place: usize, index: usize, out: &mut Vec<u8>| {
                let device = state.managed_device(index);
                if place < malformed {
                    device.write_malformed(out);
                } else {
                    device.write(&selection, Depth::Listed, out);
                }
            };
            let before = [before, link, b"\"value\":[".to_vec()].concat();
            let body = PageBody::new(before, records, write, b"]}".to_vec());
            ApiResponse::streamed(KIND, Box::new(body))
                .with(HeaderName::from_static("odata-version"), "4.0")
        }
        Err(refusal) => refusal.respond(cloud),
    }
}

/// Serves `GET /v1.0/deviceManagement/managedDevices/{id}`.
pub(crate) fn lookup(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    id: &str,
    query: Query<'_>,
) -> ApiResponse {
    let record = get(method)
        .and_then(|()| caller(cloud, headers))
        .and_then(|tenant| licence(tenant).map(|()| tenant))
        .and_then(|tenant| read_one(tenant, id, query));
    match record {
        Ok(record) => {
            ApiResponse::whole(StatusCode::OK, KIND, record).with(header::CACHE_CONTROL, "no-cache")
        }
        Err(refusal) => refusal.respond(cloud),
    }
}

fn get(method: &Method) -> Result<(), Refusal> {
    if method == Method::GET {
        return Ok(());
    }
    Err(Refusal::new(405, "Request_BadRequest", "Specified HTTP method is not allowed."))
}

/// One device with every property it has.
pub(crate) fn read_one(tenant: &Tenant, id: &str, query: Query<'_>) -> Result<Vec<u8>, Refusal> {
    let selection = selection(query)?;
    let state = tenant.fleet.snapshot();
    let Some(index) = state.find_managed_device(id) else {
        return Err(Refusal::new(404, "ResourceNotFound", format!("Device {id} not found.")));
    };
    let mut record = Vec::new();
    state.managed_device(index).write(&selection, Depth::Detailed, &mut record);
    Ok(record)
}

/// A whole page as bytes, for an item of a batch.
pub(crate) fn read_page(
    cloud: &Cloud,
    tenant: &Tenant,
    origin: &str,
    query: Query<'_>,
) -> Result<Vec<u8>, Refusal> {
    let page = page(cloud, tenant, query, None)?;
    let (before, link) = envelope(cloud, &page, origin, query, None);
    let mut body = [before, link, b"\"value\":[".to_vec()].concat();
    for (place, index) in page.records.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        page.state.managed_device(*index).write(&page.selection, Depth::Listed, &mut body);
    }
    body.extend_from_slice(b"]}");
    Ok(body)
}

/// What a page holds.
struct Page {
    state: Arc<Snapshot>,
    records: Vec<usize>,
    selection: Selection,
    /// The device that the next page begins after; 0 may also mean the very beginning.
    next: Option<After>,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Nothing,
    Device(usize),
}

fn page(
    cloud: &Cloud,
    tenant: &Tenant,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> Result<Page, Refusal> {
    let bad = |message: String| Refusal::new(400, "BadRequest", message);
    let selection = selection(query)?;
    let state = tenant.fleet.snapshot();
    let greatest = cloud.options.graph_page.max(1);
    let size = query.number("$top").map_err(bad)?.unwrap_or(greatest).clamp(1, greatest);
    let after = match query.get("$skiptoken") {
        Some(token) => {
            read_cursor(&state, &token).ok_or_else(|| bad("Invalid skip token.".into()))?
        }
        None => After::Nothing,
    };
    let mut start = match after {
        After::Nothing => 0,
        After::Device(index) => index + 1,
    };
    if let Some(Effect::ShiftedPage { records }) = effect {
        let distance = usize::try_from(records.unsigned_abs()).unwrap_or(usize::MAX);
        start = if *records > 0 {
            start.saturating_sub(distance)
        } else {
            start.saturating_add(distance)
        };
    }

    let filter = query.get("$filter").unwrap_or_default();
    if let Some(ids) = equals_filter(&filter, "azureADDeviceId") {
        // Of several alternatives only the first with a match applies
        // (microsoftgraph/msgraph-beta-sdk-dotnet#1156).
        let found = ids.iter().filter_map(|id| Guid::parse(id));
        let mut found = found.map(|id| state.managed_devices_with(id));
        let records = found.find(|records| !records.is_empty()).unwrap_or_default();
        return Ok(Page { state, records, selection, next: None });
    }
    if matches!(effect, Some(Effect::EmptyPageWithLink)) || comes_empty(cloud, query, start) {
        return Ok(Page { state, records: Vec::new(), selection, next: Some(after) });
    }
    // Any other filter is ignored: the response is every device.
    let terms = time_filter(&filter, "lastSyncDateTime").unwrap_or_default();
    let holds = |index: &usize| {
        terms.is_empty() || {
            let synced = state.managed_device(*index).last_sync();
            terms.iter().all(|term| term.holds(synced))
        }
    };
    let mut matching = (start..state.managed_devices()).filter(holds);
    let records: Vec<_> = matching.by_ref().take(size).collect();
    let more = matching.next().is_some();
    let next = records.last().filter(|_| more).map(|last| After::Device(*last));
    Ok(Page { state, records, selection, next })
}

fn selection(query: Query<'_>) -> Result<Selection, Refusal> {
    let Some(select) = query.get("$select") else { return Ok(Selection::default()) };
    Selection::parse(&select).map_err(|name| {
        let message = format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type \
             'microsoft.graph.managedDevice'."
        );
        Refusal::new(400, "BadRequest", message)
    })
}

/// Whether an empty page comes before the one asked for: before each n-th, and once.
fn comes_empty(cloud: &Cloud, query: Query<'_>, start: usize) -> bool {
    let every = cloud.options.graph_empty_page_every;
    let number = start / cloud.options.graph_page.max(1) + 1;
    every > 0 && number.is_multiple_of(every) && query.get("$after").is_none()
}

/// The envelope up to `value`, in two parts, because the link stands before the records.
fn envelope(
    cloud: &Cloud,
    page: &Page,
    origin: &str,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> (Vec<u8>, Vec<u8>) {
    let path = format!("/v1.0{MANAGED_DEVICES}");
    let link = match (effect, page.next) {
        (Some(Effect::RepeatingNextLink), _) => Some(format!("{origin}{path}?{}", query.0)),
        (Some(Effect::ForeignNextLink { origin }), next) => {
            let after = next.unwrap_or(After::Nothing);
            Some(format!("{origin}{path}?{}", write_cursor(&page.state, after)))
        }
        (_, Some(after)) => {
            let kept = query.without(&["$skiptoken", "$after"]);
            let kept = if kept.is_empty() { kept } else { format!("{kept}&") };
            // Marks the link of an empty page, so that it differs from every other.
            let mark = if page.records.is_empty() {
                format!("&$after={}", cloud.fresh_guid())
            } else {
                String::new()
            };
            Some(format!("{origin}{path}?{kept}{}{mark}", write_cursor(&page.state, after)))
        }
        (_, None) => None,
    };
    let context = format!("{origin}/v1.0/$metadata#deviceManagement/managedDevices");
    // The count is that of the page, not of the tenant.
    let before =
        format!("{{\"@odata.context\":{},\"@odata.count\":{},", json!(context), page.records.len());
    let link = link.map(|link| format!("\"@odata.nextLink\":{},", json!(link)));
    (before.into_bytes(), link.unwrap_or_default().into_bytes())
}

/// A cursor by name and id of the last device, as the service writes it.
fn write_cursor(state: &Snapshot, after: After) -> String {
    match after {
        After::Nothing => "$skiptoken=LastDeviceName%3d%27%27%2cLastDeviceId%3d%27%27".into(),
        After::Device(index) => {
            let device = state.managed_device(index);
            format!(
                "$skiptoken=LastDeviceName%3d%27{}%27%2cLastDeviceId%3d%27{}%27",
                device.name(),
                device.id()
            )
        }
    }
}

fn read_cursor(state: &Snapshot, token: &str) -> Option<After> {
    let (_, id) = token.split_once("LastDeviceId='")?;
    match id.strip_suffix('\'')? {
        "" => Some(After::Nothing),
        id => state.find_managed_device(id).map(After::Device),
    }
}
