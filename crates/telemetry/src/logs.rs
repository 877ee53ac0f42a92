//! Logs on standard error: lines for people, or JSON for machines.

use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::time::Duration;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::escape;
use crate::log_queue::LogQueue;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// One line for a person, in colour on a terminal.
    #[default]
    Human,
    /// One JSON object per line.
    Json,
}

/// Options of the log.
#[derive(Debug, Clone, Copy)]
pub struct LogOptions<'a> {
    /// How a line is written.
    pub format: LogFormat,
    /// Levels by module, as in `info,stocktake_http_stack=debug`. The filter applies to lines only: a
    /// line names its spans, and so its tenant, at every level.
    pub filter: &'a str,
}

impl Default for LogOptions<'_> {
    fn default() -> Self {
        Self { format: LogFormat::Human, filter: "info" }
    }
}

/// Logs could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter is not valid. Neither it nor the cause, which quotes it, is passed on: a secret may be
    /// in its place.
    #[error("is not a filter of the log; write it like `info` or `info,stocktake=debug`")]
    Filter,
    /// Logs are already set up in this process.
    #[error("logs are already set up")]
    AlreadySetUp(#[source] TryInitError),
    /// The thread that writes the log cannot start.
    #[error("the thread that writes the log cannot start")]
    Thread(#[source] io::Error),
}

/// The queue of the process, once logs are set up.
static QUEUE: OnceLock<LogQueue> = OnceLock::new();

/// Waits until the lines so far are written, but not longer than `patience`: nobody may be reading.
/// Call it before the process ends.
pub fn flush_logs(patience: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.flush(patience);
    }
}

/// Sends the logs of the whole process to standard error, through a bounded queue: while nobody reads
/// standard error, lines are dropped and counted, and nothing waits. See [`flush_logs`].
///
/// # Errors
/// When the filter is not valid, or logs are already set up.
pub fn init_logs(options: LogOptions<'_>) -> Result<(), LogError> {
    init(options, None)
}

/// Sends the logs of the whole process to standard error, and the spans of our own crates to the
/// collector of `otlp`.
///
/// # Errors
/// As for [`init_logs`].
#[cfg(feature = "otlp")]
pub fn init_logs_and_traces(options: LogOptions<'_>, otlp: &crate::Otlp) -> Result<(), LogError> {
    init(options, otlp.tracer().map(|tracer| Box::new(spans(tracer)) as Part))
}

/// A layer that passes the spans of our own crates to `tracer`.
#[cfg(feature = "otlp")]
fn spans(tracer: opentelemetry_sdk::trace::SdkTracer) -> impl Layer<Registry> + Send + Sync {
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_level(false)
        .with_tracked_inactivity(false)
        // Spans only, whose fields are chosen one by one: an event may quote text from outside.
        .with_filter(filter_fn(|metadata| {
            metadata.is_span() && metadata.target().starts_with(OURS)
        }))
}

/// The prefix of our crates' targets.
const OURS: &str = "stocktake";

type Part = Box<dyn Layer<Registry> + Send + Sync>;

fn init(options: LogOptions<'_>, spans: Option<Part>) -> Result<(), LogError> {
    let ansi = io::stderr().is_terminal();
    let queue = LogQueue::start(io::stderr(), |dropped| {
        tracing::warn!(dropped, "log lines were dropped, because nobody read standard error");
    })
    .map_err(LogError::Thread)?;
    let writer = queue.clone();
    subscriber(options, ansi, move || writer.clone(), spans)?
        .try_init()
        .map_err(LogError::AlreadySetUp)?;
    // Never set before: logs are set up once.
    let _ = QUEUE.set(queue);
    Ok(())
}

