//! Defender: the machines API.
//!
//! Paging, filters and quota: *List machines*
//! (<https://learn.microsoft.com/defender-endpoint/api/get-machines>); no link where `$top` is set:
//! MicrosoftDocs/microsoft-365-docs#8489.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::audience::Audience;
use crate::cloud::{Cloud, Tenant};
use crate::entra::{Denied, authorise};
use crate::fault::Effect;
use crate::fleet::Snapshot;
use crate::query::{Query, time_filter};
use crate::response::{ApiResponse, PageBody};

const KIND: &str = "application/json; odata.metadata=minimal; odata.streaming=true";
const ROLES: &[&str] = &["Machine.Read.All", "Machine.ReadWrite.All"];
/// Greatest `$top`.
const GREATEST_TOP: usize = 10_000;

/// A response in the API's form of an error.
pub(crate) fn error(cloud: &Cloud, status: u16, code: &str, message: &str) -> ApiResponse {
    let target = cloud.fresh_guid().to_string();
    let body = json!({"error": {"code": code, "message": message, "target": target}});
    ApiResponse::json(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), &body)
}

fn denied(cloud: &Cloud, denied: &Denied) -> ApiResponse {
    match denied {
        Denied::Unknown => {
            error(cloud, 401, "Unauthorized", "Unauthorized: the token is not valid.")
        }
        Denied::Expired => error(cloud, 401, "Unauthorized", "Unauthorized: the token is expired."),
        Denied::WrongAudience => {
            error(cloud, 401, "Unauthorized", "Unauthorized: the token's audience is not this API.")
        }
        Denied::MissingRole(roles) => {
            let message = format!(
                "Missing application roles. API required roles: {}, application roles: {}.",
                ROLES.join(","),
                roles.join(",")
            );
            error(cloud, 403, "Forbidden", &message)
        }
    }
}

/// Serves a path below `/api` that is none of the API's.
pub(crate) fn unknown(cloud: &Cloud) -> ApiResponse {
    error(cloud, 404, "NotFound", "No HTTP resource was found that matches the request.")
}

