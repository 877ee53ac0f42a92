//! `STOCKTAKE_*` environment variables as configuration.
//!
//! `STOCKTAKE_TENANTS__CONTOSO__APP_SECRET` sets `tenants.contoso.app_secret`. A variable cannot be named
//! like every table, so names are compared without case, and every character that is not a letter or a
//! digit of ASCII is `_` in a variable: `STOCKTAKE_TENANTS__CONTOSO_EU__…` is for the tenant `Contoso EU`
//! of the file.

use std::collections::BTreeMap;
use std::fmt;

use super::ConfigFault;
use super::tree::{KeyOrigin, Node};

/// What every variable starts with.
const PREFIX: &str = "STOCKTAKE_";

/// Names the configuration file.
pub(super) const CONFIG_VARIABLE: &str = "STOCKTAKE_CONFIG";

/// Names a file whose keys count less than those of the configuration file: what an image presets.
pub(super) const DEFAULTS_VARIABLE: &str = "STOCKTAKE_DEFAULTS";

/// Variables with the prefix that are not keys of the configuration.
const RESERVED: [&str; 2] = [CONFIG_VARIABLE, DEFAULTS_VARIABLE];

const NOT_TEXT: &str = "is not valid UTF-8";

/// Tables of tables that the operator names.
pub(super) const NAMED: [&str; 3] = ["credentials", "sinks", "tenants"];

/// The environment. A value that is not valid Unicode is `None`.
#[derive(Clone, Default)]
pub(crate) struct Variables(BTreeMap<String, Option<String>>);

impl fmt::Debug for Variables {
    // By hand, because values are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Variables {
    /// Those of this process. A variable whose name is not valid Unicode cannot be ours.
    pub(crate) fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok())));
        Self(variables.collect())
    }

    /// The value of a variable; an empty one is not set.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref().filter(|value| !value.trim().is_empty())
    }

    /// Whether a variable is there, be it empty.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let known = variables.into_iter().map(|(name, value)| (name.into(), Some(value.into())));
        Self(known.collect())
    }
}

/// What the environment says.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) tree: Node,
    /// Variables with our prefix that set nothing: other programs and platforms make them, too.
    pub(super) ignored: Vec<String>,
    pub(super) faults: Vec<ConfigFault>,
}

impl Environment {
    /// Reads the variables for the names that `below` has.
    pub(super) fn read(variables: &Variables, below: &Node) -> Self {
        let mut read =
            Self { tree: Node::table(KeyOrigin::Program), ignored: Vec::new(), faults: Vec::new() };
        for (name, value) in &variables.0 {
            let Some(rest) = name.strip_prefix(PREFIX) else { continue };
            if RESERVED.contains(&name.as_str()) {
                if value.is_none() {
                    read.fault(name, NOT_TEXT);
                }
                continue;
            }
            let Some(path) = path(rest, below) else {
                read.ignored.push(name.clone());
                continue;
            };
            let origin = KeyOrigin::Variable(name.clone());
            match (path, value) {
                (_, Some(value)) if value.trim().is_empty() => {}
                (Err(problem), _) => read.fault(name, problem),
                (_, None) => read.fault(name, NOT_TEXT),
                (Ok(path), Some(value)) => {
                    read.tree.set(&path, Node::value(value.as_str(), origin));
                }
            }
        }
        read
    }

    fn fault(&mut self, variable: &str, problem: impl Into<String>) {
        self.faults.push(ConfigFault::new(variable, problem));
    }
}

/// The path of names that a variable sets; `None` for one that is not plainly meant for this program.
fn path(variable: &str, below: &Node) -> Option<Result<Vec<String>, String>> {
    let lower = variable.to_ascii_lowercase();
    let (table, rest) = lower.split_once("__")?;
    if table.is_empty() || is_service_link(table) {
        return None;
    }
    let split = |rest: &str| rest.split("__").map(str::to_owned).collect::<Vec<_>>();
    let mut path = vec![table.to_owned()];
    if !NAMED.contains(&table) {
        path.extend(split(rest));
        return Some(Ok(path));
    }
    let names = below.get(table).into_iter().flat_map(Node::entries).map(|(name, _)| name.as_str());
    match named(names, rest).as_slice() {
        [] => path.extend(split(rest)),
        [name] => {
            path.push((*name).to_owned());
            let keys = rest.get(slug(name).len()..).unwrap_or_default();
            path.extend(keys.strip_prefix("__").map(split).unwrap_or_default());
        }
        [one, other, ..] => {
            return Some(Err(format!(
                "is for `{table}` \"{}\" and \"{}\" alike; rename one of them, or set the key in the \
                 file",
                one.escape_debug(),
                other.escape_debug()
            )));
        }
    }
    Some(Ok(path))
}

/// Of `names`, those that the start of a variable stands for: the longest counts.
fn named<'n>(names: impl Iterator<Item = &'n str>, rest: &str) -> Vec<&'n str> {
    let mut found: Vec<&str> = Vec::new();
    for name in names {
        let own = slug(name);
        let is_start =
            rest.strip_prefix(&own).is_some_and(|keys| keys.is_empty() || keys.starts_with("__"));
        if !is_start {
            continue;
        }
        match found.first().map(|known| slug(known).len().cmp(&own.len())) {
            Some(std::cmp::Ordering::Greater) => {}
            Some(std::cmp::Ordering::Equal) => found.push(name),
            _ => found = vec![name],
        }
    }
    found
}

/// A name as it is in a variable, in lower case.
pub(super) fn slug(name: &str) -> String {
    let char =
        |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '_' };
    name.chars().map(char).collect()
}

/// Whether Kubernetes makes such variables for a service that is called like this program, or Docker for
/// a link: `STOCKTAKE_SERVICE_HOST`, `STOCKTAKE_PORT_9464_TCP_ADDR`, `STOCKTAKE_ENV_…`
/// (<https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>).
fn is_service_link(name: &str) -> bool {
    ["service_host", "service_port", "port", "env"].iter().any(|link| {
        name.strip_prefix(link).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    })
}

/// The variable that sets the key at this path.
pub(super) fn variable<'p>(path: impl Iterator<Item = &'p str>) -> String {
    let names: Vec<_> = path.map(|name| slug(name).to_ascii_uppercase()).collect();
    format!("{PREFIX}{}", names.join("__"))
}