fn subscriber<W>(
    options: LogOptions<'_>,
    ansi: bool,
    writer: W,
    spans: Option<Part>,
) -> Result<impl SubscriberInitExt + tracing::Subscriber + Send + Sync, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let writer = EscapedLines { writer, ansi };
    let filter = EnvFilter::builder().parse(options.filter).map_err(|_| LogError::Filter)?;
    let lines: Part = match options.format {
        LogFormat::Human => Box::new(fmt::layer().with_ansi(ansi).with_writer(writer)),
        // With the fields of its spans, because a machine reads each line on its own.
        LogFormat::Json => {
            let json = fmt::layer().json().flatten_event(true).with_current_span(false);
            #[cfg(feature = "otlp")]
            let json = json.map_event_format(trace_ids::WithTraceIds);
            Box::new(json.with_writer(writer))
        }
    };
    // A warning alone does not name its tenant; the spans around it do.
    let context = filter_fn(|metadata| {
        metadata.is_span()
            && metadata.target().starts_with(OURS)
            && *metadata.level() <= Level::INFO
    });
    let filter = filter.or(context.with_max_level_hint(LevelFilter::INFO));
    let lines: Part = Box::new(lines.with_filter(filter));
    let parts: Vec<Part> = spans.into_iter().chain([lines]).collect();
    Ok(tracing_subscriber::registry().with(parts))
}

/// Escapes what could forge a line or steer a terminal: values may come from outside.
struct EscapedLines<W> {
    writer: W,
    ansi: bool,
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for EscapedLines<W> {
    type Writer = EscapedLine<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        EscapedLine { writer: self.writer.make_writer(), ansi: self.ansi }
    }
}