/// Serves `GET /api/machines`.
pub(crate) fn list(
    cloud: &Cloud,
    method: &Method,
    headers: &HeaderMap,
    origin: &str,
    path: &str,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> ApiResponse {
    if method != Method::GET {
        return error(cloud, 405, "MethodNotAllowed", "The method is not allowed.");
    }
    let tenant = match authorise(cloud, headers, Audience::Defender, ROLES) {
        Ok(tenant) => tenant,
        Err(reason) => return denied(cloud, &reason),
    };
    match page(cloud, tenant, query, effect) {
        Ok(page) => write_page(cloud, page, origin, path, query, effect),
        Err(message) => error(cloud, 400, "BadRequest", &message),
    }
}

/// What a page holds.
struct Page {
    state: Arc<Snapshot>,
    records: Vec<usize>,
    /// `$skip` of the next page.
    next: Option<usize>,
}

fn page(
    cloud: &Cloud,
    tenant: &Tenant,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> Result<Page, String> {
    let top = query.number("$top")?;
    let asked = query.number("$skip")?;
    let greatest = cloud.options.defender_page.max(1);
    if let Some(top) = top.filter(|top| *top == 0 || *top > GREATEST_TOP.max(greatest)) {
        return Err(format!("$top is {top}, and must lie between 1 and {GREATEST_TOP}."));
    }
    let state = tenant.fleet.snapshot();
    let size = top.unwrap_or(greatest);
    let skip = shifted(tenant, asked, effect);
    let empty = matches!(effect, Some(Effect::EmptyPageWithLink));
    let taken = if empty { 0 } else { size };

    let (records, more) = match query.get("$filter") {
        None => {
            let records: Vec<_> = state.machines_from(skip).take(taken).collect();
            let more = state.machines() > skip.saturating_add(records.len());
            (records, more)
        }
        Some(filter) => {
            let terms = time_filter(&filter, "lastSeen")
                .ok_or_else(|| format!("The filter is not supported: {filter}"))?;
            let mut matching = state.machines_from(0).filter(|index| {
                let seen = state.last_seen(*index);
                seen.is_some_and(|seen| terms.iter().all(|term| term.holds(seen)))
            });
            // `nth` rather than `skip`, so that the first record of the next page can be looked for.
            let mut matching = matching.by_ref().skip(skip);
            let records: Vec<_> = matching.by_ref().take(taken).collect();
            let more = matching.next().is_some();
            (records, more)
        }
    };
    // With `$top` the client pages by itself.
    let next = asked.unwrap_or(0) + records.len();
    let link = empty || (top.is_none() && more);
    Ok(Page { state, records, next: link.then_some(next) })
}

/// The position that `$skip` means now. A record that appears before it moves all later ones.
fn shifted(tenant: &Tenant, skip: Option<usize>, effect: Option<&Effect>) -> usize {
    let skip = skip.unwrap_or(0);
    if skip == 0 {
        tenant.shift.store(0, Ordering::Relaxed);
        return 0;
    }
    if let Some(Effect::ShiftedPage { records }) = effect {
        tenant.shift.fetch_add(*records, Ordering::Relaxed);
    }
    let shift = tenant.shift.load(Ordering::Relaxed);
    let distance = usize::try_from(shift.unsigned_abs()).unwrap_or(usize::MAX);
    if shift > 0 { skip.saturating_sub(distance) } else { skip.saturating_add(distance) }
}

fn write_page(
    cloud: &Cloud,
    page: Page,
    origin: &str,
    path: &str,
    query: Query<'_>,
    effect: Option<&Effect>,
) -> ApiResponse {
    let Page { state, records, next } = page;
    let mut after = b"]".to_vec();
    let link = match (effect, next) {
        (Some(Effect::RepeatingNextLink), _) => Some(format!("{origin}{path}?{}", query.0)),
        (Some(Effect::ForeignNextLink { origin }), _) => {
            Some(format!("{origin}{path}?$skip={}", next.unwrap_or(records.len())))
        }
        (effect, Some(next)) => {
            let kept = query.without(&["$skip", "$skiptoken"]);
            let kept = if kept.is_empty() { kept } else { format!("{kept}&") };
            // The link of an empty page differs from that of the page before it, or it would be a
            // repeating one.
            let mark = match effect {
                Some(Effect::EmptyPageWithLink) => format!("&$skiptoken={}", cloud.fresh_guid()),
                _ => String::new(),
            };
            Some(format!("{origin}{path}?{kept}$skip={next}{mark}"))
        }
        (_, None) => None,
    };
    if let Some(link) = link {
        after.extend_from_slice(format!(",\"@odata.nextLink\":{}", json!(link)).as_bytes());
    }
    after.push(b'}');
    let before = format!(
        "{{\"@odata.context\":{},\"value\":[",
        json!(format!("{origin}/api/$metadata#Machines"))
    );
    let malformed = malformed(effect);
    let write = move |place: usize, index: usize, out: &mut Vec<u8>| {
        if place < malformed {
            state.write_malformed_machine(index, out);
        } else {
            state.write_machine(index, out);
        }
    };
    ApiResponse::streamed(KIND, Box::new(PageBody::new(before.into_bytes(), records, write, after)))
}

/// How many records of the page do not parse.
pub(crate) fn malformed(effect: Option<&Effect>) -> usize {
    match effect {
        Some(Effect::MalformedRecords { count }) => *count,
        _ => 0,
    }
}

/// Serves `GET /api/machines/{id}`.
pub(crate) fn lookup(cloud: &Cloud, method: &Method, headers: &HeaderMap, id: &str) -> ApiResponse {
    if method != Method::GET {
        return error(cloud, 405, "MethodNotAllowed", "The method is not allowed.");
    }
    let tenant = match authorise(cloud, headers, Audience::Defender, ROLES) {
        Ok(tenant) => tenant,
        Err(reason) => return denied(cloud, &reason),
    };
    let state = tenant.fleet.snapshot();
    let Some(index) = state.find_machine(id) else {
        return error(cloud, 404, "ResourceNotFound", &format!("Machine {id} was not found."));
    };
    let mut record = Vec::new();
    state.write_machine(index, &mut record);
    ApiResponse::whole(StatusCode::OK, KIND, record)
}
