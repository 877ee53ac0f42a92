//! YAML files for figment. figment's own YAML support uses a crate that is no longer maintained.

use figment::providers::Format;
use serde::de::DeserializeOwned;

/// YAML, read by `serde-saphyr`.
#[derive(Debug)]
pub(super) struct Yaml;

impl Format for Yaml {
    type Error = serde_saphyr::Error;

    const NAME: &'static str = "YAML";

    fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Self::Error> {
        serde_saphyr::from_str(text)
    }
}