/// The sequences that the formatter itself writes. It does not escape those within every value; these
/// change the colour of a line and nothing else.
const COLOURS: &[&str] = &[
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[3m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[34m",
    "\u{1b}[35m",
];

/// Takes one line at a time, as the formatter writes it.
struct EscapedLine<W> {
    writer: W,
    ansi: bool,
}

impl<W: io::Write> io::Write for EscapedLine<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let (text, end) = text.strip_suffix('\n').map_or((&*text, ""), |text| (text, "\n"));
        let mut escaped = String::with_capacity(line.len());
        let mut rest = text;
        while let Some((before, sequence)) = rest.find('\u{1b}').map(|at| rest.split_at(at)) {
            escaped.push_str(&escape(before, |_| false));
            let colour = COLOURS.iter().find(|colour| self.ansi && sequence.starts_with(**colour));
            let kept = colour.map_or("", |colour| colour);
            let (_, after) = sequence.split_at(kept.len().max(1));
            escaped.push_str(if kept.is_empty() { "\\u001b" } else { kept });
            rest = after;
        }
        escaped.push_str(&escape(rest, |_| false));
        escaped.push_str(end);
        // One write, so that lines of two threads do not mix.
        self.writer.write_all(escaped.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// JSON lines that carry the ids of their trace and span.
#[cfg(feature = "otlp")]
mod trace_ids {
    use std::fmt;

    use opentelemetry::trace::TraceContextExt as _;
    use tracing::{Event, Subscriber};
    use tracing_subscriber::fmt::format::{Format, Json, Writer};
    use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
    use tracing_subscriber::registry::LookupSpan;

    /// Adds `trace_id` and `span_id` to each line within a span that is pushed.
    #[derive(Debug)]
    pub(super) struct WithTraceIds(pub(super) Format<Json>);

    impl<S, N> FormatEvent<S, N> for WithTraceIds
    where
        S: Subscriber + for<'s> LookupSpan<'s>,
        N: for<'w> FormatFields<'w> + 'static,
        Format<Json>: FormatEvent<S, N>,
    {
        fn format_event(
            &self,
            within: &FmtContext<'_, S, N>,
            mut writer: Writer<'_>,
            event: &Event<'_>,
        ) -> fmt::Result {
            // The span that this thread is in: a span attaches its context when it is entered.
            let context = opentelemetry::Context::current();
            let span = context.span().span_context().clone();
            if !span.is_sampled() {
                return self.0.format_event(within, writer, event);
            }
            let mut line = String::new();
            self.0.format_event(within, Writer::new(&mut line), event)?;
            // The line is one object; two more members replace its closing brace.
            match line.trim_end().strip_suffix('}') {
                Some(open) => {
                    let (trace, span) = (span.trace_id(), span.span_id());
                    writeln!(writer, "{open},\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}")
                }
                None => writer.write_str(&line),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::field;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, filter: &str) -> String {
        logged_with(format, filter, None).0
    }

    /// The lines, and the `traceparent` of the span that they were written in.
    fn logged_with(
        format: LogFormat,
        filter: &str,
        spans: Option<Part>,
    ) -> (String, Option<String>) {
        let lines = Lines::default();
        let writer = lines.clone();
        let options = LogOptions { format, filter };
        let subscriber = subscriber(options, false, move || writer.clone(), spans).unwrap();
        let parent = tracing::subscriber::with_default(subscriber, || {
            let span = tracing::info_span!("cycle", { field::CYCLE_ID } = "c1");
            let _entered = span.enter();
            tracing::info!({ field::TENANT_NAME } = "contoso", "cycle finished");
            tracing::debug!("detail");
            tracing::warn!("odd");
            crate::traceparent(&span)
        });
        (String::from_utf8(lines.0.lock().unwrap().clone()).unwrap(), parent)
    }

    #[test]
    fn a_json_line_is_one_object_with_its_fields_and_spans() {
        let text = logged(LogFormat::Json, "info");
        assert_eq!(text.lines().count(), 2);
        for part in [
            r#""message":"cycle finished""#,
            r#""connector.tenant.name":"contoso""#,
            r#""connector.cycle.id":"c1""#,
            r#""level":"INFO""#,
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }

    #[test]
    fn a_line_for_people_off_a_terminal_has_no_colour_codes() {
        let text = logged(LogFormat::Human, "debug");
        assert_eq!(text.lines().count(), 3);
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn no_value_forges_a_line_or_turns_one() {
        let value = "a\r\nERROR forged \u{1b}[2J\u{1b}[8m\u{202e}\u{9b}";
        for (format, ansi) in
            [(LogFormat::Human, false), (LogFormat::Human, true), (LogFormat::Json, false)]
        {
            let lines = Lines::default();
            let writer = lines.clone();
            let options = LogOptions { format, filter: "info" };
            let subscriber = subscriber(options, ansi, move || writer.clone(), None).unwrap();
            tracing::subscriber::with_default(subscriber, || {
                tracing::info!(value, shown = %value, "{value}");
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 1, "{text:?}");
            let line = text.trim_end();
            assert!(!line.contains("\u{1b}[2J") && !line.contains("\u{1b}[8m"), "{line:?}");
            let steers = |one: char| crate::is_unprintable(one) && !(ansi && one == '\u{1b}');
            assert!(!line.contains(steers), "{line:?}");
            if format == LogFormat::Json {
                let back: BTreeMap<String, serde_json::Value> = serde_json::from_str(line).unwrap();
                assert_eq!(back["value"], value);
            }
        }
    }

    #[test]
    fn a_warning_names_its_cycle_when_only_warnings_are_logged() {
        for (format, filter) in
            [(LogFormat::Json, "warn"), (LogFormat::Human, "error,stocktake=warn")]
        {
            let text = logged(format, filter);
            assert_eq!(text.lines().count(), 1, "{text}");
            assert!(text.contains("odd") && text.contains("c1"), "{text}");
        }
    }

    #[cfg(feature = "otlp")]
    #[test]
    fn a_json_line_names_the_span_that_is_pushed() {
        use opentelemetry::trace::TracerProvider as _;

        let tracers = opentelemetry_sdk::trace::SdkTracerProvider::default();
        let spans: Part = Box::new(super::spans(tracers.tracer("test")));
        let (text, parent) = logged_with(LogFormat::Json, "warn", Some(spans));
        let parent = parent.unwrap();
        let [_, trace, span, _] =
            <[_; 4]>::try_from(parent.split('-').collect::<Vec<_>>()).unwrap();
        let ids = format!(",\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}\n");
        assert!(text.ends_with(&ids), "{text}");
        assert_eq!(text.lines().count(), 1);
        assert!(!logged(LogFormat::Json, "warn").contains("trace_id"), "without a trace");
    }

    #[test]
    fn an_invalid_filter_is_refused_and_not_repeated() {
        let error = init_logs(LogOptions { format: LogFormat::Human, filter: "canary=b=c" });
        let error = error.unwrap_err();
        assert!(error.to_string().contains("is not a filter"), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
